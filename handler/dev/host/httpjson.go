package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answerJSON runs an HTTP function whose request is neither proxied nor forwarded: it becomes the input of
// a JSON call, and the http output in the answer becomes the response.
func (h *Host) answerJSON(
	ctx context.Context, in invocation, w http.ResponseWriter, r *http.Request, values map[string]string,
) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	f := in.function
	p := payload{
		Data:     map[string]json.RawMessage{f.binding: h.requestData(r, body, values, f.http.route)},
		Metadata: requestMetadata(f, r, body, values).encode(),
	}
	a, err := h.call(ctx, in, p, r.Header.Get("Traceparent"))
	if err != nil {
		return err
	}
	return writeOutput(w, httpOutput(a, f.http.output))
}

// requestData is the request as Data has it. A body is text whatever its type, so that an image is spoilt;
// only application/octet-stream and multipart arrive whole, as base64.
func (h *Host) requestData(r *http.Request, body []byte, values map[string]string, template route) json.RawMessage {
	params := map[string]any{}
	for _, s := range template.segments {
		if value, ok := values[s.name]; ok {
			params[s.name] = value
		} else if s.name != "" {
			params[s.name] = nil
		}
	}
	headers := r.Header.Clone()
	headers.Set("Host", r.Host)
	data := map[string]any{
		"Url": "http://" + r.Host + r.URL.RequestURI(), "Method": r.Method, "Query": queryOf(r),
		"Headers": headers, "Params": params, "Identities": []any{},
	}
	kind := strings.ToLower(r.Header.Get("Content-Type"))
	switch {
	case len(body) == 0:
	case strings.HasPrefix(kind, "application/octet-stream"), strings.HasPrefix(kind, "multipart/"):
		data["Body"] = body
	default:
		data["Body"] = strings.ToValidUTF8(string(body), "\uFFFD")
	}
	return marshal(data)
}

// queryOf returns the query with the values of each name joined by commas.
func queryOf(r *http.Request) map[string]string {
	all := map[string]string{}
	for name, values := range r.URL.Query() {
		all[name] = strings.Join(values, ",")
	}
	return all
}

func requestMetadata(f *function, r *http.Request, body []byte, values map[string]string) metadata {
	m := newMetadata(f, time.Now())
	headers := map[string]string{}
	for name, all := range r.Header {
		headers[name] = strings.Join(all, ",")
	}
	query := queryOf(r)
	m.set("Query", object(marshal(query)))
	m.set("Headers", object(marshal(headers)))
	m.merge(string(body))
	for name, value := range query {
		if !strings.EqualFold(name, "code") {
			m.set(name, value)
		}
	}
	for name, value := range values {
		m.set(name, value)
	}
	return m
}

// httpOutput picks the http output out of an answer: the return value if the binding is called $return, or
// else Outputs, or else a property of the return value.
func httpOutput(a answer, name string) json.RawMessage {
	if name == "$return" {
		return a.ReturnValue
	}
	if output, ok := a.Outputs[name]; ok {
		return output
	}
	var properties map[string]json.RawMessage
	_ = json.Unmarshal(a.ReturnValue, &properties)
	return properties[name]
}

// writeOutput writes an http output, {statusCode, headers, body}, as the response. Without one the answer
// is 200 with the body {}.
func writeOutput(w http.ResponseWriter, output json.RawMessage) error {
	var response struct {
		StatusCode json.RawMessage
		Headers    map[string]json.RawMessage
		Body       json.RawMessage
	}
	if output == nil {
		output = json.RawMessage(`{"body":"{}"}`)
	}
	if output[0] != '{' {
		return errors.New("the http output is not a JSON object")
	}
	if err := json.Unmarshal(output, &response); err != nil {
		return fmt.Errorf("the http output: %w", err)
	}
	status := http.StatusOK
	if text := strings.Trim(string(response.StatusCode), `"`); text != "" && text != "null" {
		code, err := strconv.Atoi(text)
		if err != nil || code < 100 || code > 999 {
			return fmt.Errorf("the http output has the status code %s", text)
		}
		status = code
	}
	for name, value := range response.Headers {
		w.Header().Set(name, clearText(value))
	}
	if response.Body != nil && response.Body[0] == '{' && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, clearText(response.Body))
	return nil
}

// clearText returns a JSON string without its quotes and any other value as it is.
func clearText(raw json.RawMessage) string {
	var text string
	if len(raw) > 0 && json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}
