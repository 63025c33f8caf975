// Package library is what one person does with one picture: finding it among the sites, libraries and folders that
// they may see, reading it, editing and saving it, and going back to what it was.
//
// It does not know Graph or tables; it declares what it needs of them (SharePoint, PropertyStore), and it leaves pixels
// to imaging. It remembers nothing: whatever it tells, it has just read with the rights of the caller. What an
// organization says of its pictures (Properties) is told to those who may see the picture.
package library

import (
	"context"
	"io"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/imaging"
	"imagepro/handler/secret"
)

// Site is a SharePoint site.
type Site struct {
	ID        string // host,guid,guid
	Title     string
	Address   string // for people
	CreatedAt time.Time
}

// Drive is a document library of a site.
type Drive struct {
	ID, Name  string
	Address   string
	Remaining int64 // bytes that are free; -1 if SharePoint does not say
}

// Ref names a file or folder of a library.
type Ref struct{ Drive, Item string }

// Person is somebody of the organization, as SharePoint names them.
type Person struct{ ID, Name string }

// Item is a file or folder as it stood when it was read.
type Item struct {
	Ref
	Parent   string // id of the folder that holds it
	Name     string
	Address  string // for people
	Folder   bool
	Children int    // of a folder
	MIME     string // of a file, as SharePoint derives it from the name's ending
	Size     int64  // bytes
	// Tag names the content: it changes with every new content and with nothing else. Folders have none.
	Tag         string
	Fingerprint string // hash of the content; empty if SharePoint has not worked it out yet
	CreatedAt   time.Time
	ModifiedAt  time.Time
	// of the last change that the file bears, which whoever brought it may have set; of one item only
	Dated      time.Time
	CreatedBy  Person
	ModifiedBy Person
	// Width and Height are in pixels, as the picture is seen; zero if they are not known.
	Width, Height int
	TakenAt       time.Time // when the photograph was taken; zero if that is not known
	Thumbnails    []Thumbnail
	Deleted       bool // in changes: it is gone, and only Ref is known
	// Overwrote is set by Put: somebody saved at the same moment, and their content is the version below.
	Overwrote bool
	// Source is a pre-authenticated address of the content, good for minutes; empty in lists.
	Source secret.Text
}

// OverwroteChange is the warning of a save that was made over somebody else's; see Item.Overwrote.
const OverwroteChange = "overwroteChange"

// Image reports whether the name's ending is that of a picture.
func (i Item) Image() bool { return !i.Folder && len(i.MIME) > 6 && i.MIME[:6] == "image/" }

// Thumbnail is a small JPEG that SharePoint keeps of a picture.
type Thumbnail struct {
	Size          string // a word of Sizes
	Width, Height int
	Address       string // pre-authenticated, good for minutes
}

// Sizes are the thumbnails that SharePoint keeps: at most 96, 176 and 800 pixels on the longer side
// (https://learn.microsoft.com/graph/api/resources/thumbnailset).
var Sizes = []string{"small", "medium", "large"}

// Version is the content that a file has or had.
type Version struct {
	ID         string
	Size       int64 // bytes
	ModifiedAt time.Time
	ModifiedBy Person
	Current    bool
	// Width and Height are as those of Item.
	Width, Height int
	Source        secret.Text // as that of Item
}

// Page is a part of a list. Next is empty on the last one; else it is the place to go on, opaque.
type Page[T any] struct {
	Entries []T
	Next    string
}

// Listing says how a folder is listed.
type Listing struct {
	Folder     Ref
	By         SortKey
	Descending bool
	Limit      int // most entries of a page; 1 to 500
	Thumbnails bool
	Cursor     string // Next of the page before
}

// SortKey is what a folder can be sorted by.
type SortKey string

// The keys.
const (
	ByName     SortKey = "name"
	BySize     SortKey = "size"
	ByCreated  SortKey = "created"
	ByModified SortKey = "modified"
)

// Span is a part of a content: Length bytes from From on.
type Span struct{ From, Length int64 }

// Content is a picture to write: ReadAt may be asked for any part of it again.
type Content struct {
	io.ReaderAt
	Size     int64
	Modified time.Time // that the file has as the time of its last change; zero for the time of the save
}

// OnConflict is what to do if a name is taken.
type OnConflict string

// The policies.
const (
	Fail    OnConflict = "fail"
	Rename  OnConflict = "rename"  // another name: "a 1.jpg" beside "a.jpg"
	Replace OnConflict = "replace" // the file of that name gets a new version
	Skip    OnConflict = "skip"    // nothing is saved, which is no fault
)

// Columns are the columns of a file that every library has; nil leaves one as it is.
type Columns struct{ Title, Description *string }

// SharePoint reads and writes libraries with the rights of the caller.
//
// Its faults: NotFound (also for what the caller may not see), Forbidden, Locked, Full, Busy, SignIn, Invalid (an
// id or a name that cannot be), and those that each method names.
type SharePoint interface {
	// Sites returns sites that match a text of people's; "*" for all.
	Sites(ctx context.Context, who caller.Caller, search, cursor string) (Page[Site], error)
	// SiteAt returns the site at a path of a host, "" for the host's own.
	SiteAt(ctx context.Context, who caller.Caller, host, path string) (Site, error)
	// Drives returns the libraries of a site.
	Drives(ctx context.Context, who caller.Caller, site, cursor string) (Page[Drive], error)
	// List returns a page of a folder, and what it is sorted by: by name if the folder is too large to be sorted in the
	// order that was asked for. A page may have fewer entries than were asked for, or none, though more follow.
	List(ctx context.Context, who caller.Caller, l Listing) (Page[Item], SortKey, error)
	// Changes returns what changed in a drive since the cursor; "" begins with everything that is there, and
	// "latest" with nothing. Later is set on the last page: the cursor to ask with another time. Stale if the
	// cursor is too old, and the list has to be read anew.
	Changes(ctx context.Context, who caller.Caller, drive, cursor string) (changes Page[Item], later string, err error)
	// Item returns a file or folder as it stands now.
	Item(ctx context.Context, who caller.Caller, ref Ref) (Item, error)
	// Open reads a part of the content that the item had when it was read. A stream that breaks off goes on; it
	// fails if the content was changed meanwhile.
	Open(ctx context.Context, who caller.Caller, i Item, part Span) (io.ReadCloser, error)
	// Thumbnail returns a thumbnail of one of Sizes, or of a box such as c300x400_crop, as JPEG of at most 8 MiB.
	// NotFound if SharePoint has none (yet).
	Thumbnail(ctx context.Context, who caller.Caller, ref Ref, size string) ([]byte, error)
	// Put makes the content the new version of the item if its Tag still stands. Conflict if not.
	Put(ctx context.Context, who caller.Caller, i Item, c Content) (Item, error)
	// Add makes a file in a folder. Conflict if the name is taken.
	Add(ctx context.Context, who caller.Caller, folder Ref, name string, c Content) (Item, error)
	// Named returns the entry of a folder with the name, or NotFound.
	Named(ctx context.Context, who caller.Caller, folder Ref, name string) (Item, error)
	// History returns the versions of a file, newest first; all that are kept, within reason.
	History(ctx context.Context, who caller.Caller, ref Ref) ([]Version, error)
	// OpenVersion reads a part of an old content.
	OpenVersion(ctx context.Context, who caller.Caller, ref Ref, v Version, part Span) (io.ReadCloser, error)
	// Visible returns those of the files that the caller may see.
	Visible(ctx context.Context, who caller.Caller, refs []Ref) (map[Ref]Item, error)
	// MayWrite fails with Forbidden if the caller may only read the file. It changes nothing.
	MayWrite(ctx context.Context, who caller.Caller, ref Ref) error
	// SetColumns writes columns of a file, all at once, so that it gets one more version at the most; none if they
	// have the values already.
	SetColumns(ctx context.Context, who caller.Caller, ref Ref, c Columns) error
	// Hash returns the Fingerprint of a content.
	Hash(c Content) (string, error)
}

// Service serves the pictures of libraries.
type Service struct {
	o      ServiceOptions
	places *places
}

// ServiceOptions are what a Service needs.
type ServiceOptions struct {
	SharePoint SharePoint
	Properties PropertyStore
	Limits     imaging.Limits
	Room       imaging.Room
	Now        func() time.Time
	// Spool is a folder for contents on their way; empty for the system's own. Their files have no names.
	Spool string
}

// NewService returns a service.
func NewService(o ServiceOptions) *Service { return &Service{o, newPlaces()} }
