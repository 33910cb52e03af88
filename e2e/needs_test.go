package e2e

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"floe/e2e/rig"
	"floe/e2e/scenario"
	"floe/pkg/ident"
)

// lacking names the first need of the scenario that this machine does not meet; empty if it may run.
// ddl-sync, superuser and target-encoding are always met: the user is a superuser, the job whole.
func lacking(ctx context.Context, servers rig.Servers, s *scenario.Scenario) string {
	c, err := rig.ConnectPinned(ctx, servers.Source.URL("postgres"))
	if err != nil {
		return err.Error()
	}
	defer c.Close(ctx)
	yes := func(sql string) bool {
		got, err := rig.Text(ctx, c, "SELECT "+sql)
		return err == nil && got == "t"
	}
	for _, n := range s.Needs {
		met := true
		switch n.Kind {
		case "pg":
			least, err := strconv.Atoi(n.Value)
			met = err == nil && servers.Source.Version() >= least && servers.Target.Version() >= least
		case "ext":
			for ext := range strings.SplitSeq(n.Value, ",") {
				met = met && yes("EXISTS (SELECT FROM pg_available_extensions WHERE name = "+ident.Literal(ext)+")")
			}
		case "guc":
			name, least, _ := strings.Cut(n.Value, ">")
			met = yes("current_setting(" + ident.Literal(name) + ")::int > " + least)
		case "icu":
			met = yes("EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')")
		case "heavy":
			met = os.Getenv("FLOE_E2E_HEAVY") != "no"
		}
		if !met {
			return fmt.Sprintf("%s:%s", n.Kind, n.Value)
		}
	}
	return ""
}

// encoding is what the target database is created with.
func encoding(s *scenario.Scenario) string {
	for _, n := range s.Needs {
		if n.Kind == "target-encoding" {
			return "ENCODING " + ident.Literal(n.Value) + " LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
		}
	}
	return ""
}
