package graph

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The Go side of the management: tests and the demo build their world with these methods, which ask for no
// permission. Users are named by object id or UPN. A path is written without a leading slash; folders on
// the way are made.

// ErrNotFound says that there is no such site, drive, item or version.
var ErrNotFound = errors.New("graph: not found")

// Site is a site with its first library.
type Site struct {
	Tenant  string `json:"tenant"`
	ID      string `json:"id"` // host,guid,guid
	Name    string `json:"name"`
	WebURL  string `json:"webUrl"`
	DriveID string `json:"driveId"`
	ListID  string `json:"listId"`
}

// Item is a folder or a file as it is now, drafts included.
type Item struct {
	DriveID    string         `json:"driveId"`
	ID         string         `json:"id"`
	ListItemID int            `json:"listItemId"`
	Path       string         `json:"path"` // from below the library's root
	Name       string         `json:"name"`
	Folder     bool           `json:"folder"`
	Size       int64          `json:"size"`
	ETag       string         `json:"eTag"`
	CTag       string         `json:"cTag"`
	QuickXor   string         `json:"quickXorHash"`
	SHA256     string         `json:"sha256"` // lower-case hex
	Version    string         `json:"version"`
	Versions   int            `json:"versions"`
	CreatedBy  string         `json:"createdBy"`
	ModifiedBy string         `json:"modifiedBy"`
	Modified   time.Time      `json:"modified"`
	CheckedOut string         `json:"checkedOutBy,omitempty"`
	Locked     bool           `json:"locked,omitempty"`
	Deleted    bool           `json:"deleted,omitempty"`
	Fields     map[string]any `json:"fields,omitempty"`
}

// Version is one version of a file.
type Version struct {
	ID       string    `json:"id"` // "2.0"
	Size     int64     `json:"size"`
	QuickXor string    `json:"quickXorHash"`
	SHA256   string    `json:"sha256"`
	CTag     string    `json:"cTag"` // two versions with one cTag have the same content
	Modified time.Time `json:"modified"`
	By       string    `json:"by"`
	Comment  string    `json:"comment,omitempty"`
}

// defaultQuota is the space of a new library in bytes: 1 TiB.
const defaultQuota = 1 << 40

var notInPath = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// AddSite makes a site with a library "Documents", whose owner may write there; nobody else may see it. The
// site's path is /sites/ and the name's letters and digits; the empty name makes the tenant's root site.
func (g *Graph) AddSite(tenant, name, owner string) (Site, error) {
	t, err := g.options.Directory.Tenant(tenant)
	if err != nil {
		return Site{}, fmt.Errorf("graph: add site: %w", err)
	}
	u, err := g.options.Directory.User(t.ID, owner)
	if err != nil {
		return Site{}, fmt.Errorf("graph: add site: %w", err)
	}
	g.lock()
	defer g.mu.Unlock()
	s := &site{
		tenant:     t.ID,
		host:       g.hostOf(t.ID),
		name:       notInPath.ReplaceAllString(name, ""),
		title:      name,
		owner:      u.ID,
		collection: g.newGUID(),
		web:        g.newGUID(),
		created:    g.second(),
		indexed:    g.now().Add(g.upTo(g.unkind.IndexMax)),
		access:     map[string]Level{u.ID: Write},
	}
	if name != "" {
		s.path = "/sites/" + s.name
	}
	if slices.ContainsFunc(g.sites, func(o *site) bool {
		return o.tenant == s.tenant && strings.EqualFold(o.path, s.path)
	}) {
		return Site{}, fmt.Errorf("graph: the site %s exists", s.webURL())
	}
	g.sites = append(g.sites, s)
	g.addDrive(s, "Documents", "Shared Documents")
	return s.show(), nil
}

func (g *Graph) addDrive(s *site, name, folder string) *drive {
	d := &drive{
		id:      g.newDriveID(),
		list:    g.newGUID(),
		name:    name,
		folder:  folder,
		site:    s,
		created: g.second(),
		items:   map[string]*item{},
		rows:    map[int]*item{},
		total:   defaultQuota,
		columns: libraryColumns(),
		access:  map[string]Level{},
	}
	now := g.second()
	d.root = &item{
		drive:      d,
		id:         g.newItemID(),
		guid:       g.newGUID(),
		name:       "root",
		isFolder:   true,
		children:   map[string]*item{},
		etag:       1,
		created:    now,
		createdBy:  s.owner,
		modified:   now,
		modifiedBy: s.owner,
		fsCreated:  now,
		fsModified: now,
		access:     map[string]Level{},
	}
	d.items[d.root.id] = d.root
	g.noted(d.root)
	g.drives[d.id] = d
	s.drives = append(s.drives, d)
	return d
}

// AddDrive adds a library to a site and returns its drive id.
func (g *Graph) AddDrive(siteID, name string) (string, error) {
	g.lock()
	defer g.mu.Unlock()
	s := g.siteByID(siteID)
	if s == nil {
		return "", ErrNotFound
	}
	return g.addDrive(s, name, name).id, nil
}

func (g *Graph) siteByID(id string) *site {
	for _, s := range g.sites {
		if s.id() == id {
			return s
		}
	}
	return nil
}

func (s *site) show() Site {
	return Site{s.tenant, s.id(), s.name, s.webURL(), s.drives[0].id, s.drives[0].list}
}

// Sites returns all sites of all tenants.
func (g *Graph) Sites() []Site {
	g.lock()
	defer g.mu.Unlock()
	all := []Site{}
	for _, s := range g.sites {
		all = append(all, s.show())
	}
	return all
}

// AddFolder makes a folder, and those above it, unless they exist.
func (g *Graph) AddFolder(driveID, folder, by string) (Item, error) {
	g.lock()
	defer g.mu.Unlock()
	it, err := g.makeFolders(driveID, folder, by)
	if err != nil {
		return Item{}, err
	}
	return it.show(), nil
}

func (g *Graph) makeFolders(driveID, folder, by string) (*item, error) {
	d, known := g.drives[driveID]
	if !known {
		return nil, ErrNotFound
	}
	by = g.userID(d, by)
	it := d.root
	for name := range strings.SplitSeq(strings.Trim(path.Clean("/"+folder), "/"), "/") {
		if name == "" {
			continue
		}
		next := it.child(name)
		if next == nil {
			if f := checkName(name, true); f != nil {
				return nil, f
			}
			next = g.add(it, name, true, by)
		}
		if it = next; !it.isFolder {
			return nil, fmt.Errorf("graph: %s is a file", it.path())
		}
	}
	return it, nil
}

// userID turns a UPN into an id and leaves everything else as it is.
func (g *Graph) userID(d *drive, user string) string {
	if u, err := g.options.Directory.User(d.site.tenant, user); err == nil {
		return u.ID
	}
	return user
}

// PutFile writes a file as somebody: a new file, or a new version of the file that is there.
func (g *Graph) PutFile(driveID, name string, r io.Reader, by string) (Item, error) {
	content, err := g.blobs.store(r, 0)
	if err != nil {
		return Item{}, err
	}
	g.lock()
	defer g.mu.Unlock()
	folder, err := g.makeFolders(driveID, path.Dir("/"+name), by)
	if err != nil {
		return Item{}, err
	}
	by = g.userID(folder.drive, by)
	it := folder.child(path.Base(name))
	if it == nil {
		if f := checkName(path.Base(name), false); f != nil {
			return Item{}, f
		}
		it = g.add(folder, path.Base(name), false, by)
	}
	if it.isFolder {
		return Item{}, fmt.Errorf("graph: %s is a folder", it.path())
	}
	g.write(it, content, by)
	return it.show(), nil
}

func (it *item) show() Item {
	out := Item{
		DriveID:    it.drive.id,
		ID:         it.id,
		ListItemID: it.row,
		Path:       it.path(),
		Name:       it.name,
		Folder:     it.isFolder,
		ETag:       it.eTag(),
		Versions:   len(it.versions),
		CreatedBy:  it.createdBy,
		ModifiedBy: it.modifiedBy,
		Modified:   it.modified,
		Locked:     it.locked > 0,
		Deleted:    it.deleted,
		Fields:     maps.Clone(it.fields),
	}
	if it.out != nil {
		out.CheckedOut = it.out.by
	}
	if len(it.versions) > 0 {
		v := it.current()
		out.Size, out.CTag, out.QuickXor, out.SHA256, out.Version = v.blob.size, it.cTag(v), v.blob.quick,
			v.blob.sha256, v.id()
	}
	return out
}

// Item finds an item by its id or its path; "" is the root.
func (g *Graph) Item(driveID, idOrPath string) (Item, error) {
	g.lock()
	defer g.mu.Unlock()
	it, err := g.item(driveID, idOrPath)
	if err != nil {
		return Item{}, err
	}
	return it.show(), nil
}

func (g *Graph) item(driveID, idOrPath string) (*item, error) {
	d, known := g.drives[driveID]
	if !known {
		return nil, ErrNotFound
	}
	if it, known := d.items[idOrPath]; known {
		return it, nil
	}
	if it := d.root.walk(idOrPath); it != nil {
		return it, nil
	}
	return nil, ErrNotFound
}

// Items lists a folder, named by its id or path, by name.
func (g *Graph) Items(driveID, idOrPath string) ([]Item, error) {
	g.lock()
	defer g.mu.Unlock()
	it, err := g.item(driveID, idOrPath)
	if err != nil {
		return nil, err
	}
	all := []Item{}
	for _, name := range slices.Sorted(maps.Keys(it.children)) {
		all = append(all, it.children[name].show())
	}
	return all, nil
}

// Versions lists the versions of a file, newest first.
func (g *Graph) Versions(driveID, idOrPath string) ([]Version, error) {
	g.lock()
	defer g.mu.Unlock()
	it, err := g.item(driveID, idOrPath)
	if err != nil {
		return nil, err
	}
	all := []Version{}
	for _, v := range slices.Backward(it.versions) {
		all = append(all, Version{v.id(), v.blob.size, v.blob.quick, v.blob.sha256, it.cTag(v), v.at, v.by, v.comment})
	}
	return all, nil
}

// Content opens the content of a version of a file, the current one if version is empty. The caller closes
// it.
func (g *Graph) Content(driveID, idOrPath, version string) (io.ReadCloser, error) {
	g.lock()
	defer g.mu.Unlock()
	it, err := g.item(driveID, idOrPath)
	if err != nil {
		return nil, err
	}
	if it.isFolder {
		return nil, ErrNotFound
	}
	v := it.current()
	if version != "" {
		if v, _ = it.version(version); v == nil {
			return nil, ErrNotFound
		}
	}
	return g.blobs.open(v.blob)
}
