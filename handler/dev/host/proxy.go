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
)

// proxy streams a request to the handler and its answer back, as the host does with
// enableProxyingHttpRequest. Path, raw query and headers stay as they are. Every answer is a success of the
// invocation; a client that goes away is none of its failures.
func (h *Host) proxy(ctx context.Context, in invocation, w http.ResponseWriter, r *http.Request) error {
	target, err := url.Parse(h.worker.url())
	if err != nil {
		return err
	}
	var failure error
	streams := &httputil.ReverseProxy{
		Transport:     h.client.Transport,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler:  func(_ http.ResponseWriter, _ *http.Request, err error) { failure = err },
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host, p.Out.URL.RawQuery = target.Scheme, target.Host, p.In.URL.RawQuery
			for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				if values := p.In.Header.Values(name); values != nil {
					p.Out.Header[http.CanonicalHeaderKey(name)] = values
				}
			}
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

// lostHeaders are content headers that the forwarding host cannot copy: its HTTP client refuses them as
// request headers.
var lostHeaders = []string{"Allow", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Location",
	"Content-Md5", "Content-Range", "Expires", "Last-Modified"}

// forward rebuilds a request for the handler and copies its answer once it is complete, as the host does
// with enableForwardingHttpRequest, including what that does to requests:
//
//   - the path is decoded, so that an encoded ? or # cuts it off;
//   - query parameters of the same name are joined with commas;
//   - a body without Content-Length fails the request;
//   - the headers in lostHeaders are lost, and the host's headers are added to the client's, not set.
func (h *Host) forward(ctx context.Context, in invocation, w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength < 0 {
		return errors.New("the request has a chunked body, which the forwarding host cannot send on")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	path, _, _ := strings.Cut(r.URL.Path, "?")
	path, _, _ = strings.Cut(path, "#")
	request, err := http.NewRequestWithContext(ctx, r.Method, h.worker.url(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.URL.Path, request.URL.RawQuery = path, joinedQuery(r.URL.RawQuery)
	request.Host = r.Host
	request.Header = r.Header.Clone()
	for _, name := range append([]string{"Connection", "Keep-Alive", "Upgrade"}, lostHeaders...) {
		request.Header.Del(name)
	}
	request.Header.Add("X-Azure-Functions-HostVersion", version)
	request.Header.Add("X-Azure-Functions-InvocationId", in.id)
	request.Header.Set("User-Agent", strings.TrimSpace(r.UserAgent()+" Azure-Functions-Host/"+version))
	request.Header.Set("Traceparent", traceParent(r.Header.Get("Traceparent")))
	response, err := h.client.Do(request)
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
	for name, values := range response.Header {
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

func escaped(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
