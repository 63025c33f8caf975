package graph

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	"github.com/microsoftgraph/msgraph-sdk-go/drives"
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/library"
	"imagepro/handler/org"
	"imagepro/handler/secret"
	"imagepro/handler/tab"
)

var (
	_ bulk.Library  = (*Client)(nil)
	_ tab.Library   = (*Client)(nil)
	_ org.Directory = (*Client)(nil)
)

// pageSize keeps the records of one page of a folder within one entity-group transaction (100 operations).
const pageSize = 90

// fileFields are those of one file that is likely to be read.
var fileFields = append(slices.Clone(itemFields), sourceField, "fileSystemInfo", "webUrl")

var itemFields = []string{"id", "name", "size", "cTag", "file", "folder", "package", "remoteItem", "parentReference",
	"lastModifiedDateTime"}

var userFields = []string{"displayName", "mail", "userPrincipalName", "preferredLanguage"}

// Profile returns what Microsoft 365 says of the caller.
func (c *Client) Profile(ctx context.Context, who caller.Caller) (org.Profile, error) {
	address := c.options.BaseURL + "/me?" + selected(userFields)
	user, err := get[models.Userable](ctx, c, who, address, models.CreateUserFromDiscriminatorValue)
	if err != nil {
		return org.Profile{}, err
	}
	return org.Profile{
		Name:   value(user.GetDisplayName()),
		UPN:    value(user.GetUserPrincipalName()),
		Mail:   value(user.GetMail()),
		Locale: value(user.GetPreferredLanguage()),
	}, nil
}

// Children returns a page of a folder.
func (c *Client) Children(ctx context.Context, who caller.Caller, drive, folder, cursor string) (bulk.Page, error) {
	builder := c.drives.ByDriveId(drive).Items().ByDriveItemId(folder).Children()
	var config *drives.ItemItemsItemChildrenRequestBuilderGetRequestConfiguration
	if cursor != "" {
		if err := c.checkNext(cursor, "/drives"); err != nil {
			return bulk.Page{}, err
		}
		builder = builder.WithUrl(cursor)
	} else {
		top := int32(pageSize)
		config = &drives.ItemItemsItemChildrenRequestBuilderGetRequestConfiguration{
			QueryParameters: &drives.ItemItemsItemChildrenRequestBuilderGetQueryParameters{Top: &top,
				Select: itemFields},
		}
	}
	answer, err := complete(builder.Get(asCaller(ctx, who), config))
	if err != nil {
		return bulk.Page{}, err
	}
	page := bulk.Page{Next: value(answer.GetOdataNextLink())}
	for _, item := range answer.GetValue() {
		if f, ok := fileOf(drive, item); ok {
			page.Files = append(page.Files, f)
		}
	}
	return page, nil
}

func refOf(f bulk.File) library.Ref { return library.Ref{Drive: f.Drive, Item: f.Item} }

// checkNext refuses the address of a next page that is not Graph's.
func (c *Client) checkNext(address, below string) error {
	if !strings.HasPrefix(address, c.options.BaseURL+below) {
		return fault.New(fault.Internal, "SharePoint named a next page elsewhere.", nil)
	}
	return nil
}

// pageAt returns the address of the page of a list that a cursor names, which has to be below a path; without a cursor
// that of its first page.
func (c *Client) pageAt(first, cursor, below string) (string, error) {
	if cursor == "" {
		return c.options.BaseURL + first, nil
	}
	return cursor, c.checkNext(cursor, below)
}

// File returns a file as it stands now.
func (c *Client) File(ctx context.Context, who caller.Caller, drive, item string) (bulk.File, error) {
	return c.file(ctx, who, drive, c.drives.ByDriveId(drive).Items().ByDriveItemId(item))
}

// Folder fails unless the item is a folder that the caller may see.
func (c *Client) Folder(ctx context.Context, who caller.Caller, drive, item string) error {
	f, err := c.File(ctx, who, drive, item)
	if err == nil && !f.Folder {
		return fault.New(fault.Unsupported, "This is no folder.", nil)
	}
	return err
}

// Beside returns the file with the name in f's folder.
func (c *Client) Beside(ctx context.Context, who caller.Caller, f bulk.File, name string) (bulk.File, error) {
	address, err := c.named(library.Ref{Drive: f.Drive, Item: f.Parent}, name)
	if err != nil {
		return bulk.File{}, err
	}
	builder := c.drives.ByDriveId(f.Drive).Items().ByDriveItemId(f.Parent)
	return c.file(ctx, who, f.Drive, builder.WithUrl(address+"?$select="+strings.Join(fileFields, ",")))
}

func (c *Client) file(
	ctx context.Context, who caller.Caller, drive string, builder *drives.ItemItemsDriveItemItemRequestBuilder,
) (bulk.File, error) {
	item, err := complete(
		builder.Get(asCaller(ctx, who), &drives.ItemItemsDriveItemItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &drives.ItemItemsDriveItemItemRequestBuilderGetQueryParameters{Select: fileFields},
		}))
	if err != nil {
		return bulk.File{}, err
	}
	c.hosts.learn(who.Tenant, value(item.GetWebUrl()))
	f, ok := fileOf(drive, item)
	if !ok {
		return bulk.File{}, fault.New(fault.Unsupported,
			"This is a shortcut or a notebook, not a file of this library.", nil)
	}
	return f, nil
}

// maxVersionPages bounds how much of a long history is read; the newest versions come first.
const maxVersionPages = 50

var versionFields = []string{"id", "size", "lastModifiedDateTime", "lastModifiedBy", sourceField}

// Versions returns the file's versions, newest first.
func (c *Client) Versions(ctx context.Context, who caller.Caller, f bulk.File) ([]bulk.Version, error) {
	var versions []bulk.Version
	err := c.eachVersion(ctx, who, refOf(f), func(v models.DriveItemVersionable) {
		versions = append(versions,
			bulk.Version{ID: value(v.GetId()), Size: value(v.GetSize()), Modified: utc(v.GetLastModifiedDateTime())})
	})
	return versions, err
}

// eachVersion yields the versions of a file, newest first.
func (c *Client) eachVersion(
	ctx context.Context, who caller.Caller, ref library.Ref, yield func(models.DriveItemVersionable),
) error {
	builder := c.drives.ByDriveId(ref.Drive).Items().ByDriveItemId(ref.Item).Versions()
	config := &drives.ItemItemsItemVersionsRequestBuilderGetRequestConfiguration{
		QueryParameters: &drives.ItemItemsItemVersionsRequestBuilderGetQueryParameters{Select: versionFields},
	}
	for range maxVersionPages {
		answer, err := complete(builder.Get(asCaller(ctx, who), config))
		if err != nil {
			return err
		}
		for _, v := range answer.GetValue() {
			yield(v)
		}
		next := value(answer.GetOdataNextLink())
		if next == "" {
			break
		}
		if err := c.checkNext(next, "/drives"); err != nil {
			return err
		}
		builder, config = builder.WithUrl(next), nil
	}
	return nil
}

// fileOf returns the item as a file or folder; false for notebooks and for shortcuts to other drives.
func fileOf(drive string, item models.DriveItemable) (bulk.File, bool) {
	if item.GetPackageEscaped() != nil || item.GetRemoteItem() != nil {
		return bulk.File{}, false
	}
	f := bulk.File{
		Drive:  drive,
		Item:   value(item.GetId()),
		Name:   value(item.GetName()),
		Size:   value(item.GetSize()),
		Tag:    value(item.GetCTag()),
		Folder: item.GetFolder() != nil,

		Modified: utc(item.GetLastModifiedDateTime()),
	}
	if parent := item.GetParentReference(); parent != nil {
		f.Parent = value(parent.GetId())
	}
	if file := item.GetFile(); file != nil {
		f.MIME = value(file.GetMimeType())
		if hashes := file.GetHashes(); hashes != nil {
			f.Fingerprint = value(hashes.GetQuickXorHash())
		}
	}
	f.Dated = datedOf(item)
	if source, ok := item.GetAdditionalData()[sourceField].(*string); ok {
		f.Source = secret.New(value(source))
	}
	return f, f.Item != ""
}

// datedOf is the time of the last change that a file bears.
func datedOf(item models.DriveItemable) time.Time {
	if info := item.GetFileSystemInfo(); info != nil {
		return utc(info.GetLastModifiedDateTime())
	}
	return time.Time{}
}

// value returns what p points to, or the zero value: every getter of the SDK may return nil.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// complete makes one of the two of what the SDK returns, which for an answer without a body is neither.
func complete[T any](answer T, err error) (T, error) {
	if err != nil {
		return answer, foreign(err)
	}
	if any(answer) == nil {
		return answer, fault.New(fault.Busy, oddAnswer, errors.New("graph: an answer without a body"))
	}
	return answer, nil
}

// get reads what is at an address of Graph. It asks as the SDK's own builders of requests do; those for users and for
// sites would take as long to compile as half of this program.
func get[T serialization.Parsable](
	ctx context.Context, c *Client, who caller.Caller, address string, create serialization.ParsableFactory,
) (T, error) {
	var answer T
	target, err := url.Parse(address)
	if err != nil {
		return answer, fault.New(fault.Internal, oddAnswer, fmt.Errorf("graph: %T", err))
	}
	request := abstractions.NewRequestInformation()
	request.Method = abstractions.GET
	request.SetUri(*target)
	request.Headers.TryAdd("Accept", "application/json")
	sent, err := complete(c.adapter.Send(asCaller(ctx, who), request, create, nil))
	if err != nil {
		return answer, err
	}
	answer, ok := sent.(T)
	if !ok {
		return answer, fault.New(fault.Busy, oddAnswer, fmt.Errorf("graph: an answer of type %T", sent))
	}
	return answer, nil
}

// selected is the query that asks for these fields alone.
func selected(fields []string) string { return "$select=" + strings.Join(fields, ",") }

const oddAnswer = "SharePoint did not answer as expected."

// foreign returns the fault in err; net/http and the SDK wrap it. Anything else has a text that may name
// files, so its type is all that is kept.
func foreign(err error) error {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f
	}
	return fault.New(fault.Busy, oddAnswer, fmt.Errorf("graph: %T", err))
}
