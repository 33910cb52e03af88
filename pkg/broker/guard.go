package broker

import (
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"floe/pkg/failpoint"
)

// keepFree is the part of the disk that the embedded broker leaves free: full, a disk would cut records
// short, and whatever else needs it would stop too.
const keepFree = 0.05

// freeOf is the part of dir's disk that is free.
func freeOf(dir string) (float64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("look at the free space of %s: %w", dir, err)
	}
	return float64(s.Bavail) / float64(max(s.Blocks, 1)), nil
}

// guard refuses records while the disk is almost full, for good: a client that was told to try again
// would wait without a word. What services say of themselves is still taken.
type guard struct {
	full     atomic.Bool
	statuses atomic.Pointer[map[string]bool] // topics of reports
}

func (g *guard) know(j journal) {
	ids := map[string]bool{}
	for name, t := range j {
		if reports(name) {
			ids[t.ID] = true
		}
	}
	g.statuses.Store(&ids)
}

func reports(topic string) bool { return strings.HasSuffix(topic, Status("")) }

func (g *guard) taken(t kmsg.ProduceRequestTopic) bool {
	if t.Topic != "" {
		return reports(t.Topic)
	}
	ids := g.statuses.Load()
	return ids != nil && (*ids)[kadm.TopicID(t.TopicID).String()]
}

// produce is kfake's control of produce requests.
func (g *guard) produce(c *kfake.Cluster) func(kmsg.Request) (kmsg.Response, error, bool) {
	return func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		_ = failpoint.Here("broker.produce") // earlier requests are stored, this one is not
		req, ok := r.(*kmsg.ProduceRequest)
		if !ok || !g.full.Load() {
			return nil, nil, false
		}
		taken := true
		for _, t := range req.Topics {
			taken = taken && g.taken(t)
		}
		if taken {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.ProduceResponse)
		for _, t := range req.Topics {
			rt := kmsg.NewProduceResponseTopic()
			rt.Topic, rt.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				rp := kmsg.NewProduceResponseTopicPartition()
				rp.Partition, rp.ErrorCode = p.Partition, kerr.PolicyViolation.Code
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp, nil, true
	}
}
