package e2e

// codes maps a scenario's name for a behaviour to floe's own codes for it: a precheck's, a halt's.
// A behaviour's own name counts too.
var codes = map[string][]string{
	"constraint-violation":   {"constraint-violation"},
	"encoding-differs":       {"T-ENCODING"},
	"fk-target-not-selected": {"O-FK-OUTSIDE"},
	"foreign-table":          {"O-KIND-UNSUPPORTED"},
	"large-objects":          {"O-LARGE-OBJECT"},
	"no-key":                 {"O-KEY", "O-REPLICA-IDENTITY"},
	"rls-without-bypass":     {"O-ROW-SECURITY"},
	"role-missing":           {"O-ROLE"},
	"target-table-exists":    {"O-TARGET-EXISTS", "target-table-exists"},
	"unlogged-table":         {"O-UNLOGGED"},
}
