package graph

import (
	"fmt"
	"slices"

	"imagepro/handler/dev/sandbox/directory"
)

// Level is what a user may do with a site, a library, a folder or a file.
type Level int

// The levels. An item has the level that the nearest of its own entry, its folders', its library's and its
// site's gives; without any entry, None.
const (
	None Level = iota
	Read
	Write
)

var levelNames = []string{"none", "read", "write"}

// String gives none, read or write.
func (l Level) String() string { return levelNames[l] }

// MarshalText gives none, read or write.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads none, read or write.
func (l *Level) UnmarshalText(text []byte) error {
	n := slices.Index(levelNames, string(text))
	if n < 0 {
		return fmt.Errorf("graph: a level is none, read or write, not %q", text)
	}
	*l = Level(n)
	return nil
}

// Everyone stands for all users of a tenant in a permission.
const Everyone = "*"

func entry(access map[string]Level, user string) (Level, bool) {
	if l, ok := access[user]; ok {
		return l, true
	}
	l, ok := access[Everyone]
	return l, ok
}

func siteLevel(w directory.Grant, s *site) Level {
	if s.tenant != w.Tenant {
		return None
	}
	if w.User == "" {
		return Write
	}
	l, _ := entry(s.access, w.User)
	return l
}

func driveLevel(w directory.Grant, d *drive) Level {
	if d.site.tenant == w.Tenant && w.User != "" {
		if l, ok := entry(d.access, w.User); ok {
			return l
		}
	}
	return siteLevel(w, d.site)
}

func itemLevel(w directory.Grant, it *item) Level {
	if it.drive.site.tenant == w.Tenant && w.User != "" {
		for n := it; n != nil; n = n.parent {
			if l, ok := entry(n.access, w.User); ok {
				return l
			}
		}
	}
	return driveLevel(w, it.drive)
}

// sees reports whether a user may know that an item exists.
func sees(w directory.Grant, it *item) bool {
	return !it.deleted && itemLevel(w, it) >= Read && !it.hidden(w.User)
}
