package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/retry"
	"imagepro/handler/fault"
)

const (
	// gateSize is how many tenants are remembered.
	gateSize = 10_000
	// circuitTries is after how many failures in a row a tenant's circuit opens, and circuitTime for how long.
	circuitTries = 20
	circuitTime  = 15 * time.Second
)

// gates slow the requests of each tenant down, and of no other: by a budget of resource units, by the pause that
// SharePoint asked for, and by a circuit that opens while nothing is answered
// (https://learn.microsoft.com/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online).
type gates struct {
	base    http.RoundTripper
	units   float64 // of one tenant in a minute; 0 for no budget
	maxWait time.Duration
	now     func() time.Time
	mu      sync.Mutex
	gates   *lru.Cache[string, *gate]
}

func newGates(base http.RoundTripper, units int, now func() time.Time) *gates {
	tenants, _ := lru.New[string, *gate](gateSize) // fails for sizes below 1 only
	return &gates{base: base, units: float64(units), maxWait: maxWait, now: now, gates: tenants}
}

func (g *gates) of(tenant string) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	one, ok := g.gates.Get(tenant)
	if !ok {
		one = &gate{left: g.units, filled: g.now()}
		g.gates.Add(tenant, one)
	}
	return one
}

// RoundTrip waits for the tenant's turn, if that comes soon. Busy, with the time to come again, if not.
func (g *gates) RoundTrip(request *http.Request) (*http.Response, error) {
	who, _ := request.Context().Value(callerKey{}).(caller.Caller)
	tenant := g.of(who.Tenant)
	if err := g.enter(request, tenant); err != nil {
		drop(request)
		return nil, err
	}
	response, err := g.base.RoundTrip(request)
	if request.Context().Err() == nil { // who has gone says nothing of the service
		tenant.note(response, err, g.now())
	}
	return response, err
}

func (g *gates) enter(request *http.Request, tenant *gate) error {
	for {
		wait, why := tenant.take(cost(request), g.units, g.now())
		if wait <= 0 {
			return nil
		}
		busy := fault.New(fault.Busy, "SharePoint is busy with your organization's requests.", fmt.Errorf("graph: %s", why)).After(wait)
		end, ok := request.Context().Deadline()
		if wait > g.maxWait || ok && end.Sub(g.now()) <= wait || !pause(request.Context(), spread(wait)) {
			return busy
		}
	}
}

// spread lets those who wait for the same moment not all come at it.
func spread(wait time.Duration) time.Duration {
	return wait + time.Duration(rand.Float64()*float64(wait)/4)
}

// cost is what a request takes of the budget: 1 for one item or a content, 2 for lists and for whatever changes
// something.
func cost(request *http.Request) float64 {
	path := request.URL.Path
	switch last := path[strings.LastIndexByte(path, '/')+1:]; {
	case last == "$batch":
		return maxBatch
	case strings.Contains(path, "/_api/") || strings.Contains(path, "/_layouts/"):
		return 1
	case request.Method != http.MethodGet, last == "children", last == "versions", last == "drives", last == "sites":
		return 2
	case last == "delta" && request.URL.Query().Get("token") == "":
		return 2
	}
	return 1
}

// gate is one tenant's.
type gate struct {
	mu       sync.Mutex
	left     float64 // of the budget
	filled   time.Time
	until    time.Time // end of the pause that SharePoint asked for
	failures int       // in a row
	opened   time.Time // when the circuit opened last
}

// take takes units from the budget, or says how long to wait for them and why.
func (g *gate) take(units, perMinute float64, now time.Time) (wait time.Duration, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Before(g.until) {
		return g.until.Sub(now), "a pause that SharePoint asked for"
	}
	if open := g.opened.Add(circuitTime); g.failures >= circuitTries && now.Before(open) {
		return max(open.Sub(now), maxWait+time.Second), "an open circuit" // nobody waits for it
	}
	if g.failures >= circuitTries {
		g.opened = now // one request tries, the others wait for its answer
	}
	if perMinute == 0 {
		return 0, ""
	}
	g.left = min(perMinute, g.left+now.Sub(g.filled).Minutes()*perMinute)
	g.filled = now
	if g.left < units {
		return time.Duration(math.Ceil((units - g.left) / perMinute * float64(time.Minute))), "the budget of the minute"
	}
	g.left -= units
	return 0, ""
}

// note learns from an answer.
func (g *gate) note(response *http.Response, err error, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		if asked := retry.After(response.Header, now); asked > 0 && (response.StatusCode == http.StatusTooManyRequests || response.StatusCode >= 500) {
			if until := now.Add(asked); until.After(g.until) {
				g.until = until
			}
		}
		switch response.StatusCode {
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		default:
			g.failures = 0
			return
		}
	}
	if g.failures++; g.failures == circuitTries {
		g.opened = now
	}
}
