package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/halt"
	"floe/pkg/ledger"
)

func log(t *testing.T) []kgo.Opt {
	t.Helper()
	b, err := broker.OpenEmbedded(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return broker.Options([]string{b.Addr})
}

func send(ctx context.Context, t *testing.T, kafka []kgo.Opt, verb string, args ...string) int64 {
	t.Helper()
	at, err := Send(ctx, kafka, "j", verb, args...)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// A job that rests says so until a command ends it; one that is sent twice ends it once.
func TestARestEndsByCommand(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	kafka := log(t)
	for _, verb := range []string{"pause", "stop", "resume"} {
		send(ctx, t, kafka, verb)
	}
	s, err := Read(ctx, kafka, "j")
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	err = s.Rest(ctx, time.Millisecond, func(w Wanted) {
		if said++; said == 5 {
			send(ctx, t, kafka, "start", "because")
		}
		if w.Run != Stopped {
			t.Errorf("it says %+v", w)
		}
	})
	if err != nil || said < 5 || s.Run != Running || !s.Started {
		t.Errorf("%v, said %d times, then %+v", err, said, s.Wanted)
	}
	if err := s.Rest(ctx, time.Millisecond, func(Wanted) { t.Error("a job that runs rests") }); err != nil {
		t.Error(err)
	}
}

// Nothing ends a delete, and it ends whatever was before.
func TestADeleteIsTheEnd(t *testing.T) {
	t.Parallel()
	commands := func(verbs ...string) (out []ledger.Command) {
		for i, v := range verbs {
			out = append(out, ledger.Command{ID: fmt.Sprint(i), Verb: v})
		}
		return out
	}
	for _, before := range [][]string{{}, {"start"}, {"pause"}, {"stop"}, {"stop", "finish"}} {
		for _, behind := range [][]string{{}, {"start"}, {"resume"}, {"finish"}, {"delete"}} {
			w := Fold(commands(append(append(before[:len(before):len(before)], "delete"), behind...)...))
			var conflict *ConflictError
			if _, err := w.Judge("start"); w.Run != Deleted || w.Rests() || !errors.As(err, &conflict) {
				t.Errorf("%q, delete, %q: %s, %v", before, behind, w.Run, err)
			}
		}
	}
}

// Commands are read in the order in which they were sent, and who waits hears of the next.
func TestCommandsAreKeptInOrder(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	kafka := log(t)
	if s, err := Read(ctx, kafka, "j"); err != nil || len(s.commands) != 0 || s.Next != 0 || s.Run != Running {
		t.Fatalf("before any: %+v, %v", s, err)
	}
	for _, verb := range []string{"add", "remove", "add"} {
		send(ctx, t, kafka, verb, "public.t")
	}
	s, err := Read(ctx, kafka, "j")
	if err != nil || len(s.commands) != 3 || s.Next != 3 || s.commands[1].Verb != "remove" || s.commands[0].ID == s.commands[2].ID || s.commands[0].By == "" {
		t.Fatalf("%+v, %v", s, err)
	}
	heard, enough := make(chan error, 1), errors.New("enough")
	go func() {
		heard <- s.Follow(ctx, func(w Wanted) error {
			if w.Next != 4 || w.Run != Paused {
				return fmt.Errorf("heard %+v", w)
			}
			return enough
		})
	}()
	if at := send(ctx, t, kafka, "pause"); at != 3 {
		t.Errorf("the command stands at %d", at)
	}
	if err := <-heard; !errors.Is(err, enough) {
		t.Fatal(err)
	}
}

// What is no command is a foreign writer's, and nothing is guessed of it.
func TestForeignRecordsHalt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	kafka := log(t)
	send(ctx, t, kafka, "add", "public.t")
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(ctx, &kgo.Record{Topic: broker.Commands("j"), Value: []byte("drop everything")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(ctx, kafka, "j"); halt.As(err) == nil || halt.As(err).Code != halt.ForeignRecord {
		t.Errorf("got %v", err)
	}
}

// A job that never began is ready until a start comes, whatever else does; one whose ledger has an entry is
// not.
func TestAJobThatNeverBeganIsReady(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	kafka := log(t)
	s, err := Read(ctx, kafka, "j")
	if err != nil {
		t.Fatal(err)
	}
	said, asked := 0, 0
	lacks, passed := "", false
	partner := func(context.Context) (string, error) {
		if asked++; passed {
			return "", nil
		}
		return lacks, nil
	}
	await := func(then func()) {
		t.Helper()
		said = 0
		if err := s.AwaitStart(ctx, time.Millisecond, partner, func(w Wanted, waits string) {
			if said++; said == 3 {
				then()
			}
			if w.Run != Ready || strings.Contains(w.Ends(), "both sides") != w.Started || w.Who() != "" || waits != lacks {
				t.Errorf("it says %+v, and waits for %q", w, waits)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	await(func() { send(ctx, t, kafka, "pause") })
	if said < 3 || s.Run != Paused {
		t.Fatalf("said %d times, then %+v", said, s.Wanted)
	}
	send(ctx, t, kafka, "resume")
	if s, err = Read(ctx, kafka, "j"); err != nil || s.Run != Running || s.Started {
		t.Fatalf("%+v, %v", s, err)
	}
	await(func() { send(ctx, t, kafka, "start") })
	if said < 3 || s.Run != Running || !s.Started || asked != 1 {
		t.Errorf("said %d times, then %+v, asked for the other side %d times", said, s.Wanted, asked)
	}
	await(func() { t.Error("a job that was started waits") })
	lacks = "the other side"
	if await(func() { passed = true }); said < 3 {
		t.Errorf("it begins without the other side, said %d times", said)
	}
	lacks = ""

	client, err := kgo.NewClient(kafka...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if began, err := Begun(ctx, kafka, "older"); err != nil || began {
		t.Errorf("without a ledger it has begun: %v, %v", began, err)
	}
	if _, err := broker.EnsureTopics(ctx, kadm.NewClient(client), broker.Control("older", 1)); err != nil {
		t.Fatal(err)
	}
	if s, err = Read(ctx, kafka, "older"); err != nil {
		t.Fatal(err)
	}
	await(func() {
		if err := client.ProduceSync(ctx, &kgo.Record{Topic: broker.Ledger("older"), Value: []byte("epoch")}).FirstErr(); err != nil {
			t.Error(err)
		}
	})
	if began, err := Begun(ctx, kafka, "older"); err != nil || !began || said < 3 {
		t.Errorf("with a ledger that has an entry: %v, %v", began, err)
	}
	await(func() { t.Error("a job that has begun waits") })
}
