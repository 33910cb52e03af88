package console

import (
	"context"
	"fmt"
	"net/http"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
)

// Checkpoints is how far everybody is.
type Checkpoints struct {
	Capture  *CapturePlace  `json:"capture"`
	Appliers []ApplierPlace `json:"appliers"`
	// Ledger is what the log holds of the order.
	Ledger Extent `json:"ledger"`
}

// CapturePlace is how far the source is read: sent, placed in the log, and read back from it, which is
// what the source may forget.
type CapturePlace struct {
	Epoch      uint32 `json:"epoch"`
	SourceLSN  string `json:"source_lsn"`
	PlacedLSN  string `json:"placed_lsn"`
	FlushedLSN string `json:"flushed_lsn"`
	Obeyed     int64  `json:"commands_taken_up"`
}

// ApplierPlace is how far a target is: what is true on it, and the last ledger entry that is known to be
// flushed there. The log is needed from the next one on.
type ApplierPlace struct {
	Instance     string `json:"instance"`
	Epoch        uint32 `json:"epoch"`
	AppliedLSN   string `json:"applied_lsn"`
	LedgerOffset int64  `json:"ledger_offset"` // -1 before it is known
	Obeyed       int64  `json:"commands_taken_up"`
}

// Extent is where a topic begins and ends.
type Extent struct {
	Topic string `json:"topic"`
	Start int64  `json:"start"`
	End   int64  `json:"end"`
}

func (s *server) getCheckpoints(w http.ResponseWriter, r *http.Request) {
	c, err := s.checkpoints(r.Context())
	if err != nil {
		s.unreachable(w, err)
		return
	}
	s.answer(w, http.StatusOK, c)
}

func (s *server) checkpoints(ctx context.Context) (Checkpoints, error) {
	c := Checkpoints{Appliers: []ApplierPlace{}, Ledger: Extent{Topic: broker.Ledger(s.Prefix)}}
	for _, r := range s.watch.now().reports {
		if r.Role == "capture" {
			c.Capture = &CapturePlace{r.Epoch, r.SourceLSN.String(), r.PlacedLSN.String(), r.FlushedLSN.String(), r.Obeyed}
			continue
		}
		c.Appliers = append(c.Appliers, ApplierPlace{r.Instance, r.Epoch, r.AppliedLSN.String(), r.LedgerOffset, r.Obeyed})
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	client, err := kgo.NewClient(s.Kafka...)
	if err != nil {
		return c, fmt.Errorf("ask for the ledger's ends: %w", err)
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	starts, err := adm.ListStartOffsets(ctx, c.Ledger.Topic)
	if err != nil {
		return c, fmt.Errorf("ask where the ledger begins: %w", err)
	}
	ends, err := adm.ListEndOffsets(ctx, c.Ledger.Topic)
	if err != nil {
		return c, fmt.Errorf("ask where the ledger ends: %w", err)
	}
	start, _ := starts.Lookup(c.Ledger.Topic, 0)
	end, _ := ends.Lookup(c.Ledger.Topic, 0)
	c.Ledger.Start, c.Ledger.End = max(0, start.Offset), max(0, end.Offset) // a new job has none
	return c, nil
}
