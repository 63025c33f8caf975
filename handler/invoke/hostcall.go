package invoke

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// hostAgent is the User-Agent of the host's own calls. Of a request that it passes on it stands behind the client's.
var hostAgent = regexp.MustCompile(`^Azure-Functions-Host/[0-9A-Za-z.+-]+$`)

// notOfHost says what shows that a request is no call of a function by the host itself; empty if it is one. address is
// where the program listens.
//
// Host.json keeps queue and timer functions out of reach, and so does the platform; this is the lock behind these. The
// marks were seen on host 4.1037: a forwarded request never arrives chunked and has what the client sent beside what
// the host adds, a proxied one has X-Forwarded-For, -Host and -Proto, and a page in a browser can neither leave Origin
// out nor send chunks.
func notOfHost(r *http.Request, address string) string {
	invocations := r.Header.Values("X-Azure-Functions-InvocationId")
	switch {
	case r.Method != http.MethodPost:
		return "method"
	case !slices.Equal(r.TransferEncoding, []string{"chunked"}):
		return "length"
	case r.Host != address:
		return "host"
	case len(invocations) != 1 || invocations[0] == "":
		return "invocation"
	case len(r.Header.Values("User-Agent")) != 1 || !hostAgent.MatchString(r.UserAgent()):
		return "user-agent"
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		return "content-type"
	}
	for name := range r.Header {
		passedOn := name == "Forwarded" || name == "X-Ms-Invocation-Id" || strings.HasPrefix(name, "X-Forwarded-")
		if passedOn || name == "Origin" || name == "Referer" || strings.HasPrefix(name, "Sec-Fetch-") {
			return strings.ToLower(name)
		}
	}
	return ""
}
