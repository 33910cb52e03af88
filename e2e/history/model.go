package history

import (
	"fmt"
	"slices"
	"strings"

	"floe/pkg/ident"
)

// Prefix is the source as it stood behind one of its commits.
type Prefix struct {
	End    LSN // of the commit record; 0 for the beginning
	Xid    uint32
	Prints []Print // of History.Tables; not to be changed
}

// Transaction is what one commit did.
type Transaction struct {
	Xid     uint32
	End     LSN
	Changes []Change
}

// History is every state that the source's tables went through, from nothing on. Of its prefixes, 0 is
// the one without a transaction.
type History struct {
	Tables   []Table
	Prefixes []Prefix
	// Transactions are kept only if a test asks for them; number i leads to prefix i+1.
	Transactions []Transaction
}

// At is the prefix that ends with the transaction whose commit record begins at commit, the way in which
// floe.checkpoint names it.
func (h *History) At(commit LSN) (int, bool) {
	i, _ := slices.BinarySearchFunc(h.Prefixes, commit, func(p Prefix, c LSN) int {
		if p.End <= c {
			return -1
		}
		return 1
	})
	return i, i < len(h.Prefixes)
}

// model is the rows of all tables, and the history that led to them.
type model struct {
	History
	byName map[ident.Name]int
	now    []Table                // History.Tables with the columns of the moment
	rows   []map[string][][]Value // per table, by key, or by the whole row
	prints []Print
	said   int // commands that were told of
	keep   bool
}

func newModel(tables []Table) *model {
	m := &model{History: History{Tables: tables}, byName: map[ident.Name]int{}, now: slices.Clone(tables), prints: make([]Print, len(tables))}
	for i, t := range tables {
		m.byName[t.Name] = i
		m.now[i].Columns = slices.Clone(t.Columns)
		m.rows = append(m.rows, map[string][][]Value{})
	}
	m.Prefixes = []Prefix{{Prints: slices.Clone(m.prints)}}
	return m
}

// commit makes a transaction's changes and keeps the prefix behind it.
func (m *model) commit(t Transaction) error {
	for _, c := range t.Changes {
		if err := m.change(&c); err != nil {
			return fmt.Errorf("transaction %d, %s: %w", t.Xid, t.End, err)
		}
	}
	last := m.Prefixes[len(m.Prefixes)-1]
	p := Prefix{End: t.End, Xid: t.Xid, Prints: last.Prints}
	if !slices.Equal(last.Prints, m.prints) {
		p.Prints = slices.Clone(m.prints)
	}
	m.Prefixes = append(m.Prefixes, p)
	if m.keep {
		m.Transactions = append(m.Transactions, t)
	}
	return nil
}

func (m *model) change(c *Change) error {
	for _, name := range c.Tables {
		i, ours := m.byName[name]
		if !ours {
			continue
		}
		if c.Op == Truncate {
			clear(m.rows[i])
			m.prints[i] = Print{}
			continue
		}
		if err := m.row(i, c); err != nil {
			return fmt.Errorf("%c of %s: %w", c.Op, name, err)
		}
		if name.Name == alteredTable && c.Op == Insert {
			if err := m.altered(c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *model) row(i int, c *Change) error {
	t := &m.now[i]
	var old []Value
	if c.Op != Insert {
		identity := c.Old
		if identity == nil {
			identity = c.New
		}
		row, err := arrange(t, identity)
		if err != nil {
			return err
		}
		if old, err = m.remove(i, row); err != nil {
			return err
		}
	}
	if c.Op == Delete {
		return nil
	}
	row, err := arrange(t, c.New)
	if err != nil {
		return err
	}
	for j := range row {
		if row[j].Unchanged {
			if old == nil {
				return fmt.Errorf("an insert with an unchanged value")
			}
			row[j] = old[j]
		}
	}
	key := keyOf(t, row)
	if len(t.Key) > 0 && len(m.rows[i][key]) > 0 {
		return fmt.Errorf("key %q is there already", key)
	}
	m.rows[i][key] = append(m.rows[i][key], row)
	m.prints[i].add(hash(t.Columns, row))
	return nil
}

func (m *model) remove(i int, row []Value) ([]Value, error) {
	key := keyOf(&m.now[i], row)
	list := m.rows[i][key]
	if len(list) == 0 {
		return nil, fmt.Errorf("there is no row %q", key)
	}
	old := list[len(list)-1]
	if list = list[:len(list)-1]; len(list) == 0 {
		delete(m.rows[i], key)
	} else {
		m.rows[i][key] = list
	}
	m.prints[i].take(hash(m.now[i].Columns, old))
	return old, nil
}

// arrange puts a line's columns into the table's order. An old row is written without its NULLs.
func arrange(t *Table, columns []Column) ([]Value, error) {
	row := make([]Value, len(t.Columns))
	for i := range row {
		row[i].Null = true
	}
	for _, c := range columns {
		i := slices.Index(t.Columns, c.Name)
		if i < 0 {
			return nil, fmt.Errorf("an unknown column %q", c.Name)
		}
		row[i] = c.Value
	}
	return row, nil
}

// keyOf is the text by which a row is found.
func keyOf(t *Table, row []Value) string {
	var b strings.Builder
	write := func(v Value) {
		if v.Null {
			b.WriteByte('N')
			return
		}
		fmt.Fprintf(&b, "%d:%s", len(v.Text), v.Text)
	}
	for _, k := range t.Key {
		write(row[k])
	}
	if len(t.Key) == 0 {
		for _, v := range row {
			write(v)
		}
	}
	return b.String()
}
