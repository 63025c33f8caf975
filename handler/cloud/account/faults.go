package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"imagepro/handler/fault"
)

// Service is what a storage service's errors mean.
type Service struct {
	Name string // for the log, such as "table storage"
	// Codes are the error codes that say more than their HTTP status does. Without them no answer is NotFound
	// or Conflict: a 404 may come from anything that stands at a wrong address.
	Codes map[string]fault.Kind
}

// sentences are what may be said of each kind.
var sentences = map[fault.Kind]string{
	fault.NotFound:      "It is not there.",
	fault.Conflict:      "It was changed meanwhile.",
	fault.Busy:          "Storage is busy.",
	fault.Misconfigured: "Storage refused this application's credential.",
	fault.Internal:      "Storage refused a request.",
}

// Fault turns an error of an SDK into a fault. nil and faults stay as they are, and the end of the caller's
// context is context.Canceled and no fault. A deadline that passed is Busy: a service that answers in time
// would have met it.
//
// The causes name status and code, or what the network said. The SDKs' own texts are left out: they hold whole
// requests, with signatures and keys of records.
func (s Service) Fault(err error) error {
	var known *fault.Fault
	var answer *azcore.ResponseError
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.As(err, &answer):
		kind := s.kindOf(answer)
		cause := fmt.Errorf("%s answered %d %s", s.Name, answer.StatusCode, answer.ErrorCode)
		return fault.New(kind, sentences[kind], cause).After(retryAfter(answer))
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", s.Name, context.Canceled)
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Busy, "Storage did not answer in time.",
			fmt.Errorf("%s: %w", s.Name, context.DeadlineExceeded))
	case outage(err):
		return fault.New(fault.Busy, "Storage cannot be reached.", fmt.Errorf("%s: %w", s.Name, withoutURL(err)))
	}
	return fault.New(fault.Internal, "Storage cannot be used.", fmt.Errorf("%s: %w", s.Name, err))
}

func (s Service) kindOf(answer *azcore.ResponseError) fault.Kind {
	if kind, ok := s.Codes[answer.ErrorCode]; ok {
		return kind
	}
	switch status := answer.StatusCode; {
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout,
		status >= http.StatusInternalServerError:
		return fault.Busy
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		return fault.Misconfigured
	}
	return fault.Internal
}

// retryAfter returns the wait that the service asked for, or 0.
func retryAfter(answer *azcore.ResponseError) time.Duration {
	if answer.RawResponse == nil {
		return 0
	}
	seconds, err := strconv.Atoi(answer.RawResponse.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// outage reports whether the way to the service failed.
func outage(err error) bool {
	var network net.Error // a *url.Error is one
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// withoutURL returns what the network said without the address of the request, which may hold a signature.
func withoutURL(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err
	}
	return err
}
