package library

import (
	"context"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// MaxSearch is the most characters of a text to search for, or of a part of a name.
const MaxSearch = 200

// Sites returns sites whose names match the text; all that the caller may see for an empty one.
func (s *Service) Sites(ctx context.Context, who caller.Caller, search, cursor string) (Page[Site], error) {
	search = strings.TrimSpace(search)
	if utf8.RuneCountInString(search) > MaxSearch {
		return Page[Site]{},
			fault.Newf(fault.Invalid, "A text to search for has at most %d characters.", MaxSearch).At("search")
	}
	if search == "" {
		search = "*"
	}
	return s.o.SharePoint.Sites(ctx, who, search, cursor)
}

// SiteAt returns the site that an address of SharePoint's leads to: the site's own, or that of anything in it.
func (s *Service) SiteAt(ctx context.Context, who caller.Caller, address string) (Site, error) {
	location, err := url.Parse(address)
	if err != nil || location.Scheme != "https" || location.Hostname() == "" || location.User != nil ||
		!strings.Contains(location.Hostname(), ".") {
		return Site{}, fault.New(fault.Invalid, "This is not the https address of a SharePoint site.", nil).At("url")
	}
	parts := strings.Split(strings.Trim(location.Path, "/"), "/")
	path := ""
	if len(parts) >= 2 && (strings.EqualFold(parts[0], "sites") || strings.EqualFold(parts[0], "teams")) {
		path = parts[0] + "/" + parts[1]
	}
	return s.o.SharePoint.SiteAt(ctx, who, strings.ToLower(location.Hostname()), path)
}

// Drives returns the libraries of a site.
func (s *Service) Drives(ctx context.Context, who caller.Caller, site, cursor string) (Page[Drive], error) {
	return s.o.SharePoint.Drives(ctx, who, site, cursor)
}

// Query says what of a folder is wanted.
type Query struct {
	Listing
	All  bool   // files that are no pictures as well
	Name string // part of the name, in any case of its letters; empty for all
}

// List returns a page of a folder, folders and pictures, and what it is sorted by (see SharePoint). SharePoint filters
// nothing itself, so that a page may have few entries, or none, though more follow.
func (s *Service) List(ctx context.Context, who caller.Caller, q Query) (Page[Item], SortKey, error) {
	if utf8.RuneCountInString(q.Name) > MaxSearch {
		return Page[Item]{}, "",
			fault.Newf(fault.Invalid, "A part of a name has at most %d characters.", MaxSearch).At("name")
	}
	page, by, err := s.o.SharePoint.List(ctx, who, q.Listing)
	if err != nil {
		return Page[Item]{}, "", err
	}
	part := strings.ToLower(q.Name)
	kept := page.Entries[:0]
	for _, i := range page.Entries {
		if (q.All || i.Folder || i.Image()) && strings.Contains(strings.ToLower(i.Name), part) {
			kept = append(kept, i)
		}
	}
	page.Entries = kept
	s.measure(ctx, who, kept)
	return page, by, nil
}

// Changes returns what changed in a drive; see SharePoint. Files that are no pictures are left out unless all are
// wanted.
func (s *Service) Changes(
	ctx context.Context, who caller.Caller, drive, cursor string, all bool,
) (Page[Item], string, error) {
	page, later, err := s.o.SharePoint.Changes(ctx, who, drive, cursor)
	if err != nil {
		return Page[Item]{}, "", err
	}
	last := map[string]int{} // the same item may come several times; the last one counts
	for n, i := range page.Entries {
		last[i.Item] = n
	}
	kept := page.Entries[:0]
	for n, i := range page.Entries {
		if last[i.Item] == n && (all || i.Deleted || i.Folder || i.Image()) {
			kept = append(kept, i)
		}
	}
	page.Entries = kept
	return page, later, nil
}

const (
	// measureTime is how long a list waits for the sides of new pictures.
	measureTime     = 5 * time.Second
	measureParallel = 8
	// maxMeasured is how many pictures of a list, or versions of a file, are measured.
	maxMeasured = 50
)

// measured are the types whose headers are read here.
var measured = map[string]bool{
	"image/jpeg": true,
	"image/png":  true,
	"image/gif":  true,
	"image/webp": true,
	"image/tiff": true,
	"image/bmp":  true,
}

// measure reads the sides of pictures that SharePoint has not measured yet, or never will, from the first bytes of
// their contents. It asks Graph for nothing; what cannot be read, or not in time, stays unknown.
func (s *Service) measure(ctx context.Context, who caller.Caller, items []Item) {
	ctx, cancel := context.WithTimeout(ctx, measureTime)
	defer cancel()
	group := errgroup.Group{}
	group.SetLimit(measureParallel)
	left := maxMeasured
	for n := range items {
		if i := &items[n]; measured[i.MIME] && i.Width == 0 && !i.Source.Empty() && left > 0 {
			left--
			group.Go(func() error {
				info, err := s.peek(ctx, who, *i)
				if err == nil {
					i.Width, i.Height = info.Width, info.Height
				}
				return nil
			})
		}
	}
	_ = group.Wait() // none fails
}

// peek reads the header of a picture of any size.
func (s *Service) peek(ctx context.Context, who caller.Caller, i Item) (imaging.Info, error) {
	limits := s.o.Limits
	limits.Bytes = int(max(i.Size, 1))
	return imaging.Peek(
		&remote{size: i.Size, read: func(part Span) ([]byte, error) {
			return readAll(s.o.SharePoint.Open(ctx, who, i, part))
		}}, i.Size, limits)
}

// remote is a content of which parts are read when they are asked for.
type remote struct {
	size   int64
	read   func(Span) ([]byte, error)
	mu     sync.Mutex
	blocks map[int64][]byte
}

// remoteBlock is how much is read at once.
const remoteBlock = 64 << 10

// ReadAt reads long parts as they are, short ones from blocks that are kept: decoders read some bytes here and there.
func (r *remote) ReadAt(p []byte, off int64) (int, error) {
	var done int
	for done < len(p) {
		at := off + int64(done)
		if at >= r.size {
			return done, io.EOF
		}
		if rest := int64(len(p) - done); rest > remoteBlock {
			part, err := r.read(Span{at, min(rest, r.size-at)})
			if err != nil {
				return done, err
			}
			done += copy(p[done:], part)
			continue
		}
		block, err := r.block(at / remoteBlock * remoteBlock)
		if err != nil {
			return done, err
		}
		done += copy(p[done:], block[at%remoteBlock:])
	}
	return done, nil
}

func (r *remote) block(at int64) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if block, ok := r.blocks[at]; ok {
		return block, nil
	}
	block, err := r.read(Span{at, min(remoteBlock, r.size-at)})
	if err != nil {
		return nil, err
	}
	if r.blocks == nil || len(r.blocks) > 64 { // few are needed
		r.blocks = map[int64][]byte{}
	}
	r.blocks[at] = block
	return block, nil
}
