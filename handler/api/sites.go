package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"imagepro/handler/fault"
	"imagepro/handler/library"
)

func (a *API) installSites() {
	// Sites
	huma.Register(a.huma, signedIn("sites", http.MethodGet, "/sites", "Finds SharePoint sites, by name or address"),
		a.sites)
	huma.Register(a.huma, signedIn("drives", http.MethodGet, "/sites/{siteId}/drives", "Lists the libraries of a site"),
		a.drives)

	// Drives
	huma.Register(a.huma, signedIn("items", http.MethodGet, "/drives/{driveId}/items", "Lists a folder"), a.list)
	huma.Register(a.huma,
		signedIn("changes", http.MethodGet, "/drives/{driveId}/changes", "Lists what changed in a library"), a.changes)
}

// LongPage selects a page of a list whose cursor holds an address of Graph's.
type LongPage struct {
	Cursor string `query:"cursor" maxLength:"8192" doc:"next of the page before"`
}

type siteBody struct {
	ID        string     `json:"siteId" doc:"host,guid,guid"`
	Title     string     `json:"title"`
	Address   string     `json:"webUrl" doc:"For people"`
	CreatedAt *time.Time `json:"createdAt,omitempty"`
}

type sitesInput struct {
	Search string `query:"search" maxLength:"200" doc:"Part of a site's name; all sites that the caller may see unless it is said"`
	URL    string `query:"url" maxLength:"2048" doc:"In place of search: address of a site, or of anything in it"`
	LongPage
}

type sitesOutput struct {
	Body struct {
		Sites []siteBody `json:"sites"`
		Next  string     `json:"next,omitempty" doc:"Cursor of the next page"`
	}
}

func (a *API) sites(ctx context.Context, in *sitesInput) (*sitesOutput, error) {
	who := callerOf(ctx)
	owner := []string{who.Tenant, who.User, "sites", in.Search}
	cursor, err := a.openCursor(in.Cursor, owner...)
	if err == nil && in.URL != "" && (in.Search != "" || cursor != "") {
		err = fault.New(fault.Invalid, "url does not go together with search or cursor.", nil).At("url")
	}
	if err != nil {
		return nil, failed(ctx, err)
	}
	var page library.Page[library.Site]
	if in.URL != "" {
		var site library.Site
		site, err = a.options.Library.SiteAt(ctx, who, in.URL)
		page.Entries = []library.Site{site}
	} else {
		page, err = a.options.Library.Sites(ctx, who, in.Search, cursor)
	}
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &sitesOutput{}
	out.Body.Sites, out.Body.Next = []siteBody{}, a.sealCursor(page.Next, owner...)
	for _, s := range page.Entries {
		out.Body.Sites = append(out.Body.Sites, siteBody{s.ID, s.Title, s.Address, timeOrNone(s.CreatedAt)})
	}
	return out, nil
}

type drivesInput struct {
	Site string `path:"siteId" maxLength:"256"`
	LongPage
}

type driveBody struct {
	ID        string `json:"driveId"`
	Name      string `json:"name"`
	Address   string `json:"webUrl" doc:"For people"`
	Remaining *int64 `json:"remainingBytes,omitempty" doc:"Missing if SharePoint does not say"`
}

type drivesOutput struct {
	Body struct {
		Drives []driveBody `json:"drives"`
		Next   string      `json:"next,omitempty" doc:"Cursor of the next page"`
	}
}

func (a *API) drives(ctx context.Context, in *drivesInput) (*drivesOutput, error) {
	who := callerOf(ctx)
	owner := []string{who.Tenant, who.User, "drives", in.Site}
	cursor, err := a.openCursor(in.Cursor, owner...)
	if err != nil {
		return nil, failed(ctx, err)
	}
	page, err := a.options.Library.Drives(ctx, who, in.Site, cursor)
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &drivesOutput{}
	out.Body.Drives, out.Body.Next = []driveBody{}, a.sealCursor(page.Next, owner...)
	for _, d := range page.Entries {
		body := driveBody{ID: d.ID, Name: d.Name, Address: d.Address}
		if d.Remaining >= 0 {
			body.Remaining = &d.Remaining
		}
		out.Body.Drives = append(out.Body.Drives, body)
	}
	return out, nil
}

// timeOrNone leaves out times that are not known.
func timeOrNone(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
