package entra

import (
	"maps"
	"slices"
)

// RefreshTokens returns all refresh tokens that were ever given out, sorted, for tests that look for them where
// they must not be.
func (e *Entra) RefreshTokens() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.refresh))
}
