package invoke

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"imagepro/handler/fault"
)

// envelope is what the host posts for a queue or timer trigger
// (https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers). The host lets the properties of a
// message that is a JSON object override Metadata, so only what no message of ours has is read of it.
type envelope struct {
	Data     map[string]json.RawMessage
	Metadata json.RawMessage
}

// times is how often a queue message was given out, a number that the host writes as text; 0 if it is not there.
func (e envelope) times() int {
	var metadata struct{ DequeueCount json.RawMessage }
	if json.Unmarshal(e.Metadata, &metadata) != nil {
		return 0
	}
	text, err := unquote(metadata.DequeueCount)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(string(text)) // 0 if it is none
	return n
}

// trigger returns the value of the one trigger binding.
func (e envelope) trigger(binding string) (json.RawMessage, error) {
	value, ok := e.Data[binding]
	if !ok {
		return nil, fault.Newf(fault.Invalid, "The envelope has no data for the binding %s.",
			binding).At("/Data/" + binding)
	}
	return value, nil
}

// unquote returns the JSON within value: the host writes text as a JSON string, as a rule within another one,
// and passes an object as it is.
func unquote(value json.RawMessage) (json.RawMessage, error) {
	for range 3 {
		value = bytes.TrimSpace(value)
		if len(value) == 0 || value[0] != '"' {
			break
		}
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return nil, err
		}
		value = json.RawMessage(text)
	}
	return value, nil
}

// objectIn decodes the JSON object in value. encoding/json's own faults may quote the value and are dropped.
func objectIn(value json.RawMessage, into any) error {
	value, err := unquote(value)
	if err != nil || len(value) == 0 || value[0] != '{' {
		return fault.New(fault.Invalid, "The value is no JSON object.", nil)
	}
	if err := json.Unmarshal(value, into); err != nil {
		return fault.New(fault.Invalid, "The value is none of ours.", fmt.Errorf("invoke: %T", err))
	}
	return nil
}

// Timer is what the host says when a schedule is due.
type Timer struct {
	PastDue bool      // it should have run earlier; the host was away
	Last    time.Time // of the run before; zero if there was none or the schedule is not monitored
	Next    time.Time // zero if the schedule is not monitored
}

// timerOf decodes a timer trigger. ScheduleStatus is null where the schedule is not monitored, and its times
// come with and without an offset.
func timerOf(value json.RawMessage) (Timer, error) {
	var stored struct {
		IsPastDue      bool
		ScheduleStatus *struct{ Last, Next string }
	}
	if err := objectIn(value, &stored); err != nil {
		return Timer{}, err
	}
	timer := Timer{PastDue: stored.IsPastDue}
	if status := stored.ScheduleStatus; status != nil {
		timer.Last, timer.Next = timeOf(status.Last), timeOf(status.Next)
	}
	return timer, nil
}

func timeOf(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() > 1 {
			return t.UTC()
		}
	}
	return time.Time{}
}
