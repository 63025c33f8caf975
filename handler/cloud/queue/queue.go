// Package queue is the way to Azure Queue Storage: it sends the messages that the queue triggers of
// functions/ receive through the Functions host.
//
// It does not know what a message says. The shipped program only sends; the receiving half (receive.go)
// serves the local Functions host and tests.
package queue

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"

	"imagepro/handler/cloud/account"
	"imagepro/handler/fault"
)

// Limits of the service
// (https://learn.microsoft.com/rest/api/storageservices/put-message).
const (
	// MaxBody is the largest body in bytes: 64 KiB on the wire, in base64.
	MaxBody = 48 << 10
	// MaxDelay is how long a message can stay invisible.
	MaxDelay = 7 * 24 * time.Hour
)

// forever is the time to live of a message that never expires: work that was accepted is not lost because
// it waited.
const forever int32 = -1

// Service is the queue service of one storage account. It is safe for concurrent use.
type Service struct {
	client *azqueue.ServiceClient
}

// Open returns the queue service that a connection string names, in the form of AzureWebJobsStorage:
// account and key, a shared access signature, or UseDevelopmentStorage=true. It makes no request.
func Open(connectionString string, around ...account.Around) (*Service, error) {
	client, err := azqueue.NewServiceClientFromConnectionString(account.Expand(connectionString), options(around))
	if err != nil {
		return nil, fmt.Errorf("queue: connection string: %w", account.Unusable())
	}
	return &Service{client: client}, nil
}

// OpenAccount returns the queue service at a URL like https://account.queue.core.windows.net, reached with
// a credential such as the managed identity. It makes no request.
func OpenAccount(queueServiceURL string, cred azcore.TokenCredential, around ...account.Around) (*Service, error) {
	client, err := azqueue.NewServiceClient(queueServiceURL, cred, options(around))
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	return &Service{client: client}, nil
}

func options(around []account.Around) *azqueue.ClientOptions {
	return &azqueue.ClientOptions{ClientOptions: account.Options(around...)}
}

// Send puts a message on a queue, base64-encoded as the Functions host expects by default. The message is
// visible after delay (0 to MaxDelay, rounded up to seconds) and never expires. A queue that does not exist
// is created.
//
// A body over MaxBody is fault.TooLarge and is not sent. A service that is away or throttled is fault.Busy;
// the message may then have been sent all the same, so receivers have to cope with a second one.
func (s *Service) Send(ctx context.Context, queue string, body []byte, delay time.Duration) error {
	if len(body) > MaxBody {
		return fault.Newf(fault.TooLarge, "The message has %d bytes; a queue takes at most %d.", len(body), MaxBody)
	}
	if delay < 0 || delay > MaxDelay {
		return fmt.Errorf("queue: send to %s: delay %v is not within 0 and %v", queue, delay, MaxDelay)
	}
	text := base64.StdEncoding.EncodeToString(body)
	if err := s.put(ctx, queue, text, delay, forever); err != nil {
		return describe(err, "send to", queue)
	}
	return nil
}

// put sends a text as it is and creates the queue if it is not there. A ttl of 0 seconds means the
// service's own, seven days.
func (s *Service) put(ctx context.Context, queue, text string, delay time.Duration, ttl int32) error {
	how := &azqueue.EnqueueMessageOptions{VisibilityTimeout: seconds(delay)}
	if ttl != 0 {
		how.TimeToLive = to.Ptr(ttl)
	}
	client := s.client.NewQueueClient(queue)
	_, err := client.EnqueueMessage(ctx, text, how)
	if !queueerror.HasCode(err, queueerror.QueueNotFound) {
		return err
	}
	if err := s.Create(ctx, queue); err != nil {
		return err
	}
	_, err = client.EnqueueMessage(ctx, text, how)
	return err
}

// Create creates a queue; one that exists is no error.
func (s *Service) Create(ctx context.Context, queue string) error {
	_, err := s.client.CreateQueue(ctx, queue, nil)
	if err == nil || queueerror.HasCode(err, queueerror.QueueAlreadyExists) {
		return nil
	}
	return describe(err, "create", queue)
}

// seconds rounds a duration up to the service's unit.
func seconds(d time.Duration) *int32 {
	return to.Ptr(int32((d + time.Second - 1) / time.Second))
}
