package metadata

import (
	"bytes"
	"encoding/hex"
	"strconv"
)

// rawKeyword starts the keyword of text chunks in which ImageMagick and others keep EXIF, IPTC and XMP of other
// formats, in hexadecimal digits.
const rawKeyword = "Raw profile type "

// rawProfile is a block that a text chunk holds.
type rawProfile struct {
	kind string // such as exif
	data []byte
}

// maxRawText is how long the text of such a chunk may be: two digits a byte, and ends of lines.
const maxRawText = 3 * maxBlock

// text returns the text of a chunk of PNG, unpacked; of one that is damaged or too long, nothing.
func (p Part) text() []byte {
	_, rest, _ := bytes.Cut(p.Data, []byte{0})
	var err error
	switch p.Name {
	case "zTXt":
		if len(rest) == 0 || rest[0] != 0 {
			return nil
		}
		rest, err = inflate(rest[1:], maxRawText)
	case "iTXt":
		rest, err = internationalText(rest)
	}
	if err != nil || len(rest) > maxRawText {
		return nil
	}
	return rest
}

// readRawProfile reads the text of a chunk: a name, the length and the digits.
func readRawProfile(p Part) (rawProfile, bool) {
	keyword, _, _ := bytes.Cut(p.Data, []byte{0})
	fields := bytes.Fields(p.text())
	if len(fields) < 3 {
		return rawProfile{}, false
	}
	data, err := hex.DecodeString(string(bytes.Join(fields[2:], nil)))
	if length, lengthErr := strconv.Atoi(string(fields[1])); err != nil || lengthErr != nil || length != len(data) {
		return rawProfile{}, false
	}
	return rawProfile{string(bytes.TrimPrefix(keyword, []byte(rawKeyword))), data}, true
}

// takeRaw takes a block where there is none of its kind.
func (b *Blocks) takeRaw(p rawProfile) {
	xmp, isXMP := bytes.CutPrefix(p.data, []byte(xmpPrefix))
	switch {
	case p.kind == "xmp", isXMP:
		b.takeIfNone(&b.XMP, xmp)
	case p.kind == "exif", p.kind == "APP1":
		b.takeIfNone(&b.Exif, TrimExif(p.data))
	case p.kind == "iptc", p.kind == "8bim":
		b.takeIfNone(&b.IPTC, bytes.TrimPrefix(p.data, []byte(photoshopPrefix)))
	default:
		b.Lost = true
	}
}

// takeIfNone sets a block that there is not yet.
func (b *Blocks) takeIfNone(block *[]byte, data []byte) {
	if len(*block) > 0 {
		b.Lost = true
		return
	}
	*block = data
}
