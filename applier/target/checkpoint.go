package target

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/pkg/event"
	"floe/pkg/failpoint"
)

// ErrTakenOver ends an applier whose checkpoint another one moved.
var ErrTakenOver = errors.New("another applier has taken over the job")

// Checkpoint is how far a job's log is true on this target; it changes with the rows, in the same
// transaction.
//
//   - Offset is the last ledger entry that is wholly applied, Epoch and N are that entry's.
//   - Commit is the last source transaction that is applied; of the entry behind Offset, rows up to it
//     are applied already.
//   - Resume is where the ledger behind Offset goes on in the source's WAL; 0 before anything says so.
//   - Objects are the ledger offsets of the entries of this epoch whose definitions are valid here. The
//     last of them may be the one behind Offset, if a transaction in it that is applied changed objects.
type Checkpoint struct {
	Offset     int64
	Epoch      uint32
	N          uint64
	Commit     event.LSN
	Resume     event.LSN
	SourceTime int64 // microseconds since the Unix epoch
	Objects    []int64
}

// Owner is one applier of one job.
type Owner struct {
	Job, Applier, Instance string
	LedgerID               string // the ledger's topic id
}

// schema asks first: IF NOT EXISTS takes the right to create even where nothing is to be created.
const schema = `DO $$ BEGIN IF to_regnamespace('floe') IS NULL THEN CREATE SCHEMA floe; END IF; END $$;
`

const control = `CREATE TABLE IF NOT EXISTS floe.checkpoint (job text, applier text, instance text NOT NULL, ledger_topic_id text NOT NULL,
	ledger_offset bigint NOT NULL, epoch bigint NOT NULL, n bigint NOT NULL, commit_lsn pg_lsn NOT NULL, resume_lsn pg_lsn NOT NULL, source_time timestamptz,
	objects bigint[] NOT NULL DEFAULT '{}', since timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (job, applier));
CREATE TABLE IF NOT EXISTS floe.load (job text, applier text, table_oid bigint, load bigint NOT NULL, loaded boolean NOT NULL,
	rows bigint NOT NULL DEFAULT 0, again text NOT NULL DEFAULT '', PRIMARY KEY (job, applier, table_oid));
ALTER TABLE floe.load ADD COLUMN IF NOT EXISTS again text NOT NULL DEFAULT '';
CREATE TABLE IF NOT EXISTS floe.asked (job text, applier text, table_oid bigint, key text[], at bigint NOT NULL, read boolean NOT NULL DEFAULT false,
	PRIMARY KEY (job, applier, table_oid, key));
CREATE TABLE IF NOT EXISTS floe.aside (job text, applier text, table_oid bigint, key text[], met text NOT NULL, settled boolean NOT NULL DEFAULT false,
	PRIMARY KEY (job, applier, table_oid, key));
CREATE TABLE IF NOT EXISTS floe.skipped (job text, applier text, epoch bigint, place text, table_oid bigint, table_name text NOT NULL, changes bigint NOT NULL,
	samples text[] NOT NULL, load bigint NOT NULL, sqlstate text NOT NULL, message text NOT NULL, command text NOT NULL, sent_by text NOT NULL, reason text NOT NULL,
	at timestamptz NOT NULL DEFAULT now(), mended timestamptz, PRIMARY KEY (job, applier, epoch, place, table_oid));
CREATE TABLE IF NOT EXISTS floe.replayed (job text, applier text, id text, sent_by text NOT NULL, from_offset bigint NOT NULL, at_offset bigint NOT NULL,
	tables text NOT NULL, changes bigint NOT NULL, refused text NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (job, applier, id))`

// Setup makes floe's own tables on the target, if they are missing.
func (s *Session) Setup(ctx context.Context) error {
	var have bool
	err := s.Conn.QueryRow(ctx, "SELECT to_regclass('floe.checkpoint') IS NOT NULL AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('floe.load') AND attname = 'again') AND to_regclass('floe.asked') IS NOT NULL AND to_regclass('floe.aside') IS NOT NULL AND to_regclass('floe.skipped') IS NOT NULL AND to_regclass('floe.replayed') IS NOT NULL").Scan(&have)
	if err != nil || have {
		return err
	}
	err = s.exec(ctx, schema+control)
	if err != nil {
		return fmt.Errorf("make floe's tables on the target: %w", err)
	}
	return nil
}

// Lock takes the advisory lock that keeps two appliers of one job from taking turns. It returns false
// while another session holds it.
func (s *Session) Lock(ctx context.Context, o Owner) (bool, error) {
	var mine bool
	err := s.Conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtext('floe applier'), hashtext($1))", o.Job+"/"+o.Applier).Scan(&mine)
	return mine, err
}

// Holder says which instance applied last, and since when it does.
func (s *Session) Holder(ctx context.Context, o Owner) string {
	var who string
	err := s.Conn.QueryRow(ctx, `SELECT instance || ' since ' || to_char(since, 'YYYY-MM-DD HH24:MI:SS TZ') FROM floe.checkpoint WHERE job = $1 AND applier = $2`,
		o.Job, o.Applier).Scan(&who)
	if err != nil {
		return "not known"
	}
	return who
}

// Whose says whose the target's checkpoints are: whether this applier has one, and the other jobs that do.
func (s *Session) Whose(ctx context.Context, o Owner) (mine bool, others []string, err error) {
	err = s.Conn.QueryRow(ctx, `SELECT coalesce(bool_or(job = $1 AND applier = $2), false),
		coalesce(array_agg(DISTINCT 'job ' || job ORDER BY 'job ' || job) FILTER (WHERE job <> $1 AND ledger_offset >= 0), '{}') FROM floe.checkpoint`, o.Job, o.Applier).Scan(&mine, &others)
	if err != nil {
		return false, nil, fmt.Errorf("look whose checkpoints the target has: %w", err)
	}
	return mine, others, nil
}

// Claim makes this instance the one whose transactions count and returns where it goes on; nil when
// the job never applied anything here.
func (s *Session) Claim(ctx context.Context, o Owner) (*Checkpoint, string, error) {
	s.instance = o.Instance
	if err := failpoint.Here("claim.before"); err != nil {
		return nil, "", err
	}
	var c Checkpoint
	var ledger, commit, resume string
	var at *time.Time
	err := s.Conn.QueryRow(ctx, `UPDATE floe.checkpoint SET instance = $3, since = now() WHERE job = $1 AND applier = $2
		RETURNING ledger_topic_id, ledger_offset, epoch, n, commit_lsn::text, resume_lsn::text, source_time, objects`, o.Job, o.Applier, o.Instance).
		Scan(&ledger, &c.Offset, &c.Epoch, &c.N, &commit, &resume, &at, &c.Objects)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, "", s.first(ctx, o)
	}
	if err != nil {
		return nil, "", fmt.Errorf("read the checkpoint: %w", err)
	}
	if c.Commit, err = event.ParseLSN(commit); err != nil {
		return nil, "", err
	}
	if c.Resume, err = event.ParseLSN(resume); err != nil {
		return nil, "", err
	}
	if at != nil {
		c.SourceTime = at.UnixMicro()
	}
	if err := failpoint.Here("claim.after"); err != nil {
		return nil, "", err
	}
	s.at = c
	if c.Offset < 0 { // claimed before, and nothing was applied
		return nil, ledger, nil
	}
	return &c, ledger, nil
}

// first writes a checkpoint that stands before the ledger.
func (s *Session) first(ctx context.Context, o Owner) error {
	s.at = Checkpoint{Offset: -1}
	if err := failpoint.Here("first.before"); err != nil {
		return err
	}
	_, err := s.Conn.Exec(ctx, `INSERT INTO floe.checkpoint (job, applier, instance, ledger_topic_id, ledger_offset, epoch, n, commit_lsn, resume_lsn)
		VALUES ($1, $2, $3, $4, -1, 0, 0, '0/0', '0/0')`, o.Job, o.Applier, o.Instance, o.LedgerID)
	if err != nil {
		return fmt.Errorf("write the first checkpoint: %w", err)
	}
	return failpoint.Here("first.after")
}

const advance = `UPDATE floe.checkpoint SET ledger_offset = $1, epoch = $2, n = $3, commit_lsn = $4::text::pg_lsn, resume_lsn = $5::text::pg_lsn, source_time = $6, objects = $7
	WHERE job = $8 AND applier = $9 AND instance = $10 AND ledger_offset = $11`

// Commit moves the checkpoint to c and commits. When another applier moved it meanwhile nothing of
// the transaction stays.
func (s *Session) Commit(ctx context.Context, o Owner, c Checkpoint) error {
	if c.Objects == nil {
		c.Objects = []int64{}
	}
	if err := failpoint.Here("checkpoint.before"); err != nil {
		return err
	}
	tag, err := s.Conn.Exec(ctx, advance, c.Offset, c.Epoch, c.N, c.Commit.String(), c.Resume.String(), time.UnixMicro(c.SourceTime), c.Objects,
		o.Job, o.Applier, o.Instance, s.at.Offset)
	if err != nil {
		return fmt.Errorf("move the checkpoint: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return errors.Join(ErrTakenOver, s.Rollback(ctx))
	}
	if err := failpoint.Here("commit.before"); err != nil { // and after the checkpoint
		return err
	}
	if err := s.exec(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if err := failpoint.Here("commit.after"); err != nil {
		return err
	}
	s.at = c
	return nil
}

// At is the checkpoint that was last committed.
func (s *Session) At() Checkpoint { return s.at }

// Load is how far a table's load is applied.
type Load struct {
	Table  uint32
	Number uint64
	Loaded bool
	Rows   uint64
	Again  Again
}

// Again is how a load meets the rows of a table that the target had before floe, under on_existing: proceed.
type Again string

// First keeps the target's rows. Over meets rows of an earlier load among them: it overwrites, and deletes none, for
// which are the target's own nobody knows. Equal was asked for: what the source does not have goes.
const (
	First Again = ""
	Over  Again = "over"
	Equal Again = "equal"
)

// Loads reads the loads that this applier knows.
func (s *Session) Loads(ctx context.Context, o Owner) (map[uint32]Load, error) {
	rows, err := s.Conn.Query(ctx, "SELECT table_oid, load, loaded, rows, again FROM floe.load WHERE job = $1 AND applier = $2", o.Job, o.Applier)
	if err != nil {
		return nil, fmt.Errorf("read the loads: %w", err)
	}
	defer rows.Close()
	out := map[uint32]Load{}
	for rows.Next() {
		var l Load
		if err := rows.Scan(&l.Table, &l.Number, &l.Loaded, &l.Rows, &l.Again); err != nil {
			return nil, fmt.Errorf("read the loads: %w", err)
		}
		out[l.Table] = l
	}
	return out, rows.Err()
}

// SetLoad writes a load's state in the open transaction.
func (s *Session) SetLoad(ctx context.Context, o Owner, l Load) error {
	_, err := s.Conn.Exec(ctx, `INSERT INTO floe.load (job, applier, table_oid, load, loaded, rows, again) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (job, applier, table_oid) DO UPDATE SET load = EXCLUDED.load, loaded = EXCLUDED.loaded, rows = EXCLUDED.rows, again = EXCLUDED.again`,
		o.Job, o.Applier, int64(l.Table), int64(l.Number), l.Loaded, int64(l.Rows), l.Again)
	if err != nil {
		return fmt.Errorf("write the load of table %d: %w", l.Table, err)
	}
	return nil
}

// ForgetLoad drops a load's state in the open transaction: its table is gone.
func (s *Session) ForgetLoad(ctx context.Context, o Owner, table uint32) error {
	_, err := s.Conn.Exec(ctx, "DELETE FROM floe.load WHERE job = $1 AND applier = $2 AND table_oid = $3", o.Job, o.Applier, int64(table))
	if err != nil {
		return fmt.Errorf("forget the load of table %d: %w", table, err)
	}
	return nil
}
