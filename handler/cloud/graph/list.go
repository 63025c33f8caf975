package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/drives"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

// maxSorted is how many entries a folder may have to be sorted here: the whole folder is read for each page.
const maxSorted = 5000

// List returns a page of a folder, and what it is sorted by. SharePoint sorts the entries of a folder by name alone
// (https://learn.microsoft.com/graph/query-parameters, https://github.com/OneDrive/onedrive-api-docs/issues/696), so
// any other order is made here, of the whole folder. A folder that is too large for that is listed by name.
func (c *Client) List(
	ctx context.Context, who caller.Caller, l library.Listing,
) (library.Page[library.Item], library.SortKey, error) {
	if l.By != library.ByName && (l.Cursor == "" || strings.HasPrefix(l.Cursor, afterPrefix)) {
		page, err := c.sorted(ctx, who, l)
		if !errors.Is(err, errTooMany) || l.Cursor != "" {
			return page, l.By, err
		}
	}
	order := "name"
	if l.By == library.ByName && l.Descending {
		order = "name desc"
	}
	page, err := c.childrenOf(ctx, who, l, order, l.Limit)
	if refused(err) && l.By == library.ByName && l.Cursor == "" { // a library that sorts by nothing
		if page, err = c.sorted(ctx, who, l); errors.Is(err, errTooMany) {
			page, err = c.childrenOf(ctx, who, l, "", l.Limit)
		}
	}
	return page, library.ByName, err
}

// refused reports whether Graph does not take a request as it is.
func refused(err error) bool {
	var e graphError
	return errors.As(err, &e) && (e.status == http.StatusBadRequest || e.status == http.StatusNotImplemented)
}

// childrenOf returns a page of a folder as Graph sorts it; by whatever it likes if order is empty.
func (c *Client) childrenOf(
	ctx context.Context, who caller.Caller, l library.Listing, order string, limit int,
) (library.Page[library.Item], error) {
	builder := c.drives.ByDriveId(l.Folder.Drive).Items().ByDriveItemId(l.Folder.Item).Children()
	var config *drives.ItemItemsItemChildrenRequestBuilderGetRequestConfiguration
	if l.Cursor != "" {
		if err := c.checkNext(l.Cursor, "/drives"); err != nil {
			return library.Page[library.Item]{}, err
		}
		builder = builder.WithUrl(l.Cursor)
	} else {
		top := int32(limit)
		query := &drives.ItemItemsItemChildrenRequestBuilderGetQueryParameters{Top: &top,
			Select: append(slices.Clone(listFields), sourceField)}
		if order != "" {
			query.Orderby = []string{order}
		}
		if l.Thumbnails {
			query.Expand = []string{"thumbnails"}
		}
		config = &drives.ItemItemsItemChildrenRequestBuilderGetRequestConfiguration{QueryParameters: query}
	}
	answer, err := complete(builder.Get(asCaller(ctx, who), config))
	if err != nil {
		return library.Page[library.Item]{}, err
	}
	return library.Page[library.Item]{Entries: itemsOf(l.Folder.Drive, answer.GetValue()),
		Next: value(answer.GetOdataNextLink())}, nil
}

// errTooMany says that a folder has too many entries to be sorted here.
var errTooMany = fault.Newf(fault.Unsupported, "A folder with more than %d entries is sorted by name alone.",
	maxSorted).At("sort")

// sorted returns a page of a folder that is sorted here. Its cursor names the last entry of the page before, so that
// what comes or goes meanwhile neither repeats nor hides anything else.
func (c *Client) sorted(ctx context.Context, who caller.Caller, l library.Listing) (library.Page[library.Item], error) {
	after, err := openAfter(l.Cursor)
	if err != nil {
		return library.Page[library.Item]{}, err
	}
	entries, err := c.wholeFolder(ctx, who, l)
	if err != nil {
		return library.Page[library.Item]{}, err
	}
	compare := func(a, b position) int {
		if l.Descending {
			a, b = b, a
		}
		return a.compare(b)
	}
	slices.SortFunc(entries, func(a, b library.Item) int { return compare(positionOf(a, l.By), positionOf(b, l.By)) })
	if after != nil {
		entries = slices.DeleteFunc(entries, func(i library.Item) bool {
			return compare(positionOf(i, l.By), *after) <= 0
		})
	}
	page := library.Page[library.Item]{Entries: entries[:min(l.Limit, len(entries))]}
	if len(page.Entries) < len(entries) {
		page.Next = positionOf(page.Entries[l.Limit-1], l.By).cursor()
	}
	return page, nil
}

// sortPage is how many entries a request for a whole folder asks for, the default of the service.
const sortPage = 200

// wholeFolder returns all entries of a folder. errTooMany if there are more than can be sorted.
func (c *Client) wholeFolder(ctx context.Context, who caller.Caller, l library.Listing) ([]library.Item, error) {
	var all []library.Item
	seen := map[string]bool{} // pages may repeat what is renamed meanwhile
	for l.Cursor = ""; ; {
		page, err := c.childrenOf(ctx, who, l, "", sortPage)
		if err != nil {
			return nil, err
		}
		for _, i := range page.Entries {
			if !seen[i.Item] {
				seen[i.Item] = true
				all = append(all, i)
			}
		}
		if len(all) > maxSorted {
			return nil, errTooMany
		}
		if page.Next == "" {
			return all, nil
		}
		l.Cursor = page.Next
	}
}

// position is the place of an entry in an order: a text that sorts as the entries do, and the id where that is equal.
type position struct {
	Key string `json:"k"`
	ID  string `json:"i"`
}

func positionOf(i library.Item, by library.SortKey) position {
	const sortable = "2006-01-02T15:04:05.000000000Z"
	switch by {
	case library.BySize:
		return position{fmt.Sprintf("%020d", i.Size), i.Item}
	case library.ByCreated:
		return position{i.CreatedAt.In(time.UTC).Format(sortable), i.Item}
	case library.ByModified:
		return position{i.ModifiedAt.In(time.UTC).Format(sortable), i.Item}
	}
	return position{strings.ToLower(i.Name), i.Item}
}

func (p position) compare(other position) int {
	return cmp.Or(cmp.Compare(p.Key, other.Key), cmp.Compare(p.ID, other.ID))
}

// afterPrefix begins the cursors of lists that are sorted here; those of Graph's are addresses.
const afterPrefix = "after "

func (p position) cursor() string {
	text, _ := json.Marshal(p) // two texts can be written
	return afterPrefix + string(text)
}

// openAfter reads a cursor; nil for none.
func openAfter(cursor string) (*position, error) {
	text, ok := strings.CutPrefix(cursor, afterPrefix)
	if !ok {
		return nil, nil
	}
	var p position
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, fault.New(fault.Invalid, "The cursor is none of a list of this folder.", nil).At("cursor")
	}
	return &p, nil
}
