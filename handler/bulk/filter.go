package bulk

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"imagepro/handler/fault"
)

// FolderFilter says which files of a folder are looked at. An empty field selects all. What it leaves out is not of the
// job; it is only counted.
type FolderFilter struct {
	Depth         int      // how many levels of folders below the first, if it is recursive; 0 for all
	Names         []string // patterns of path.Match, in any case of letters, of which the name fits one
	Types         []string // jpeg, png, gif, webp, tiff and bmp, by the endings of the names
	ChangedSince  time.Time
	ChangedBefore time.Time
	MinBytes      int64
	MaxBytes      int64
}

// Bounds of a filter.
const (
	maxDepth    = 100
	maxPatterns = 20
	maxPattern  = 100 // characters
)

// endings are those of each type.
var endings = map[string][]string{
	"jpeg": {".jpg", ".jpeg", ".jpe", ".jfif"}, "png": {".png"}, "gif": {".gif"}, "webp": {".webp"},
	"tiff": {".tif", ".tiff"}, "bmp": {".bmp"},
}

// checkFolder refuses a filter that cannot be meant; its faults name the field.
func checkFolder(f FolderSource) error {
	wrong := func(field, says string) error {
		return fault.New(fault.Invalid, says, nil).At("/source/folder/" + field)
	}
	switch {
	case f.Depth < 0 || f.Depth > maxDepth:
		return wrong("depth", fmt.Sprintf("The depth is 0 (all) to %d.", maxDepth))
	case f.Depth > 0 && !f.Recursive:
		return wrong("depth", "A depth is for a folder with those in it: say recursive.")
	case len(f.Names) > maxPatterns:
		return wrong("names", fmt.Sprintf("At most %d patterns of names.", maxPatterns))
	case f.MinBytes < 0 || f.MaxBytes < 0 || f.MaxBytes > 0 && f.MaxBytes < f.MinBytes:
		return wrong("maxBytes", "minBytes and maxBytes are not negative, and maxBytes is no less than minBytes.")
	case !f.ChangedBefore.IsZero() && !f.ChangedSince.Before(f.ChangedBefore):
		return wrong("changedBefore", "changedBefore is later than changedSince.")
	}
	for i, pattern := range f.Names {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" || len(pattern) > maxPattern {
			return wrong(fmt.Sprintf("names/%d", i),
				fmt.Sprintf("A pattern is such as *.jpg or IMG_????.*, and has at most %d characters.", maxPattern))
		}
	}
	for i, one := range f.Types {
		if endings[one] == nil {
			return wrong(fmt.Sprintf("types/%d", i), "The types are jpeg, png, gif, webp, tiff and bmp.")
		}
	}
	return nil
}

// takes reports whether the filter selects a file.
func (f FolderFilter) takes(file File) bool {
	name := strings.ToLower(file.Name)
	fits := func(pattern string) bool {
		ok, _ := path.Match(strings.ToLower(pattern), name) // checked when it was submitted
		return ok
	}
	isOf := func(one string) bool { return slices.Contains(endings[one], path.Ext(name)) }
	switch {
	case len(f.Names) > 0 && !slices.ContainsFunc(f.Names, fits):
	case len(f.Types) > 0 && !slices.ContainsFunc(f.Types, isOf):
	case !f.ChangedSince.IsZero() && file.Modified.Before(f.ChangedSince):
	case !f.ChangedBefore.IsZero() && !file.Modified.Before(f.ChangedBefore):
	case file.Size < f.MinBytes, f.MaxBytes > 0 && file.Size > f.MaxBytes:
	default:
		return true
	}
	return false
}

// descends reports whether the folders in one at a depth are looked at; that of the first is 0.
func (f FolderSource) descends(depth int) bool {
	return f.Recursive && (f.Depth == 0 || depth < f.Depth)
}

// PropertyFilter selects images by what is said of them. An empty field selects all.
type PropertyFilter struct {
	Drive, Folder string // Folder needs Drive
	Tag           string // in any case of its letters
	MissingAlt    bool   // those without an alternative text
	ChangedSince  time.Time
	ChangedBy     string // object id of a user
}

func checkProperties(f PropertyFilter) error {
	if f.Folder != "" && f.Drive == "" {
		return fault.New(fault.Invalid, "A folder is of a library: name it as well.",
			nil).At("/source/properties/driveId")
	}
	return nil
}
