// Package source does what capture needs of the source beside its rows: the slot, the publication,
// the identity of tables, and the checks of design.md L5 that stand between floe and a silent gap.
package source

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/event"
	"floe/pkg/failpoint"
	"floe/pkg/halt"
	"floe/pkg/ident"
)

// Slot is what pg_replication_slots says of the job's slot.
type Slot struct {
	Name      string
	Confirmed event.LSN
	Active    bool
	Status    string // wal_status: reserved, extended, unreserved, lost; empty before 13
	Retained  int64  // bytes of WAL kept for it
}

// FindSlot returns the slot, or nil if there is none of that name.
func FindSlot(ctx context.Context, conn *pgx.Conn, name string) (*Slot, error) {
	status := "''"
	if version(conn) >= 130000 {
		status = "coalesce(wal_status, '')"
	}
	s := Slot{Name: name}
	var confirmed string
	err := conn.QueryRow(ctx, `SELECT coalesce(confirmed_flush_lsn, '0/0')::text, active, `+status+`,
		coalesce(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn), 0)::bigint
		FROM pg_replication_slots WHERE slot_name = $1`, name).Scan(&confirmed, &s.Active, &s.Status, &s.Retained)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up slot %s: %w", name, err)
	}
	s.Confirmed, err = event.ParseLSN(confirmed)
	return &s, err
}

// CreateSlot makes the slot. The server first waits for every transaction that is open, prepared
// ones included.
func CreateSlot(ctx context.Context, conn *pgconn.PgConn, name string) error {
	if err := failpoint.Here("slot.before"); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, "CREATE_REPLICATION_SLOT "+ident.Quote(name)+" LOGICAL pgoutput NOEXPORT_SNAPSHOT").ReadAll()
	if err != nil {
		return fmt.Errorf("create slot %s: %w", name, err)
	}
	return failpoint.Here("slot.after")
}

// InUse reports whether err is the server's refusal because another walsender holds the slot: then
// somebody else is the job's writer.
func InUse(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55006"
}

// Owner says who holds the slot, as far as the source tells this user.
func Owner(ctx context.Context, conn *pgx.Conn, slot string) string {
	var who string
	err := conn.QueryRow(ctx, `SELECT 'connected from ' || coalesce(host(a.client_addr), 'the source itself') || ' (server process ' || a.pid || ') since ' || to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')
		FROM pg_replication_slots s JOIN pg_stat_activity a ON a.pid = s.active_pid WHERE s.slot_name = $1`, slot).Scan(&who)
	if err != nil || who == "" {
		return "not known"
	}
	return who
}

// CheckSlot halts if the slot cannot give everything behind resume. PostgreSQL silently moves a
// start position up to confirmed_flush, so a slot that is ahead is a gap that nothing else would show.
// resume is 0 when the log has no position yet.
func CheckSlot(slot *Slot, name string, resume event.LSN) error {
	const fix = halt.Reset
	switch {
	case slot == nil && resume != 0:
		return halt.New(halt.SlotMissing, fix, "slot %s is gone from the source; changes behind %s are lost to this job", name, resume)
	case slot == nil:
		return nil
	case slot.Status == "lost":
		return halt.New(halt.WALLost, fix, "slot %s was invalidated by the source (max_slot_wal_keep_size); changes from %s on are lost", name, max(resume, slot.Confirmed))
	case resume != 0 && slot.Confirmed > resume:
		return halt.New(halt.SlotAhead, fix, "slot %s stands at %s but the log ends at %s: somebody advanced or recreated it; changes between are lost", name, slot.Confirmed, resume)
	}
	return nil
}

func version(conn *pgx.Conn) int {
	var n, minor int
	_, _ = fmt.Sscanf(conn.PgConn().ParameterStatus("server_version"), "%d.%d", &n, &minor)
	return n*10000 + minor
}
