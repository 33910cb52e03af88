package job

import (
	"maps"
	"slices"
)

// nearest proposes the field that was meant: one at most two edits away.
func nearest(key string, known fields) string {
	best, at := 3, ""
	for _, k := range slices.Sorted(maps.Keys(known)) {
		if d := edits(key, k); d < best && d < len(k) {
			best, at = d, k
		}
	}
	if at == "" {
		return ""
	}
	return "; did you mean " + at + "?"
}

// edits is the number of insertions, deletions and substitutions from a to b.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
