package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// proxy streams a request to the handler and its answer back, as the host does with enableProxyingHttpRequest. The path
// is encoded anew, the raw query stays as it is, and X-Forwarded-For, -Host and -Proto tell of the direct peer alone.
// Every answer is a success of the invocation; a client that goes away is none of its failures.
func (h *Host) proxy(ctx context.Context, in invocation, w http.ResponseWriter, r *http.Request, path string) error {
	target, err := url.Parse(h.worker.url())
	if err != nil {
		return err
	}
	if err := readWhole(r); err != nil {
		return err
	}
	if err := setPath(target, proxiedPath(path)); err != nil {
		return err
	}
	target.RawQuery = r.URL.RawQuery
	var failure error
	streams := &httputil.ReverseProxy{
		Transport:     asksAgain{h.client.Transport, proxyTries, 50 * time.Millisecond},
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler:  func(_ http.ResponseWriter, _ *http.Request, err error) { failure = err },
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL, p.Out.Host = target, target.Host
			if values := p.In.Header.Values("Forwarded"); values != nil {
				p.Out.Header["Forwarded"] = values
			}
			p.SetXForwarded()
			in.setIdentity(p.Out.Header)
			p.Out.Header.Set("X-Ms-Invocation-Id", in.id)
			p.Out.Header.Set("Traceparent", traceParent(p.In.Header.Get("Traceparent")))
		},
	}
	streams.ServeHTTP(w, r.WithContext(ctx))
	if failure != nil && r.Context().Err() != nil {
		h.log.Info("The client went away", "function", in.function.name, "invocation", in.id)
		return nil
	}
	if failure != nil {
		return fmt.Errorf("forwarding the request: %w", failure)
	}
	return nil
}

// readWhole reads a body whose length is known before anything is sent on. A chunked one streams.
func readWhole(r *http.Request) error {
	if r.ContentLength <= 0 {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// lostHeaders are content headers that the forwarding host cannot copy: its HTTP client refuses them as
// request headers.
var lostHeaders = []string{"Allow", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Location",
	"Content-Md5", "Content-Range", "Expires", "Last-Modified"}

// forward rebuilds a request for the handler and copies its answer once it is complete, as the host does
// with enableForwardingHttpRequest, including what that does to requests:
//
//   - the path is decoded and read anew (see forwardedPath), so that it may end anywhere in the handler;
//   - query parameters of the same name are joined with commas, and so are headers;
//   - a body without Content-Length fails the request;
//   - the headers in lostHeaders are lost, and the host's headers are added to the client's, not set.
func (h *Host) forward(ctx context.Context, in invocation, w http.ResponseWriter, r *http.Request, path string) error {
	if r.ContentLength < 0 {
		return errors.New("the request has a chunked body, which the forwarding host cannot send on")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, h.worker.url(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	if err := setPath(request.URL, forwardedPath(path)); err != nil {
		return err
	}
	request.URL.RawQuery = joinedQuery(r.URL.RawQuery)
	request.Host = r.Host
	for name, values := range r.Header {
		request.Header.Set(name, strings.Join(values, ", "))
	}
	for _, name := range lostHeaders {
		request.Header.Del(name)
	}
	request.Header.Add("X-Azure-Functions-HostVersion", version)
	request.Header.Add("X-Azure-Functions-InvocationId", in.id)
	request.Header.Set("User-Agent", strings.TrimSpace(r.UserAgent()+" Azure-Functions-Host/"+version))
	request.Header.Set("Traceparent", traceParent(r.Header.Get("Traceparent")))
	response, err := asksAgain{h.client.Transport, forwardTries, 0}.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("forwarding the request: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	return copyAnswer(w, response)
}

// copyAnswer reads an answer to its end and then sends it.
func copyAnswer(w http.ResponseWriter, response *http.Response) error {
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading the handler's answer: %w", err)
	}
	if response.StatusCode == http.StatusResetContent && len(body) > 0 {
		return errors.New("the handler's answer is 205 with a body, which the forwarding host does not send on")
	}
	for name, values := range response.Header {
		if strings.ContainsFunc(strings.Join(values, ""), func(r rune) bool { return r > unicode.MaxASCII }) {
			return fmt.Errorf(
				"the handler's answer has a header %s that is not ASCII, which the forwarding host does not send on",
				name)
		}
		w.Header()[name] = append(w.Header()[name], values...)
	}
	w.Header().Del("Transfer-Encoding")
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write(body)
	return nil
}

// joinedQuery rebuilds a query as the forwarding host does: one parameter per name in any case, its values
// joined with commas, everything encoded anew.
func joinedQuery(raw string) string {
	var names []string
	values := map[string][]string{}
	for _, part := range strings.Split(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, value = unescaped(name), unescaped(value)
		key := strings.ToLower(name)
		if values[key] == nil {
			names = append(names, name)
		}
		values[key] = append(values[key], value)
	}
	for i, name := range names {
		joined := strings.Join(values[strings.ToLower(name)], ",")
		names[i] = escaped(name) + "=" + escaped(joined)
	}
	return strings.Join(names, "&")
}

func unescaped(text string) string {
	clear, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return clear
}

// escaped encodes a name or value of a query as .NET's UrlEncoder does.
func escaped(text string) string {
	return percentEncoded(text, func(i int) bool { return strings.IndexByte("!$()*,;:@", text[i]) >= 0 })
}

// How often a request is sent whose connection ends without an answer.
const (
	forwardTries = 4
	proxyTries   = 10
)

// asksAgain sends a request without a body again, under the same id, if its connection ends without an answer. One with
// a body is sent once.
type asksAgain struct {
	base  http.RoundTripper
	tries int
	pause time.Duration // before the second try; it grows to five times that
}

func (a asksAgain) RoundTrip(r *http.Request) (*http.Response, error) {
	for n := 1; ; n++ {
		response, err := a.base.RoundTrip(r)
		if err == nil || n == a.tries || r.ContentLength != 0 || r.Context().Err() != nil {
			return response, err
		}
		select {
		case <-r.Context().Done():
			return response, err
		case <-time.After(min(time.Duration(n)*a.pause, 5*a.pause)):
		}
	}
}
