package azurite

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
)

// Behind puts a service of the emulator ("Table", "Blob", "Queue") behind a handler that may let requests through,
// count them, hold them up or lose their answers. It returns the connection string to use instead and the end of
// the handler.
func Behind(
	connection, service string, serve func(emulator http.Handler, w http.ResponseWriter, r *http.Request),
) (behind string, stop func(), err error) {
	parts := strings.Split(connection, ";")
	i := slices.IndexFunc(parts, func(part string) bool { return strings.HasPrefix(part, service+"Endpoint=") })
	if i < 0 {
		return "", nil, fmt.Errorf("azurite: the connection string names no %s service", service)
	}
	endpoint, err := url.Parse(strings.TrimPrefix(parts[i], service+"Endpoint="))
	if err != nil {
		return "", nil, fmt.Errorf("azurite: %w", err)
	}
	target := &url.URL{Scheme: endpoint.Scheme, Host: endpoint.Host}
	proxy := &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }, // the host is signed
		ErrorLog: log.New(io.Discard, "", 0),                                                  // who asked sees a 502
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(proxy, w, r) }))
	parts[i] = service + "Endpoint=" + server.URL + endpoint.Path
	return strings.Join(parts, ";"), server.Close, nil
}
