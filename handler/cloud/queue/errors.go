package queue

import (
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"

	"imagepro/handler/cloud/account"
	"imagepro/handler/fault"
)

var service = account.Service{Name: "queue storage", Codes: map[string]fault.Kind{
	string(queueerror.QueueNotFound):      fault.NotFound,
	string(queueerror.MessageNotFound):    fault.Conflict,
	string(queueerror.PopReceiptMismatch): fault.Conflict,
	string(queueerror.QueueBeingDeleted):  fault.Busy,
}}

// describe says what was tried and gives the error the kind that callers act on:
//
//	fault.Busy      the service is away, throttled, or still deleting the queue
//	fault.NotFound  the queue does not exist
//	fault.Conflict  the message is gone or somebody else holds it
func describe(err error, verb, queue string) error {
	return fmt.Errorf("queue: %s %s: %w", verb, queue, service.Fault(err))
}
