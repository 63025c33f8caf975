// Package dump reads all that a storage account holds, for tests and benchmarks that look at what is really
// stored. Beside cloud it is the only package that may name Azure's modules.
//
// It does not know what the records mean.
package dump

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// Account is what an account holds.
type Account struct {
	Records []Record
	Blobs   []Blob
	Queues  []Queue
}

// Record is one of a table.
type Record struct {
	Table      string
	Properties map[string]any // without OData's annotations and the time stamp of the service
}

func (r Record) String() string {
	text, _ := json.Marshal(r.Properties) // came as JSON
	return r.Table + ": " + string(text)
}

// Blob is a blob with its container before its name.
type Blob struct {
	Name    string
	Content []byte
}

// Queue is a queue with the messages that can be seen now.
type Queue struct {
	Name     string
	Count    int      // about, those that cannot be seen included
	Messages []string // at most 32, as they were sent
}

// Read reads an account. What changes meanwhile may be missed.
func Read(ctx context.Context, connection string) (Account, error) {
	var a Account
	for what, read := range map[string]func(context.Context, string) error{
		"tables": a.readTables, "blobs": a.readBlobs, "queues": a.readQueues,
	} {
		if err := read(ctx, connection); err != nil {
			return a, fmt.Errorf("dump: %s: %w", what, err)
		}
	}
	return a, nil
}

func (a *Account) readTables(ctx context.Context, connection string) error {
	service, err := aztables.NewServiceClientFromConnectionString(connection, nil)
	if err != nil {
		return err
	}
	for listing := service.NewListTablesPager(nil); listing.More(); {
		page, err := listing.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, table := range page.Tables {
			if err := a.readTable(ctx, service.NewClient(*table.Name), *table.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Account) readTable(ctx context.Context, client *aztables.Client, name string) error {
	for pager := client.NewListEntitiesPager(nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, entity := range page.Entities {
			record := Record{Table: name}
			if err := json.Unmarshal(entity, &record.Properties); err != nil {
				return err
			}
			delete(record.Properties, "Timestamp")
			for property := range record.Properties {
				if strings.HasPrefix(property, "odata.") || strings.HasSuffix(property, "@odata.type") {
					delete(record.Properties, property)
				}
			}
			a.Records = append(a.Records, record)
		}
	}
	return nil
}

func (a *Account) readBlobs(ctx context.Context, connection string) error {
	client, err := azblob.NewClientFromConnectionString(connection, nil)
	if err != nil {
		return err
	}
	for listing := client.NewListContainersPager(nil); listing.More(); {
		page, err := listing.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, container := range page.ContainerItems {
			if err := a.readContainer(ctx, client, *container.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Account) readContainer(ctx context.Context, client *azblob.Client, container string) error {
	for pager := client.NewListBlobsFlatPager(container, nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, item := range page.Segment.BlobItems {
			answer, err := client.DownloadStream(ctx, container, *item.Name, nil)
			if bloberror.HasCode(err, bloberror.BlobNotFound) {
				continue // was just deleted
			}
			if err != nil {
				return err
			}
			content, err := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			if err != nil {
				return err
			}
			a.Blobs = append(a.Blobs, Blob{container + "/" + *item.Name, content})
		}
	}
	return nil
}

func (a *Account) readQueues(ctx context.Context, connection string) error {
	service, err := azqueue.NewServiceClientFromConnectionString(connection, nil)
	if err != nil {
		return err
	}
	for listing := service.NewListQueuesPager(nil); listing.More(); {
		page, err := listing.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, item := range page.Queues {
			queue, err := readQueue(ctx, service.NewQueueClient(*item.Name), *item.Name)
			if err != nil {
				return err
			}
			a.Queues = append(a.Queues, queue)
		}
	}
	return nil
}

func readQueue(ctx context.Context, client *azqueue.QueueClient, name string) (Queue, error) {
	queue := Queue{Name: name}
	properties, err := client.GetProperties(ctx, nil)
	if err != nil {
		return queue, err
	}
	if properties.ApproximateMessagesCount != nil {
		queue.Count = int(*properties.ApproximateMessagesCount)
	}
	seen, err := client.PeekMessages(ctx, &azqueue.PeekMessagesOptions{NumberOfMessages: to.Ptr[int32](32)})
	if err != nil {
		return queue, err
	}
	for _, message := range seen.Messages {
		text := *message.MessageText
		if body, err := base64.StdEncoding.DecodeString(text); err == nil {
			text = string(body)
		}
		queue.Messages = append(queue.Messages, text)
	}
	return queue, nil
}

// Reader reads records by their keys with nothing of ours around the SDK: the peer of benchmarks.
type Reader struct{ client *aztables.Client }

// NewReader returns a reader of a table with so many connections.
func NewReader(connection, table string, connections int) (*Reader, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = connections, connections
	service, err := aztables.NewServiceClientFromConnectionString(connection, &aztables.ClientOptions{
		ClientOptions: azcore.ClientOptions{Transport: &http.Client{Transport: transport}},
	})
	if err != nil {
		return nil, err
	}
	return &Reader{service.NewClient(table)}, nil
}

// Read reads one record and returns its size in bytes.
func (r *Reader) Read(ctx context.Context, partition, row string) (int, error) {
	answer, err := r.client.GetEntity(ctx, partition, row, nil)
	return len(answer.Value), err
}
