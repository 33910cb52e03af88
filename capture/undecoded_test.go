package capture

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"floe/capture/wal"
	"floe/pkg/halt"
)

// An internal error of the server's decoding is one that stays once it came three times without a step forward between;
// any other error, or progress, begins the count anew.
func TestAnErrorOfDecodingIsNamedWhenItStays(t *testing.T) {
	t.Parallel()
	internal := func(text string) error {
		return fmt.Errorf("stream: %w", &wal.EndedError{Err: &pgconn.PgError{Code: "XX000", Message: text}})
	}
	a, b, other := internal("could not map filenode"), internal("cache lookup failed"), errors.New("connection refused")
	shut := fmt.Errorf("stream: %w", &wal.EndedError{Err: &pgconn.PgError{Code: "57P01", Message: "could not map filenode"}})
	type look struct {
		err    error
		placed uint64
	}
	for name, c := range map[string]struct {
		looks []look
		stays bool
	}{
		"three times":           {[]look{{a, 1}, {a, 1}, {a, 1}}, true},
		"twice":                 {[]look{{a, 1}, {a, 1}}, false},
		"another between":       {[]look{{a, 1}, {a, 1}, {other, 1}, {a, 1}}, false},
		"another text":          {[]look{{a, 1}, {a, 1}, {b, 1}}, false},
		"a step forward":        {[]look{{a, 1}, {a, 1}, {a, 2}}, false},
		"then again":            {[]look{{a, 1}, {a, 2}, {a, 2}, {a, 2}}, true},
		"it still stays":        {[]look{{a, 1}, {a, 1}, {a, 1}, {a, 1}}, true},
		"no internal error":     {[]look{{shut, 1}, {shut, 1}, {shut, 1}}, false},
		"not the stream's end":  {[]look{{other, 1}, {other, 1}, {other, 1}}, false},
		"an epoch that is over": {[]look{{a, 1}, {a, 1}, {nil, 1}, {a, 1}}, false},
	} {
		var u undecoded
		var err error
		for _, l := range c.looks {
			err = u.name(l.err, l.placed)
		}
		if h := halt.As(err); (h != nil) != c.stays || h != nil && (h.Code != halt.WALUndecodable || h.Fix == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
