package fault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"imagepro/handler/fault"
)

func TestFromKeepsTheInnermostFaultAndHidesForeignErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("dial tcp: secret host")
	busy := fault.New(fault.Busy, "SharePoint is busy.", cause).After(3 * time.Second)

	got := fault.From(fmt.Errorf("reading: %w", busy))
	if got != busy || got.RetryAfter != 3*time.Second || !errors.Is(got, cause) {
		t.Errorf("From(wrapped fault) = %v, want the fault itself with its cause", got)
	}

	unknown := fault.From(cause)
	if unknown.Kind != fault.Internal || unknown.Message != "Something went wrong on our side." ||
		!errors.Is(unknown, cause) {
		t.Errorf("From(foreign error) = %+v, want an internal fault that keeps the cause out of the message", unknown)
	}
	if fault.From(nil) != nil {
		t.Error("From(nil) is not nil")
	}
}

func TestErrorNamesKindFieldSentenceAndCause(t *testing.T) {
	t.Parallel()
	err := fault.New(fault.Invalid, "At most 50 steps.", errors.New("51")).At("/steps")
	if got, want := err.Error(), "invalid: /steps: At most 50 steps.: 51"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if !fault.Is(fmt.Errorf("x: %w", err), fault.Invalid) || fault.Is(err, fault.Busy) {
		t.Error("Is does not tell the kinds apart")
	}
}
