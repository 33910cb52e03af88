package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"floe/pkg/broker"
	"floe/pkg/ledger"
	"floe/schemas"
)

// logReader reads the definitions of a job's log, in the order in which they became valid.
type logReader struct {
	client  *kgo.Client
	ledger  string
	objects string
	cursor  *ledger.Cursor
	next    int64 // the ledger's record that is read next
	want    []wanted
	have    []*kgo.Record // of objects; a span may still point at them
}

// wanted is a span of floe.objects, less what was read of it.
type wanted struct {
	ledger.Span
	epoch uint32
	at    int64  // ledger offset of the entry
	parts uint32 // of a split record, that were read
	value []byte
}

// openLog begins where the job's log begins; errNoLog if it has none.
func openLog(ctx context.Context, kafka []kgo.Opt, prefix string) (*logReader, error) {
	r := &logReader{ledger: broker.Ledger(prefix), objects: broker.Objects(prefix), cursor: ledger.NewCursor()}
	start := map[int32]kgo.Offset{0: kgo.NewOffset().AtStart()}
	from := map[string]map[int32]kgo.Offset{r.ledger: start, r.objects: start}
	var err error
	if r.client, err = kgo.NewClient(append(kafka[:len(kafka):len(kafka)], kgo.ConsumePartitions(from))...); err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	for _, topic := range []string{r.objects, r.ledger} {
		if _, err := endOf(ctx, r.client, topic); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

func (r *logReader) close() { r.client.Close() }

// errNoLog says that the job has written nothing yet.
var errNoLog = errors.New("the job has no log yet")

// endOf is the offset behind a topic's last record now. The client remembers for a moment that a topic
// did not exist, so that is asked again past its memory.
func endOf(ctx context.Context, client *kgo.Client, topic string) (int64, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
		if err != nil {
			return 0, fmt.Errorf("look up the end of %s: %w", topic, err)
		}
		o, ok := ends.Lookup(topic, 0)
		if ok && o.Err == nil {
			return o.Offset, nil
		}
		if ok && !errors.Is(o.Err, kerr.UnknownTopicOrPartition) {
			return 0, fmt.Errorf("look up the end of %s: %w", topic, o.Err)
		}
		if err := exists(ctx, client, topic); err != nil {
			return 0, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// exists asks the brokers for a topic; errNoLog if there is none.
func exists(ctx context.Context, client *kgo.Client, topic string) error {
	req, t := kmsg.NewPtrMetadataRequest(), kmsg.NewMetadataRequestTopic()
	t.Topic = &topic
	req.Topics = append(req.Topics, t)
	res, err := req.RequestWith(ctx, client)
	if err != nil {
		return fmt.Errorf("look up %s: %w", topic, err)
	}
	for _, t := range res.Topics {
		if errors.Is(kerr.ErrorForCode(t.ErrorCode), kerr.UnknownTopicOrPartition) {
			return fmt.Errorf("%s: %w", topic, errNoLog)
		}
	}
	return nil
}

// at is the ledger offset up to which everything was handed on.
func (r *logReader) at() int64 {
	if len(r.want) > 0 {
		return r.want[0].at
	}
	return r.next
}

// poll waits for records, and calls each for every definition that a valid entry points at.
func (r *logReader) poll(ctx context.Context, each func(*ledger.Object) error) error {
	fetches := r.client.PollFetches(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, e := range fetches.Errors() {
		return fmt.Errorf("read %s: %w", e.Topic, e.Err)
	}
	for rec := range fetches.RecordsAll() {
		if rec.Topic != r.ledger {
			r.have = append(r.have, rec)
			continue
		}
		if err := r.entry(rec); err != nil {
			return fmt.Errorf("%s offset %d: %w", rec.Topic, rec.Offset, err)
		}
	}
	for len(r.want) > 0 {
		if err := r.resolve(&r.want[0], each); err != nil {
			return fmt.Errorf("ledger offset %d: %w", r.want[0].at, err)
		}
		if r.want[0].Count > 0 { // the rest is on its way
			return nil
		}
		r.want = r.want[1:]
	}
	return nil
}

// entry takes the ledger's next record.
func (r *logReader) entry(rec *kgo.Record) error {
	e, err := schemas.DecodeEntry(rec.Value)
	if err != nil {
		return err
	}
	verdict, err := r.cursor.Step(rec.Offset, e)
	if err != nil {
		return err
	}
	r.next = rec.Offset + 1
	if verdict != ledger.Valid {
		return nil
	}
	for _, s := range e.Spans() {
		if s.Topic == r.objects {
			r.want = append(r.want, wanted{Span: s, epoch: e.Epoch, at: rec.Offset})
		}
	}
	return nil
}

// resolve takes a span's records, as far as they are here. Spans of floe.objects never go backwards, so
// that what was passed is not needed again.
func (r *logReader) resolve(w *wanted, each func(*ledger.Object) error) error {
	for w.Count > 0 && len(r.have) > 0 {
		rec := r.have[0]
		r.have = r.have[1:]
		if rec.Offset < w.Offset {
			continue
		}
		if err := w.take(rec, each); err != nil {
			return fmt.Errorf("%s offset %d: %w", rec.Topic, rec.Offset, err)
		}
	}
	return nil
}

// take checks a record as an applier does; those of retries and of replaced captures are stepped over.
func (w *wanted) take(rec *kgo.Record, each func(*ledger.Object) error) error {
	h, err := header(rec)
	if err != nil {
		return err
	}
	if h.Epoch < w.epoch || h.Epoch == w.epoch && h.Ordinal < w.Ordinal {
		return nil
	}
	if h.Epoch != w.epoch || h.Ordinal != w.Ordinal {
		return fmt.Errorf("record %d of epoch %d where %d of %d is due", h.Ordinal, h.Epoch, w.Ordinal, w.epoch)
	}
	if schemas.CRC(rec.Value) != h.CRC || h.Part != w.parts {
		return fmt.Errorf("a damaged record")
	}
	w.Ordinal, w.Count = w.Ordinal+1, w.Count-1
	w.value = append(w.value, rec.Value...)
	if h.Flags&ledger.More != 0 {
		if w.parts++; w.Count == 0 {
			return fmt.Errorf("a definition without its end")
		}
		return nil
	}
	o, err := schemas.DecodeObject(w.value)
	if err != nil {
		return err
	}
	w.parts, w.value = 0, nil
	return each(o)
}

func header(rec *kgo.Record) (ledger.Header, error) {
	for _, h := range rec.Headers {
		if h.Key == ledger.HeaderKey {
			return schemas.ParseHeader(h.Value)
		}
	}
	return ledger.Header{}, fmt.Errorf("a record without %s", ledger.HeaderKey)
}
