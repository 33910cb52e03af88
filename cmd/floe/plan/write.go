package plan

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// Write prints the plan for people.
func (p *Plan) Write(w io.Writer) error {
	out := &sticky{w: w}
	out.line("PLAN %s: nothing is changed by this", p.Job)
	if p.Begun {
		out.line("the job has begun: this is what it replicates, and what a table would meet that joins it")
	}
	p.writeTables(out)
	if len(p.Kinds) > 0 {
		out.line("\nother objects that are made:")
		for _, kind := range slices.Sorted(maps.Keys(p.Kinds)) {
			out.line("  %5d × %s", p.Kinds[kind], kind)
		}
	}
	if len(p.LeftOut) > 0 {
		out.line("\nleft out, or not as the source has it:")
		for _, l := range p.LeftOut {
			out.line("  %s: %s", l.Object, l.Reason)
		}
	}
	if len(p.Identity) > 0 {
		out.line("\nreplica identities that capture gives on the source (identity: keep changes none; FULL writes old rows to the WAL too; floe delete takes them back):")
		out.lines(p.Identity)
	}
	e := p.Estimate
	out.line("\nabout %d rows, %s to load (by the source's statistics): %s at %d rows/s or %s/s, whichever is slower", e.Rows, bytes(e.Bytes), e.Load.Round(time.Second), loadRows, bytes(loadBytes))
	out.line("the source writes %s/s of WAL just now: %s in that time, of which it keeps what is not in the log yet", bytes(e.WALRate), bytes(e.WAL))
	out.line("\nrights that suffice, on the source (by the tables' owner and a superuser):")
	out.lines(p.Rights.Source)
	out.line("on the target:")
	out.lines(p.Rights.Target)
	return out.err
}

func (p *Plan) writeTables(out *sticky) {
	out.line("\ntables: %d", len(p.Tables))
	if len(p.Tables) == 0 {
		return
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	cells := &sticky{w: t}
	cells.line("  SOURCE\tTARGET\tACTION\tROWS\tSIZE\tKEY\tFILTER")
	for _, row := range p.Tables {
		key := row.Key
		if key == "" {
			key = "none: all columns"
		}
		cells.line("  %s\t%s\t%s\t%d\t%s\t%s\t%s", row.Source, row.Target, row.Action, row.Rows, bytes(row.Bytes), key, row.Filter)
	}
	if err := t.Flush(); err != nil && out.err == nil {
		out.err = err
	}
}

// sticky keeps the first error of many writes.
type sticky struct {
	w   io.Writer
	err error
}

func (s *sticky) Write(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	var n int
	n, s.err = s.w.Write(b)
	return n, s.err
}

func (s *sticky) line(text string, args ...any) { _, _ = fmt.Fprintf(s, text+"\n", args...) }

func (s *sticky) lines(list []string) {
	for _, l := range list {
		s.line("  %s", l)
	}
}

func bytes(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
