package graph

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// site is a SharePoint site with its document libraries.
type site struct {
	tenant      string // directory.Tenant.ID
	host        string // contoso.sharepoint.com
	path        string // "/sites/x"; empty for the root site
	name, title string
	collection  string // GUID of the site collection
	web         string // GUID of the site
	owner       string // user id
	created     time.Time
	indexed     time.Time // from when search finds it
	drives      []*drive
	access      map[string]Level
}

func (s *site) id() string     { return s.host + "," + s.collection + "," + s.web }
func (s *site) webURL() string { return "https://" + s.host + s.path }

// drive is a document library: what Graph calls a drive, and a list at the same time.
type drive struct {
	id, list     string // list is a GUID
	name, folder string // "Documents" is in the folder "Shared Documents"
	site         *site
	created      time.Time
	root         *item
	items        map[string]*item // by id, recycled ones too
	rows         map[int]*item    // by list item id
	lastRow      int
	total, used  int64 // bytes
	recycled     int64 // bytes of used that are in the recycle bin
	minor        bool  // changes make minor versions
	mustCheckOut bool  // a write leaves the file checked out
	columns      []column
	seq          int64 // of the last change
	oldest       int64 // tokens of delta from before are refused with 410
	access       map[string]Level
}

func (d *drive) webURL() string { return d.site.webURL() + "/" + url.PathEscape(d.folder) }

// item is a folder or a file.
type item struct {
	drive      *drive
	parent     *item // nil for the root
	id, guid   string
	name       string
	isFolder   bool
	children   map[string]*item // by lower-case name
	row        int              // list item id
	etag       int
	ctag       int // of the last content that was written; versions keep theirs
	created    time.Time
	createdBy  string // user id; empty for an application
	modified   time.Time
	modifiedBy string
	fsCreated  time.Time
	fsModified time.Time
	versions   []*version // oldest first; a file has at least one
	fields     map[string]any
	promoted   bool      // the picture's properties are known
	thumbsAt   time.Time // from when there are thumbnails
	indexed    time.Time
	written    time.Time // of the content, with all its digits
	out        *checkout
	locked     int    // 0 is free, else 1 + the shape of its 423
	malware    string // name of what was found; empty for a clean file
	deleted    bool
	seq        int64
	changed    time.Time
	access     map[string]Level
}

// version is a state of a file. Its content never changes.
type version struct {
	major, minor int
	ctag         int
	blob         blob
	at           time.Time
	by           string
	comment      string
}

func (v *version) id() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

// checkout says who works on a file. Others see the version at index base; -1 means that they see nothing.
type checkout struct {
	by   string
	base int
}

// view returns the version of a file that a user sees, or nil if it is hidden from the user.
func (it *item) view(user string) *version {
	if it.isFolder {
		return nil
	}
	last := len(it.versions) - 1
	if it.out != nil && it.out.by != user && it.out.base < last {
		last = it.out.base
	}
	if last < 0 {
		return nil
	}
	return it.versions[last]
}

// hidden reports whether a file exists only for the user who has it checked out.
func (it *item) hidden(user string) bool { return !it.isFolder && it.view(user) == nil }

func (it *item) current() *version { return it.versions[len(it.versions)-1] }

func (it *item) eTag() string { return fmt.Sprintf(`"{%s},%d"`, strings.ToUpper(it.guid), it.etag) }

func (it *item) cTag(v *version) string {
	return fmt.Sprintf(`"c:{%s},%d"`, strings.ToUpper(it.guid), v.ctag)
}

// path gives the names from below the root to the item, joined by slashes; empty for the root.
func (it *item) path() string {
	var names []string
	for n := it; n.parent != nil; n = n.parent {
		names = append(names, n.name)
	}
	slices.Reverse(names)
	return strings.Join(names, "/")
}

func (it *item) webURL() string {
	u := it.drive.webURL()
	if it.parent == nil {
		return u
	}
	for name := range strings.SplitSeq(it.path(), "/") {
		u += "/" + url.PathEscape(name)
	}
	return u
}

// size is the number of bytes in a file, or in all files below a folder.
func (it *item) size(user string) int64 {
	if v := it.view(user); v != nil {
		return v.blob.size
	}
	var sum int64
	for _, c := range it.children {
		sum += c.size(user)
	}
	return sum
}

func (it *item) within(folder *item) bool {
	for n := it; n != nil; n = n.parent {
		if n == folder {
			return true
		}
	}
	return false
}

// child finds an entry of a folder by its name in any case, or returns nil.
func (it *item) child(name string) *item { return it.children[strings.ToLower(name)] }

// walk follows a path of names from a folder; nil if there is nothing.
func (it *item) walk(path string) *item {
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			continue
		}
		if it = it.child(name); it == nil {
			return nil
		}
	}
	return it
}
