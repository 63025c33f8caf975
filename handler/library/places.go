package library

import (
	"context"
	"sync"
	"time"

	"imagepro/handler/fault"
)

const (
	// placesAtOnce is how many contents may be in memory at once: more than are edited, since they are waited for.
	placesAtOnce = 8
	// placesOfTenant is how many of them one tenant may have: what is slow for one is not slow for all.
	placesOfTenant = 4
	// placeTime is how long a place is waited for.
	placeTime = 10 * time.Second
)

// places bounds the contents in memory, of all and of each tenant.
type places struct {
	all chan struct{}
	mu  sync.Mutex
	of  map[string]*share
}

// share is one tenant's.
type share struct {
	places chan struct{}
	users  int // who has a place or waits for one
}

func newPlaces() *places {
	return &places{all: make(chan struct{}, placesAtOnce), of: map[string]*share{}}
}

// enter waits for a place, which leave gives back. Busy if none comes in time.
func (p *places) enter(ctx context.Context, tenant string) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, placeTime)
	defer cancel()
	own := p.share(tenant)
	if !take(ctx, own.places) {
		p.done(tenant, own)
		return nil, noPlace()
	}
	if !take(ctx, p.all) {
		<-own.places
		p.done(tenant, own)
		return nil, noPlace()
	}
	return sync.OnceFunc(func() {
		<-p.all
		<-own.places
		p.done(tenant, own)
	}), nil
}

func take(ctx context.Context, places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func noPlace() *fault.Fault {
	return fault.New(fault.Busy, "Too many pictures are being edited at the moment.", nil).After(placeTime)
}

func (p *places) share(tenant string) *share {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.of[tenant]
	if own == nil {
		own = &share{places: make(chan struct{}, placesOfTenant)}
		p.of[tenant] = own
	}
	own.users++
	return own
}

// done forgets a tenant of which nobody is left.
func (p *places) done(tenant string, own *share) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if own.users--; own.users == 0 {
		delete(p.of, tenant)
	}
}
