package history

import (
	"fmt"
	"slices"
	"strings"

	"floe/pkg/ident"
)

// alteredTable is where a transaction says what its commands did to the columns of a table with a key.
const alteredTable = "altered"

// said is one row's text, words with a space between: "add TABLE COLUMN VALUE" of every row there,
// "drop TABLE COLUMN", "rename TABLE COLUMN COLUMN", and "append TABLE COLUMN TEXT" to every value that
// is not NULL. Tables are those of the row's schema.
type said struct {
	verb   string
	table  ident.Name
	column string
	value  string
}

func parseSaid(schema, text string) (said, error) {
	words := strings.Split(text, " ")
	wanted, known := map[string]int{"add": 4, "drop": 3, "rename": 4, "append": 4}[words[0]]
	if !known || len(words) != wanted {
		return said{}, fmt.Errorf("what was altered is not to be understood: %q", text)
	}
	return said{words[0], ident.Name{Schema: schema, Name: words[1]}, words[2], strings.Join(words[3:], "")}, nil
}

// saidIn finds the text in an inserted row.
func saidIn(c *Change) (said, error) {
	for _, v := range c.New {
		if v.Name == "said" {
			return parseSaid(c.Tables[0].Schema, v.Text)
		}
	}
	return said{}, fmt.Errorf("a row of %s without its text", c.Tables[0])
}

// altered gives a table's columns and rows what its transaction says was done to them.
func (m *model) altered(c *Change) error {
	s, err := saidIn(c)
	if err != nil {
		return err
	}
	i, ours := m.byName[s.table]
	if !ours {
		return fmt.Errorf("%s was altered, whose history is not kept", s.table)
	}
	m.said++
	t := &m.now[i]
	at := slices.Index(t.Columns, s.column)
	switch {
	case len(t.Key) == 0 || slices.Contains(t.Key, at):
		return fmt.Errorf("the key of %s was altered", s.table)
	case s.verb == "add":
		t.Columns = append(t.Columns, s.column)
	case at < 0:
		return fmt.Errorf("%s has no column %s to %s", s.table, s.column, s.verb)
	case s.verb == "drop":
		t.Columns = slices.Delete(t.Columns, at, at+1)
		for n, k := range t.Key {
			if k > at {
				return fmt.Errorf("key column %d of %s stands behind %s", n, s.table, s.column)
			}
		}
	case s.verb == "rename":
		t.Columns[at] = s.value
	}
	m.prints[i] = Print{}
	for _, list := range m.rows[i] {
		row := list[0]
		switch s.verb {
		case "add":
			row = append(row, Value{Text: s.value})
		case "drop":
			row = slices.Delete(row, at, at+1)
		case "append":
			if !row[at].Null {
				row[at].Text += s.value
			}
		}
		list[0] = row
		m.prints[i].add(hash(t.Columns, row))
	}
	return nil
}
