package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/status"
)

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{Use: "init --source URL [--target URL]", Short: "Print a commented job file for what a source holds; changes nothing", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.flags.source == "" {
				return exit(codeUsage, errors.New("which source? floe job init --source postgres://user@host/database > job.yaml"))
			}
			found, err := survey(cmd.Context(), job.Endpoint{URL: job.Reference(a.flags.source)})
			if err != nil {
				return err
			}
			text := a.draft(found)
			if _, err := job.Parse("the drafted job file", text); err != nil {
				return err
			}
			_, err = a.out.Write(text)
			return err
		}}
}

// holding is one schema of a source.
type holding struct {
	Schema  string
	Tables  int
	Bytes   int64
	Keyless []string
}

// surveyed is what a source is and holds.
type surveyed struct {
	place, database string
	schemas         []holding
}

// surveySQL counts tables by schema, partitions with their root.
const surveySQL = `SELECT n.nspname::text, count(*) FILTER (WHERE NOT c.relispartition)::int, coalesce(sum(pg_table_size(c.oid)), 0)::bigint,
	coalesce(array_agg(c.relname::text ORDER BY c.relname) FILTER (WHERE NOT c.relispartition AND NOT EXISTS (
		SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate)), '{}')
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'floe')
	AND c.relname NOT IN ('dts_postgres_heartbeat', 'dts_ddl_command') -- which are never copied
	AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
	GROUP BY 1 ORDER BY 1`

func survey(ctx context.Context, e job.Endpoint) (*surveyed, error) {
	c, err := e.Config()
	if err != nil {
		return nil, exit(codeUsage, err)
	}
	conn, err := ask(ctx, "source", e)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	rows, err := conn.Query(ctx, surveySQL)
	if err != nil {
		return nil, exit(codeUnreachable, fmt.Errorf("list the source's tables: %w", err))
	}
	out := &surveyed{place: job.Place(c), database: conn.Config().Database}
	if out.schemas, err = pgx.CollectRows(rows, pgx.RowToStructByPos[holding]); err != nil {
		return nil, exit(codeUnreachable, fmt.Errorf("list the source's tables: %w", err))
	}
	return out, nil
}

// draft writes the job file. What is most often changed stands there; what has a good default stands
// there as a comment.
func (a *app) draft(s *surveyed) []byte {
	name := a.flags.job
	if name == "" {
		name = job.ProposeName(s.database)
	}
	target := a.flags.target
	if target == "" {
		target = "postgres://owner:${TARGET_PASSWORD}@target-host:5432/" + url.PathEscape(s.database)
	}
	var b bytes.Buffer
	line := func(text string, args ...any) { fmt.Fprintf(&b, text+"\n", args...) }
	line("# yaml-language-server: $schema=job.schema.json")
	line("# A job of floe, drafted from %s. For the line above: floe job schema > job.schema.json", s.place)
	line("# Next: floe job validate FILE, floe check -f FILE, floe job plan -f FILE, floe dev -f FILE")
	line("name: %s", scalar(name))
	endpoint(&b, "source", a.flags.source, "SOURCE_PASSWORD", "a user who may replicate and create a publication")
	endpoint(&b, "target", target, "TARGET_PASSWORD", "a user who owns the database")
	s.objects(&b)
	line("on_existing: block        # a table that the target has already stops the job; proceed: it is loaded into")
	line("ddl: auto                 # changes of structure are carried over; off: they stop the job")
	line("# init:")
	line("#   structure: {enabled: true}               # false: the tables are on the target already")
	line("#   data: {enabled: true, readers: 2, chunk_ms: 100}")
	line("# heartbeat: {interval: 1s}                  # a row in public.dts_postgres_heartbeat of the source; 0s writes none")
	line("# throttle: {load_rows: 20000, load_mbps: 50, apply_rows: 5000, apply_mbps: 10}   # in a second; 0 is no bound")
	line("# apply: {batch_rows: 5000, batch_wait: 5ms}")
	line(`# notify: [{url: "${HOOK}", states: [BLOCKED, FAILED, NOT RUNNING]}]   # told of changes of state`)
	line("# kafka:                                     # absent: the broker in floe dev, for trials")
	line(`#   brokers: ["k1:9093", "k2:9093", "k3:9093"]`)
	line("#   replication: 3")
	line("#   tls: {ca: /etc/floe/kafka-ca.pem}")
	line(`#   sasl: {mechanism: SCRAM-SHA-512, user: floe, password: "${KAFKA_PASSWORD}"}`)
	return b.Bytes()
}

// endpoint writes one side. A source that let this command in without a password wants none in the file.
func endpoint(b *bytes.Buffer, side, address, env, who string) {
	bare, had := job.Bare(address)
	password, mute := "${"+env+"}", ""
	if said := job.Referred(address); said != "" {
		password = said
		if strings.ContainsAny(said, " #") {
			password = job.Scalar(said)
		}
	}
	if !had {
		mute = "# "
	}
	fmt.Fprintf(b, "%s:\n  url: %s   # %s\n", side, job.Scalar(bare), who)
	fmt.Fprintf(b, "  %spassword: %s   # or ${file:/run/secrets/%s}; never the password itself\n", mute, password, side)
	fmt.Fprintf(b, "  # tls: {mode: verify-full, ca: /etc/floe/%s-ca.pem}\n", side)
}

func (s *surveyed) objects(b *bytes.Buffer) {
	b.WriteString("objects:\n")
	if len(s.schemas) == 0 {
		b.WriteString("  database: true          # it has no tables yet\n")
		return
	}
	b.WriteString("  # database: true        # instead of include: all of it, with what no table needs\n  include:                # schemas, or schema.table; * and ? are wildcards\n")
	for _, h := range s.schemas {
		fmt.Fprintf(b, "    - %s   # %s, %s\n", scalar(sqlName(h.Schema)), status.Count(h.Tables, "table"), bytesText(h.Bytes))
	}
	b.WriteString("  # exclude: [sales.tmp_*]\n  # mapping: [{from: public.orders, to: archive.orders}]\n  # filters: [{table: public.orders, where: \"id > 1000\", columns: [id, total]}]\n")
	var keyless []string
	for _, h := range s.schemas {
		for _, t := range h.Keyless {
			keyless = append(keyless, ident.Name{Schema: h.Schema, Name: t}.String())
		}
	}
	b.WriteString("  identity: auto          # gives tables without a primary key another replica identity; keep: changes none\n")
	for i, t := range keyless {
		if i == 20 {
			fmt.Fprintf(b, "  #   and %d more\n", len(keyless)-i)
			break
		}
		fmt.Fprintf(b, "  #   no primary key: %s\n", comment(t))
	}
}

// sqlName is a schema's name as it is written in SQL.
func sqlName(s string) string {
	n := ident.Name{Schema: s, Name: "x"}.String()
	return strings.TrimSuffix(n, ".x")
}

// comment keeps a name on its line.
func comment(s string) string {
	return strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(s)
}

// scalar is a text as YAML; a $ that would begin a reference is doubled.
func scalar(s string) string { return job.Scalar(strings.ReplaceAll(s, "${", "$${")) }

func bytesText(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
