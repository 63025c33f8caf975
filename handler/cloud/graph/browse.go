package graph

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/drives"
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/library"
	"imagepro/handler/secret"
)

var _ library.SharePoint = (*Client)(nil)

// sourceField is the pre-authenticated address of a content.
const sourceField = "@microsoft.graph.downloadUrl"

var (
	siteFields  = []string{"id", "displayName", "name", "webUrl", "createdDateTime"}
	driveFields = []string{"id", "name", "driveType", "webUrl", "quota"}
	listFields  = append(slices.Clone(itemFields), "webUrl", "createdDateTime", "createdBy", "lastModifiedBy", "image",
		"photo")
)

// Sites returns sites that match a text.
func (c *Client) Sites(
	ctx context.Context, who caller.Caller, search, cursor string,
) (library.Page[library.Site], error) {
	var page library.Page[library.Site]
	path := "/sites?$search=" + strings.ReplaceAll(url.QueryEscape(search), "+", "%20") + "&" + selected(siteFields)
	address, err := c.pageAt(path, cursor, "/sites")
	if err != nil {
		return page, err
	}
	answer, err := get[models.SiteCollectionResponseable](ctx, c, who, address,
		models.CreateSiteCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return page, err
	}
	page.Next = value(answer.GetOdataNextLink())
	for _, site := range answer.GetValue() {
		page.Entries = append(page.Entries, siteOf(site))
	}
	return page, nil
}

// SiteAt returns the site at a path of a host.
func (c *Client) SiteAt(ctx context.Context, who caller.Caller, host, path string) (library.Site, error) {
	address := c.options.BaseURL + "/sites/" + url.PathEscape(host)
	if path = strings.Trim(path, "/"); path != "" {
		address += ":/" + (&url.URL{Path: path}).EscapedPath()
	}
	site, err := get[models.Siteable](ctx, c, who, address+"?"+selected(siteFields),
		models.CreateSiteFromDiscriminatorValue)
	if err != nil {
		return library.Site{}, err
	}
	return siteOf(site), nil
}

func siteOf(s models.Siteable) library.Site {
	site := library.Site{
		ID:        value(s.GetId()),
		Title:     value(s.GetDisplayName()),
		Address:   value(s.GetWebUrl()),
		CreatedAt: utc(s.GetCreatedDateTime()),
	}
	if site.Title == "" {
		site.Title = value(s.GetName())
	}
	return site
}

// Drives returns the libraries of a site.
func (c *Client) Drives(
	ctx context.Context, who caller.Caller, site, cursor string,
) (library.Page[library.Drive], error) {
	var page library.Page[library.Drive]
	path := "/sites/" + url.PathEscape(site) + "/drives?" + selected(driveFields)
	address, err := c.pageAt(path, cursor, "/sites")
	if err != nil {
		return page, err
	}
	answer, err := get[models.DriveCollectionResponseable](ctx, c, who, address,
		models.CreateDriveCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return page, err
	}
	page.Next = value(answer.GetOdataNextLink())
	for _, d := range answer.GetValue() {
		drive := library.Drive{
			ID:        value(d.GetId()),
			Name:      value(d.GetName()),
			Address:   value(d.GetWebUrl()),
			Remaining: -1,
		}
		if quota := d.GetQuota(); quota != nil && quota.GetRemaining() != nil {
			drive.Remaining = *quota.GetRemaining()
		}
		page.Entries = append(page.Entries, drive)
	}
	return page, nil
}

// latest begins a list of changes with nothing.
const latest = "latest"

// Changes returns what changed in a drive since the cursor.
func (c *Client) Changes(
	ctx context.Context, who caller.Caller, drive, cursor string,
) (changes library.Page[library.Item], later string, err error) {
	builder := c.drives.ByDriveId(drive).Items().ByDriveItemId("root").Delta()
	var config *drives.ItemItemsItemDeltaRequestBuilderGetRequestConfiguration
	switch cursor {
	case "":
		config = &drives.ItemItemsItemDeltaRequestBuilderGetRequestConfiguration{
			QueryParameters: &drives.ItemItemsItemDeltaRequestBuilderGetQueryParameters{
				Select: append(slices.Clone(listFields), "deleted")},
		}
	case latest:
		builder = builder.WithUrl(c.itemURL(library.Ref{Drive: drive, Item: "root"}, "/delta?token=latest"))
	default:
		if err := c.checkNext(cursor, "/drives"); err != nil {
			return changes, "", err
		}
		builder = builder.WithUrl(cursor)
	}
	answer, err := complete(builder.GetAsDeltaGetResponse(asCaller(ctx, who), config))
	if err != nil {
		return changes, "", resync(err)
	}
	changes = library.Page[library.Item]{Entries: itemsOf(drive, answer.GetValue()),
		Next: value(answer.GetOdataNextLink())}
	return changes, value(answer.GetOdataDeltaLink()), nil
}

// resync makes Stale of the answer to a cursor that is too old
// (https://learn.microsoft.com/graph/api/driveitem-delta).
func resync(err error) error {
	var e graphError
	if errors.As(err, &e) && e.status == http.StatusGone {
		return fault.New(fault.Stale, "The list of changes goes no further back. Read the library anew.", e)
	}
	return err
}

// Item returns a file or folder as it stands now.
func (c *Client) Item(ctx context.Context, who caller.Caller, ref library.Ref) (library.Item, error) {
	return c.item(ctx, who, ref.Drive, c.drives.ByDriveId(ref.Drive).Items().ByDriveItemId(ref.Item),
		&drives.ItemItemsDriveItemItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &drives.ItemItemsDriveItemItemRequestBuilderGetQueryParameters{
				Select: append(slices.Clone(listFields), sourceField, "fileSystemInfo")},
		})
}

// Named returns the entry of a folder with the name.
func (c *Client) Named(ctx context.Context, who caller.Caller, folder library.Ref, name string) (library.Item, error) {
	address, err := c.named(folder, name)
	if err != nil {
		return library.Item{}, err
	}
	builder := c.drives.ByDriveId(folder.Drive).Items().ByDriveItemId(folder.Item).WithUrl(address + "?$select=" +
		strings.Join(listFields, ",") + "," + sourceField)
	return c.item(ctx, who, folder.Drive, builder, nil)
}

func (c *Client) item(ctx context.Context, who caller.Caller, drive string,
	builder *drives.ItemItemsDriveItemItemRequestBuilder,
	config *drives.ItemItemsDriveItemItemRequestBuilderGetRequestConfiguration) (library.Item, error) {
	answer, err := complete(builder.Get(asCaller(ctx, who), config))
	if err != nil {
		return library.Item{}, err
	}
	c.hosts.learn(who.Tenant, value(answer.GetWebUrl()))
	items := itemsOf(drive, []models.DriveItemable{answer})
	if len(items) == 0 {
		return library.Item{},
			fault.New(fault.Unsupported, "This is a shortcut or a notebook, not a file of this library.", nil)
	}
	return items[0], nil
}

// itemsOf leaves out notebooks and shortcuts to other drives.
func itemsOf(drive string, answer []models.DriveItemable) []library.Item {
	var items []library.Item
	for _, i := range answer {
		if i.GetDeleted() != nil {
			items = append(items, library.Item{Ref: library.Ref{Drive: drive, Item: value(i.GetId())}, Deleted: true})
			continue
		}
		f, ok := fileOf(drive, i)
		if !ok {
			continue
		}
		item := library.Item{
			Ref:         library.Ref{Drive: drive, Item: f.Item},
			Parent:      f.Parent,
			Name:        f.Name,
			Address:     value(i.GetWebUrl()),
			Folder:      f.Folder,
			MIME:        f.MIME,
			Size:        f.Size,
			Fingerprint: f.Fingerprint,
			Dated:       f.Dated,
			CreatedAt:   utc(i.GetCreatedDateTime()),
			ModifiedAt:  utc(i.GetLastModifiedDateTime()),
			CreatedBy:   personOf(i.GetCreatedBy()),
			ModifiedBy:  personOf(i.GetLastModifiedBy()),
			Thumbnails:  thumbnailsOf(i.GetThumbnails()),
		}
		if folder := i.GetFolder(); folder != nil {
			item.Children = int(value(folder.GetChildCount()))
		} else {
			item.Tag = f.Tag
		}
		describe(&item, i)
		items = append(items, item)
	}
	return items
}

// describe fills in what SharePoint may know of a picture.
func describe(item *library.Item, i models.DriveItemable) {
	if image := i.GetImage(); image != nil {
		item.Width, item.Height = int(value(image.GetWidth())), int(value(image.GetHeight()))
	}
	if photo := i.GetPhoto(); photo != nil {
		item.TakenAt = utc(photo.GetTakenDateTime())
		if value(photo.GetOrientation()) >= 5 { // the sides are those of the stored pixels
			item.Width, item.Height = item.Height, item.Width
		}
	}
	if source, ok := i.GetAdditionalData()[sourceField].(*string); ok {
		item.Source = secret.New(value(source))
	}
}

func thumbnailsOf(sets []models.ThumbnailSetable) []library.Thumbnail {
	if len(sets) == 0 {
		return nil
	}
	var all []library.Thumbnail
	for size, t := range map[string]models.Thumbnailable{"small": sets[0].GetSmall(), "medium": sets[0].GetMedium(),
		"large": sets[0].GetLarge()} {
		if t != nil && value(t.GetUrl()) != "" {
			all = append(all, library.Thumbnail{
				Size:    size,
				Width:   int(value(t.GetWidth())),
				Height:  int(value(t.GetHeight())),
				Address: *t.GetUrl(),
			})
		}
	}
	slices.SortFunc(all, func(a, b library.Thumbnail) int { return a.Width*a.Height - b.Width*b.Height })
	return all
}

func personOf(set models.IdentitySetable) library.Person {
	if set == nil || set.GetUser() == nil {
		return library.Person{}
	}
	return library.Person{ID: value(set.GetUser().GetId()), Name: value(set.GetUser().GetDisplayName())}
}

func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// History returns the versions of a file, newest first.
func (c *Client) History(ctx context.Context, who caller.Caller, ref library.Ref) ([]library.Version, error) {
	var history []library.Version
	err := c.eachVersion(ctx, who, ref, func(v models.DriveItemVersionable) {
		version := library.Version{
			ID:         value(v.GetId()),
			Size:       value(v.GetSize()),
			ModifiedAt: utc(v.GetLastModifiedDateTime()),
			ModifiedBy: personOf(v.GetLastModifiedBy()),
			Current:    len(history) == 0,
		}
		if source, ok := v.GetAdditionalData()[sourceField].(*string); ok {
			version.Source = secret.New(value(source))
		}
		history = append(history, version)
	})
	return history, err
}
