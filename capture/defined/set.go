// Package defined keeps the definitions that are valid at one place of the stream, and says what a
// change makes of them. It is pure: the same definitions and the same change give the same ones on
// every start, which is how a restart arrives where the log stands.
package defined

import "floe/pkg/catalog"

// Key names a definition for as long as its object lives, whatever it is called.
type Key struct {
	Kind catalog.Kind
	OID  uint32
}

// KeyOf is the definition's Key.
func KeyOf(d *catalog.Definition) Key { return Key{d.Kind, d.OID} }

// Set collects definitions in the order in which a log tells them. Its zero value is empty.
type Set struct {
	at   map[Key]int
	list []*catalog.Definition // nil where one was removed
}

// Put adds a definition, or puts it in the place of the one that it replaces.
func (s *Set) Put(d catalog.Definition) {
	if i, ok := s.at[KeyOf(&d)]; ok {
		s.list[i] = &d
		return
	}
	if s.at == nil {
		s.at = map[Key]int{}
	}
	s.at[KeyOf(&d)] = len(s.list)
	s.list = append(s.list, &d)
}

// Remove forgets a definition.
func (s *Set) Remove(k Key) {
	if i, ok := s.at[k]; ok {
		s.list[i] = nil
		delete(s.at, k)
	}
}

// Get returns the definition, or nil.
func (s *Set) Get(k Key) *catalog.Definition {
	if i, ok := s.at[k]; ok {
		return s.list[i]
	}
	return nil
}

// List returns all of them, in order.
func (s *Set) List() []catalog.Definition {
	out := make([]catalog.Definition, 0, len(s.at))
	for _, d := range s.list {
		if d != nil {
			out = append(out, *d)
		}
	}
	return out
}

// SetOf is a Set of these definitions.
func SetOf(list []catalog.Definition) *Set {
	s := &Set{}
	for _, d := range list {
		s.Put(d)
	}
	return s
}

// Equal reports whether two definitions say the same.
func Equal(a, b *catalog.Definition) bool {
	if a == nil || b == nil || a.Name != b.Name || a.Kind != b.Kind {
		return false
	}
	x, err1 := catalog.Encode(*a)
	y, err2 := catalog.Encode(*b)
	return err1 == nil && err2 == nil && x == y
}

// InOrderOf sorts definitions as those of the other list are; one that is not there stays behind the one
// that it stood behind. The log appends what is new, the catalog knows what depends on what.
func InOrderOf(list, other []catalog.Definition) []catalog.Definition {
	rank := make(map[Key]int, len(other))
	for i := range other {
		rank[KeyOf(&other[i])] = i
	}
	buckets := make([][]catalog.Definition, len(other)+1)
	last := 0
	for i := range list {
		if r, ok := rank[KeyOf(&list[i])]; ok {
			last = r + 1
			buckets[last] = append([]catalog.Definition{list[i]}, buckets[last]...)
			continue
		}
		buckets[last] = append(buckets[last], list[i])
	}
	out := make([]catalog.Definition, 0, len(list))
	for _, b := range buckets {
		out = append(out, b...)
	}
	return out
}
