// Package blobs keeps what is too large for a record in Azure Blob Storage: what bulk edits do, and their
// lists of images.
//
// It does not know what is in them.
//
// Blob                                            holds
// image-pro/<tid>/bulk-edits/<job>/spec.json      recipe and way of saving
// image-pro/<tid>/bulk-edits/<job>/source.json    folder or list of images
//
// All blobs of a tenant begin with its id.
package blobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"imagepro/handler/bulk"
	"imagepro/handler/fault"
	"imagepro/handler/org"
)

// Store keeps blobs. It is safe for concurrent use.
type Store struct{ client *azblob.Client }

var (
	_ bulk.Specs = (*Store)(nil)
	_ org.Eraser = (*Store)(nil)
)

const (
	container = "image-pro"
	maxBytes  = 64 << 20 // a list of 100 000 images has about 10 MB
)

// Open returns a store on the account of a connection string. It reaches no network.
func Open(connectionString string) (*Store, error) {
	client, err := azblob.NewClientFromConnectionString(connectionString, nil)
	if err != nil {
		// The SDK's text may hold the connection string.
		return nil, fault.New(fault.Misconfigured, "The storage account's connection string cannot be used.", errors.New("blobs: bad connection string"))
	}
	return &Store{client}, nil
}

// specBlob and sourceBlob are the stored forms.
type specBlob struct {
	Recipe json.RawMessage `json:"recipe"`
	Target string          `json:"target"`
	Name   string          `json:"name,omitempty"`
}

type sourceBlob struct {
	Folder *folderBlob `json:"folder,omitempty"`
	Images []imageBlob `json:"images,omitempty"`
}

type folderBlob struct {
	Drive     string `json:"drive"`
	Item      string `json:"item"`
	Recursive bool   `json:"recursive"`
}

type imageBlob struct {
	Drive string `json:"d"`
	Item  string `json:"i"`
}

// PutSpec keeps what a job does.
func (s *Store) PutSpec(ctx context.Context, ref bulk.Ref, spec bulk.Spec) error {
	return s.put(ctx, ref, "spec.json", specBlob{spec.Recipe, string(spec.Save.Target), spec.Save.Name})
}

// Spec returns what PutSpec kept.
func (s *Store) Spec(ctx context.Context, ref bulk.Ref) (bulk.Spec, error) {
	var stored specBlob
	err := s.get(ctx, ref, "spec.json", &stored)
	return bulk.Spec{Recipe: stored.Recipe, Save: bulk.Save{Target: bulk.SaveTarget(stored.Target), Name: stored.Name}}, err
}

// PutSource keeps which images a job edits.
func (s *Store) PutSource(ctx context.Context, ref bulk.Ref, source bulk.Source) error {
	var stored sourceBlob
	if source.Folder != nil {
		stored.Folder = &folderBlob{source.Folder.Drive, source.Folder.Item, source.Folder.Recursive}
	}
	for _, image := range source.Images {
		stored.Images = append(stored.Images, imageBlob(image))
	}
	return s.put(ctx, ref, "source.json", stored)
}

// Source returns what PutSource kept.
func (s *Store) Source(ctx context.Context, ref bulk.Ref) (bulk.Source, error) {
	var stored sourceBlob
	if err := s.get(ctx, ref, "source.json", &stored); err != nil {
		return bulk.Source{}, err
	}
	var source bulk.Source
	if stored.Folder != nil {
		source.Folder = &bulk.FolderSource{Drive: stored.Folder.Drive, Item: stored.Folder.Item, Recursive: stored.Folder.Recursive}
	}
	for _, image := range stored.Images {
		source.Images = append(source.Images, bulk.ImageRef(image))
	}
	return source, nil
}

// Erase deletes every blob of a tenant. It may be stopped anywhere and repeated.
func (s *Store) Erase(ctx context.Context, tenant string) error {
	if !namePart.MatchString(tenant) {
		return fault.New(fault.Internal, "A tenant's id cannot be used.", fmt.Errorf("blobs: %q", tenant))
	}
	prefix := tenant + "/"
	pager := s.client.NewListBlobsFlatPager(container, &azblob.ListBlobsFlatOptions{Prefix: &prefix})
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if bloberror.HasCode(err, bloberror.ContainerNotFound) {
			return nil
		}
		if err != nil {
			return faultOf(err)
		}
		for _, blob := range page.Segment.BlobItems {
			_, err := s.client.DeleteBlob(ctx, container, *blob.Name, nil)
			if err != nil && !bloberror.HasCode(err, bloberror.BlobNotFound) {
				return faultOf(err)
			}
		}
	}
	return nil
}

var namePart = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

func blobName(ref bulk.Ref, file string) (string, error) {
	if !namePart.MatchString(ref.Tenant) || !namePart.MatchString(ref.Job) {
		return "", fault.New(fault.NotFound, "There is no such bulk edit.", nil)
	}
	return ref.Tenant + "/bulk-edits/" + ref.Job + "/" + file, nil
}

// put writes a blob, and makes the container if it is the first.
func (s *Store) put(ctx context.Context, ref bulk.Ref, file string, stored any) error {
	name, err := blobName(ref, file)
	if err != nil {
		return err
	}
	content, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	_, err = s.client.UploadBuffer(ctx, container, name, content, nil)
	if bloberror.HasCode(err, bloberror.ContainerNotFound) {
		if _, err := s.client.CreateContainer(ctx, container, nil); err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
			return faultOf(err)
		}
		_, err = s.client.UploadBuffer(ctx, container, name, content, nil)
	}
	return faultOf(err)
}

func (s *Store) get(ctx context.Context, ref bulk.Ref, file string, stored any) error {
	name, err := blobName(ref, file)
	if err != nil {
		return err
	}
	answer, err := s.client.DownloadStream(ctx, container, name, nil)
	if err != nil {
		return faultOf(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(io.LimitReader(answer.Body, maxBytes))
	if err != nil {
		return fault.New(fault.Busy, "Storage broke off its answer.", fmt.Errorf("blobs: %T", err))
	}
	if err := json.Unmarshal(content, stored); err != nil {
		return fault.New(fault.Internal, "A record cannot be read.", fmt.Errorf("blobs: %w", err))
	}
	return nil
}

// faultOf turns an error of the SDK's into a fault; nil stays nil.
func faultOf(err error) error {
	if err == nil {
		return nil
	}
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) {
		return fault.New(fault.Busy, "Storage cannot be reached.", fmt.Errorf("blobs: %T", err))
	}
	cause := fmt.Errorf("blob storage answered %d %s", answer.StatusCode, answer.ErrorCode) // the SDK's text holds whole requests
	switch {
	case answer.StatusCode == http.StatusNotFound:
		return fault.New(fault.NotFound, "It is not there.", cause)
	case answer.StatusCode == http.StatusTooManyRequests, answer.StatusCode >= 500:
		return fault.New(fault.Busy, "Storage is busy.", cause)
	case answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusUnauthorized:
		return fault.New(fault.Misconfigured, "Storage refused this application's credential.", cause)
	default:
		return fault.New(fault.Internal, "Storage refused a request.", cause)
	}
}
