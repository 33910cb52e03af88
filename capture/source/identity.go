package source

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ledger"
)

// System is which server this is, and where its WAL stands.
type System struct {
	ID       string
	Timeline int32
	WAL      event.LSN
}

// Identify asks a replication connection.
func Identify(ctx context.Context, conn *pgconn.PgConn) (System, error) {
	r, err := pglogrepl.IdentifySystem(ctx, conn)
	if err != nil {
		return System{}, fmt.Errorf("identify the source: %w", err)
	}
	return System{ID: r.SystemID, Timeline: r.Timeline, WAL: event.LSN(r.XLogPos)}, nil
}

// CheckSystem halts unless the source is the one that the log was written from, and has not lost
// what the log already holds: same system id, a timeline that forks off behind resume, WAL that
// reaches it.
func CheckSystem(ctx context.Context, conn *pgconn.PgConn, now System, was *ledger.Epoch, resume event.LSN) error {
	if was == nil || resume == 0 {
		return nil
	}
	const fix = "point the job at the right source; or " + halt.Reset
	if now.ID != was.SystemID {
		return halt.New(halt.SourceChanged, fix, "the log was written from system %s, this source is system %s", was.SystemID, now.ID)
	}
	if now.WAL < resume {
		return halt.New(halt.SourceRewound, fix, "the source's WAL ends at %s, before %s that the log already holds: it was restored to an older state", now.WAL, resume)
	}
	if now.Timeline < was.Timeline {
		return halt.New(halt.SourceRewound, fix, "the source is on timeline %d, the log came from timeline %d", now.Timeline, was.Timeline)
	}
	if now.Timeline == was.Timeline {
		return nil
	}
	h, err := pglogrepl.TimelineHistory(ctx, conn, now.Timeline)
	if err != nil {
		return fmt.Errorf("read the history of timeline %d: %w", now.Timeline, err)
	}
	fork, ok := forkOf(string(h.Content), was.Timeline)
	if !ok || fork < resume {
		return halt.New(halt.SourceRewound, fix, "timeline %d left timeline %d at %s, before %s that the log already holds", now.Timeline, was.Timeline, fork, resume)
	}
	return nil
}

// forkOf finds in a timeline history file ("1\t0/3000000\treason" per line) where the given timeline
// was left.
func forkOf(history string, timeline int32) (event.LSN, bool) {
	for line := range strings.Lines(history) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != strconv.Itoa(int(timeline)) {
			continue
		}
		lsn, err := event.ParseLSN(f[1])
		return lsn, err == nil
	}
	return 0, false
}
