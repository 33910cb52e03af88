package precheck

import (
	"context"
	"fmt"

	"floe/pkg/dialect"
	"floe/pkg/ident"
)

// sourceCodes are what needs a session on the source.
var sourceCodes = []string{"S-VERSION", "S-PRIMARY", "S-WAL-LEVEL", "S-REPL-PRIV", "S-READ-PRIV", "S-SLOTS-FREE", "S-SENDERS-FREE", "S-PUBLICATION",
	"S-LONG-TXN", "S-PREPARED-TXN", "S-SLOT-WAL-LIMIT", "S-FAILOVER", "S-HEARTBEAT", "S-EVENT-TRIGGER", "S-SETTINGS"}

// facts are what one query tells of the source.
type facts struct {
	Version                    int
	Recovery                   bool
	WALLevel                   string
	User                       string
	Super, Replication, Create bool
	Slots, SlotsMax, OwnSlots  int
	Senders, SendersMax        int
	Dialect                    dialect.Dialect
}

func (r *run) source(ctx context.Context) {
	r.src, r.report.Source, r.srcWhy = r.connect(ctx, "source", r.Job.Source)
	if r.src == nil {
		for _, c := range sourceCodes {
			r.skip(c, r.srcWhy)
		}
		return
	}
	f := &r.facts
	err := r.src.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, pg_is_in_recovery(), current_setting('wal_level'),
		current_user::text, r.rolsuper, r.rolreplication, has_database_privilege(current_database(), 'CREATE'),
		(SELECT count(*) FROM pg_replication_slots), current_setting('max_replication_slots')::int,
		(SELECT count(*) FROM pg_replication_slots WHERE slot_name ~ $1),
		(SELECT count(*) FROM pg_stat_replication), current_setting('max_wal_senders')::int
		FROM pg_roles r WHERE r.rolname = current_user`, "^floe_"+r.Job.Name+"_[0-9a-f]{8}$").Scan(
		&f.Version, &f.Recovery, &f.WALLevel, &f.User, &f.Super, &f.Replication, &f.Create,
		&f.Slots, &f.SlotsMax, &f.OwnSlots, &f.Senders, &f.SendersMax)
	if err == nil {
		f.Dialect, err = dialect.Of(ctx, r.src)
	}
	if err != nil {
		r.srcWhy = "S-SETTINGS"
		r.unanswered(Fail, r.srcWhy, "the source's settings", err)
		return
	}
	r.report.Began = f.OwnSlots > 0
	r.server(f)
	if f.Dialect.EmptyIsNull {
		r.fail("S-VERSION", "let the source's user have PostgreSQL's own way with empty strings, by a setting of its role", "the source takes '' for NULL in SQL: floe could not read its catalog")
	}
	r.rights(f)
	r.room(f)
}

func (r *run) server(f *facts) {
	if f.Version >= 110000 {
		r.ok("S-VERSION", "%s, server version %d", f.Dialect.Name, f.Version/10000)
	} else {
		r.fail("S-VERSION", "upgrade the source to PostgreSQL 11 or later", "server version %d is older than 11", f.Version)
	}
	if f.Recovery {
		r.fail("S-PRIMARY", "name the primary as source", "the source is a standby; changes are read from the primary")
	} else {
		r.ok("S-PRIMARY", "the source is a primary")
	}
	if f.WALLevel == "logical" {
		r.ok("S-WAL-LEVEL", "wal_level is logical")
	} else {
		r.add(Check{Code: "S-WAL-LEVEL", Severity: Fail, Text: fmt.Sprintf("wal_level is %s, logical is needed", f.WALLevel),
			Fix: "set wal_level = logical in the server's parameters and restart it", FixSQL: "ALTER SYSTEM SET wal_level = 'logical';"})
	}
}

func (r *run) rights(f *facts) {
	if f.Super || f.Replication {
		r.ok("S-REPL-PRIV", "user %s may replicate", f.User)
	} else {
		r.add(Check{Code: "S-REPL-PRIV", Severity: Fail, Text: fmt.Sprintf("user %s may not replicate", f.User),
			Fix: "give the user the right, as a superuser", FixSQL: "ALTER ROLE " + ident.Quote(f.User) + " REPLICATION;"})
	}
}

func (r *run) room(f *facts) {
	switch {
	case f.OwnSlots > 0:
		r.ok("S-SLOTS-FREE", "the job has its slot")
	case f.Slots < f.SlotsMax:
		r.ok("S-SLOTS-FREE", "%d of %d replication slots are free", f.SlotsMax-f.Slots, f.SlotsMax)
	default:
		r.add(Check{Code: "S-SLOTS-FREE", Severity: Fail, Text: fmt.Sprintf("all %d replication slots are taken", f.SlotsMax),
			Fix:    "raise max_replication_slots and restart the server, or drop a slot that nobody uses (select * from pg_replication_slots)",
			FixSQL: fmt.Sprintf("ALTER SYSTEM SET max_replication_slots = %d;", f.SlotsMax+5)})
	}
	if f.Senders < f.SendersMax {
		r.ok("S-SENDERS-FREE", "%d of %d replication connections are free", f.SendersMax-f.Senders, f.SendersMax)
	} else {
		r.add(Check{Code: "S-SENDERS-FREE", Severity: Fail, Text: fmt.Sprintf("all %d replication connections are taken", f.SendersMax),
			Fix: "raise max_wal_senders and restart the server", FixSQL: fmt.Sprintf("ALTER SYSTEM SET max_wal_senders = %d;", f.SendersMax+5)})
	}
}
