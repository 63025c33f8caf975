package tables

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"imagepro/handler/fault"
)

// codes of failed operations, in the order in which they are looked for in the text of a failed transaction.
var conflictCodes = []aztables.TableErrorCode{
	aztables.UpdateConditionNotSatisfied, aztables.EntityAlreadyExists,
}

// codeOf returns the service's error code. A failed transaction has status 202 and carries the code of the
// operation that failed only in its text.
func codeOf(err error) string {
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) {
		return ""
	}
	if answer.ErrorCode != "" || answer.StatusCode != http.StatusAccepted {
		return answer.ErrorCode
	}
	text := answer.Error()
	for _, code := range append(conflictCodes, aztables.ResourceNotFound, aztables.EntityNotFound, aztables.TableNotFound) {
		if strings.Contains(text, string(code)) {
			return string(code)
		}
	}
	return "transaction failed"
}

// storageError is the cause of a fault: the code alone, since the SDK's text holds whole requests.
type storageError struct {
	status int
	code   string
}

func (e storageError) Error() string {
	return fmt.Sprintf("table storage answered %d %s", e.status, e.code)
}

// faultOf turns an error of the SDK's into a fault; nil stays nil.
func faultOf(err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Fault
	if errors.As(err, &f) {
		return f
	}
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return fault.New(fault.Busy, "Storage did not answer in time.", nil)
		}
		return fault.New(fault.Busy, "Storage cannot be reached.", fmt.Errorf("tables: %T", err))
	}
	code := codeOf(err)
	cause := storageError{answer.StatusCode, code}
	for _, conflict := range conflictCodes {
		if code == string(conflict) {
			return fault.New(fault.Conflict, "The record was changed meanwhile.", cause)
		}
	}
	switch {
	case code == string(aztables.ResourceNotFound), code == string(aztables.EntityNotFound), code == string(aztables.TableNotFound):
		return fault.New(fault.NotFound, "It is not there.", cause)
	case answer.StatusCode == http.StatusTooManyRequests, answer.StatusCode >= 500:
		return fault.New(fault.Busy, "Storage is busy.", cause)
	case answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusUnauthorized:
		return fault.New(fault.Misconfigured, "Storage refused this application's credential.", cause)
	default:
		return fault.New(fault.Internal, "Storage refused a request.", cause)
	}
}
