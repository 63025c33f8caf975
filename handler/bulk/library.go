package bulk

import (
	"context"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/secret"
)

// File is a file or folder of a library as it stood when it was read.
type File struct {
	Drive, Item string // opaque ids
	Parent      string // id of the folder that holds it
	Name        string
	Folder      bool
	MIME        string // as the library derives it from the name's ending; empty for folders
	Size        int64  // bytes
	Modified    time.Time
	// Dated is the time of the last change that the file bears, which whoever brought it may have set. With KeepDate
	// what is written in its place, or beside it, bears it too.
	Dated    time.Time
	KeepDate bool
	// Tag names the content: it changes with every new content and with nothing else.
	Tag string
	// Fingerprint is the hash of the content, comparable with Library.Fingerprint; empty if the library has
	// not worked it out yet.
	Fingerprint string
	// Overwrote is set by Replace: somebody saved at the same moment, and their content is the version below.
	Overwrote bool
	// Source is an address of the content that lives for minutes, if the library named one. It is a secret.
	Source secret.Text
}

// Page is some children of a folder. Next is empty on the last page; else the place to go on.
type Page struct {
	Files []File
	Next  string
}

// Version is an earlier or the current content of a file, newest first in a list.
type Version struct {
	ID       string
	Size     int64 // bytes
	Modified time.Time
}

// Library reads and writes the files of a SharePoint library with the rights of the caller.
//
// Its faults: NotFound (also for what the caller may not see), Forbidden, Locked, Full, Busy, SignIn, and
// those that each method names.
type Library interface {
	// Children returns a page of a folder: the first for an empty cursor, else the one that Page.Next named.
	// Folder "root" is the drive's own. At most 90 files come at a time.
	Children(ctx context.Context, who caller.Caller, drive, folder, cursor string) (Page, error)
	// File returns a file as it stands now.
	File(ctx context.Context, who caller.Caller, drive, item string) (File, error)
	// Read returns the content of at most limit bytes; TooLarge if it is longer. A Source has the rights of who read
	// the file.
	Read(ctx context.Context, who caller.Caller, f File, limit int64) ([]byte, error)
	// Replace makes content the new version of the file if its Tag is still f's; Conflict if not. Busy if the service
	// did not say whether it did.
	Replace(ctx context.Context, who caller.Caller, f File, content []byte) (File, error)
	// Create adds a file beside f; Conflict if the name is taken.
	Create(ctx context.Context, who caller.Caller, f File, name string, content []byte) (File, error)
	// Beside returns the file with the name in f's folder, or NotFound.
	Beside(ctx context.Context, who caller.Caller, f File, name string) (File, error)
	// Versions returns the file's versions, newest first.
	Versions(ctx context.Context, who caller.Caller, f File) ([]Version, error)
	// ReadVersion returns the content of a version; TooLarge if it is longer than limit bytes.
	ReadVersion(ctx context.Context, who caller.Caller, f File, version string, limit int64) ([]byte, error)
	// Fingerprint returns the hash of a content.
	Fingerprint(content []byte) string
}
