package status

import "strconv"

// Count is a number of things for people: 1 row, 2 rows. The plural of a noun is with an s.
func Count[N int | int64 | uint64](n N, noun string) string {
	text := strconv.FormatUint(uint64(max(n, 0)), 10) + " " + noun
	if n != 1 {
		text += "s"
	}
	return text
}
