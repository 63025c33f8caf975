package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"

	"imagepro/handler/fault"
)

// describe says what was tried and gives the error the kind that callers act on:
//
//	fault.Busy      the service is away, throttled, or still deleting the queue
//	fault.NotFound  the queue does not exist
//	fault.Conflict  the message is gone or somebody else holds it
//
// Every other error, and a cancelled ctx, is only wrapped. A deadline that passed is an outage: a service
// that answers in time would have met it.
func describe(err error, verb, queue string) error {
	var known *fault.Fault
	if errors.As(err, &known) {
		return err
	}
	wrapped := fmt.Errorf("queue: %s %s: %w", verb, queue, err)
	switch {
	case errors.Is(err, context.Canceled):
		return wrapped
	case queueerror.HasCode(err, queueerror.QueueNotFound):
		return fault.New(fault.NotFound, "The queue does not exist.", wrapped)
	case queueerror.HasCode(err, queueerror.MessageNotFound, queueerror.PopReceiptMismatch):
		return fault.New(fault.Conflict, "The message is gone or in other hands.", wrapped)
	case outage(err):
		return fault.New(fault.Busy, "The queue service is busy.", wrapped).After(retryAfter(err))
	}
	return wrapped
}

// outage reports whether the service, or the way to it, failed rather than the request.
func outage(err error) bool {
	var refused *azcore.ResponseError
	if errors.As(err, &refused) {
		return refused.StatusCode == http.StatusTooManyRequests || refused.StatusCode == http.StatusRequestTimeout ||
			refused.StatusCode >= http.StatusInternalServerError || refused.ErrorCode == string(queueerror.QueueBeingDeleted)
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// retryAfter returns the wait that the service asked for, or 0.
func retryAfter(err error) time.Duration {
	var refused *azcore.ResponseError
	if !errors.As(err, &refused) || refused.RawResponse == nil {
		return 0
	}
	wait, err := strconv.Atoi(refused.RawResponse.Header.Get("Retry-After"))
	if err != nil || wait < 0 {
		return 0
	}
	return time.Duration(wait) * time.Second
}
