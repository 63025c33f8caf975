package host

import (
	"bytes"
	"strings"
	"sync"
)

// lines splits what a process writes into lines and remembers the last three.
type lines struct {
	take func(line string)

	mu   sync.Mutex
	part []byte
	last []string
}

func newLines(take func(string)) *lines { return &lines{take: take} }

// Write takes output as it comes.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.part = append(l.part, p...)
	for {
		line, rest, ok := bytes.Cut(l.part, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		l.add(string(bytes.TrimSuffix(line, []byte("\r"))))
		l.part = rest
	}
}

func (l *lines) add(line string) {
	l.last = append(l.last, line)
	l.last = l.last[max(0, len(l.last)-3):]
	l.take(line)
}

// flush takes what came after the last line break.
func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.part) > 0 {
		l.add(string(l.part))
		l.part = nil
	}
}

// tail returns the last lines for the end of an error text, or nothing.
func (l *lines) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) == 0 {
		return ""
	}
	return "\n" + strings.Join(l.last, "\n")
}
