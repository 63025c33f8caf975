package account_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"imagepro/handler/cloud/account"
	"imagepro/handler/cloud/blobs"
	"imagepro/handler/cloud/queue"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/fault"
)

// openers are the three services.
var openers = map[string]func(string) error{
	"tables": func(text string) error { _, err := tables.Open(text); return err },
	"blobs":  func(text string) error { _, err := blobs.Open(text); return err },
	"queue":  func(text string) error { _, err := queue.Open(text); return err },
}

func TestEveryServiceTakesTheUsualConnectionStrings(t *testing.T) {
	t.Parallel()
	good := []string{
		"UseDevelopmentStorage=true",
		" usedevelopmentstorage=TRUE; \n",
		"DefaultEndpointsProtocol=https;AccountName=a;AccountKey=a2V5;EndpointSuffix=core.windows.net",
		" AccountName=a;AccountKey=a2V5;\n",
	}
	for name, open := range openers {
		for _, text := range good {
			if err := open(text); err != nil {
				t.Errorf("%s: Open(%q) = %v", name, text, err)
			}
		}
	}
}

func TestBadConnectionStringIsNotQuoted(t *testing.T) {
	t.Parallel()
	bad := []string{
		"", "hush", "AccountName=hush", "AccountKey=hush", "AccountName=a;AccountKey=hush!", "hush=1;AccountName",
		"UseDevelopmentStorage=hush",
	}
	for name, open := range openers {
		for _, text := range bad {
			err := open(text)
			if !fault.Is(err, fault.Misconfigured) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%s: Open(%q) = %v, want fault.Misconfigured without the text", name, text, err)
			}
		}
	}
}

func TestErrorsGetTheKindThatCallersActOn(t *testing.T) {
	t.Parallel()
	service := account.Service{Name: "some storage",
		Codes: map[string]fault.Kind{"Gone": fault.NotFound, "Changed": fault.Conflict}}
	answer := func(status int, code string) error { return &azcore.ResponseError{StatusCode: status, ErrorCode: code} }
	cases := []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"a known code", answer(404, "Gone"), fault.NotFound},
		{"a known code whatever the status", answer(202, "Changed"), fault.Conflict},
		{"a 404 that is not the service's", answer(404, ""), fault.Internal},
		{"throttled", answer(429, ""), fault.Busy},
		{"too slow", answer(408, ""), fault.Busy},
		{"server busy", answer(503, "ServerBusy"), fault.Busy},
		{"wrong key", answer(403, "AuthenticationFailed"), fault.Misconfigured},
		{"bad request", answer(400, "InvalidInput"), fault.Internal},
		{"no connection", &url.Error{Op: "Put", URL: "https://x/?sig=hush", Err: io.EOF}, fault.Busy},
		{"deadline", &url.Error{Op: "Put", URL: "https://x/?sig=hush", Err: context.DeadlineExceeded}, fault.Busy},
		{"broken off", io.ErrUnexpectedEOF, fault.Busy},
		{"a fault", fault.New(fault.Full, "Full.", nil), fault.Full},
		{"anything else", errors.New("else"), fault.Internal},
	}
	for _, c := range cases {
		err := service.Fault(c.err)
		if !fault.Is(err, c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if strings.Contains(err.Error(), "hush") || strings.Contains(fault.From(err).Message, "some storage") {
			t.Errorf("%s: says too much: %v", c.name, err)
		}
	}
	if err := service.Fault(nil); err != nil {
		t.Errorf("Fault(nil) = %v", err)
	}
}

func TestEndOfContextIsNoFault(t *testing.T) {
	t.Parallel()
	err := account.Service{Name: "s"}.Fault(&url.Error{Op: "Put", URL: "https://x/?sig=hush", Err: context.Canceled})
	var f *fault.Fault
	if !errors.Is(err, context.Canceled) || errors.As(err, &f) || strings.Contains(err.Error(), "hush") {
		t.Errorf("Fault = %v, want context.Canceled alone", err)
	}
}

func TestWaitThatTheServiceAskedForIsKept(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{"7": 7 * time.Second, "": 0, "-1": 0, "soon": 0} {
		err := account.Service{}.Fault(
			&azcore.ResponseError{StatusCode: 503,
				RawResponse: &http.Response{Header: http.Header{"Retry-After": {header}}}})
		if got := fault.From(err).RetryAfter; got != want {
			t.Errorf("Retry-After %q: wait = %v, want %v", header, got, want)
		}
	}
}
