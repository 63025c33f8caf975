package imaging

import (
	"fmt"
	"image"
	"image/color"
	"slices"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/container"
)

// The values of tags that are read rightly (TIFF 6.0; TIFF Technical Note 2 and the registered codings).
const (
	compressionNone     = 1
	compressionG3       = 3
	compressionG4       = 4
	compressionLZW      = 5
	compressionDeflate  = 8
	compressionPackBits = 32773
	compressionDeflate2 = 32946 // of PKZIP, the same

	photometricWhiteIsZero = 0
	photometricBlackIsZero = 1
	photometricRGB         = 2
	photometricPalette     = 3
	photometricCMYK        = 5
)

// tiffCompressions and tiffPhotometrics name what is not edited.
var (
	tiffCompressions = map[uint32]string{
		2: "fax coding of Group 3 in rows (RLE)", 6: "JPEG compression in its old form", 7: "JPEG compression",
		32771: "fax coding of Group 3 in words (RLEW)",
		32766: "NeXT compression", 32809: "ThunderScan compression", 34661: "JBIG compression",
		34676: "SGI LogLuv compression",
		34677: "SGI LogLuv compression", 34712: "JPEG 2000 compression", 34887: "LERC compression",
		34925: "LZMA compression", 50000: "Zstandard compression",
		50001: "WebP compression", 50002: "JPEG XL compression",
	}
	tiffPhotometrics = map[uint32]string{
		4: "a transparency mask", photometricCMYK: "printing colours (CMYK)", 6: "colours in YCbCr",
		8: "colours in CIE L*a*b*",
		9: "colours in ICC L*a*b*", 10: "colours in ITU L*a*b*", 32844: "luminance in LogL", 32845: "colours in LogLuv",
	}
)

// checkTIFFKind refuses the kinds of files that golang.org/x/image/tiff does not read, or not as they are meant: it
// looks at fewer tags than there are, and a picture that it takes may be garbage.
func checkTIFFKind(t *container.TIFF, d container.Directory, pages int) error {
	s := tiffStorage{t: t, d: d}
	for _, check := range []func() string{
		func() string { return s.place(pages) }, s.order, s.coding, s.colors, s.samples, s.layout, s.palette, s.strips,
	} {
		if kind := check(); kind != "" {
			return fault.New(fault.Unsupported, "This kind of TIFF file is not edited: "+kind+".", ErrOtherKind)
		}
	}
	return nil
}

// tiffStorage is how a picture is stored. Its methods name what is not read; they return nothing if all is well.
type tiffStorage struct {
	t *container.TIFF
	d container.Directory
}

func (s tiffStorage) number(tag uint16, otherwise uint32) uint32 {
	return s.t.Number(s.d, tag, otherwise)
}

func (s tiffStorage) has(tag uint16) bool {
	_, ok := s.d.Field(tag)
	return ok
}

// numbers returns up to 16 numbers of a tag.
func (s tiffStorage) numbers(tag uint16) []uint32 {
	f, _ := s.d.Field(tag)
	return s.t.Numbers(f, 16)
}

// place looks at what the first directory is to the others.
func (s tiffStorage) place(pages int) string {
	subfile := s.number(tiffSubfileType, 0)
	smaller := subfile&1 != 0 || s.number(255, 1) == 2 // SubfileType, its predecessor
	switch {
	case subfile&4 != 0:
		return tiffPhotometrics[4]
	case smaller && (s.d.Next != 0 || s.has(tiffSubIFDs) || pages > 1):
		return "a smaller copy of the picture before the picture"
	}
	return ""
}

// order finds tags that do not rise, which the decoder takes for damage.
func (s tiffStorage) order() string {
	if !slices.IsSortedFunc(s.d.Fields, func(a, b container.Field) int { return int(a.Tag) - int(b.Tag) }) {
		return "tags out of order"
	}
	for i := range s.d.Fields[1:] {
		if s.d.Fields[i].Tag == s.d.Fields[i+1].Tag {
			return "tags that are there twice"
		}
	}
	return ""
}

func (s tiffStorage) isFax() bool {
	c := s.number(tiffCompression, compressionNone)
	return c == compressionG3 || c == compressionG4
}

// coding looks at the compression.
func (s tiffStorage) coding() string {
	coding := s.number(tiffCompression, compressionNone)
	packed := coding == compressionLZW || coding == compressionDeflate || coding == compressionDeflate2
	predictor := s.number(tiffPredictor, 1)
	const options3, options4 = 292, 293 // T4Options and T6Options
	switch {
	case !packed && !s.isFax() && coding != compressionNone && coding != compressionPackBits:
		if name, ok := tiffCompressions[coding]; ok {
			return name
		}
		return fmt.Sprintf("compression %d", coding)
	case coding == compressionG3 && s.number(options3, 0)&1 != 0:
		return "fax coding of Group 3 in two dimensions"
	case coding == compressionG3 && s.has(322):
		return "fax coding of Group 3 in tiles"
	case coding == compressionG3 && s.number(options3, 0)&2 != 0,
		coding == compressionG4 && s.number(options4, 0)&2 != 0:
		return "fax coding with uncompressed parts"
	case predictor == 3:
		return "a floating-point predictor"
	case predictor > 2 || predictor == 2 && !packed:
		return fmt.Sprintf("predictor %d with compression %d", predictor, coding)
	case s.number(tiffFillOrder, 1) != 1 && !s.isFax():
		return "bits in reversed order (FillOrder 2)"
	}
	return ""
}

// colors looks at what the levels mean.
func (s tiffStorage) colors() string {
	switch photometric := s.number(tiffPhotometric, 0); {
	case !s.has(tiffPhotometric):
		return "no word on what its levels mean (PhotometricInterpretation)"
	case photometric <= photometricPalette:
		return ""
	case tiffPhotometrics[photometric] != "":
		return tiffPhotometrics[photometric]
	default:
		return fmt.Sprintf("PhotometricInterpretation %d", photometric)
	}
}

// samples looks at the channels of a pixel.
func (s tiffStorage) samples() string {
	channels, bits := s.number(tiffSamplesPerPixel, 1), s.numbers(tiffBitsPerSample)
	if len(bits) == 0 {
		bits = []uint32{1}
	}
	for _, format := range s.numbers(tiffSampleFormat) {
		switch format {
		case 1:
		case 2:
			return "signed samples"
		case 3:
			return "floating-point samples"
		default:
			return fmt.Sprintf("SampleFormat %d", format)
		}
	}
	photometric, extra := s.number(tiffPhotometric, 0), s.number(tiffExtraSamples, 0)
	uneven := func(b uint32) bool { return b != bits[0] }
	switch {
	case channels != uint32(len(bits)):
		return fmt.Sprintf("%d channels of which %d have a depth (BitsPerSample)", channels, len(bits))
	case slices.ContainsFunc(bits, uneven):
		return "channels of different depths"
	case photometric == photometricRGB && channels == 4 && extra != 1 && extra != 2:
		return "a fourth channel that is no transparency"
	case photometric == photometricRGB && channels != 3 && channels != 4,
		photometric != photometricRGB && channels != 1:
		return fmt.Sprintf("%d channels", channels)
	case bits[0] == 8, bits[0] == 16 && photometric != photometricPalette,
		bits[0] == 1 && photometric != photometricRGB:
	case bits[0] == 1:
		return "1 bit a sample of colour"
	default:
		return fmt.Sprintf("%d bits a sample", bits[0])
	}
	switch {
	case s.isFax() && bits[0] != 1:
		return fmt.Sprintf("fax coding of %d bits a sample", bits[0])
	case s.number(tiffPredictor, 1) == 2 && bits[0] == 1:
		return "a predictor for 1 bit a sample"
	case s.number(tiffPlanar, 1) != 1 && channels > 1:
		return "channels in separate planes"
	}
	return ""
}

// layout looks at strips and tiles.
func (s tiffStorage) layout() string {
	const tileWidth, tileLength = 322, 323
	offsets, lengths := uint16(273), uint16(279)
	if s.has(tileWidth) {
		width, height := int64(s.number(256, 0)), int64(s.number(257, 0))
		w, h := int64(s.number(tileWidth, 0)), int64(s.number(tileLength, 0))
		switch {
		case w < 8 || h < 8:
			return "tiles of less than 8 pixels"
		case (w > width+16 || h > height+16) && (w > 1024 || h > 1024):
			return "tiles that are larger than the picture"
		}
		offsets, lengths = 324, 325
	}
	for _, tag := range []uint16{offsets, lengths} {
		if !s.has(tag) {
			return fmt.Sprintf("strips or tiles without places or lengths (tag %d)", tag)
		}
	}
	return ""
}

// palette looks at the table of colours.
func (s tiffStorage) palette() string {
	if s.number(tiffPhotometric, 0) != photometricPalette {
		return ""
	}
	bits := s.number(tiffBitsPerSample, 1)
	if f, _ := s.d.Field(tiffColorMap); f.Count != 3<<bits {
		return fmt.Sprintf("a palette of %d colours for %d bits", f.Count/3, bits)
	}
	return ""
}

// strips finds LZW as it was before TIFF 6.0, whose bits lie the other way round: its first code, 256, begins with a
// byte of zeros, and so does none of the new kind.
func (s tiffStorage) strips() string {
	if s.number(tiffCompression, compressionNone) != compressionLZW {
		return ""
	}
	for _, tag := range []uint16{273, 324} {
		if f, ok := s.d.Field(tag); ok {
			if at := s.t.Numbers(f, 1); len(at) == 1 {
				if head := s.t.Bytes(int64(at[0]), 2); len(head) == 2 && head[0] == 0 && head[1]&1 == 1 {
					return "LZW compression in its old form"
				}
			}
		}
	}
	return ""
}

// tiffMends are what the decoder does not do.
type tiffMends struct {
	fax3     bool // it does not read Group 3 with fill: decodeG3 does
	negative bool // the bits of a fax that mean black are taken for white
	dim      bool // the palette has 8 bits a level, as old programs wrote it, and is taken for one of 16
}

// mendsOf finds what has to be mended.
func mendsOf(t *container.TIFF, d container.Directory) tiffMends {
	s := tiffStorage{t: t, d: d}
	m := tiffMends{
		fax3:     s.number(tiffCompression, compressionNone) == compressionG3,
		negative: s.isFax() && s.number(tiffPhotometric, 0) == photometricBlackIsZero,
	}
	if f, ok := d.Field(tiffColorMap); ok && s.number(tiffPhotometric, 0) == photometricPalette {
		m.dim = !slices.ContainsFunc(t.Numbers(f, 3*256), func(level uint32) bool { return level > 255 })
	}
	return m
}

// apply mends a decoded picture.
func (m tiffMends) apply(decoded image.Image) {
	switch p := decoded.(type) {
	case *image.Gray:
		if m.negative {
			for i := range p.Pix {
				p.Pix[i] = ^p.Pix[i]
			}
		}
	case *image.Paletted:
		for i, c := range p.Palette {
			if dark, ok := c.(color.RGBA64); ok && m.dim {
				p.Palette[i] = color.RGBA64{R: dark.R * 257, G: dark.G * 257, B: dark.B * 257, A: dark.A}
			}
		}
	}
}
