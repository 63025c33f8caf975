package metadata

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// Fields are texts by the names of their fields. A field that is not there stays as it is in a file; one without texts
// is taken out.
type Fields map[Field][]string

// Field is a text that EXIF, XMP and IPTC know, each in its way.
type Field string

// The fields.
const (
	FieldCopyright   Field = "copyright"
	FieldCreator     Field = "creator"
	FieldTitle       Field = "title"
	FieldDescription Field = "description"
	FieldCredit      Field = "credit"
	FieldKeywords    Field = "keywords" // may have several texts
)

// place says where a field stands (as the Metadata Working Group's guidelines pair them).
type place struct {
	field Field
	exif  uint16   // ASCII tag of the first directory; 0 if there is none
	stale []uint16 // tags that would say something else afterwards: those of Windows
	iptc  byte     // data set of record 2
	most  int      // bytes that IPTC takes
	xmp   property
	png   []string // keywords of text chunks
}

// places lists the fields in the order in which they are written.
func places() []place {
	return []place{
		{FieldTitle, 0, []uint16{tagXPTitle}, 5, 64, property{"dc", "title", "Alt"}, []string{"Title"}},
		{FieldKeywords, 0, []uint16{tagXPKeywords}, 25, 64, property{"dc", "subject", "Bag"}, nil},
		{FieldCreator, tagArtist, []uint16{tagXPAuthor}, dataSetByline, 32, property{"dc", "creator", "Seq"},
			[]string{"Author", "Artist"}},
		{FieldCredit, 0, nil, 110, 32, property{"photoshop", "Credit", ""}, nil},
		{FieldCopyright, tagCopyright, nil, dataSetCopyright, 128, property{"dc", "rights", "Alt"},
			[]string{"Copyright"}},
		{FieldDescription, tagImageDescription, nil, 120, 2000, property{"dc", "description", "Alt"},
			[]string{"Description"}},
	}
}

// Set returns the blocks with other texts, in EXIF and XMP, and in IPTC if the file has a place for it. What cannot be
// brought to say so is made anew, and Lost is set. The receiver's bytes are not changed. Setting the same texts again
// changes nothing.
func (b Blocks) Set(fields Fields, iptc bool) Blocks {
	if len(fields) == 0 {
		return b
	}
	again := func(block []byte, set func([]byte, Fields) ([]byte, error)) []byte {
		changed, err := set(block, fields)
		if err != nil {
			b.Lost = true
			changed, _ = set(nil, fields) // nothing that is damaged
		}
		return changed
	}
	b.Exif = again(b.Exif, setExif)
	b.XMP = again(b.XMP, setXMP)
	if iptc {
		b.IPTC = again(b.IPTC, setIPTC)
	}
	b.Own = slices.DeleteFunc(slices.Clone(b.Own), func(p Part) bool { return p.says(fields) })
	return b
}

// says reports whether a part is a text chunk of PNG with one of the fields.
func (p Part) says(fields Fields) bool {
	if !p.isText() {
		return false
	}
	keyword, _, _ := bytes.Cut(p.Data, []byte{0})
	return slices.ContainsFunc(places(), func(at place) bool {
		_, set := fields[at.field]
		return set && slices.Contains(at.png, string(keyword))
	})
}

// Equal reports whether two collections of blocks are the same but for their colour profiles.
func (b Blocks) Equal(other Blocks) bool {
	return bytes.Equal(b.Exif, other.Exif) && bytes.Equal(b.XMP, other.XMP) && bytes.Equal(b.IPTC, other.IPTC) &&
		len(b.Own) == len(other.Own)
}

// TakesIPTC reports whether files of a format have a place for IPTC.
func TakesIPTC(format string) bool { return format == "jpeg" || format == "tiff" }

// latin1 returns a text that is no UTF-8 as UTF-8, taking it for Latin-1, which is what programs without a word on it
// mean.
func latin1(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	out := make([]rune, len(text))
	for i, c := range text {
		out[i] = rune(c)
	}
	return []byte(string(out))
}
