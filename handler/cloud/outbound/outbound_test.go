package outbound_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"imagepro/handler/cloud/outbound"
	"imagepro/handler/fault"
)

// ask asks an address.
func ask(t *testing.T, address string, loopback bool) (*http.Response, error) {
	t.Helper()
	transport := outbound.NewTransport(loopback)
	t.Cleanup(transport.CloseIdleConnections)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return transport.RoundTrip(request)
}

func TestNothingButPublicAddressesIsConnectedTo(t *testing.T) {
	t.Parallel()
	for _, host := range []string{
		"127.0.0.1", "127.9.9.9", "[::1]", "localhost", "10.0.0.4", "172.16.0.1", "192.168.1.1", "169.254.169.254",
		"[fe80::1]", "[fd00::1]", "0.0.0.0", "[::]",
		"100.64.0.1", "168.63.129.16", "224.0.0.1", "255.255.255.255", "[::ffff:169.254.169.254]", "[::ffff:10.0.0.4]",
		"[64:ff9b::a9fe:a9fe]", "[2002:a00:4::1]", "192.0.0.192",
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			response, err := ask(t, "http://"+host+":9/", false)
			if err == nil {
				_ = response.Body.Close()
			}
			if !fault.Is(err, fault.Internal) {
				t.Errorf("%v, want a fault of the kind %s", err, fault.Internal)
			}
		})
	}
}

func TestThisMachineIsReachedForTheSandboxAlone(t *testing.T) {
	t.Parallel()
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	if _, err := ask(t, server.URL, false); !fault.Is(err, fault.Internal) || asked {
		t.Errorf("without leave: %v, asked %t", err, asked)
	}
	response, err := ask(t, server.URL, true)
	if err != nil || !asked {
		t.Fatalf("with leave: %v, asked %t", err, asked)
	}
	_ = response.Body.Close()
	u, _ := url.Parse(server.URL)
	if _, err := ask(t, "http://"+strings.Replace(u.Host, "127.0.0.1", "10.0.0.4", 1), true); !fault.Is(err,
		fault.Internal) {
		t.Errorf("another private address: %v", err)
	}
}

func TestNoProxyOfTheEnvironmentIsUsed(t *testing.T) {
	t.Parallel()
	if outbound.NewTransport(false).Proxy != nil {
		t.Error("a proxy would see where tokens go, and its address would be the one that is checked")
	}
}
