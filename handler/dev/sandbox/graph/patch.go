package graph

import "net/http"

// itemPatch is the body of PATCH of an item: what can be changed.
type itemPatch struct {
	Name        *string    `json:"name"`
	Parent      *reference `json:"parentReference"`
	FileSystem  *times     `json:"fileSystemInfo"`
	Description *string    `json:"description"`
	Conflict    string     `json:"@microsoft.graph.conflictBehavior"`
}

// patchItem answers PATCH (row 14): rename, move, times. A change of times makes a version.
func (c *call) patchItem(t target) (answer, *failure) {
	var body itemPatch
	if f := c.parse(&body); f != nil {
		return answer{}, f
	}
	if body.Description != nil {
		return answer{}, errInvalid("description is only supported in OneDrive for personal use.")
	}
	if t.item.parent == nil {
		return answer{}, errInvalid("The root cannot be changed.")
	}
	if f := c.checkWrite(t.item); f != nil {
		return answer{}, f
	}
	if body.Name != nil || body.Parent != nil {
		if f := c.checkTree(t.item); f != nil {
			return answer{}, f
		}
		if f := c.rename(t, body); f != nil {
			return answer{}, f
		}
	}
	if body.FileSystem != nil {
		body.FileSystem.apply(t.item)
		c.addMetaVersion(t.item, c.who.User)
	}
	return c.answerItem(http.StatusOK, t.item)
}

// rename gives an item another name or folder.
func (c *call) rename(t target, body itemPatch) *failure {
	name, parent := t.item.name, t.item.parent
	if body.Name != nil {
		name = *body.Name
	}
	if body.Parent != nil {
		var f *failure
		if parent, f = c.folder(t.drive, *body.Parent); f != nil {
			return f
		}
	}
	if parent.drive != t.drive {
		return errInvalid("Items cannot be moved between drives.").within("crossDriveMove")
	}
	if parent.within(t.item) {
		return errInvalid("A folder cannot be moved into itself.")
	}
	on, f := parseBehaviour(body.Conflict+c.q.values.Get("@microsoft.graph.conflictBehavior"), onConflictFail)
	if f != nil {
		return f
	}
	if f := checkName(name, t.item.isFolder); f != nil {
		return f
	}
	if there := parent.child(name); there != nil && there != t.item {
		switch {
		case on == onConflictRename:
			name = freeName(parent, name)
		case on == onConflictReplace && !there.isFolder && !t.item.isFolder && c.checkFree(there) == nil &&
			itemLevel(c.who, there) == Write:
			c.remove(there)
		default:
			return errExists()
		}
	}
	if f := checkPlace(parent, name); f != nil {
		return f
	}
	c.move(t.item, parent, name, c.who.User)
	return nil
}
