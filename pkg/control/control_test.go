package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/halt"
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
