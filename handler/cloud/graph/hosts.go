package graph

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"imagepro/handler/caller"
)

const (
	tenantsKnown = 10_000
	// of one tenant: it has two in each of its regions
	// (https://learn.microsoft.com/microsoft-365/enterprise/microsoft-365-multi-geo)
	hostsKnown = 128
)

// hosts are SharePoint's hosts of each tenant, as far as the addresses of its files have named them.
type hosts struct {
	mu  sync.Mutex
	all *lru.Cache[string, []string] // by tenant
}

func newHosts() (*hosts, error) {
	all, err := lru.New[string, []string](tenantsKnown)
	return &hosts{all: all}, err
}

// learn takes the address that a file has for people.
func (h *hosts) learn(tenant, webURL string) {
	address, err := url.Parse(webURL)
	if err != nil || address.Host == "" {
		return
	}
	host := strings.ToLower(address.Hostname())
	h.mu.Lock()
	defer h.mu.Unlock()
	known, _ := h.all.Get(tenant)
	if !slices.Contains(known, host) && len(known) < hostsKnown {
		h.all.Add(tenant, append(slices.Clone(known), strings.Clone(host)))
	}
}

// others reports whether the tenant's hosts are known and this is none of them.
func (h *hosts) others(tenant, host string) bool {
	known, _ := h.all.Get(tenant)
	return len(known) > 0 && !slices.Contains(known, host)
}

// mayFetch reports whether a pre-authenticated address that Graph named is one of SharePoint's, and of the caller's
// tenant if the tenant's hosts are known.
func (c *Client) mayFetch(ctx context.Context, address *url.URL) bool {
	host := strings.ToLower(address.Hostname())
	if c.onThisMachine(address, host) {
		return true
	}
	who, ok := ctx.Value(callerKey{}).(caller.Caller)
	return ok && public(address, host, c.options.SharePoint) && !c.hosts.others(who.Tenant, host)
}

// mayFetchThumbnail reports the same of a small picture, for which SharePoint has a service of its own.
func (c *Client) mayFetchThumbnail(ctx context.Context, address *url.URL) bool {
	host := strings.ToLower(address.Hostname())
	return c.mayFetch(ctx, address) || c.options.Media != "" && public(address, host, c.options.Media)
}

// public reports whether an address is of the https service of a host that ends so.
func public(address *url.URL, host, end string) bool {
	return address.Scheme == "https" && address.User == nil && strings.HasSuffix(host, end) &&
		(address.Port() == "" || address.Port() == "443")
}

func (c *Client) onThisMachine(address *url.URL, host string) bool {
	return c.options.Loopback && address.Scheme == "https" && address.User == nil &&
		(host == "localhost" || host == "127.0.0.1" || host == "::1")
}
