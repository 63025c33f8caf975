package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// answer is what a handler says in JSON mode. Its keys are read in any case.
type answer struct {
	Outputs     map[string]json.RawMessage
	Logs        []string
	ReturnValue json.RawMessage
}

var errNoAnswer = errors.New(
	"NO ANSWER: the handler answered with nothing, or with null; the real host waits for functionTimeout now and " +
		"then kills the handler. Answer with {} and Content-Type application/json")

// call makes a call in JSON mode: POST /<FunctionName>, chunked, without prefix or query.
func (h *Host) call(ctx context.Context, in invocation, p payload, incomingTrace string) (answer, error) {
	body := io.NopCloser(bytes.NewReader(marshal(p)))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.worker.url()+"/"+in.function.name, body)
	if err != nil {
		return answer{}, err
	}
	in.setIdentity(request.Header)
	request.Header.Set("User-Agent", "Azure-Functions-Host/"+version)
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("Traceparent", traceParent(incomingTrace))
	response, err := h.client.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("calling the handler: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("reading the handler's answer: %w", err)
	}
	a, err := readAnswer(response, text)
	for _, line := range a.Logs {
		h.log.Info(line, "function", in.function.name, "invocation", in.id, "category",
			"Function."+in.function.name+".User")
	}
	return a, err
}

// readAnswer takes an answer as the host does: a status other than 2xx loses everything, and so does a
// content type other than JSON.
func readAnswer(response *http.Response, text []byte) (answer, error) {
	var a answer
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return a, fmt.Errorf("the handler answered %s; body, Logs and Outputs are ignored", response.Status)
	}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	isJSON := kind == "application/json" || kind == "text/json"
	trimmed := bytes.TrimSpace(text)
	switch {
	case len(text) == 0 && (isJSON || response.ContentLength == 0), isJSON && string(trimmed) == "null":
		return a, errNoAnswer
	case !isJSON:
		return a, fmt.Errorf(
			"the handler answered with content type %q: the host reads application/json and text/json only",
			response.Header.Get("Content-Type"))
	}
	if err := json.Unmarshal(trimmed, &a); err != nil {
		return answer{}, fmt.Errorf("the handler's answer is not the JSON that the host reads (%w): %q", err,
			excerpt(text))
	}
	return a, nil
}

// excerpt shortens a text for an error.
func excerpt(text []byte) string {
	const most = 500
	if len(text) <= most {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:most]), "") + "..."
}
