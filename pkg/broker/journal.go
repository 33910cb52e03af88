package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"

	"floe/pkg/failpoint"
)

// journal is where each partition ended, kept on disk apart from the log: the embedded broker does not
// wait for the disk, and after the machine stopped it would go on from what happens to be there.
type journal map[string]journalTopic

type journalTopic struct {
	ID   string  `json:"id"`
	Ends []int64 `json:"ends"`
}

// readJournal returns an empty one at the first start.
func readJournal(file string) (journal, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return journal{}, nil
	}
	if err != nil {
		return nil, err
	}
	j := journal{}
	if err := json.Unmarshal(b, &j); err != nil {
		return nil, fmt.Errorf("%s is no journal of a log's ends: %w", file, err)
	}
	return j, nil
}

// write replaces the file and waits for the disk.
func (j journal) write(file string) error {
	b, err := json.Marshal(j)
	if err != nil {
		return err
	}
	dir := filepath.Dir(file)
	tmp, err := os.CreateTemp(dir, ".ends-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // it has its final name
	_, err = tmp.Write(b)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := failpoint.Here("journal.before"); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), file); err != nil {
		return err
	}
	if err := failpoint.Here("journal.after"); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// endsOf asks the broker where its partitions end.
func endsOf(ctx context.Context, adm *kadm.Client) (journal, error) {
	topics, err := adm.ListTopics(ctx)
	if err != nil {
		return nil, err
	}
	ends, err := adm.ListEndOffsets(ctx, topics.Names()...)
	if err != nil {
		return nil, err
	}
	j := journal{}
	for name, t := range topics {
		entry := journalTopic{ID: t.ID.String(), Ends: make([]int64, len(t.Partitions))}
		for p := range entry.Ends {
			o, ok := ends.Lookup(name, int32(p))
			if !ok || o.Err != nil {
				return nil, fmt.Errorf("topic %s partition %d: %w", name, p, errors.Join(o.Err, errors.New("no end")))
			}
			entry.Ends[p] = o.Offset
		}
		j[name] = entry
	}
	return j, nil
}

// check refuses a log that is shorter than it was. A topic that is gone, or another of the same name, was
// deleted; the job's parts know what that means for them.
func (j journal) check(c *kfake.Cluster, dir string) error {
	for name, was := range j {
		topic := c.TopicInfo(name)
		if topic == nil || kadm.TopicID(topic.TopicID).String() != was.ID {
			continue
		}
		is := c.PartitionInfos(name)
		for p, end := range was.Ends {
			now := int64(0)
			if p < len(is) {
				now = is[p].HighWatermark
			}
			if now < end {
				return fmt.Errorf("embedded broker: topic %s partition %d ends at offset %d, it had records up to %d: the last ones were lost, as when the machine stops; "+
					"floe does not go on without them. Put the folder %s back as it was, or remove it and let `floe job reset` begin the job anew", name, p, now, end, dir)
			}
		}
	}
	return nil
}

func (j journal) equal(k journal) bool {
	return maps.EqualFunc(j, k, func(a, b journalTopic) bool { return a.ID == b.ID && slices.Equal(a.Ends, b.Ends) })
}
