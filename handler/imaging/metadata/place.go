package metadata

import (
	"bytes"
	"slices"
	"strings"
)

// The place where a picture was taken is told in many forms: coordinates of EXIF, XMP and GeoTIFF, names of cities in
// XMP and IPTC, text chunks of PNG, and previews, depth maps and films in the file that have metadata of their own.

// TellsPlace reports whether a file tells where its picture was taken.
func TellsPlace(format string, src []byte) bool {
	b := Read(format, src)
	if b.tellsPlace() {
		return true
	}
	return slices.ContainsFunc(others(format, src), placeWithin) || format == "tiff" && placeBelow(src)
}

// placeBelow reports whether directories of a TIFF file below the first, or after it, tell a place.
func placeBelow(src []byte) bool {
	t, first, err := openTIFF(src)
	if err != nil {
		return false
	}
	entries, _, _ := t.readable(first)
	waiting := []int{t.next(first)}
	if e, ok := find(entries, tagSubIFDs); ok {
		waiting = append(waiting, t.numbers(e)...)
	}
	for _, at := range waiting[:min(len(waiting), maxPreviews)] {
		below, _, _ := t.readable(at)
		if slices.ContainsFunc(below, func(e entry) bool {
			return e.tag == tagGPS || e.tag == tagExif || slices.Contains(geoTags(), e.tag)
		}) {
			return true
		}
	}
	return false
}

// maxPreviews is how many directories below the first are looked at.
const maxPreviews = 32

// tellsPlace reports whether the blocks tell the place.
func (b Blocks) tellsPlace() bool {
	if b.geo || hasGPS(b.Exif) || hasNotes(b.Exif) || placeWithin(b.Exif) ||
		slices.ContainsFunc(b.Own, Part.tellsPlace) {
		return true
	}
	found := hasXMP(b.XMP, tellsPlaceXMP) || placeWithin(b.XMP) // which may be damaged
	for r, err := range resources(b.IPTC) {
		if err == nil && r.id == resourceIPTC {
			sets, _ := dataSets(r.data) // as far as they can be read
			found = found || slices.ContainsFunc(sets, dataSet.tellsPlace)
		}
	}
	return found
}

// placesXMP are the properties that tell where a picture was taken, or what it shows, in words.
var placesXMP = map[xmpName]bool{
	named("photoshop", "City"): true, named("photoshop", "State"): true, named("photoshop", "Country"): true,
	named("Iptc4xmpCore", "Location"): true, named("Iptc4xmpCore", "CountryCode"): true,
	named("Iptc4xmpExt", "LocationCreated"): true, named("Iptc4xmpExt", "LocationShown"): true,
	named("Iptc4xmpExt", "City"): true, named("Iptc4xmpExt", "ProvinceState"): true,
	named("Iptc4xmpExt", "CountryName"): true, named("Iptc4xmpExt", "CountryCode"): true,
	named("Iptc4xmpExt", "Sublocation"): true, named("Iptc4xmpExt", "WorldRegion"): true,
	named("Iptc4xmpExt", "LocationName"): true, named("Iptc4xmpExt", "LocationId"): true,
	named("dc", "coverage"): true, named("xmpDM", "shotLocation"): true,
	named("mediapro", "Location"): true, named("prism", "location"): true,
}

// tellsPlaceXMP reports whether a property tells where a picture was taken: in words, or by coordinates, which makers
// of cameras have in namespaces of their own too.
func tellsPlaceXMP(name xmpName) bool { return placesXMP[name] || isCoordinate(name.local) }

// isCoordinate reports whether the name of a property or text is that of a coordinate.
func isCoordinate(name string) bool {
	name = strings.ToLower(name)
	ends := func(with string) bool { return strings.HasSuffix(name, with) }
	// as DJI spells it
	return strings.HasPrefix(name, "gps") || ends("latitude") || ends("longitude") || ends("longtitude")
}

// placesIPTC are the data sets of the editorial record that name a place: of the content, city, sublocation, province,
// country.
var placesIPTC = []byte{26, 27, 90, 92, 95, 100, 101}

func (d dataSet) tellsPlace() bool {
	return d.record == recordEditorial && slices.Contains(placesIPTC, d.number)
}

// tellsPlace reports whether a part tells the place: a text chunk of PNG such as exif:GPSLatitude, or a comment.
func (p Part) tellsPlace() bool {
	if !p.isText() {
		return placeWithin(p.Data)
	}
	keyword, _, _ := strings.Cut(string(p.Data), "\x00")
	if placeWithin(p.text()) {
		return true
	}
	if _, local, ok := strings.Cut(keyword, ":"); ok {
		keyword = local
	}
	words := []string{"city", "country", "location", "geotag"}
	return isCoordinate(keyword) || slices.Contains(words, strings.ToLower(keyword))
}

// placeTexts are what XMP, in each of its encodings, films and telemetry write where they tell a place.
var placeTexts = slices.Concat(xmpTexts, spread(1), spread(3), [][]byte{
	[]byte("\xA9xyz"), []byte("location.ISO6709"), []byte("loci\x00\x00\x00\x00"), // of films
	[]byte("GPS5"), []byte("GPS9"), []byte("GPSU"), // of GoPro's telemetry
})

var xmpTexts = [][]byte{
	[]byte("GPSLatitude"), []byte("GpsLatitude"), []byte("GPSLongitude"),
	[]byte("photoshop:City"), []byte("photoshop:State"), []byte("photoshop:Country"), []byte("Iptc4xmpCore:Location"),
	[]byte("LocationCreated"), []byte("LocationShown"),
}

// spread returns the texts of XMP with zeros between their letters, as UTF-16 (1) and UTF-32 (3) have them in either
// order of bytes.
func spread(zeros int) (all [][]byte) {
	for _, text := range xmpTexts {
		all = append(all, bytes.Join(bytes.Split(text, nil), make([]byte, zeros)))
	}
	return all
}

// placeWithin reports whether bytes of an unknown kind hold metadata that tell a place: previews with EXIF of their
// own, say.
func placeWithin(data []byte) bool {
	for _, text := range placeTexts {
		if bytes.Contains(data, text) {
			return true
		}
	}
	for _, head := range []string{"II*\x00", "MM\x00*"} {
		rest := data
		for range maxHeads {
			at := bytes.Index(rest, []byte(head))
			if at < 0 {
				break
			}
			if rest = rest[at:]; hasGPS(rest[:min(len(rest), maxBlock)]) {
				return true
			}
			rest = rest[len(head):]
		}
	}
	return false
}

// maxHeads is how many structures that look like EXIF are looked into.
const maxHeads = 1000

// hasGPS reports whether EXIF points to a directory of coordinates.
func hasGPS(exif []byte) bool {
	t, entries := readFirst(exif)
	_, found := find(append(entries, t.belowExif(entries)...), tagGPS)
	return found
}

// hasNotes reports whether EXIF has a maker's notes. Those of Nikon, Panasonic, Pentax, Casio, Kodak and others have
// coordinates, cities or landmarks in them (exiftool -listx -MakerNotes:all), each in a form of its own.
func hasNotes(exif []byte) bool {
	t, entries := readFirst(exif)
	return t.hasNotes(t.belowExif(entries))
}

// hasNotes reports whether a directory has a maker's notes that were not wiped.
func (t tiff) hasNotes(entries []entry) bool {
	notes, ok := find(entries, tagMakerNote)
	return ok && len(bytes.Trim(t.data[notes.value.start:notes.value.end], "\x00")) > 0
}

// belowExif returns the entries of the directory that the first one points to.
func (t tiff) belowExif(first []entry) []entry {
	pointer, _ := find(first, tagExif)
	at, ok := t.number(pointer)
	if !ok {
		return nil
	}
	entries, _, _ := t.readable(at)
	return entries
}

func find(entries []entry, tag uint16) (entry, bool) {
	for _, e := range entries {
		if e.tag == tag {
			return e, true
		}
	}
	return entry{}, false
}

// dropPlace returns a structure that updateExif returned without the place: the directory of coordinates is wiped, and
// what else tells it goes as a whole. Everything else stays at its place. lost says whether a maker's notes went.
func dropPlace(exif []byte) (_ []byte, lost bool, err error) {
	t, main, where, _, err := openFirst(exif)
	if err != nil {
		return nil, false, err
	}
	used, err := t.usage(main)
	if err != nil {
		return nil, false, err
	}
	used.directories = append(used.directories, where, span{0, 8})
	first := where.start
	if pointer, ok := find(main, tagExif); ok {
		at, _ := t.number(pointer)
		t.dropDirectory(at, tagGPS, used.directories) // where some programs put it
		below, _, _ := t.readable(at)
		if t.hasNotes(below) {
			t.takeOut(at, tagMakerNote)
			lost = true
		}
	}
	if pointer, ok := find(main, tagGPS); ok {
		at, _ := t.number(pointer)
		used.directories = slices.DeleteFunc(used.directories, func(s span) bool { return s.start == at })
	}
	t.dropDirectory(first, tagGPS, used.directories)
	gone := append(geoTags(), tagXMP, tagIPTC, tagImageResources) // EXIF may have them as TIFF has
	for _, tag := range gone {
		t.takeOut(first, tag)
	}
	left, _, _ := t.readable(first)
	tells := func(e entry) bool { return e.tag == tagGPS || slices.Contains(gone, e.tag) }
	if left = slices.DeleteFunc(left, tells); len(left) == 0 {
		return nil, lost, nil
	}
	return t.data, lost, nil
}

// dropDirectory wipes the directory that a tag points to, unless it lies on others, and takes the tag out.
func (t tiff) dropDirectory(directory int, tag uint16, others []span) {
	entries, _, _ := t.readable(directory)
	for _, e := range entries {
		at, ok := t.number(e)
		if e.tag != tag || !ok {
			continue
		}
		below, where, _ := t.readable(at)
		for _, gone := range append(values(below), where) {
			if !slices.ContainsFunc(others, gone.overlaps) {
				clear(t.data[gone.start:gone.end])
			}
		}
	}
	t.takeOut(directory, tag)
}

// geoTags are the tags of GeoTIFF (OGC 19-008r4), of its predecessor, of rational polynomials and of GDAL.
func geoTags() []uint16 {
	return []uint16{33550, 33920, 33922, 34264, 34735, 34736, 34737, 42112, 50844}
}
