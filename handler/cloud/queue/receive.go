package queue

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"imagepro/handler/fault"
)

// The receiving half. In the cloud the Functions host receives; these methods are for the host of one
// machine (handler/dev/host) and for tests, and the linker leaves them out of the shipped binary.

// OpenThrough is OpenAccount for a caller that brings tokens for a resource, and a client that trusts other
// certificates.
func OpenThrough(
	queueServiceURL string, token func(ctx context.Context, resource string) (string, time.Time, error),
	client *http.Client,
) (*Service, error) {
	how := options(nil)
	how.Transport = client
	service, err := azqueue.NewServiceClient(queueServiceURL, credential(token), how)
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	return &Service{client: service}, nil
}

type credential func(ctx context.Context, resource string) (string, time.Time, error)

// GetToken implements azcore.TokenCredential.
func (c credential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, expires, err := c(ctx, strings.TrimSuffix(options.Scopes[0], "/.default"))
	return azcore.AccessToken{Token: token, ExpiresOn: expires}, err
}

// MaxReceive is the most messages that one Receive or Peek returns.
const MaxReceive = 32

// Message is a message as the service stores it.
type Message struct {
	ID           string
	Text         string // the text on the wire: base64 of the body, if Send wrote it
	PopReceipt   string // proves the lease; Renew gives a new one; empty after Peek
	DequeueCount int64  // how often it was received, this time included
	Inserted     time.Time
	Expires      time.Time
	NextVisible  time.Time // the end of the lease; zero after Peek
}

// Body returns what Send was given. White space within the base64 is allowed, as in the real host.
func (m Message) Body() ([]byte, error) {
	text := strings.NewReplacer(" ", "", "\t", "").Replace(m.Text)
	body, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("queue: message %s is not base64: %w", m.ID, err)
	}
	return body, nil
}

// Exists reports whether the queue exists.
func (s *Service) Exists(ctx context.Context, queue string) (bool, error) {
	_, err := s.ApproximateCount(ctx, queue)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// ApproximateCount returns about how many messages the queue holds, the invisible ones included. A queue
// that does not exist is fault.NotFound, here and below.
func (s *Service) ApproximateCount(ctx context.Context, queue string) (int, error) {
	properties, err := s.client.NewQueueClient(queue).GetProperties(ctx, nil)
	if err != nil {
		return 0, describe(err, "count", queue)
	}
	return int(value(properties.ApproximateMessagesCount)), nil
}

// Receive leases up to n visible messages (1 to MaxReceive) for the visibility time (1 s to MaxDelay). It
// does not wait: no message is an empty list.
func (s *Service) Receive(ctx context.Context, queue string, n int, visibility time.Duration) ([]Message, error) {
	answer, err := s.client.NewQueueClient(queue).DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{
		NumberOfMessages: to.Ptr(int32(n)), VisibilityTimeout: seconds(visibility),
	})
	if err != nil {
		return nil, describe(err, "receive from", queue)
	}
	var messages []Message
	for _, m := range answer.Messages {
		messages = append(messages, Message{
			ID:           value(m.MessageID),
			Text:         value(m.MessageText),
			PopReceipt:   value(m.PopReceipt),
			DequeueCount: value(m.DequeueCount),
			Inserted:     value(m.InsertionTime),
			Expires:      value(m.ExpirationTime),
			NextVisible:  value(m.TimeNextVisible),
		})
	}
	return messages, nil
}

// Renew makes the message invisible for the visibility time from now (0 releases it) and leaves its text as
// it is. It returns the message with its new pop receipt; the old one no longer works. A message that is
// gone or in other hands is fault.Conflict.
func (s *Service) Renew(ctx context.Context, queue string, m Message, visibility time.Duration) (Message, error) {
	answer, err := s.client.NewQueueClient(queue).UpdateMessage(ctx, m.ID, m.PopReceipt, m.Text,
		&azqueue.UpdateMessageOptions{VisibilityTimeout: seconds(visibility)})
	if err != nil {
		return m, describe(err, "renew message in", queue)
	}
	if answer.PopReceipt == nil {
		return m, errors.New("queue: renew message in " + queue + ": the answer has no pop receipt")
	}
	m.PopReceipt, m.NextVisible = *answer.PopReceipt, value(answer.TimeNextVisible)
	return m, nil
}

// Delete removes a received message. A message that is gone or in other hands is fault.Conflict.
func (s *Service) Delete(ctx context.Context, queue string, m Message) error {
	if _, err := s.client.NewQueueClient(queue).DeleteMessage(ctx, m.ID, m.PopReceipt, nil); err != nil {
		return describe(err, "delete message in", queue)
	}
	return nil
}

// PutText puts a text on a queue as it is, with the service's time to live of seven days, and creates the
// queue if it is not there: the way a message is copied to a poison queue.
func (s *Service) PutText(ctx context.Context, queue, text string) error {
	if err := s.put(ctx, queue, text, 0, 0); err != nil {
		return describe(err, "copy to", queue)
	}
	return nil
}

// Peek returns up to n visible messages (1 to MaxReceive) without leasing them.
func (s *Service) Peek(ctx context.Context, queue string, n int) ([]Message, error) {
	answer, err := s.client.NewQueueClient(queue).PeekMessages(ctx,
		&azqueue.PeekMessagesOptions{NumberOfMessages: to.Ptr(int32(n))})
	if err != nil {
		return nil, describe(err, "peek into", queue)
	}
	var messages []Message
	for _, m := range answer.Messages {
		messages = append(messages, Message{
			ID:           value(m.MessageID),
			Text:         value(m.MessageText),
			DequeueCount: value(m.DequeueCount),
			Inserted:     value(m.InsertionTime),
			Expires:      value(m.ExpirationTime),
		})
	}
	return messages, nil
}

// value is what p points to, or the zero value: the SDK's fields are all pointers.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
