// Package blobs keeps what is too large for a record in Azure Blob Storage: what bulk edits do, and their
// lists of images.
//
// It does not know what is in them.
//
// Blob                                                  holds
// image-pro/<tid>/<oid>/bulk-edits/<job>/spec.json      recipe, way of saving, and hashes of the pictures that it needs
// image-pro/<tid>/<oid>/bulk-edits/<job>/source.json    which images
//
// image-pro-previews/<tid>/<oid>/bulk-edits/<job>/<n>-before.jpg, <n>-after.jpg    previews of a dry run
//
// All blobs of a tenant begin with its id, those of a user with both ids.
package blobs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	azcontainer "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"golang.org/x/sync/errgroup"

	"imagepro/handler/bulk"
	"imagepro/handler/cloud/account"
	"imagepro/handler/cloud/form"
	"imagepro/handler/erasure"
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

var service = account.Service{Name: "blob storage", Codes: map[string]fault.Kind{
	string(bloberror.BlobNotFound):          fault.NotFound,
	string(bloberror.ContainerNotFound):     fault.NotFound,
	string(bloberror.ContainerBeingDeleted): fault.Busy,
}}

// Open returns a store on the account of a connection string. It reaches no network.
func Open(connectionString string, around ...account.Around) (*Store, error) {
	client, err := azblob.NewClientFromConnectionString(account.Expand(connectionString), options(around))
	if err != nil {
		return nil, account.Unusable()
	}
	return &Store{client}, nil
}

// OpenAccount is Open for a URL like https://account.blob.core.windows.net and a credential such as the managed
// identity.
func OpenAccount(blobServiceURL string, credential azcore.TokenCredential, around ...account.Around) (*Store, error) {
	client, err := azblob.NewClient(blobServiceURL, credential, options(around))
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	return &Store{client}, nil
}

func options(around []account.Around) *azblob.ClientOptions {
	return &azblob.ClientOptions{ClientOptions: account.Options(around...)}
}

// PutSpec keeps what a job does. It never changes: if there is a spec already, that one stays.
func (s *Store) PutSpec(ctx context.Context, j bulk.Job, spec bulk.Spec) error {
	return s.put(ctx, j, "spec.json", form.OfSpec(spec))
}

// Spec returns what PutSpec kept.
func (s *Store) Spec(ctx context.Context, j bulk.Job) (bulk.Spec, error) {
	var stored form.Spec
	err := s.get(ctx, j, "spec.json", &stored)
	return stored.Spec(), err
}

// PutSource keeps which images a job edits. Like a spec it never changes.
func (s *Store) PutSource(ctx context.Context, j bulk.Job, source bulk.Source) error {
	return s.put(ctx, j, "source.json", form.OfSource(source))
}

// Source returns what PutSource kept.
func (s *Store) Source(ctx context.Context, j bulk.Job) (bulk.Source, error) {
	var stored form.Source
	err := s.get(ctx, j, "source.json", &stored)
	return stored.Source(), err
}

// Erase deletes every blob of a scope. It may be stopped anywhere and repeated.
func (s *Store) Erase(ctx context.Context, scope erasure.Scope, _ bool, ledger erasure.Ledger) error {
	if err := checkNames(scope.Tenant); err != nil {
		return err
	}
	prefix := scope.Tenant + "/"
	if scope.User != "" {
		if err := checkNames(scope.User); err != nil {
			return err
		}
		prefix += scope.User + "/"
	}
	for _, container := range []string{container, previewContainer} {
		for {
			found, err := s.eraseOnce(ctx, container, prefix, ledger)
			if err == nil && found {
				err = ledger.Gone(ctx, container)
			}
			if err != nil {
				return err
			}
			if !found {
				break
			}
		}
	}
	return nil
}

// eraseOnce deletes what one listing finds, page by page, and reports whether it found anything.
func (s *Store) eraseOnce(
	ctx context.Context, container, prefix string, ledger erasure.Ledger,
) (found bool, err error) {
	pager := s.client.NewListBlobsFlatPager(container,
		&azblob.ListBlobsFlatOptions{Prefix: &prefix, MaxResults: to.Ptr[int32](erasePage)})
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if bloberror.HasCode(err, bloberror.ContainerNotFound) {
			return false, nil
		}
		if err != nil {
			return found, service.Fault(err)
		}
		blobs := page.Segment.BlobItems
		if len(blobs) == 0 {
			continue
		}
		found = true
		var records []erasure.Record
		for _, b := range blobs {
			records = append(records, erasure.Record{Kind: erasure.Files, Key: *b.Name})
		}
		if err := ledger.Take(ctx, container, records); err != nil {
			return found, err
		}
		if err := s.removeAll(ctx, container, blobs); err != nil {
			return found, err
		}
	}
	return found, nil
}

const (
	erasePage     = 1000
	eraseParallel = 8
)

// removeAll deletes the blobs that were listed. One that was made anew since is kept: whoever erases may have
// been overtaken, and that be of somebody who came back.
func (s *Store) removeAll(ctx context.Context, container string, blobs []*azcontainer.BlobItem) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(eraseParallel)
	for _, b := range blobs {
		group.Go(func() error {
			listed := blob.ModifiedAccessConditions{IfMatch: b.Properties.ETag}
			_, err := s.client.DeleteBlob(ctx, container, *b.Name, &azblob.DeleteBlobOptions{
				AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &listed},
			})
			if bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ConditionNotMet) {
				return nil
			}
			return service.Fault(err)
		})
	}
	return group.Wait()
}

// checkNames refuses ids that come from outside and could leave their place in a blob's name.
func checkNames(parts ...string) error { return account.CheckIDs(parts...) }

func blobName(j bulk.Job, file string) string {
	return j.Tenant + "/" + j.User + "/bulk-edits/" + j.Job + "/" + file
}

// put creates a blob unless it is there, and makes the container if it is the first.
func (s *Store) put(ctx context.Context, j bulk.Job, file string, stored any) error {
	if err := checkNames(j.Tenant, j.User, j.Job); err != nil {
		return err
	}
	content, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	if len(content) > maxBytes {
		return fault.Newf(fault.TooLarge, "The bulk edit's description has %d MiB; the limit is %d MiB.",
			len(content)>>20, maxBytes>>20)
	}
	return s.inContainer(ctx, container, func() error {
		err := s.create(ctx, blobName(j, file), content)
		if bloberror.HasCode(err, bloberror.BlobAlreadyExists) {
			return nil
		}
		return err
	})
}

// inContainer writes something to a container, and makes the container first if that is what is missing.
func (s *Store) inContainer(ctx context.Context, container string, write func() error) error {
	err := write()
	if bloberror.HasCode(err, bloberror.ContainerNotFound) {
		if _, err := s.client.CreateContainer(ctx, container, nil); err != nil &&
			!bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
			return service.Fault(err)
		}
		err = write()
	}
	return service.Fault(err)
}

func (s *Store) create(ctx context.Context, name string, content []byte) error {
	absent := blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)}
	_, err := s.client.UploadBuffer(ctx, container, name, content, &azblob.UploadBufferOptions{
		AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &absent},
	})
	return err
}

// get reads a blob into stored.
func (s *Store) get(ctx context.Context, j bulk.Job, file string, stored any) error {
	if err := checkNames(j.Tenant, j.User, j.Job); err != nil {
		return err
	}
	answer, err := s.client.DownloadStream(ctx, container, blobName(j, file), nil)
	if err != nil {
		return service.Fault(err)
	}
	body := answer.NewRetryReader(ctx, nil)
	defer body.Close()
	content, err := io.ReadAll(io.LimitReader(body, maxBytes))
	if err != nil {
		return service.Fault(err)
	}
	if err := json.Unmarshal(content, stored); err != nil {
		return fault.New(fault.Internal, "A record cannot be read.", fmt.Errorf("blobs: %w", err))
	}
	return nil
}
