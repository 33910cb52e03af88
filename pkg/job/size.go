package job

import (
	"fmt"
	"strconv"
	"strings"
)

// Size is a number of bytes, as flags and fields have it: 2GiB, 500MB, 0.
type Size int64

var units = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}}

// Set is pflag.Value.
func (s *Size) Set(text string) error {
	digits, factor := text, int64(1)
	for _, u := range units {
		if d, ok := strings.CutSuffix(text, u.name); ok {
			digits, factor = strings.TrimSpace(d), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/factor {
		return fmt.Errorf("want bytes like 2GiB or 500MB, 0 for none")
	}
	*s = Size(n * factor)
	return nil
}

// String is exact: what it gives, Set takes back.
func (s *Size) String() string {
	for _, name := range []int{3, 2, 1, 0} {
		if u := units[name]; *s > 0 && int64(*s)%u.bytes == 0 {
			return strconv.FormatInt(int64(*s)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Type is pflag.Value.
func (s *Size) Type() string { return "SIZE" }
