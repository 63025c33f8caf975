package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"imagepro/handler/tab"
)

func (a *API) installTabs() {
	huma.Register(a.huma, signedIn("tabs", http.MethodGet, "/tabs", "Lists the image configurations of tabs"), a.tabs)
	// A repeat adds another.
	huma.Register(a.huma,
		created(signedIn("createTab", http.MethodPost, "/tabs", "Adds the image configuration of a tab")), a.createTab)
	huma.Register(a.huma, signedIn("tab", http.MethodGet, "/tabs/{id}", "Shows the image configuration of a tab"),
		a.tab)
	// A repeat is refused: the version is another.
	huma.Register(a.huma,
		signedIn("updateTab", http.MethodPut, "/tabs/{id}", "Replaces the image configuration of a tab"), a.updateTab)
	// A repeat finds nothing.
	huma.Register(a.huma,
		signedIn("deleteTab", http.MethodDelete, "/tabs/{id}", "Deletes the image configuration of a tab"), a.deleteTab)
}

// TabFields is what a client says of a tab, and is told.
type TabFields struct {
	Title         string          `json:"title" minLength:"1" maxLength:"128"`
	Site          string          `json:"siteId" minLength:"1" maxLength:"256" doc:"SharePoint site: host,guid,guid"`
	Drive         string          `json:"driveId" minLength:"1" maxLength:"256" doc:"Library of the site"`
	Folder        string          `json:"folderId,omitempty" maxLength:"256" doc:"root, the default, is the library's own folder"`
	Layout        string          `json:"layout,omitempty" enum:"grid,masonry,carousel,list" doc:"grid unless it is said"`
	Sort          *sortBody       `json:"sort,omitempty" doc:"By name unless it is said"`
	Captions      string          `json:"captions,omitempty" enum:"none,name,title,caption" doc:"none unless it is said"`
	DefaultRecipe json.RawMessage `json:"defaultRecipe,omitempty" doc:"What the editor begins with"`
}

type sortBody struct {
	By         string `json:"by,omitempty" enum:"name,modified,taken,size"`
	Descending bool   `json:"descending,omitempty"`
}

func (f TabFields) config() tab.Config {
	c := tab.Config{
		Title:         f.Title,
		Site:          f.Site,
		Drive:         f.Drive,
		Folder:        f.Folder,
		Layout:        tab.Layout(f.Layout),
		Captions:      tab.Captions(f.Captions),
		DefaultRecipe: f.DefaultRecipe,
	}
	if f.Sort != nil {
		c.Sort = tab.Sort{By: tab.SortKey(f.Sort.By), Descending: f.Sort.Descending}
	}
	return c
}

type tabBody struct {
	ID  string `json:"id"`
	Tag string `json:"etag" doc:"For If-Match"`
	TabFields
	CreatedAt time.Time  `json:"createdAt"`
	ChangedAt time.Time  `json:"changedAt"`
	Links     *linksBody `json:"links,omitempty" doc:"When the tab was created for a channel"`
}

type linksBody struct {
	Teams string `json:"teams" doc:"Deep link to the tab in its channel"`
}

func tabAnswer(t tab.Tab) tabBody {
	c := t.Config
	return tabBody{
		ID:        t.ID,
		Tag:       entityTag(t.Version),
		CreatedAt: t.CreatedAt,
		ChangedAt: t.ChangedAt,
		TabFields: TabFields{
			Title:         c.Title,
			Site:          c.Site,
			Drive:         c.Drive,
			Folder:        c.Folder,
			Layout:        string(c.Layout),
			Sort:          &sortBody{By: string(c.Sort.By), Descending: c.Sort.Descending},
			Captions:      string(c.Captions),
			DefaultRecipe: c.DefaultRecipe,
		},
	}
}

type tabOutput struct {
	ETag     string `header:"ETag"`
	Location string `header:"Location" doc:"Of the tab, when it was created"`
	Body     tabBody
}

type createTabInput struct {
	Body struct {
		TabFields
		Channel *channelBody `json:"channel,omitempty" doc:"Teams channel that the tab stands in: for the link in the answer, then forgotten"`
	}
}

type channelBody struct {
	ID   string `json:"id" minLength:"1" maxLength:"256"`
	Name string `json:"name,omitempty" maxLength:"256"`
}

func (a *API) createTab(ctx context.Context, in *createTabInput) (*tabOutput, error) {
	t, err := a.options.Tabs.Create(ctx, callerOf(ctx), in.Body.config())
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &tabOutput{ETag: entityTag(t.Version), Location: Prefix + "/tabs/" + t.ID, Body: tabAnswer(t)}
	if in.Body.Channel != nil {
		out.Body.Links = &linksBody{Teams: a.deepLink(t, *in.Body.Channel)}
	}
	return out, nil
}

// deepLink leads to a tab in a channel
// (https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-application).
func (a *API) deepLink(t tab.Tab, channel channelBody) string {
	label := t.Config.Title
	if channel.Name != "" {
		label += " (" + channel.Name + ")"
	}
	place, _ := json.Marshal(map[string]string{"channelId": channel.ID}) // maps of texts always marshal
	query := url.Values{"label": {label}, "context": {string(place)}}
	// Teams wants spaces as %20; a plus sign itself is %2B by now.
	return "https://teams.microsoft.com/l/entity/" + a.options.TeamsApp + "/" + t.ID + "?" +
		strings.ReplaceAll(query.Encode(), "+", "%20")
}

func (a *API) tab(ctx context.Context, in *RecordID) (*tabOutput, error) {
	t, err := a.options.Tabs.Get(ctx, callerOf(ctx), in.ID)
	if err != nil {
		return nil, failed(ctx, err)
	}
	return &tabOutput{ETag: entityTag(t.Version), Body: tabAnswer(t)}, nil
}

type updateTabInput struct {
	RecordID
	IfMatch string `header:"If-Match" maxLength:"1024" doc:"ETag of the tab as it was read"`
	Body    TabFields
}

func (a *API) updateTab(ctx context.Context, in *updateTabInput) (*tabOutput, error) {
	version, err := matched(in.IfMatch)
	if err != nil {
		return nil, failed(ctx, err)
	}
	t, err := a.options.Tabs.Update(ctx, callerOf(ctx), in.ID, version, in.Body.config())
	if err != nil {
		return nil, failed(ctx, err)
	}
	return &tabOutput{ETag: entityTag(t.Version), Body: tabAnswer(t)}, nil
}

type deleteInput struct {
	RecordID
	IfMatch string `header:"If-Match" maxLength:"1024" doc:"ETag of what was read, or * for any version"`
}

func (a *API) deleteTab(ctx context.Context, in *deleteInput) (*struct{}, error) {
	version, err := matchedOrAny(in.IfMatch)
	if err == nil {
		err = a.options.Tabs.Delete(ctx, callerOf(ctx), in.ID, version)
	}
	if err != nil {
		return nil, failed(ctx, err)
	}
	return nil, nil
}

type tabsOutput struct {
	Body struct {
		Tabs []tabBody `json:"tabs"`
		Next string    `json:"next,omitempty" doc:"Cursor of the next page"`
	}
}

func (a *API) tabs(ctx context.Context, in *Page) (*tabsOutput, error) {
	who := callerOf(ctx)
	cursor, err := a.openCursor(in.Cursor, who.Tenant, "tabs")
	if err != nil {
		return nil, failed(ctx, err)
	}
	tabs, next, err := a.options.Tabs.List(ctx, who, cursor, in.Limit)
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &tabsOutput{}
	out.Body.Tabs, out.Body.Next = []tabBody{}, a.sealCursor(next, who.Tenant, "tabs")
	for _, t := range tabs {
		out.Body.Tabs = append(out.Body.Tabs, tabAnswer(t))
	}
	return out, nil
}
