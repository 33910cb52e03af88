package verify

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// searchRows bounds how many rows' digests a search holds for each side.
const searchRows = 200_000

// search finds the first rows that differ: which 4096ths of the table differ, which keys in the first of
// these, then what their rows say. Each step is one pass over the table on each side; only digests travel.
func (v *verification) search(ctx context.Context, p *pair, t *Table) error {
	a, b, err := v.digests(ctx, p.source.buckets(), p.target.buckets())
	if err != nil {
		return err
	}
	buckets, rest := differing(a, b), 0
	rows := int64(0)
	for i, k := range buckets {
		if rows += max(a[k].Rows, b[k].Rows); i > 0 && rows > searchRows {
			buckets, rest = buckets[:i], len(buckets)-i
			break
		}
	}
	a, b, err = v.digests(ctx, p.source.keys(), p.target.keys(), buckets)
	if err != nil {
		return err
	}
	keys := differing(a, b)
	t.More = rest > 0 || len(keys) > v.Differences
	keys = keys[:min(len(keys), v.Differences)]
	var left, right map[string][]string
	err = both(ctx, func(ctx context.Context) (err error) {
		left, err = v.source.show(ctx, &p.source, keys)
		return err
	}, func(ctx context.Context) (err error) {
		right, err = v.target.show(ctx, &p.target, keys)
		return err
	})
	if err != nil {
		return err
	}
	for _, k := range keys {
		d := Difference{SourceRows: a[k].Rows, TargetRows: b[k].Rows}
		d.fill(p, left[k], right[k])
		t.Differences = append(t.Differences, d)
	}
	slices.SortFunc(t.Differences, func(a, b Difference) int { return cmp.Compare(a.Key, b.Key) })
	return nil
}

func (v *verification) digests(ctx context.Context, source, target string, args ...any) (a, b map[string]digest, err error) {
	err = both(ctx, func(ctx context.Context) (err error) {
		a, err = v.source.digests(ctx, source, args...)
		return err
	}, func(ctx context.Context) (err error) {
		b, err = v.target.digests(ctx, target, args...)
		return err
	})
	return a, b, err
}

// differing are the keys whose digests are not the same, sorted.
func differing(a, b map[string]digest) []string {
	found := map[string]bool{}
	for k, d := range a {
		if b[k] != d {
			found[k] = true
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			found[k] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
