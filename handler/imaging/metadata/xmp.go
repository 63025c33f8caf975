package metadata

import (
	"bytes"
	"errors"
	"regexp"
	"strconv"
	"unicode/utf8"
)

// errXMP says that an XMP packet cannot be brought up to date.
var errXMP = errors.New("metadata: an XMP packet is broken")

// updateXMP returns the packet with another orientation and other sides, without previews and without what
// points at other parts of the file. It looks for the prefixes that the specification prefers, which is
// what programs write.
func updateXMP(packet []byte, c Change) ([]byte, error) {
	if len(packet) == 0 {
		return nil, nil
	}
	if !utf8.Valid(packet) || !bytes.Contains(packet, []byte("<rdf:RDF")) {
		return nil, errXMP
	}
	for _, p := range []struct {
		name  string
		value int
	}{
		{"tiff:Orientation", c.orientation()},
		{"tiff:ImageWidth", c.Width},
		{"tiff:ImageLength", c.Height},
		{"exif:PixelXDimension", c.Width},
		{"exif:PixelYDimension", c.Height},
	} {
		packet = setProperty(packet, p.name, strconv.Itoa(p.value))
	}
	if c.SRGB {
		packet = dropProperty(setProperty(packet, "exif:ColorSpace", "1"), "photoshop:ICCProfile")
	}
	for _, name := range goneXMP(c) {
		packet = dropProperty(packet, name)
	}
	return packet, nil
}

// goneXMP returns patterns of the properties that are wrong after a change: previews, depths and gain maps, films and other
// parts of the file; and what points at parts of the picture that lie elsewhere or are hidden now.
func goneXMP(c Change) []string {
	gone := []string{
		"xmp:Thumbnails", "xmpNote:HasExtendedXMP", `hdrgm:\w+`, `HDRGainMap:\w+`, "Container:Directory", "GContainer:Directory",
		`GCamera:MotionPhoto\w*`, `GCamera:MicroVideo\w*`, `GDepth:\w+`, `GImage:\w+`,
	}
	if c.Moved || c.Hidden {
		gone = append(gone, "mwg-rs:Regions", "MP:RegionInfo", "exif:SubjectArea", "exif:SubjectLocation", `GPano:\w+`)
	}
	return gone
}

// setProperty changes the value of a simple property, in both of its spellings: attribute and element.
func setProperty(packet []byte, name, value string) []byte {
	attribute := regexp.MustCompile(`(\s` + name + `\s*=\s*)("[^"]*"|'[^']*')`)
	packet = attribute.ReplaceAll(packet, []byte(`${1}"`+value+`"`))
	element := regexp.MustCompile(`(<` + name + `\s*>)[^<]*(</` + name + `\s*>)`)
	return element.ReplaceAll(packet, []byte("${1}"+value+"${2}"))
}

// dropProperty removes a property.
func dropProperty(packet []byte, name string) []byte {
	attribute := regexp.MustCompile(`\s` + name + `\s*=\s*("[^"]*"|'[^']*')`)
	packet = attribute.ReplaceAll(packet, nil)
	element := regexp.MustCompile(`(?s)<` + name + `(\s[^>]*)?/>|<` + name + `(\s[^>]*)?>.*?</` + name + `\s*>`)
	return element.ReplaceAll(packet, nil)
}
