package metadata

import (
	"slices"

	"imagepro/handler/imaging/container"
)

// Blocks are the metadata of a file, each without the wrapping of its format.
type Blocks struct {
	Exif []byte // a TIFF structure
	XMP  []byte // an XML packet
	IPTC []byte // Photoshop image resources ("8BIM" records), of which IPTC-IIM is one
	ICC  []byte // a colour profile
	Own  []Part // what only a file of the same format has a place for
	// Credential says that the file has content credentials (C2PA). They are never carried on: they would call any
	// change tampering.
	Credential bool
	// Lost says that something was read that cannot be kept: it was damaged, too long, or tells about
	// pictures that an edit does not carry on (previews, depth maps, gain maps).
	Lost bool

	geo bool // whether a TIFF file has coordinates of GeoTIFF
}

// Part is a segment or chunk that is carried on as it is.
type Part struct {
	Marker byte   // of JPEG
	Name   string // of PNG
	Data   []byte
}

// The bounds of what is carried on. A block that is longer is lost.
const (
	maxICC   = 4 << 20
	maxBlock = 64 << 10 // EXIF, XMP and IPTC, as one JPEG segment holds
	maxOwn   = 256 << 10
)

// Read collects the metadata of a file in one of the formats jpeg, png, tiff, webp and gif; others have none that
// is carried on. It reads up to the first damage, which is the decoder's to report.
func Read(format string, src []byte) Blocks {
	var b Blocks
	switch format {
	case "jpeg":
		b = readJPEG(src)
	case "png":
		b = readPNG(src)
	case "tiff":
		b = readTIFF(src)
	case "webp":
		b = readWebP(src)
	case "gif":
		b = readGIF(src)
	}
	drop := func(block *[]byte, most int) {
		if len(*block) > most {
			*block, b.Lost = nil, true
		}
	}
	drop(&b.Exif, maxBlock)
	b.mendExif()
	drop(&b.XMP, maxBlock)
	drop(&b.IPTC, maxBlock)
	drop(&b.ICC, maxICC)
	b.Credential = b.Credential || hasXMP(b.XMP, isProvenance)
	return b
}

// mendExif leaves out the parts of EXIF that cannot be read.
func (b *Blocks) mendExif() {
	if len(b.Exif) == 0 {
		return
	}
	exif, lost, err := mended(b.Exif)
	b.Exif, b.Lost = exif, b.Lost || lost || err != nil
}

// Change is what an edit did and what its result may tell.
type Change struct {
	Width, Height int
	Orientation   int // as in EXIF, if the pixels are not upright; else 0
	// whether what is seen lies elsewhere than before: what points at parts of the picture is wrong then
	Moved     bool
	Hidden    bool // whether parts of the picture were hidden: nothing may show or name them any more
	Mode      Mode
	SRGB      bool // whether the pixels are those of sRGB: the colour profile goes
	DropGPS   bool // where the picture was taken is not told
	Set       Fields
	TakesIPTC bool   // whether the result's format has a place for IPTC
	Mark      string // see Blocks.Mark
}

// orientation returns what the tag says.
func (c Change) orientation() int { return max(c.Orientation, 1) }

// Mode is how much is kept. The colour profile and what else colours need always is, unless SRGB says otherwise.
type Mode int

// The modes.
const (
	All Mode = iota
	Copyright
	None
)

// Update returns the blocks of an edited picture: with its new sides and orientation, without the previews of what
// it was, and with the texts that are set. The receiver's bytes are not changed. Damaged blocks are left out and Lost
// is set.
func (b Blocks) Update(c Change) Blocks {
	b = b.kept(c).Set(c.Set, c.TakesIPTC)
	b.XMP = b.keep(setMark(b.XMP, c.Mark))
	if c.SRGB {
		b.ICC = nil
		b.Own = slices.DeleteFunc(slices.Clone(b.Own), Part.isColor)
	}
	return b
}

// kept is Update without texts that are set.
func (b Blocks) kept(c Change) Blocks {
	b.geo = false
	if c.Mode != All {
		b.Own = slices.DeleteFunc(slices.Clone(b.Own), func(p Part) bool { return !p.isColor() && !p.isDensity() })
		b.Lost = false // nothing was promised
	}
	switch c.Mode {
	case None:
		b.Exif, b.XMP, b.IPTC = nil, nil, nil
		return b
	case Copyright:
		b.Exif, b.XMP, b.IPTC = rights(b), nil, nil
		return b
	}
	b.mendExif()
	exif, lostExif, err := updateExif(b.Exif, c)
	if c.DropGPS {
		b.Own = slices.DeleteFunc(slices.Clone(b.Own), Part.tellsPlace)
		if placeWithin(exif) { // somewhere it cannot be taken out of
			exif, lostExif = rights(b), true
		}
	}
	var lostXMP, lostIPTC bool
	b.Exif = exif
	b.XMP, lostXMP = updateXMP(b.XMP, c)
	b.IPTC, lostIPTC = updateIPTC(b.IPTC, c)
	b.Lost = b.Lost || err != nil || lostExif || lostXMP || lostIPTC
	return b
}

// keep takes the result of an update and notes a loss.
func (b *Blocks) keep(block []byte, err error) []byte {
	if err != nil {
		b.Lost = true
		return nil
	}
	return block
}

// ColorSpace returns the profile's colour space as its header names it ("RGB ", "GRAY", "CMYK"), or "" if the
// block is no ICC profile (ICC.1:2022, section 7.2).
func (b Blocks) ColorSpace() string {
	if len(b.ICC) < 128 || string(b.ICC[36:40]) != "acsp" {
		return ""
	}
	return string(b.ICC[16:20])
}

// isColor reports whether the colours of a PNG depend on a part.
func (p Part) isColor() bool {
	return slices.Contains([]string{"cHRM", "cICP", "gAMA", "sRGB", "mDCV", "cLLI"}, p.Name)
}

// isDensity reports whether a part is the JFIF segment of a JPEG file. Decoders need it: without it some take the names
// of the channels for their colours.
func (p Part) isDensity() bool { return p.Marker == container.APP0 }

// isText reports whether a part is a text chunk of PNG.
func (p Part) isText() bool { return slices.Contains([]string{"iTXt", "tEXt", "zTXt"}, p.Name) }

// HasText reports whether there are comments that only a file of the same format can carry on.
func (b Blocks) HasText() bool {
	return slices.ContainsFunc(b.Own, func(p Part) bool {
		return p.Marker == container.COM || p.isText() || p.Name == partComment
	})
}

// IsEmpty reports whether there is nothing but a colour profile and parts.
func (b Blocks) IsEmpty() bool { return len(b.Exif) == 0 && len(b.XMP) == 0 && len(b.IPTC) == 0 }
