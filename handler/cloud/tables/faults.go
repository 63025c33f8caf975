package tables

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"imagepro/handler/cloud/account"
	"imagepro/handler/fault"
)

var service = account.Service{Name: "table storage", Codes: map[string]fault.Kind{
	string(aztables.ResourceNotFound):            fault.NotFound,
	string(aztables.EntityNotFound):              fault.NotFound,
	string(aztables.TableNotFound):               fault.NotFound,
	string(aztables.UpdateConditionNotSatisfied): fault.Conflict,
	string(aztables.EntityAlreadyExists):         fault.Conflict,
	string(aztables.TableBeingDeleted):           fault.Busy,
}}

// faultOf turns an error of the SDK's into a fault; nil stays nil.
func faultOf(err error) error { return service.Fault(err) }

func hasCode(err error, code aztables.TableErrorCode) bool {
	var answer *azcore.ResponseError
	return errors.As(err, &answer) && answer.ErrorCode == string(code)
}

// goneIsConflict is for writes on a version that was read: the record was deleted since.
func goneIsConflict(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.Conflict, "It was deleted meanwhile.", err)
	}
	return err
}

// neverRead is the fault of a write that names no version: without one it would overwrite, or bring back,
// whatever is there.
// ours reports whether a version may be one of Table Storage, which refuses any other as a wrong request.
func ours(etag string) bool {
	return strings.HasPrefix(etag, `W/"`) && strings.HasSuffix(etag, `"`)
}

func neverRead() error {
	return fault.New(fault.Conflict, "It was changed meanwhile.", errors.New("tables: no version was read"))
}

// The parts of a failed transaction's answer: the status line and the error of the operation that failed.
var (
	failedStatus = regexp.MustCompile(`HTTP/1\.1 ([45]\d\d)`)
	failedCode   = regexp.MustCompile(`"code"\s*:\s*"(\w+)"`)
)

// transactionError gives the error of a failed transaction the status and the code of the operation that
// failed. The service answers with 202 and says what happened in the body alone, and so does the SDK.
func transactionError(err error) error {
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) || answer.StatusCode != http.StatusAccepted {
		return err
	}
	body, readErr := runtime.Payload(answer.RawResponse)
	if readErr != nil {
		return fmt.Errorf("reading why a transaction failed: %w", readErr)
	}
	failed := *answer
	if m := failedStatus.FindSubmatch(body); m != nil {
		failed.StatusCode, _ = strconv.Atoi(string(m[1])) // three digits
	}
	if m := failedCode.FindSubmatch(body); m != nil {
		failed.ErrorCode = string(m[1])
	}
	return &failed
}
