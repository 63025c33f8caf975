package entra

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
)

// discovery remembers Entra's metadata documents. Every exchange has an MSAL client of its own, which would
// ask for them again.
type discovery struct {
	base      http.RoundTripper
	documents *expirable.LRU[string, []byte] // by address
}

const (
	discoverySize = 1000 // tenants, about
	discoveryLife = 24 * time.Hour
)

func newDiscovery(base http.RoundTripper) *discovery {
	return &discovery{base, expirable.NewLRU[string, []byte](discoverySize, nil, discoveryLife)}
}

func (d *discovery) RoundTrip(request *http.Request) (*http.Response, error) {
	path := request.URL.Path
	metadata := strings.HasSuffix(path, "/.well-known/openid-configuration") ||
		strings.HasSuffix(path, "/discovery/instance")
	if request.Method != http.MethodGet || !metadata {
		return d.base.RoundTrip(request)
	}
	address := request.URL.String()
	if document, ok := d.documents.Get(address); ok {
		header := http.Header{"Content-Type": {"application/json"}}
		return &http.Response{
			StatusCode:    http.StatusOK,
			Proto:         "HTTP/1.1",
			ProtoMajor:    1,
			ProtoMinor:    1,
			Header:        header,
			Body:          io.NopCloser(bytes.NewReader(document)),
			ContentLength: int64(len(document)),
			Request:       request,
		}, nil
	}
	response, err := d.base.RoundTrip(request)
	if err != nil || response.StatusCode != http.StatusOK {
		return response, err
	}
	document, err := drain(response)
	if err != nil {
		return nil, err
	}
	if isMetadata(document) {
		d.documents.Add(address, document)
	}
	return response, nil
}

// isMetadata reports whether a text is such a document, and not what something in between says.
func isMetadata(text []byte) bool {
	var document struct {
		OfTenant   string `json:"token_endpoint"`
		OfInstance string `json:"tenant_discovery_endpoint"`
	}
	return json.Unmarshal(text, &document) == nil && document.OfTenant+document.OfInstance != ""
}
