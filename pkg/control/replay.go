package control

import (
	"strconv"
	"time"

	"floe/pkg/ident"
	"floe/pkg/ledger"
)

// Replay writes again what the log says of tables from a ledger offset on. Its id names it in reports.
type Replay struct {
	ID   string
	From int64
	// Tables are those of the source; none are all.
	Tables []ident.Name
	// Command is the record that says so, for the audit.
	Command *ledger.Command
}

// NewReplay is one that was not before.
func NewReplay(from int64, tables []ident.Name) Replay {
	return Replay{ID: strconv.FormatInt(time.Now().UnixNano(), 36), From: from, Tables: tables}
}

// Args are the command's.
func (r *Replay) Args() []string {
	args := []string{r.ID, strconv.FormatInt(r.From, 10)}
	for _, t := range r.Tables {
		args = append(args, t.SQL())
	}
	return args
}

// Replays are those that were sent, in their order.
func (w *Wanted) Replays() []Replay { return w.replays }

// replay reads Args; what is none replays nothing.
func (w *Wanted) replay(c *ledger.Command) {
	from, err := strconv.ParseInt(c.Arg(1), 10, 64)
	if err != nil || from < 0 || c.Arg(0) == "" {
		return
	}
	r := Replay{ID: c.Arg(0), From: from, Command: c}
	for _, text := range c.Args[2:] {
		n, err := ident.Parse(text)
		if err != nil {
			return
		}
		r.Tables = append(r.Tables, n)
	}
	w.replays = append(w.replays, r)
}
