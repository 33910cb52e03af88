package applier

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"floe/pkg/event"
)

// A random history of rows and DDL, in whole transactions, groups and parts, under epochs that begin at any
// time, arrives whatever moments the applier is ended at.
func TestChangesArriveWhateverMomentsTheApplierEndsAt(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := newStream(t, "create table t (id int primary key, v text)")
			s.mirror = true
			s.begin()
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go s.restart(ctx, rand.New(rand.NewPCG(seed, 2)), ended)
			h := newDDLHistory(seed)
			for i := range 40 {
				h.place(s, ledgerLSN(3*i))
			}
			cancel()
			<-ended
			s.apply()
			s.wantSource()
		})
	}
}

// restart runs appliers, each for a moment.
func (s *stream) restart(ctx context.Context, r *rand.Rand, ended chan struct{}) {
	defer close(ended)
	for ctx.Err() == nil {
		stop := s.apply()
		select {
		case <-time.After(time.Duration(r.IntN(400)) * time.Millisecond):
		case <-ctx.Done():
		}
		if err := stop(); err != nil {
			s.t.Errorf("the applier ended with %v", err)
		}
	}
}

// ddlHistory makes up transactions, and knows what the tables look like behind them. Its random choices do not
// depend on the applier.
type ddlHistory struct {
	r      *rand.Rand
	tables []*ddlTable
	names  int
}

type ddlTable struct {
	name    string
	columns []string // behind the key id, all text
	rows    map[int]bool
}

func newDDLHistory(seed uint64) *ddlHistory {
	return &ddlHistory{r: rand.New(rand.NewPCG(seed, 1)), tables: []*ddlTable{{"t", []string{"v"}, map[int]bool{}}}}
}

func (h *ddlHistory) place(s *stream, commit event.LSN) {
	switch h.r.IntN(8) {
	case 0:
		s.begin()
	case 1:
		s.parts(commit, false, h.steps(), h.steps(), h.steps())
	case 2:
		s.between(h.ddl())
	case 3, 4:
		for range h.r.IntN(3) {
			s.txn(commit, h.steps()...)
			commit++
		}
	default:
		s.group(txn{commit, h.steps()}, txn{commit + 1, h.steps()}, txn{commit + 2, h.steps()})
	}
}

// steps are some rows and now and then DDL between them.
func (h *ddlHistory) steps() (out []string) {
	for range 1 + h.r.IntN(5) {
		if h.r.IntN(4) == 0 {
			out = append(out, "> "+h.ddl())
		} else {
			out = append(out, h.row())
		}
	}
	return out
}

func (h *ddlHistory) row() string {
	t := h.tables[h.r.IntN(len(h.tables))]
	id := h.r.IntN(6)
	values := ""
	for range t.columns {
		values += fmt.Sprint(" ", h.r.IntN(1000))
	}
	switch {
	case !t.rows[id]:
		t.rows[id] = true
		return fmt.Sprint(t.name, " +", id, values)
	case h.r.IntN(3) == 0:
		delete(t.rows, id)
		return fmt.Sprint(t.name, " -", id)
	}
	return fmt.Sprint(t.name, " =", id, values)
}

func (h *ddlHistory) ddl() string {
	h.names++
	i := h.r.IntN(len(h.tables))
	t, name := h.tables[i], fmt.Sprint("x", h.names)
	alter := "alter table " + t.name
	switch c := h.r.IntN(len(t.columns)); h.r.IntN(7) {
	case 0:
		t.columns = append(t.columns, name)
		return alter + " add " + name + " text default 'd" + name + "'"
	case 1:
		if len(t.columns) > 1 {
			gone := t.columns[c]
			t.columns = append(t.columns[:c:c], t.columns[c+1:]...)
			return alter + " drop " + gone
		}
	case 2:
		old := t.columns[c]
		t.columns[c] = name
		return alter + " rename " + old + " to " + name
	case 3:
		t.name = name
		return alter + " rename to " + name
	case 4:
		if len(h.tables) > 2 {
			h.tables = append(h.tables[:i:i], h.tables[i+1:]...)
			return "drop table " + t.name
		}
	case 5:
		return "create index " + name + " on " + t.name + " (" + t.columns[c] + ")"
	}
	h.tables = append(h.tables, &ddlTable{name, []string{"a", "b"}, map[int]bool{}})
	return "create table " + name + " (id int primary key, a text, b text)"
}
