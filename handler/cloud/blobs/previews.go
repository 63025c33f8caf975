package blobs

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	azcontainer "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"imagepro/handler/bulk"
	"imagepro/handler/fault"
)

// Previews of dry runs lie in a container of their own, so that those that are old are found without a look at all
// else.

var _ bulk.Previews = (*Store)(nil)

const (
	previewContainer = "image-pro-previews"
	maxPreview       = 4 << 20
)

func previewName(j bulk.Job, n int, side bulk.Side) string {
	return blobName(j, fmt.Sprintf("%08d-%s.jpg", n, side))
}

// PutPreview keeps a preview, in place of an earlier one.
func (s *Store) PutPreview(ctx context.Context, j bulk.Job, n int, side bulk.Side, jpeg []byte) error {
	if err := checkNames(j.Tenant, j.User, j.Job); err != nil {
		return err
	}
	return s.inContainer(ctx, previewContainer, func() error {
		_, err := s.client.UploadBuffer(ctx, previewContainer, previewName(j, n, side), jpeg, nil)
		return err
	})
}

// Preview returns what PutPreview kept.
func (s *Store) Preview(ctx context.Context, j bulk.Job, n int, side bulk.Side) ([]byte, error) {
	if err := checkNames(j.Tenant, j.User, j.Job); err != nil {
		return nil, err
	}
	answer, err := s.client.DownloadStream(ctx, previewContainer, previewName(j, n, side), nil)
	if err != nil {
		return nil, service.Fault(err)
	}
	body := answer.NewRetryReader(ctx, nil)
	defer func() { _ = body.Close() }()
	content, err := io.ReadAll(io.LimitReader(body, maxPreview))
	if err != nil {
		return nil, fault.New(fault.Busy, "The preview could not be read.", err)
	}
	return content, nil
}

// DeletePreviews deletes the previews of an image.
func (s *Store) DeletePreviews(ctx context.Context, j bulk.Job, n int) error {
	if err := checkNames(j.Tenant, j.User, j.Job); err != nil {
		return err
	}
	for _, side := range []bulk.Side{bulk.Before, bulk.After} {
		_, err := s.client.DeleteBlob(ctx, previewContainer, previewName(j, n, side), nil)
		if err != nil && !bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ContainerNotFound) {
			return service.Fault(err)
		}
	}
	return nil
}

// DropPreviews deletes those that were written before the time.
func (s *Store) DropPreviews(ctx context.Context, before time.Time) error {
	pager := s.client.NewListBlobsFlatPager(previewContainer,
		&azblob.ListBlobsFlatOptions{MaxResults: to.Ptr[int32](erasePage)})
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if bloberror.HasCode(err, bloberror.ContainerNotFound) {
			return nil
		}
		if err != nil {
			return service.Fault(err)
		}
		var old []*azcontainer.BlobItem
		for _, b := range page.Segment.BlobItems {
			if b.Properties.LastModified.Before(before) {
				old = append(old, b)
			}
		}
		if err := s.removeAll(ctx, previewContainer, old); err != nil {
			return err
		}
	}
	return nil
}
