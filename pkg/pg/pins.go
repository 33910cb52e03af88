package pg

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"floe/pkg/dialect"
)

// Pin is a setting that the text of values and of definitions follows.
type Pin struct{ Name, Value string }

// Pins are the settings for a function that runs in other people's sessions and must write text as a
// session of floe's own would.
func Pins(ctx context.Context, conn *pgx.Conn) ([]Pin, error) {
	all := maps.Clone(pins)
	for _, own := range []string{"client_encoding", "search_path", "default_transaction_isolation", "statement_timeout", "array_nulls"} {
		delete(all, own)
	}
	d, err := dialect.Of(ctx, conn)
	if err != nil {
		return nil, err
	}
	for _, s := range d.Pins {
		all[s.Name] = s.Value
	}
	var out []Pin
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, Pin{name, all[name]})
	}
	return out, nil
}
