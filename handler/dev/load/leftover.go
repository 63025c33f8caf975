package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"imagepro/handler/dev/stack"
)

// left is what the program has at rest.
type left struct {
	own, whole float64 // million bytes of memory: its own, and with the pages of files that it shares with the system
	files      int     // and connections
	goroutines int     // but for those of open connections
}

func (l left) String() string {
	return fmt.Sprintf(
		"%.1f MB of memory of its own, %.1f with pages of its file, %d open files and connections, %d goroutines "+
			"besides those of connections", l.own, l.whole, l.files, l.goroutines)
}

// lines collects what the handler writes.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(_ slog.Level, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

// take returns what was written since the last time.
func (l *lines) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.all
	l.all = nil
	return taken
}

// look looks at the program after a while, and ends it with SIGQUIT: Go's runtime writes down every goroutine then. The
// host starts it again.
func look(ctx context.Context, s *stack.Stack, written *lines, after time.Duration) (left, error) {
	select {
	case <-time.After(after):
	case <-ctx.Done():
		return left{}, ctx.Err()
	}
	pid := s.Host.HandlerPID()
	own, whole, err := memoryOf(pid)
	if err != nil {
		return left{}, err
	}
	files, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "fd"))
	if err != nil {
		return left{}, err
	}
	written.take()
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
		return left{}, err
	}
	for end := time.Now().Add(time.Minute); s.Host.HandlerPID() == pid; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			return left{}, errors.New("the handler did not end on SIGQUIT")
		}
	}
	if err := s.Host.Ready(ctx); err != nil {
		return left{}, err
	}
	return left{own, whole, len(files), goroutines(written.take())}, nil
}

// goroutines counts those of a dump, but for those of connections.
func goroutines(dump []string) int {
	count := 0
	for block := range strings.SplitSeq(strings.Join(dump, "\n"), "\ngoroutine ") {
		head, _, _ := strings.Cut(block, "\n")
		if !strings.HasSuffix(strings.TrimSpace(head), ":") || !strings.Contains(head, "[") {
			continue // what was written before
		}
		if !strings.Contains(block, "net/http.(*conn)") && !strings.Contains(block, "net/http.(*persistConn)") &&
			!strings.Contains(block, "net/http.(*http2") &&
			!strings.Contains(block, "net/http/internal/http2") {
			count++
		}
	}
	return count
}

// memoryOf is what a process has in memory, in million bytes: its own, and all of it.
func memoryOf(pid int) (own, whole float64, err error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		into := map[string]*float64{"RssAnon": &own, "VmRSS": &whole}[name]
		if into == nil {
			continue
		}
		kilobytes, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
		if err != nil {
			return 0, 0, err
		}
		*into = kilobytes * 1024 / 1e6
	}
	if own == 0 || whole == 0 {
		return 0, 0, errors.New("the system does not say what memory a process has")
	}
	return own, whole, nil
}
