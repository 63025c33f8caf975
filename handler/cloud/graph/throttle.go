package graph

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
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
	peers   Peers
	maxWait time.Duration
	now     func() time.Time
	mu      sync.Mutex
	gates   *lru.Cache[string, *gate]
}

func newGates(base http.RoundTripper, units int, peers Peers, now func() time.Time) *gates {
	tenants, _ := lru.New[string, *gate](gateSize) // fails for sizes below 1 only
	return &gates{base: base, units: float64(units), peers: peers, maxWait: maxWait, now: now, gates: tenants}
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
	g.count(request.Context(), who.Tenant, tenant)
	if err := g.enter(request, tenant); err != nil {
		drop(request)
		return nil, err
	}
	response, err := g.base.RoundTrip(request)
	if n, ok := request.Context().Value(unansweredKey{}).(*atomic.Int32); ok &&
		(err != nil || mayHaveWorked(response.StatusCode)) {
		n.Add(1)
	}
	if request.Context().Err() == nil { // who has gone says nothing of the service
		tenant.note(response, err, g.now())
	}
	return response, err
}

// mayHaveWorked reports whether a request may have been carried out in spite of the status of its answer: that of a
// server that failed, or of a gateway that lost it.
func mayHaveWorked(status int) bool {
	return retry.Passing(status) && status != http.StatusTooManyRequests
}

// How often it is asked how many processes share a budget, and how long that may take.
const (
	countEvery = 30 * time.Second
	countTime  = 5 * time.Second
)

// count asks how many processes use Graph for the tenant, and tells and hears of pauses. One request does it, now and
// then; if that fails, what is known stays so.
func (g *gates) count(ctx context.Context, id string, tenant *gate) {
	if g.peers == nil || g.units == 0 || id == "" || !tenant.mayCount(g.now()) {
		return
	}
	now := g.now()
	ctx, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	if n, until, err := g.peers.Here(ctx, id, now, tenant.pause()); err == nil {
		tenant.share(n, until, now)
	}
}

// enter waits for the tenant's turn: maxWait at the most, all waits together.
func (g *gates) enter(request *http.Request, tenant *gate) error {
	left := g.maxWait
	if end, ok := request.Context().Deadline(); ok {
		left = min(left, end.Sub(g.now()))
	}
	perMinute := g.units / float64(tenant.sharers())
	units := min(cost(request), perMinute)
	for {
		turn := tenant.take(units, perMinute, left, g.now())
		if turn.wait <= 0 {
			return nil
		}
		asked := turn.wait
		if !turn.reserved {
			turn.wait = min(spread(asked), max(asked, left))
		}
		if turn.wait <= left && pause(request.Context(), turn.wait) {
			if turn.reserved {
				return nil
			}
			left -= turn.wait
			continue
		}
		if turn.reserved {
			tenant.giveBack(units)
		}
		return fault.New(fault.Busy, "SharePoint is busy with your organization's requests.",
			fmt.Errorf("graph: %s", turn.why)).After(asked)
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
	peers    int       // processes that share the budget; 0 is not known
	counted  time.Time // when that was asked last
}

// mayCount reports whether it is time to ask for the processes again, to one caller.
func (g *gate) mayCount(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.counted) < countEvery {
		return false
	}
	g.counted = now
	return true
}

// pause is when the pause ends that SharePoint asked for, if it did.
func (g *gate) pause() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.until
}

// share learns how many processes share the budget, and of a pause that SharePoint asked one of them for.
func (g *gate) share(n int, until, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.peers = n
	if until.After(g.until) && until.Sub(now) <= maxPause {
		g.until = until
	}
}

// sharers is how many processes share the budget, 1 or more.
func (g *gate) sharers() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(1, g.peers)
}

// turn is when it is a request's turn: now, if there is nothing to wait for. One that has reserved its units has its
// turn after the wait; another has to ask again.
type turn struct {
	wait     time.Duration
	reserved bool
	why      string
}

// take takes units from the budget, or reserves those that will be there within the longest wait.
func (g *gate) take(units, perMinute float64, longest time.Duration, now time.Time) turn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Before(g.until) {
		return turn{wait: g.until.Sub(now), why: "a pause that SharePoint asked for"}
	}
	if open := g.opened.Add(circuitTime); g.failures >= circuitTries && now.Before(open) {
		return turn{wait: max(open.Sub(now), maxWait+time.Second), why: "an open circuit"} // nobody waits for it
	}
	if g.failures >= circuitTries {
		g.opened = now // one request tries, the others wait for its answer
	}
	if perMinute == 0 {
		return turn{}
	}
	g.left = min(perMinute, g.left+now.Sub(g.filled).Minutes()*perMinute)
	g.filled = now
	wait := time.Duration(math.Ceil((units - g.left) / perMinute * float64(time.Minute)))
	if wait > longest {
		return turn{wait: wait, why: "the budget of the minute"}
	}
	g.left -= units // below zero for those who wait
	return turn{wait, true, "the budget of the minute"}
}

// giveBack returns units that were reserved and not used.
func (g *gate) giveBack(units float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left += units
}

// The longest pauses that are kept; a service that asks for more is asked again after it.
const (
	maxPause        = time.Hour // of throttling
	maxFailurePause = time.Minute
)

// note learns from an answer.
func (g *gate) note(response *http.Response, err error, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		asked := min(retry.After(response.Header, now), maxFailurePause)
		if response.StatusCode == http.StatusTooManyRequests || response.StatusCode == http.StatusServiceUnavailable {
			asked = min(retry.After(response.Header, now), maxPause)
		}
		if until := now.Add(asked); response.StatusCode >= http.StatusTooManyRequests && until.After(g.until) {
			g.until = until
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
