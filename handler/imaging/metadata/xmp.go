package metadata

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// errXMP says that an XMP packet cannot be brought up to date.
var errXMP = errors.New("metadata: an XMP packet is broken")

// updateXMP returns the packet with another orientation and other sides, without previews and without what points at
// other parts of the file; and without the place, if that is asked for. Prefixes may be any. lost says whether such
// parts, which an edit does not carry on, were told of, or the packet was damaged.
func updateXMP(packet []byte, c Change) (out []byte, lost bool) {
	if len(packet) == 0 {
		return nil, false
	}
	values := map[xmpName]int{
		named("tiff", "Orientation"): c.orientation(),
		named("tiff", "ImageWidth"):  c.Width, named("tiff", "ImageLength"): c.Height,
		named("exif", "PixelXDimension"): c.Width, named("exif", "PixelYDimension"): c.Height,
	}
	if c.SRGB {
		values[named("exif", "ColorSpace")] = 1
	}
	out, err := editXMP(packet, func(name xmpName) xmpChange {
		switch value, known := values[name]; {
		case known:
			return xmpChange{set: strconv.Itoa(value)}
		case showsOther(name):
			lost = true
			return xmpChange{drop: true}
		case name == named("xmp", "Thumbnails"), (c.Moved || c.Hidden) && pointsAt(name),
			c.DropGPS && tellsPlaceXMP(name), isProvenance(name), c.SRGB && name == named("photoshop", "ICCProfile"):
			return xmpChange{drop: true}
		}
		return xmpChange{}
	})
	return out, lost || err != nil
}

// showsOther reports whether a property is about depths and gain maps, films and other parts of the file.
func showsOther(name xmpName) bool {
	switch name {
	case named("xmpNote", "HasExtendedXMP"), named("Container", "Directory"):
		return true
	}
	spaces := []string{"hdrgm", "HDRGainMap", "GDepth", "GImage", "Device"}
	if slices.ContainsFunc(spaces, func(prefix string) bool { return name.space == xmpSpaces[prefix] }) {
		return true
	}
	isFilm := strings.HasPrefix(name.local, "MotionPhoto") || strings.HasPrefix(name.local, "MicroVideo")
	return isFilm && name.space == xmpSpaces["GCamera"]
}

// pointsAt reports whether a property points at parts of the picture.
func pointsAt(name xmpName) bool {
	switch name {
	case named("mwg-rs", "Regions"), named("MP", "RegionInfo"),
		named("exif", "SubjectArea"), named("exif", "SubjectLocation"):
		return true
	}
	return name.space == xmpSpaces["GPano"]
}

// isProvenance reports whether a property says where content credentials are kept (C2PA 2.1, section 11.4).
func isProvenance(name xmpName) bool { return name == named("dcterms", "provenance") }

// hasXMP reports whether a packet has a property of a kind, as far as it can be read.
func hasXMP(packet []byte, is func(xmpName) bool) (found bool) {
	_, _ = editXMP(packet, func(name xmpName) xmpChange {
		found = found || is(name)
		return xmpChange{}
	})
	return found
}
