package proxy

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// echo is a server that sends back what it gets.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); _, _ = io.Copy(c, c) }()
		}
	}()
	return l.Addr().String()
}

func through(t *testing.T) (*Proxy, net.Conn) {
	t.Helper()
	p, err := Start(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return p, c
}

func say(t *testing.T, c net.Conn, text string) error {
	t.Helper()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := c.Write([]byte(text)); err != nil {
		return err
	}
	b := make([]byte, len(text))
	if _, err := io.ReadFull(c, b); err != nil {
		return err
	}
	if string(b) != text {
		t.Errorf("got %q, want %q", b, text)
	}
	return nil
}

func TestBytesPassWholeAndSliced(t *testing.T) {
	t.Parallel()
	p, c := through(t)
	for _, m := range []Mode{Pass, Slice, Slow, Pass} {
		p.Set(m)
		if err := say(t, c, "a few bytes"); err != nil {
			t.Errorf("mode %d: %v", m, err)
		}
	}
}

func TestResetAndCutEndTheConnection(t *testing.T) {
	t.Parallel()
	p, c := through(t)
	if err := say(t, c, "x"); err != nil {
		t.Fatal(err)
	}
	p.Reset()
	if err := say(t, c, "y"); err == nil {
		t.Error("it answers after a reset")
	}
	p, c = through(t)
	p.CutAfter(15) // ten there, five back
	if err := say(t, c, "0123456789"); err == nil {
		t.Error("it answers after the cut")
	}
}

func TestSwallowedBytesComeLater(t *testing.T) {
	t.Parallel()
	p, c := through(t)
	p.Set(Swallow)
	if _, err := c.Write([]byte("held")); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := c.Read(make([]byte, 4)); err == nil {
		t.Fatalf("%d bytes pass", n)
	}
	p.Set(Pass)
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	b := make([]byte, 4)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "held" {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestAWatcherLosesAQuestionOrItsAnswer(t *testing.T) {
	t.Parallel()
	for _, fate := range []Fate{Lost, Unanswered} {
		p, c := through(t)
		p.Watch(func(b []byte) Fate {
			if bytes.Contains(b, []byte("COMMIT")) {
				return fate
			}
			return Kept
		})
		if err := say(t, c, "BEGIN"); err != nil {
			t.Fatal(err)
		}
		if err := say(t, c, "COMMIT"); err == nil {
			t.Errorf("fate %d: the answer came", fate)
		}
	}
}
