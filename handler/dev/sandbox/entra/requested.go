package entra

import (
	"maps"
	"slices"
	"strings"
)

// maxRequested is how many different scopes are remembered.
const maxRequested = 1000

// note remembers the scopes of a request, whether it is granted or not.
func (e *Entra) note(texts []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, text := range texts {
		for _, word := range strings.Fields(text) {
			if len(e.requested) < maxRequested {
				e.requested[word] = true
			}
		}
	}
}

// Requested returns all scopes that any client asked for since the start, at the token endpoint or on the pages,
// each once and as it was sent, sorted. Of more than 1000 it knows the first.
func (e *Entra) Requested() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := slices.AppendSeq(make([]string, 0, len(e.requested)), maps.Keys(e.requested))
	slices.Sort(all)
	return all
}
