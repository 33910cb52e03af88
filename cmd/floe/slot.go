package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/ending"
)

// Slot is a replication slot of the job, as the source shows it.
type Slot struct {
	Name      string `json:"slot"`
	Active    bool   `json:"active"`
	Restart   string `json:"restart_lsn"`
	Confirmed string `json:"confirmed_flush_lsn"`
	// Retained is the WAL that the source keeps for it; Left is how much more may be written before it is lost,
	// null if the source does not limit that.
	Retained int64  `json:"retained_bytes"`
	Left     *int64 `json:"left_bytes"`
	State    string `json:"wal_status"`
	// Full is when nothing is left if it goes on as it did while the command looked; null if it did not grow, or the
	// source does not limit it.
	Full *int64 `json:"full_in_seconds" db:"-"`
}

const slotSQL = `SELECT slot_name::text, active, coalesce(restart_lsn::text, ''), coalesce(confirmed_flush_lsn::text, ''),
	coalesce(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn), 0)::bigint, (to_jsonb(s)->>'safe_wal_size')::bigint, coalesce(to_jsonb(s)->>'wal_status', '')
	FROM pg_catalog.pg_replication_slots s WHERE database = current_database() AND slot_name ~ ('^floe_' || $1::text || '_[0-9a-f]{8}$') ORDER BY 1`

// slotSample is how long a slot that the source limits is looked at, to tell when it is full.
const slotSample = 2 * time.Second

func (a *app) slotCommand() *cobra.Command {
	return &cobra.Command{Use: "slot", Short: "The job's replication slot: how much WAL the source keeps for it, and for how long it may", Args: cobra.NoArgs,
		Long: `The job's replication slot, as the source shows it: how much WAL it keeps for the job, how much more may be
written before the slot is lost (max_slot_wal_keep_size), and in how long that is full if it goes on as in the two
seconds that the command looks. Capture goes by the last five minutes: floe status warns by that.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := a.resolve(need{source: true})
			if err != nil {
				return err
			}
			conn, err := ask(cmd.Context(), "source", j.Source)
			if err != nil {
				return err
			}
			defer conn.Close(context.WithoutCancel(cmd.Context())) //nolint:errcheck
			slots, err := filling(cmd.Context(), conn, j.Name)
			switch {
			case err != nil:
				return exit(codeUnreachable, fmt.Errorf("look at the slots: %w", err))
			case len(slots) == 0:
				return exit(codeConflict, fmt.Errorf("the source has no slot of job %s", j.Name))
			case a.machine():
				return a.encode(slots)
			}
			return a.writeSlots(slots)
		}}
}

// filling looks at a job's slots; if the source limits them, twice.
func filling(ctx context.Context, conn *pgx.Conn, job string) ([]Slot, error) {
	look := func() ([]Slot, error) {
		rows, err := conn.Query(ctx, slotSQL, job)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowToStructByPos[Slot])
	}
	began := time.Now()
	first, err := look()
	if err != nil || !slices.ContainsFunc(first, func(s Slot) bool { return s.Left != nil }) {
		return first, err
	}
	wait := time.NewTimer(slotSample)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-wait.C:
	}
	slots, err := look()
	over := time.Since(began)
	for i := range slots {
		if was := slices.IndexFunc(first, func(s Slot) bool { return s.Name == slots[i].Name }); was >= 0 {
			slots[i].Full = slots[i].fullIn(first[was], over)
		}
	}
	return slots, err
}

// fullIn is in how many seconds nothing is left, by how what is kept grew since s was as it was before.
func (s *Slot) fullIn(before Slot, over time.Duration) *int64 {
	grown := s.Retained - before.Retained
	var n int64
	switch {
	case s.Left == nil:
		return nil
	case *s.Left <= 0: // whatever comes next
	case grown <= 0:
		return nil
	default:
		n = int64(min(over.Seconds()*float64(*s.Left)/float64(grown), maxFull.Seconds()))
	}
	return &n
}

// maxFull bounds an estimate: what is further off is not told apart.
const maxFull = 365 * 24 * time.Hour

func (s *Slot) fullText() string {
	switch {
	case s.Left == nil:
		return "never"
	case s.Full == nil:
		return "does not grow"
	}
	return (time.Duration(*s.Full) * time.Second).String()
}

func (a *app) writeSlots(slots []Slot) error {
	t := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "SLOT\tHELD\tRESTART\tCONFIRMED\tWAL KEPT\tLEFT\tFULL IN\tWAL STATUS")
	for _, s := range slots {
		left := "no limit"
		if s.Left != nil {
			left = bytesText(*s.Left)
		}
		fmt.Fprintf(t, "%s\t%t\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, s.Active, s.Restart, s.Confirmed, bytesText(s.Retained), left, s.fullText(), s.State)
	}
	return t.Flush()
}

// Topic is a topic of the job's log.
type Topic struct {
	Name       string `json:"topic"`
	Partitions int    `json:"partitions"`
	// Records are the offsets that are kept, those of retried batches among them; First is the lowest offset
	// of a partition, Next the highest that comes.
	Records int64 `json:"records"`
	First   int64 `json:"first_offset"`
	Next    int64 `json:"next_offset"`
}

func (a *app) topicsCommand() *cobra.Command {
	return &cobra.Command{Use: "topics", Short: "The topics of the job's log, and what they hold", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, opts, err := a.logOf()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), answerTime)
			defer cancel()
			topics, err := topicsOf(ctx, opts, j.Prefix())
			switch {
			case err != nil:
				return unreachable(err)
			case len(topics) == 0:
				return exit(codeConflict, fmt.Errorf("the broker has no topics of job %s", j.Name))
			case a.machine():
				return a.encode(topics)
			}
			t := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
			fmt.Fprintln(t, "TOPIC\tPARTITIONS\tRECORDS\tFIRST\tNEXT")
			for _, x := range topics {
				fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\n", x.Name, x.Partitions, x.Records, x.First, x.Next)
			}
			return t.Flush()
		}}
}

func topicsOf(ctx context.Context, kafka []kgo.Opt, prefix string) ([]Topic, error) {
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	all, err := adm.ListTopics(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the topics of the log: %w", err)
	}
	var names []string
	for _, name := range all.Names() {
		if ending.Owns(prefix, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	starts, err := adm.ListStartOffsets(ctx, names...)
	ends, err2 := adm.ListEndOffsets(ctx, names...)
	if err := errors.Join(err, err2, starts.Error(), ends.Error()); err != nil {
		return nil, fmt.Errorf("look where the topics begin and end: %w", err)
	}
	out := make([]Topic, len(names))
	for i, name := range names {
		t := &out[i]
		t.Name, t.First = name, -1
		for p, end := range ends[name] {
			start, _ := starts.Lookup(name, p)
			t.Partitions, t.Records, t.Next = t.Partitions+1, t.Records+end.Offset-start.Offset, max(t.Next, end.Offset)
			if t.First < 0 || start.Offset < t.First {
				t.First = start.Offset
			}
		}
	}
	return out, nil
}
