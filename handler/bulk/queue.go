package bulk

import (
	"context"
	"encoding/json"
	"time"

	"imagepro/handler/fault"
)

// maxWaits is how often a message may be put back; with the growing delay about ten hours of a busy service.
const maxWaits = 120

// waitOf returns how long to wait before the message is seen again: what the service asked for, and at least
// a delay that doubles from 2 s to 5 min.
func waitOf(busy *fault.Fault, waits int) time.Duration {
	delay := min(2*time.Second<<min(waits, 10), 5*time.Minute)
	return min(max(busy.RetryAfter, delay), time.Hour)
}

func send(ctx context.Context, q Queue, queue string, message any, delay time.Duration) error {
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return q.Send(ctx, queue, body, delay)
}

// putBackTime is how long a message may take to be put back, even after the deadline of its own work.
const putBackTime = 10 * time.Second

// putBack sends the message again, to be seen when the service may be ready. The host counts it as done: its
// own tries are for failures.
func putBack(ctx context.Context, q Queue, queue string, message any, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), putBackTime)
	defer cancel()
	return send(ctx, q, queue, message, wait)
}
