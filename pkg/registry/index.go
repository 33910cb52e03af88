package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"floe/pkg/ident"
	"floe/pkg/ledger"
)

// index is what a log says of schemas, as subjects and versions.
//
//   - A subject's versions are its schemas in the order in which they became valid; the same schema again
//     right behind itself (each epoch places all of them) is the same version under one more id.
//   - An id belongs to one schema.
type index struct {
	prefix   string
	subjects map[string][]*version
	ids      map[uint32][]*version
}

// version is one schema of a subject; the last of its ids is the one that records bear now.
type version struct {
	subject string
	number  int
	ids     []uint32
	text    string
}

func newIndex(prefix string) *index {
	return &index{prefix: prefix, subjects: map[string][]*version{}, ids: map[uint32][]*version{}}
}

// add takes the next definition of the log; those that are no schemas of rows are left out.
func (x *index) add(o *ledger.Object) error {
	subject := ident.Topic(x.prefix, ident.Name{Schema: o.Schema, Name: o.Name})
	switch o.Kind {
	case ledger.KindAvro:
		subject = ValueSubject(subject)
	case ledger.KindAvroKey:
		subject = KeySubject(subject)
	default:
		return nil
	}
	if known := x.ids[o.ID]; len(known) > 0 && known[0].text != o.Body {
		return fmt.Errorf("id %d stands for two schemas, of %s and of %s", o.ID, known[0].subject, subject)
	}
	v := last(x.subjects[subject])
	if v == nil || v.text != o.Body {
		v = &version{subject: subject, number: len(x.subjects[subject]) + 1, text: o.Body}
		x.subjects[subject] = append(x.subjects[subject], v)
	}
	v.ids = append(slices.DeleteFunc(v.ids, func(id uint32) bool { return id == o.ID }), o.ID)
	if !slices.Contains(x.ids[o.ID], v) {
		x.ids[o.ID] = append(x.ids[o.ID], v)
	}
	return nil
}

// ValueSubject and KeySubject are the subjects of a topic's schemas (Confluent's TopicNameStrategy).
func ValueSubject(topic string) string { return topic + "-value" }
func KeySubject(topic string) string   { return topic + "-key" }

func last(versions []*version) *version {
	if len(versions) == 0 {
		return nil
	}
	return versions[len(versions)-1]
}

func (v *version) id() uint32 { return v.ids[len(v.ids)-1] }

func (x *index) names() []string { return slices.Sorted(maps.Keys(x.subjects)) }

// find is the last version of the subject with this schema, whatever its spaces and order of fields.
func (x *index) find(subject, schema string) *version {
	want, err := plain([]byte(schema))
	if err != nil {
		return nil
	}
	for _, v := range slices.Backward(x.subjects[subject]) {
		if v.text == schema {
			return v
		}
		if is, err := plain([]byte(v.text)); err == nil && bytes.Equal(is, want) {
			return v
		}
	}
	return nil
}

// plain is JSON without spaces, its keys in order.
func plain(text []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}
