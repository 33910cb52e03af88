package console

import (
	"floe/pkg/overview"
	"floe/pkg/status"
)

// Trouble is something that an operator should look at: a service that stopped or waits, a transaction
// that the target refuses, a table that does not go on, an object that was refused.
type Trouble struct {
	// Is says how bad: halted needs the operator, waiting mends itself when its cause goes, differs only
	// tells.
	Is      string `json:"is"`
	Service string `json:"service"`
	Code    string `json:"code"`
	Object  string `json:"object,omitempty"`
	Detail  string `json:"detail"`
	Fix     string `json:"fix,omitempty"`
	// Of a refused transaction: where it is, the change in it, and what the target said.
	LSN      string `json:"lsn,omitempty"`
	Op       string `json:"op,omitempty"`
	Key      string `json:"key,omitempty"`
	SQLState string `json:"sqlstate,omitempty"`
	// Applier refuses it. Transaction and Change are what skip takes, empty for what cannot be skipped;
	// Lasting says why, or why the change alone can.
	Applier     string `json:"applier,omitempty"`
	Transaction string `json:"transaction,omitempty"`
	Change      string `json:"change,omitempty"`
	Lasting     string `json:"lasting,omitempty"`
}

// troubles are what is wrong, the worst first.
func troubles(m moment) []Trouble {
	out := []Trouble{}
	for i, r := range m.reports {
		if t, ok := ofService(r, m.sum.Services[i]); ok {
			out = append(out, t)
		}
	}
	for _, t := range m.sum.Tables {
		if t.Error != "" {
			out = append(out, Trouble{Is: "differs", Service: "applier", Code: "changes-left-out", Object: t.Schema + "." + t.Name, Detail: t.Error})
		}
	}
	for _, f := range m.sum.Structure {
		if f.State == "failed" {
			out = append(out, Trouble{Is: "differs", Service: "applier/" + f.Applier, Code: code(f), Object: f.Object, Detail: f.Reason})
		}
	}
	return out
}

func ofService(r *status.Report, s overview.Service) (Trouble, bool) {
	t := Trouble{Is: "waiting", Service: r.Role, Code: r.Reason, Detail: r.Detail, Fix: r.Fix}
	switch {
	case r.State == "PRECHECK_FAILED": // it has ended, and says nothing more
		t.Is = "halted"
	case s.AgeSeconds > overview.Stale.Seconds():
		t.Code, t.Detail = "service-silent", "nothing was heard of it"
		t.Is, t.Fix = "halted", "look whether floe "+r.Role+" runs and reaches Kafka"
	case r.State == "FAILED" || r.State == "BLOCKED":
		t.Is = "halted"
	case r.State != "RETRYING" && r.State != "WAITING":
		return t, false
	}
	if b := r.Blocked; b != nil {
		t.Object, t.Op, t.Key, t.LSN, t.SQLState = b.Table, b.Op, b.Key, b.Commit.String(), b.SQLState
		t.Applier, t.Lasting = s.Applier, b.Lasting
		if s.Blocked != nil && s.Blocked.Transaction != "" {
			t.Change = s.Blocked.Change
			if b.Lasting == "" {
				t.Transaction = s.Blocked.Transaction
			}
		}
	}
	return t, true
}

func code(f overview.Fact) string {
	if f.Code != "" {
		return f.Code
	}
	return "structure-refused"
}
