// Package meter stands before a storage emulator and counts what it is asked for, by kind.
//
// It does not know who asks.
package meter

import (
	"maps"
	"net/http"
	"strings"
	"sync"

	"imagepro/handler/dev/azurite"
)

// Meter counts requests. It is safe for concurrent use.
type Meter struct {
	mu     sync.Mutex
	counts Counts
}

// Counts are numbers of requests by kind, such as "queue send".
type Counts map[string]int

// EmptyPolls is the kind of requests for messages that find none: an idle queue costs them, and no image.
const EmptyPolls = "queue poll, empty"

// Around returns a connection string that leads through a meter, and its end.
func Around(connection string) (*Meter, string, func(), error) {
	m := &Meter{counts: Counts{}}
	var stops []func()
	stop := func() {
		for _, stop := range stops {
			stop()
		}
	}
	for _, service := range []string{"Blob", "Queue", "Table"} {
		behind, end, err := azurite.Behind(connection, service, func(
			emulator http.Handler, w http.ResponseWriter, r *http.Request,
		) {
			sized := &sizer{ResponseWriter: w}
			emulator.ServeHTTP(sized, r)
			m.count(kindOf(service, r, sized.size))
		})
		if err != nil {
			stop()
			return nil, "", nil, err
		}
		connection, stops = behind, append(stops, end)
	}
	return m, connection, stop, nil
}

// Counts returns what was counted so far.
func (m *Meter) Counts() Counts {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.counts)
}

func (m *Meter) count(kind string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[kind]++
}

// Since returns what was counted after the earlier counts, without empty polls, and its sum.
func (c Counts) Since(before Counts) (Counts, int) {
	since, sum := Counts{}, 0
	for kind, n := range c {
		if n -= before[kind]; n > 0 && kind != EmptyPolls {
			since[kind] = n
			sum += n
		}
	}
	return since, sum
}

// noMessages is the longest answer that holds no message.
const noMessages = 200

// kindOf tells requests apart that are billed alike and mean different things.
func kindOf(service string, r *http.Request, size int) string {
	kind := strings.ToLower(service) + " "
	path := r.URL.Path
	switch {
	case service == "Queue" && r.Method == http.MethodGet && strings.HasSuffix(path, "/messages"):
		if size <= noMessages {
			return EmptyPolls
		}
		return kind + "poll"
	case service == "Queue" && r.Method == http.MethodPost:
		return kind + "send"
	case service == "Table" && strings.HasSuffix(path, "/$batch"):
		return kind + "batch"
	case service == "Table" && r.Method == http.MethodGet && strings.HasSuffix(path, "()"):
		return kind + "query"
	}
	return kind + strings.ToLower(r.Method)
}

// sizer counts the bytes of an answer.
type sizer struct {
	http.ResponseWriter
	size int
}

func (s *sizer) Write(b []byte) (int, error) {
	s.size += len(b)
	return s.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (s *sizer) Unwrap() http.ResponseWriter { return s.ResponseWriter }
