// Package tab keeps what the tabs of an organization show (their image configurations) and its presets, which
// are recipes with names. Both belong to the organization: they say nothing of who made them, nor of the Teams
// channel that a tab stands in.
//
// It does not know how records are stored, nor what is in a library beyond whether a folder is there.
package tab

import (
	"context"
	"encoding/json"
	"time"

	"imagepro/handler/caller"
)

// Tab is the image configuration of a Teams tab.
type Tab struct {
	Tenant, ID string
	Config     Config
	CreatedAt  time.Time
	ChangedAt  time.Time
	Version    string // changes with every write; opaque
}

// Config is what a tab shows.
type Config struct {
	Title    string // 1 to MaxTitle characters
	Site     string // id of the SharePoint site: host,guid,guid
	Drive    string // id of the library in it
	Folder   string // item id; "root" is the library's own folder
	Layout   Layout
	Sort     Sort
	Captions Captions
	// DefaultRecipe is what the editor begins with, canonical; nil for none.
	DefaultRecipe json.RawMessage
}

// Layout is how pictures are arranged.
type Layout string

// The layouts.
const (
	Grid     Layout = "grid" // equal tiles
	Masonry  Layout = "masonry"
	Carousel Layout = "carousel" // one at a time
	List     Layout = "list"
)

// Sort is an order of pictures.
type Sort struct {
	By         SortKey
	Descending bool
}

// SortKey is what pictures are sorted by.
type SortKey string

// The keys.
const (
	ByName     SortKey = "name"
	ByModified SortKey = "modified"
	ByTaken    SortKey = "taken" // when the photograph was taken
	BySize     SortKey = "size"  // bytes
)

// Captions is what stands below a picture.
type Captions string

// The captions.
const (
	NoCaptions    Captions = "none"
	NameCaptions  Captions = "name"
	TitleCaptions Captions = "title" // the image property
	TextCaptions  Captions = "caption"
)

// Preset is a recipe with a name.
type Preset struct {
	Tenant, ID  string
	Name        string // 1 to MaxTitle characters; unique in the organization, in any case
	Description string // at most MaxDescription characters
	Recipe      json.RawMessage
	CreatedAt   time.Time
	ChangedAt   time.Time
	Version     string
}

// The bounds of texts, in characters.
const (
	MaxTitle       = 128
	MaxDescription = 1000
)

// Tabs keeps tabs. Its faults: NotFound; Conflict, if the version is not the one that was read; Busy.
type Tabs interface {
	// CreateTab adds a tab and returns it with its version.
	CreateTab(ctx context.Context, t Tab) (Tab, error)
	Tab(ctx context.Context, tenant, id string) (Tab, error)
	// UpdateTab and DeleteTab want the version that was read; UpdateTab returns the new one.
	UpdateTab(ctx context.Context, t Tab) (Tab, error)
	DeleteTab(ctx context.Context, t Tab) error
	// Tabs returns at most limit tabs of a tenant after the cursor (empty: from the start), by id, and the cursor
	// to go on with, empty at the end.
	Tabs(ctx context.Context, tenant, cursor string, limit int) ([]Tab, string, error)
}

// Presets keeps presets, with methods as those of Tabs. ErrNameTaken if another preset has the name.
type Presets interface {
	CreatePreset(ctx context.Context, p Preset) (Preset, error)
	Preset(ctx context.Context, tenant, id string) (Preset, error)
	UpdatePreset(ctx context.Context, p Preset) (Preset, error)
	DeletePreset(ctx context.Context, p Preset) error
	Presets(ctx context.Context, tenant, cursor string, limit int) ([]Preset, string, error)
}

// Library tells what is in SharePoint's libraries.
type Library interface {
	// Folder fails unless the item is a folder that the caller may see: NotFound, Forbidden, Unsupported,
	// Invalid, or with what keeps it from being known.
	Folder(ctx context.Context, who caller.Caller, drive, item string) error
}
