package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"floe/pkg/overview"
	"floe/pkg/status"
)

// Progress is how far a job has come: its stages, and the tables that are not in sync.
type Progress struct {
	Job     string           `json:"job"`
	State   string           `json:"state"`
	Stages  []Stage          `json:"stages"`
	Tables  int              `json:"tables"`
	Loading []overview.Table `json:"loading"`
	// Loaded of about Estimate rows of them are read, by the source's statistics.
	Loaded   uint64 `json:"loaded_rows"`
	Estimate uint64 `json:"estimated_rows"`
}

// Stage is one of the stages that a job passes through; At is done, now or to come.
type Stage struct {
	Name string `json:"stage"`
	At   string `json:"at"`
}

func (a *app) progressCommand() *cobra.Command {
	var watch bool
	cmd := &cobra.Command{Use: "progress", Short: "The stages of a job, and how far the load of its tables is", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.watch(cmd.Context(), watch, func(s overview.Summary) error {
				p := progressOf(s)
				if a.machine() {
					return a.encode(p)
				}
				return p.write(a.out)
			})
		}}
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, watchHelp)
	return cmd
}

// stageOf is the stage that a job in a state is in; a state that it can be in at any stage is in none.
var stageOf = map[string]int{"CREATED": 0, "PRECHECKING": 0, "PRECHECK_FAILED": 0, "READY": 1, "INIT_STRUCTURE": 1, "INIT_DATA": 2, "CATCHING_UP": 3, "SYNCING": 3}

func progressOf(s overview.Summary) Progress {
	p := Progress{Job: s.Job, State: s.State, Tables: len(s.Tables), Loading: []overview.Table{}}
	for _, t := range s.Tables {
		if t.State != "in sync" {
			p.Loading = append(p.Loading, t)
			p.Loaded, p.Estimate = p.Loaded+t.Loaded, p.Estimate+t.Estimate
		}
	}
	at, known := stageOf[s.State]
	switch { // what stops it leaves it where its tables show that it is
	case known:
	case len(s.Tables) == 0:
		at = 1
	case len(p.Loading) > 0:
		at = 2
	default:
		at = 3
	}
	for i, name := range []string{"precheck", "structure", "full load", "changes"} {
		word := "now"
		switch {
		case i < at:
			word = "done"
		case i > at:
			word = "to come"
		}
		p.Stages = append(p.Stages, Stage{name, word})
	}
	return p
}

// bar is the stages with their marks.
func (p *Progress) bar() (s string) {
	for _, x := range p.Stages {
		s += fmt.Sprintf(" %s %s", map[string]string{"done": "✔", "now": "▶", "to come": "·"}[x.At], x.Name)
	}
	return s
}

func (p *Progress) write(w io.Writer) error {
	fmt.Fprintf(w, "%s  %s %s\n%s: %d in sync", p.Job, p.State, p.bar(), status.Count(p.Tables, "table"), p.Tables-len(p.Loading))
	if p.Estimate > 0 {
		fmt.Fprintf(w, ", %d loading: %s, %d of about %s", len(p.Loading), percent(p.Loaded, p.Estimate), p.Loaded, status.Count(p.Estimate, "row"))
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for i := range p.Loading {
		x := &p.Loading[i]
		fmt.Fprintf(t, "%s.%s\t%s\t%s\n", x.Schema, x.Name, x.State, loaded(*x))
	}
	return t.Flush()
}
