package precheck

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// readable: the load and the verification read the selected tables as this user.
func (r *run) readable(ctx context.Context) {
	rows, err := r.src.Query(ctx, `SELECT n.nspname::text, c.relname::text, has_schema_privilege(n.oid, 'USAGE') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))
		AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'floe')`)
	if err != nil {
		r.unread("S-READ-PRIV", err)
		return
	}
	var list []ident.Name
	var grants []string
	schemas := map[string]bool{}
	var name ident.Name
	var usage bool
	user := ident.Quote(r.facts.User)
	_, err = pgx.ForEachRow(rows, []any{&name.Schema, &name.Name, &usage}, func() error {
		if !r.Job.Includes(name) {
			return nil
		}
		if !usage && !schemas[name.Schema] {
			schemas[name.Schema] = true
			grants = append(grants, "GRANT USAGE ON SCHEMA "+ident.Quote(name.Schema)+" TO "+user+";")
		}
		list, grants = append(list, name), append(grants, "GRANT SELECT ON "+name.SQL()+" TO "+user+";")
		return nil
	})
	switch {
	case err != nil:
		r.unread("S-READ-PRIV", err)
	case len(list) > 0:
		r.add(Check{Code: "S-READ-PRIV", Severity: Fail, Object: join(list), Text: fmt.Sprintf("user %s may not read %s", r.facts.User, join(list)),
			Fix: "grant it SELECT on the tables and USAGE on their schemas", FixSQL: strings.Join(grants, "\n")})
	default:
		r.ok("S-READ-PRIV", "user %s may read every selected table", r.facts.User)
	}
}

// publication: to make it takes the right to create in the database and every table's ownership, which is
// also what a table's replica identity needs.
func (r *run) publication(ctx context.Context) {
	if done, err := r.given(ctx); err != nil {
		r.unread("S-PUBLICATION", err)
		return
	} else if done {
		return
	}
	owned, err := r.owned(ctx)
	if err != nil {
		r.unread("S-PUBLICATION", err)
		return
	}
	var foreign []ident.Name
	var oids []uint32
	for _, t := range r.db.Tables() {
		if t.PartitionKey == "" && !t.Unlogged && !owned[t.OID] {
			foreign, oids = append(foreign, t.Name), append(oids, t.OID)
		}
	}
	user := ident.Quote(r.facts.User)
	create := "GRANT CREATE ON DATABASE " + ident.Quote(r.src.Config().Database) + " TO " + user + ";"
	switch {
	case r.facts.Super || (r.facts.Create && len(foreign) == 0):
		r.ok("S-PUBLICATION", "user %s may create the publication", r.facts.User)
	case len(foreign) == 0:
		r.add(Check{Code: "S-PUBLICATION", Severity: Fail, Text: fmt.Sprintf("user %s may not create a publication in this database", r.facts.User),
			Fix: "give the user the right to create in the database", FixSQL: create})
	default:
		grants, err := r.memberships(ctx, oids, user)
		if err != nil {
			r.unread("S-PUBLICATION", err)
			return
		}
		if !r.facts.Create {
			grants = append(grants, create)
		}
		r.add(Check{Code: "S-PUBLICATION", Severity: Fail, Object: join(foreign),
			Text: fmt.Sprintf("user %s may not create a publication of %s: only a table's owner may publish it", r.facts.User, join(foreign)),
			Fix: "run capture as the tables' owner, or make its user a member of the role that owns them; or let the owner make the publication: " +
				"CREATE PUBLICATION " + ident.Quote(r.publicationName()) + " FOR TABLE ONLY " + onlyList(foreign), FixSQL: strings.Join(grants, "\n")})
	}
}

func (r *run) publicationName() string { return "floe_" + r.Job.Name }

// onlyList names tables as a publication's list does behind its first ONLY.
func onlyList(names []ident.Name) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = n.SQL()
	}
	return strings.Join(list, ", ONLY ")
}

// given looks at a publication that somebody else made for the job, and reports whether there is one.
func (r *run) given(ctx context.Context) (bool, error) {
	name := r.publicationName()
	var owner string
	var whole bool
	err := r.src.QueryRow(ctx, `SELECT pg_get_userbyid(pubowner)::text, pubinsert AND pubupdate AND pubdelete AND pubtruncate AND NOT puballtables
			AND NOT coalesce((to_jsonb(p)->>'pubviaroot')::boolean, false)
			AND NOT EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid AND coalesce(to_jsonb(r)->>'prqual', to_jsonb(r)->>'prattrs') IS NOT NULL)
		FROM pg_publication p WHERE pubname = $1 AND NOT pg_has_role(pubowner, 'USAGE')`, name).Scan(&owner, &whole)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	members, err := r.oids(ctx, `SELECT prrelid FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE pubname = $1`, name)
	if err != nil {
		return false, err
	}
	var all, lacks []ident.Name
	for _, t := range r.db.Tables() {
		if t.PartitionKey != "" || t.Unlogged {
			continue
		}
		all = append(all, t.Name)
		if !members[t.OID] {
			lacks = append(lacks, t.Name)
		}
	}
	c := Check{Code: "S-PUBLICATION", Severity: Fail, Object: name, Fix: "let " + owner + ", who owns it, change it"}
	switch {
	case !whole:
		c.Text = fmt.Sprintf("publication %s is not one of single tables with every kind of change, row and column, each as its own", name)
		c.FixSQL = "DROP PUBLICATION " + ident.Quote(name) + "; CREATE PUBLICATION " + ident.Quote(name) + " FOR TABLE ONLY " + onlyList(all) + ";"
		r.add(c)
	case len(lacks) > 0:
		c.Text = fmt.Sprintf("publication %s lacks %s", name, join(lacks))
		c.FixSQL = "ALTER PUBLICATION " + ident.Quote(name) + " ADD TABLE ONLY " + onlyList(lacks) + ";"
		r.add(c)
	default:
		r.ok("S-PUBLICATION", "publication %s is there; %s made it", name, owner)
	}
	return true, nil
}

// memberships are the grants that make the user a member of each table's owner.
func (r *run) memberships(ctx context.Context, oids []uint32, user string) ([]string, error) {
	rows, err := r.src.Query(ctx, "SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = any($1::oid[]) ORDER BY 1", oids)
	if err != nil {
		return nil, err
	}
	owners, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for i, o := range owners {
		owners[i] = "GRANT " + ident.Quote(o) + " TO " + user + ";"
	}
	return owners, err
}

func (r *run) owned(ctx context.Context) (map[uint32]bool, error) {
	return r.oids(ctx, "SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND pg_has_role(relowner, 'USAGE')")
}

func (r *run) oids(ctx context.Context, sql string, args ...any) (map[uint32]bool, error) {
	rows, err := r.src.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[uint32])
	out := make(map[uint32]bool, len(list))
	for _, oid := range list {
		out[oid] = true
	}
	return out, err
}

// virtual: the source refuses UPDATE and DELETE of a published table with virtual generated columns whose rows are
// told apart by all columns.
func (r *run) virtual() {
	var list []ident.Name
	for _, t := range r.db.Tables() {
		id := r.db.Identity(t)
		if r.Job.Objects.KeepIdentity {
			id = t.IdentityKept()
		}
		if t.PartitionKey == "" && t.Refuses(id) {
			list = append(list, t.Name)
		}
	}
	if len(list) > 0 {
		r.add(Check{Code: "O-KEY", Severity: Fail, Object: join(list),
			Text: fmt.Sprintf("%s have virtual generated columns and need REPLICA IDENTITY FULL, having no key or a filter: the source would refuse their UPDATE and DELETE", join(list)),
			Fix:  "give them a primary key, make the columns STORED, or exclude the tables"})
	}
}

// identifiable: a table that has no identity and whose owner this user is not keeps the source from
// updating and deleting as soon as it is published.
func (r *run) identifiable(ctx context.Context) {
	r.virtual()
	if r.Job.Objects.KeepIdentity || r.facts.Super {
		return
	}
	owned, err := r.owned(ctx)
	if err != nil {
		r.unread("O-KEY", err)
		return
	}
	var list []ident.Name
	var sql []string
	for _, t := range r.db.Tables() {
		if t.PartitionKey != "" || owned[t.OID] || t.ReplicaIdentity == string(catalog.ReplicaNothing) {
			continue
		}
		if change := t.Change(r.db.Identity(t)); change != "" {
			list, sql = append(list, t.Name), append(sql, change+";")
		}
	}
	if len(list) > 0 {
		r.add(Check{Code: "O-KEY", Severity: Fail, Object: join(list),
			Text: fmt.Sprintf("%s have no usable replica identity, and user %s may not give them one: the source would refuse their UPDATE and DELETE", join(list), r.facts.User),
			Fix:  "let their owner do it, or give them a primary key", FixSQL: strings.Join(sql, "\n")})
	}
}
