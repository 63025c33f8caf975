package host

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// Keys are what callers prove themselves with when Options.EnableAuth is set: in the header
// x-functions-key or the query parameter code.
type Keys struct {
	Master   string              // opens everything, /admin included
	System   []string            // open functions of level system
	Host     []string            // open every function of level function
	Function map[string][]string // open one function of level function
}

// mayCall reports whether the caller may invoke the function.
func (h *Host) mayCall(r *http.Request, f *function) bool {
	if !h.options.EnableAuth || f.http.level == "anonymous" || h.isMaster(r) {
		return true
	}
	keys := h.options.Keys
	switch f.http.level {
	case "function":
		if holds(r, keys.Host) {
			return true
		}
		for name, own := range keys.Function {
			if strings.EqualFold(name, f.name) && holds(r, own) {
				return true
			}
		}
	case "system":
		return holds(r, keys.System)
	}
	return false
}

// isMaster reports whether the caller may use /admin.
func (h *Host) isMaster(r *http.Request) bool {
	return !h.options.EnableAuth || holds(r, []string{h.options.Keys.Master})
}

// holds reports whether the request has one of the keys.
func holds(r *http.Request, keys []string) bool {
	given := or(r.Header.Get("x-functions-key"), r.URL.Query().Get("code"))
	for _, key := range keys {
		if key != "" && subtle.ConstantTimeCompare([]byte(given), []byte(key)) == 1 {
			return true
		}
	}
	return false
}
