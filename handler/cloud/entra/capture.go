package entra

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"

	"imagepro/handler/fault"
	"imagepro/handler/secret"
)

// sink receives the refresh token of a token response. MSAL never hands it out, and keeps the values of the
// caller's context, so the transport drops it here.
type sink struct {
	mu   sync.Mutex
	text secret.Text
}

type sinkKey struct{}

func (s *sink) in(ctx context.Context) context.Context { return context.WithValue(ctx, sinkKey{}, s) }

func (s *sink) token() (secret.Text, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text, !s.text.Empty()
}

// capture copies refresh tokens out of token responses into the sink of the request's context. It also makes
// bodies repeatable for the retries below it.
type capture struct{ base http.RoundTripper }

const tokenResponseMaxBytes = 1 << 20

func (c *capture) RoundTrip(request *http.Request) (*http.Response, error) {
	request, err := repeatable(request)
	if err != nil {
		return nil, err
	}
	response, err := c.base.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := drain(response)
	if err != nil {
		return nil, err
	}
	into, ok := request.Context().Value(sinkKey{}).(*sink)
	if !ok || response.StatusCode != http.StatusOK {
		return response, nil
	}
	var answer struct {
		RefreshToken string `json:"refresh_token"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.RefreshToken != "" {
		into.mu.Lock()
		into.text = secret.New(answer.RefreshToken)
		into.mu.Unlock()
	}
	return response, nil
}

// drain reads the body of an answer and leaves a copy of it in its place.
func drain(response *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, tokenResponseMaxBytes))
	_ = response.Body.Close()
	if err != nil {
		return nil, fault.New(fault.Busy, tokenService+"'s answer was cut off.", err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// repeatable returns the request with a body that can be sent again; MSAL's own cannot.
func repeatable(request *http.Request) (*http.Request, error) {
	if request.Body == nil || request.GetBody != nil {
		return request, nil
	}
	body, err := io.ReadAll(request.Body)
	_ = request.Body.Close()
	if err != nil {
		return nil, err
	}
	again := request.Clone(request.Context())
	again.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	again.Body, _ = again.GetBody()
	again.ContentLength = int64(len(body))
	return again, nil
}
