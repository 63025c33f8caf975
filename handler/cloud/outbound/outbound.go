// Package outbound is the way out to Entra ID, Graph and SharePoint: to public addresses alone, so that no name that a
// service gave, or that somebody put into DNS, leads into the network in which the program runs.
//
// It does not know what is sent.
package outbound

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"imagepro/handler/fault"
)

const (
	connectTimeout = 30 * time.Second
	headerTimeout  = 100 * time.Second
	idlePerHost    = 32
)

// NewTransport returns a transport that uses no proxy. loopback lets it reach this machine as well, for the sandbox.
func NewTransport(loopback bool) *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: connectTimeout, Control: func(
		_, address string, _ syscall.RawConn,
	) error {
		return check(address, loopback)
	}}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	t.DialContext = dialer.DialContext
	t.MaxIdleConnsPerHost = idlePerHost
	t.ResponseHeaderTimeout = headerTimeout
	return t
}

// special are networks that are not public although netip calls their addresses global
// (https://www.iana.org/assignments/iana-ipv4-special-registry,
// https://www.iana.org/assignments/iana-ipv6-special-registry), and Azure's own address for a machine's platform
// (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
}

// check looks at the address, with its port, that a name has led to: just before the connection, so that no second
// answer of DNS can be another.
func check(address string, loopback bool) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fault.New(fault.Internal, "A service has an address that cannot be used.", err)
	}
	ip := to.Addr().Unmap().WithZone("")
	if ip.IsLoopback() && loopback {
		return nil
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || slices.ContainsFunc(special, func(p netip.Prefix) bool {
		return p.Contains(ip)
	}) {
		return fault.New(fault.Internal, "A service has an address that is not public.", fmt.Errorf("outbound: %v", ip))
	}
	return nil
}
