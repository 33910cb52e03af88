package control

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"floe/pkg/ident"
	"floe/pkg/ledger"
)

// Run is whether a job is to work; its text is the state that the job is in then.
type Run string

// Paused and Stopped differ in who ends them: resume ends a pause, only start both. Nothing ends Finished,
// but that the job is deleted; nothing ends that.
const (
	Running  Run = "RUNNING"
	Paused   Run = "PAUSED"
	Stopped  Run = "STOPPED"
	Finished Run = "FINISHED"
	Deleted  Run = "DELETED"
)

// Wanted is what operators want of a job: its commands folded in their order. It is not changed once made.
//
//   - Each command counts once, by its id: a record that a retry doubled changes nothing.
//   - A command that asks for what is so already, or that this floe does not know, changes nothing.
type Wanted struct {
	Next    int64 // the offset behind the last command
	Run     Run
	Since   *ledger.Command // the command that Run is as it is by, nil for none
	Started bool            // start was sent
	Count   int             // of the commands
	tables  map[ident.Name]bool
	resyncs map[ident.Name]int // the number of the last command that names a table
	skips   []Skip
	replays []Replay
	// Files are the job files by which services said to run, without addresses and passwords, by the key of
	// their reports.
	Files map[string]string
	// Set are the fields of the job file that commands changed.
	Set Settings
}

// Fold is what the commands mean together.
func Fold(sent []ledger.Command) Wanted {
	w := Wanted{Run: Running, Count: len(sent), tables: map[ident.Name]bool{}, resyncs: map[ident.Name]int{}, Files: map[string]string{}}
	seen := map[string]bool{}
	for i := range sent {
		if c := &sent[i]; !seen[c.ID] {
			seen[c.ID] = true
			w.take(c, i+1)
		}
	}
	return w
}

func (w *Wanted) take(c *ledger.Command, number int) {
	switch c.Verb {
	case ledger.VerbAdd, ledger.VerbRemove:
		for _, text := range c.Args {
			if n, err := ident.Parse(text); err == nil {
				w.tables[n] = c.Verb == ledger.VerbAdd
			}
		}
	case ledger.VerbStart:
		w.run(Running, c)
		w.Started = true
	case ledger.VerbPause:
		if w.Run == Running {
			w.run(Paused, c)
		}
	case ledger.VerbResume:
		if w.Run == Paused {
			w.run(Running, c)
		}
	case ledger.VerbStop:
		w.run(Stopped, c)
	case ledger.VerbFinish:
		w.run(Finished, c)
	case ledger.VerbDescribe:
		w.Files[c.Arg(0)] = c.Arg(1)
	case ledger.VerbDelete:
		w.run(Deleted, c)
	case ledger.VerbSkip:
		w.skip(c)
	case ledger.VerbReplay:
		w.replay(c)
	case ledger.VerbSet:
		for _, text := range c.Args {
			_ = w.Set.Set(text) // what this floe does not know changes nothing
		}
	case ledger.VerbResync:
		for _, text := range c.Args {
			if n, err := ident.Parse(text); err == nil {
				w.resyncs[n] = number
			}
		}
	}
}

func (w *Wanted) run(r Run, c *ledger.Command) {
	if w.Run != r && w.Run != Deleted && (w.Run != Finished || r == Deleted) {
		w.Run, w.Since = r, c
	}
}

var done = map[string]string{ledger.VerbStart: "started", ledger.VerbPause: "paused", ledger.VerbResume: "resumed", ledger.VerbStop: "stopped", ledger.VerbFinish: "finished", ledger.VerbDelete: "deleted"}

// Who says since when, by whom and why the job rests.
func (w *Wanted) Who() string {
	if w.Since == nil || w.Run == Ready {
		return ""
	}
	s := fmt.Sprintf("%s by %s at %s", done[w.Since.Verb], w.Since.By,
		time.UnixMicro(w.Since.At).UTC().Format("2006-01-02 15:04:05 UTC"))
	if reason := w.Since.Arg(0); reason != "" {
		s += ": " + reason
	}
	return s
}

// CutOver is the reason that a cut-over gives where it stops a job.
const CutOver = "cut-over"

// CutShort reports whether a job rests because a cut-over stopped it and did not come to its end.
func (w *Wanted) CutShort() bool {
	return w.Run == Stopped && w.Since.Arg(0) == CutOver
}

// Ends says what ends the rest.
func (w *Wanted) Ends() string {
	switch w.Run {
	case Ready:
		if w.Started {
			return "nothing, it was started; it begins once the prechecks of both sides have passed"
		}
	case Paused:
		return "floe resume"
	case Deleted:
		return "nothing; floe delete ends what it began"
	case Finished:
		return "nothing, the target took over; floe delete removes what the job left, floe job reset begins it anew"
	}
	return "floe start"
}

// Lacking is what a service that is ready says: what its prechecks came to, and what a job that was started waits for.
func (w *Wanted) Lacking(checked, lacks string) string {
	if lacks == "" {
		return checked
	}
	return checked + "; the job was started, and waits: " + lacks
}

// Selection is the job file's with the tables that commands added and removed since: the last one that
// names a table decides.
func (w *Wanted) Selection(file func(ident.Name) bool) func(ident.Name) bool {
	if len(w.tables) == 0 {
		return file
	}
	tables := w.tables
	return func(n ident.Name) bool {
		if want, ok := tables[n]; ok {
			return want
		}
		return file == nil || file(n)
	}
}

// Resyncs are the tables whose rows are to be read again, each with the number, from 1, of the last command
// that says so.
func (w *Wanted) Resyncs() map[ident.Name]int { return w.resyncs }

// Named are the tables that commands added or removed, in the order of their names.
func (w *Wanted) Named() []ident.Name {
	return slices.SortedFunc(maps.Keys(w.tables), func(a, b ident.Name) int { return strings.Compare(a.SQL(), b.SQL()) })
}

// Selects reports whether both select the same tables.
func (w *Wanted) Selects(other *Wanted) bool { return maps.Equal(w.tables, other.tables) }
