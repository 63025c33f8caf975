package graph

import (
	"fmt"
	"slices"
)

// The switches that people and other programs turn in the real world.

// Permission gives a user a level somewhere. Of SiteID, DriveID and ItemID the last that is set counts.
type Permission struct {
	SiteID  string `json:"siteId"`
	DriveID string `json:"driveId"`
	ItemID  string `json:"itemId"` // id or path; needs DriveID
	User    string `json:"user"`   // object id, UPN or Everyone
	Level   Level  `json:"level"`
}

// Allow sets a permission: also one that takes a right away (None).
func (g *Graph) Allow(p Permission) error {
	g.lock()
	defer g.mu.Unlock()
	if p.DriveID == "" {
		s := g.siteByID(p.SiteID)
		if s == nil {
			return ErrNotFound
		}
		s.access[g.userID(s.drives[0], p.User)] = p.Level
		return nil
	}
	d, known := g.drives[p.DriveID]
	if !known {
		return ErrNotFound
	}
	access := d.access
	if p.ItemID != "" {
		it, err := g.item(p.DriveID, p.ItemID)
		if err != nil {
			return err
		}
		access = it.access
	}
	access[g.userID(d, p.User)] = p.Level
	return nil
}

// change runs a change of an item with the lock held.
func (g *Graph) change(driveID, idOrPath string, do func(it *item) error) (Item, error) {
	g.lock()
	defer g.mu.Unlock()
	it, err := g.item(driveID, idOrPath)
	if err != nil {
		return Item{}, err
	}
	if err := do(it); err != nil {
		return Item{}, err
	}
	return it.show(), nil
}

// Lock locks a file as an open editor does, so that every write gets 423 in the given one of its three
// shapes (0, 1, 2). Unlock releases it.
func (g *Graph) Lock(driveID, idOrPath string, shape int) (Item, error) {
	return g.change(driveID, idOrPath, func(it *item) error {
		if shape < 0 || shape > 2 {
			return fmt.Errorf("graph: there is no shape %d of 423", shape)
		}
		it.locked = 1 + shape
		return nil
	})
}

// Unlock releases a lock.
func (g *Graph) Unlock(driveID, idOrPath string) (Item, error) {
	return g.change(driveID, idOrPath, func(it *item) error {
		it.locked = 0
		return nil
	})
}

// CheckOut checks a file out as somebody.
func (g *Graph) CheckOut(driveID, idOrPath, by string) (Item, error) {
	return g.change(driveID, idOrPath, func(it *item) error {
		if it.isFolder || it.out != nil {
			return fmt.Errorf("graph: %s cannot be checked out", it.path())
		}
		it.out = &checkout{by: g.userID(it.drive, by), base: len(it.versions) - 1}
		return nil
	})
}

// CheckIn ends a checkout, whoever made it.
func (g *Graph) CheckIn(driveID, idOrPath string) (Item, error) {
	return g.change(driveID, idOrPath, func(it *item) error {
		if it.out != nil {
			it.out = nil
			g.touched(it, it.modifiedBy)
		}
		return nil
	})
}

// MarkMalware says that a virus was found in a file; the empty name says that it is clean.
func (g *Graph) MarkMalware(driveID, idOrPath, name string) (Item, error) {
	return g.change(driveID, idOrPath, func(it *item) error {
		it.malware = name
		return nil
	})
}

// Remove puts an item into the recycle bin.
func (g *Graph) Remove(driveID, idOrPath string) (Item, error) {
	return g.change(driveID, idOrPath, func(it *item) error {
		if it.parent == nil || it.deleted {
			return ErrNotFound
		}
		g.remove(it)
		return nil
	})
}

// TrimVersion removes an old version, as a library does that keeps only some.
func (g *Graph) TrimVersion(driveID, idOrPath, id string) error {
	_, err := g.change(driveID, idOrPath, func(it *item) error {
		v, at := it.version(id)
		if v == nil || v == it.current() {
			return ErrNotFound
		}
		it.versions = slices.Delete(it.versions, at, at+1)
		return nil
	})
	return err
}

// Rename gives an item another name in its folder.
func (g *Graph) Rename(driveID, idOrPath, name, by string) (Item, error) {
	return g.change(driveID, idOrPath, func(it *item) error {
		if it.parent == nil || it.deleted || it.parent.child(name) != nil {
			return fmt.Errorf("graph: %s cannot be renamed to %s", it.path(), name)
		}
		if f := checkName(name, it.isFolder); f != nil {
			return f
		}
		g.move(it, it.parent, name, g.userID(it.drive, by))
		return nil
	})
}

// SetFields sets columns of an item as somebody, without any check, and thereby makes a version.
func (g *Graph) SetFields(driveID, idOrPath string, fields map[string]any, by string) (Item, error) {
	return g.change(driveID, idOrPath, func(it *item) error {
		for name, value := range fields {
			it.fields[name] = value
		}
		g.addMetaVersion(it, g.userID(it.drive, by))
		return nil
	})
}

// Library are the settings of a library. Columns are added to those that are there.
type Library struct {
	Quota        int64    `json:"quota"`        // bytes; 0 leaves it
	Minor        bool     `json:"minor"`        // changes make minor versions
	MustCheckOut bool     `json:"mustCheckOut"` // uploads leave files checked out
	Columns      []Column `json:"columns"`
}

// Column is a column that an organization added to a library.
type Column struct {
	Name    string   `json:"name"`    // internal name
	Kind    string   `json:"kind"`    // text, note, number, boolean, choice or dateTime
	Choices []string `json:"choices"` // of a choice
}

// SetLibrary changes the settings of a library.
func (g *Graph) SetLibrary(driveID string, l Library) error {
	g.lock()
	defer g.mu.Unlock()
	d, known := g.drives[driveID]
	if !known {
		return ErrNotFound
	}
	for _, col := range l.Columns {
		if !slices.Contains([]string{"text", "note", "number", "boolean", "choice", "dateTime"}, col.Kind) ||
			col.Name == "" {
			return fmt.Errorf("graph: a column needs a name and a known kind, not %q", col.Kind)
		}
	}
	for _, col := range l.Columns {
		d.columns = append(d.columns, column{name: col.Name, kind: col.Kind, choices: col.Choices})
	}
	d.minor, d.mustCheckOut = l.Minor, l.MustCheckOut
	if l.Quota > 0 {
		d.total = l.Quota
	}
	return nil
}

// ExpireDelta makes a drive refuse all tokens of delta that it has given out so far, with 410.
func (g *Graph) ExpireDelta(driveID string) error {
	g.lock()
	defer g.mu.Unlock()
	d, known := g.drives[driveID]
	if !known {
		return ErrNotFound
	}
	d.seq++
	d.oldest = d.seq
	return nil
}
