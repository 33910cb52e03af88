package console

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"floe/pkg/status"
)

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func descriptors(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("descriptors cannot be counted here: ", err)
	}
	return len(fds)
}

// 200 browsers that watch a job of 5,000 tables each get all news, cost a descriptor and little memory, and
// leave nothing behind. It is not parallel: it measures the process.
func TestManyWatchManyTables(t *testing.T) { //nolint:paralleltest // it measures the process
	const tables, browsers = 5000, 200
	s := start(t)
	for from := 0; from < tables; from += status.MostTables {
		r := status.Report{Role: "capture", Instance: "c", State: "SYNCING"}
		for i := range status.MostTables {
			r.Tables = append(r.Tables, status.Table{Schema: "a_schema", Name: fmt.Sprintf("a_table_%05d", from+i), State: "in sync", Inserts: 1234567})
		}
		s.say(t, r)
		r.Role = "applier"
		s.say(t, r)
	}
	s.await(t, "SYNCING")
	memory, open := heap(), descriptors(t)
	client := &http.Client{Transport: &http.Transport{}}
	ctx, leave := context.WithTimeout(t.Context(), patience)
	defer leave()
	var all, began, told sync.WaitGroup
	for range browsers {
		began.Add(1)
		told.Add(1)
		all.Go(func() {
			n, first, second := 0, sync.OnceFunc(began.Done), sync.OnceFunc(told.Done)
			defer first()
			defer second()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/events", nil)
			if err != nil {
				t.Error(err)
				return
			}
			res, err := client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close() //nolint:errcheck
			for lines := bufio.NewScanner(res.Body); lines.Scan(); {
				if !strings.HasPrefix(lines.Text(), "data: {") {
					continue
				}
				if n++; n == 1 {
					first()
				} else {
					second()
				}
			}
			if n < 2 {
				t.Errorf("a browser was told %d times", n)
			}
		})
	}
	began.Wait()
	told.Wait()
	// Both ends of each connection are in this process.
	if now, fds := heap(), descriptors(t); now > memory+64<<20 || fds > open+2*browsers+20 {
		t.Errorf("%d browsers: %d bytes more, %d descriptors more", browsers, now-memory, fds-open)
	}
	leave()
	all.Wait()
	client.CloseIdleConnections()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for descriptors(t) > open+20 {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%d descriptors are open, before it were %d", descriptors(t), open)
		}
	}
}
