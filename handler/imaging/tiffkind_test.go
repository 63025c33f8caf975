package imaging_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image/color"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// tiffKinds are the files of testdata/cases/tiff. Those that are edited have the CRC-32 of the pixels that libtiff
// reads (convert file.tif[0] -depth 8 RGBA:-), or 0 where a rounding from 16 bits may differ by a level; the others the
// words that name what they are.
var tiffKinds = map[string]struct {
	pixels uint32
	kind   string
}{
	"bigtiff":              {0, "BigTIFF"},
	"cmyk8-lzw":            {0, "printing colours (CMYK)"},
	"dpi":                  {0x82916F4C, ""},
	"g3-2d":                {0, "fax coding of Group 3 in two dimensions"},
	"g3-min-is-black":      {0x6C96DA6B, ""},
	"g3-min-is-white":      {0x6C96DA6B, ""},
	"g4-lsb":               {0x6C96DA6B, ""},
	"g4-min-is-black":      {0x6C96DA6B, ""},
	"g4-min-is-white":      {0x6C96DA6B, ""},
	"g4-strips":            {0x6C96DA6B, ""},
	"g4-tiled":             {0x6C96DA6B, ""},
	"gray16-minwhite":      {0, ""},
	"gray2":                {0, "2 bits a sample"},
	"gray32f":              {0, "a floating-point predictor"},
	"gray4":                {0, "4 bits a sample"},
	"gray8-minwhite":       {0xA4962F74, ""},
	"jpeg-ycbcr":           {0, "JPEG compression"},
	"lab8":                 {0, "colours in CIE L*a*b*"},
	"lzma":                 {0, "LZMA compression"},
	"lzw1-min-is-white":    {0x72C067E1, ""},
	"multi":                {0, "2 pages"},
	"packbits1-lsb":        {0, "bits in reversed order (FillOrder 2)"},
	"pal8":                 {0, ""},
	"pyr":                  {0x90EF0911, ""},
	"raw1-lsb":             {0, "bits in reversed order (FillOrder 2)"},
	"rgb16-lzw-pred":       {0, ""},
	"rgb16-planar-tile256": {0, "channels in separate planes"},
	"rgb16-zip-pred":       {0, ""},
	"rgb32f":               {0, "a floating-point predictor"},
	"rgb8-planar-bigtile":  {0, "channels in separate planes"},
	"rgb8-planar-lzw":      {0, "channels in separate planes"},
	"rgb8-planar-strip":    {0, "channels in separate planes"},
	"rgba8":                {0x02A033C3, ""},
	"webp":                 {0, "WebP compression"},
	"zip1-tiled":           {0x6C96DA6B, ""},
	"zstd":                 {0, "Zstandard compression"},
}

func TestTIFFFilesAreReadRightlyOrRefusedWithWhatTheyAre(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/cases/tiff/*.tif")
	if err != nil || len(files) != len(tiffKinds) {
		t.Fatalf("%d files, %d are known: %v", len(files), len(tiffKinds), err)
	}
	for name, c := range tiffKinds {
		src := caseFile(t, "tiff/"+name+".tif")
		result, err := imaging.Edit(context.Background(), src, parse(t, toPNG), imaging.Options{})
		if c.kind != "" {
			wantUnsupported(t, name, src, err, c.kind)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if sum := crc32.ChecksumIEEE(fromPNG(t, result.Data).Pix); c.pixels != 0 && sum != c.pixels {
			t.Errorf("%s: the pixels have the sum %08X, libtiff's %08X", name, sum, c.pixels)
		}
		if info, err := peek(src); err != nil || info.Width != result.Width {
			t.Errorf("%s: Peek says %+v, %v", name, info, err)
		}
	}
}

func wantUnsupported(t *testing.T, name string, src []byte, err error, kind string) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != fault.Unsupported || !strings.Contains(f.Message, kind) {
		t.Errorf("%s: Edit = %v, want unsupported with %q", name, err, kind)
		return
	}
	if _, peeked := peek(src); strings.HasPrefix(f.Message, "This kind of TIFF") &&
		(fault.From(peeked) == nil || fault.From(peeked).Message != f.Message) {
		t.Errorf("%s: Peek = %v, Edit = %v", name, peeked, err)
	}
}

// stored returns a TIFF file of 4 by 2 pixels as its tags say; tags that are not given are those of gray without
// compression.
func stored(pixels []byte, tags ...tag) []byte {
	usual := []tag{
		{256, 4, 1, 4}, {257, 4, 1, 2}, {258, 3, 1, 8}, {259, 3, 1, 1}, {262, 3, 1, 1},
		{273, 4, 1, 0}, {277, 3, 1, 1}, {278, 4, 1, 2}, {279, 4, 1, uint32(len(pixels))},
	}
	for _, one := range usual {
		if !slices.ContainsFunc(tags, func(other tag) bool { return other.id == one.id }) {
			tags = append(tags, one)
		}
	}
	slices.SortStableFunc(tags, func(a, b tag) int { return cmp.Compare(a.id, b.id) })
	tags = slices.DeleteFunc(tags, func(one tag) bool { return one.count == 0 })
	at := dataAt(len(tags))
	for i := range tags {
		if tags[i].id == 273 {
			tags[i].value = at
		}
		if tags[i].value == behindPixels {
			tags[i].value = at + uint32(len(pixels))
		}
	}
	return tiffOf(0, pixels, tags...)
}

// behindPixels is where what is appended to stored stands.
const behindPixels = 0xFFFFFFFF

// What the decoder would take, or call damaged, without a look at these tags.
func TestOtherKindsOfTIFFAreNamedAndNeverGarbage(t *testing.T) {
	t.Parallel()
	gray, color3, color4 := make([]byte, 8), make([]byte, 24), make([]byte, 32)
	shorts := func(values ...uint16) []byte {
		var all []byte
		for _, v := range values {
			all = binary.LittleEndian.AppendUint16(all, v)
		}
		return all
	}
	rgb := func(channels uint32, more ...tag) []tag {
		return append([]tag{{258, 3, channels, behindPixels}, {262, 3, 1, 2}, {277, 3, 1, channels}}, more...)
	}
	none := func(id uint16) tag { return tag{id: id} } // the tag is not there
	oldLZW := []byte{0x00, 0x01, 0, 0, 0, 0, 0, 0}
	reduced := stored(gray, tag{254, 4, 1, 1})
	reduced = append(reduced[:len(reduced)-8-4],
		append(binary.LittleEndian.AppendUint32(nil, uint32(len(reduced))), gray...)...)
	reduced = append(reduced, stored(gray)[8:]...)
	for name, c := range map[string]struct {
		file []byte
		kind string
	}{
		"an unknown compression":          {stored(gray, tag{259, 3, 1, 12345}), "compression 12345"},
		"old JPEG":                        {stored(gray, tag{259, 3, 1, 6}), "JPEG compression in its old form"},
		"old LZW":                         {stored(oldLZW, tag{259, 3, 1, 5}), "LZW compression in its old form"},
		"a predictor without compression": {stored(gray, tag{317, 3, 1, 2}), "predictor 2 with compression 1"},
		"uncompressed fax parts": {stored(gray, tag{258, 3, 1, 1}, tag{259, 3, 1, 4}, tag{293, 4, 1, 2}),
			"fax coding with uncompressed parts"},
		"fax of 8 bits":                      {stored(gray, tag{259, 3, 1, 4}), "fax coding of 8 bits a sample"},
		"no photometric interpretation":      {stored(gray, none(262)), "PhotometricInterpretation"},
		"a mask":                             {stored(gray, tag{262, 3, 1, 4}), "a transparency mask"},
		"YCbCr":                              {stored(color3, tag{262, 3, 1, 6}), "colours in YCbCr"},
		"another photometric interpretation": {stored(gray, tag{262, 3, 1, 77}), "PhotometricInterpretation 77"},
		"signed":                             {stored(gray, tag{339, 3, 1, 2}), "signed samples"},
		"one depth for three channels": {stored(color3, tag{258, 3, 1, 8}, tag{262, 3, 1, 2}, tag{277, 3, 1, 3}),
			"3 channels of which 1 have a depth"},
		"gray with a second channel and one depth": {stored(gray, tag{277, 3, 1, 2}),
			"2 channels of which 1 have a depth"},
		"different depths": {append(stored(color3, rgb(3)...), shorts(5, 6, 5)...),
			"channels of different depths"},
		"four channels": {append(stored(color4, rgb(4)...), shorts(8, 8, 8, 8)...),
			"a fourth channel that is no transparency"},
		"four channels of an unknown kind": {
			append(stored(color4, rgb(4, tag{338, 3, 1, 0})...), shorts(8, 8, 8, 8)...),
			"a fourth channel that is no transparency"},
		"five channels": {append(stored(color4, rgb(5, tag{338, 3, 1, 2})...), shorts(8, 8, 8, 8, 8)...),
			"5 channels"},
		"12 bits": {stored(gray, tag{258, 3, 1, 12}), "12 bits a sample"},
		"a palette of 16 bits": {stored(gray, tag{258, 3, 1, 16}, tag{262, 3, 1, 3}, tag{320, 3, 3, 0}),
			"16 bits a sample"},
		"a palette that is too short": {stored(gray, tag{262, 3, 1, 3}, tag{320, 3, 3 * 16, 8}),
			"a palette of 16 colours for 8 bits"},
		"tiles that are too large": {
			stored(gray, tag{322, 4, 1, 2048}, tag{323, 4, 1, 2048}, tag{324, 4, 1, 8}, tag{325, 4, 1, 8}),
			"tiles that are larger than the picture"},
		"no lengths":           {stored(gray, none(279)), "without places or lengths (tag 279)"},
		"a tag twice":          {stored(gray, tag{256, 4, 1, 4}, tag{256, 4, 1, 4}), "tags that are there twice"},
		"a smaller copy first": {reduced, "a smaller copy of the picture before the picture"},
	} {
		_, err := imaging.Edit(context.Background(), c.file, parse(t, toPNG), imaging.Options{})
		wantUnsupported(t, name, c.file, err, c.kind)
		if err != nil && !errors.Is(err, imaging.ErrOtherKind) {
			t.Errorf("%s: a picture of another kind is not told: %v", name, err)
		}
	}
	unsorted := stored(gray)
	a, b := bytes.Clone(unsorted[10:22]), bytes.Clone(unsorted[22:34])
	copy(unsorted[10:], b)
	copy(unsorted[22:], a)
	_, err := imaging.Edit(context.Background(), unsorted, parse(t, toPNG), imaging.Options{})
	wantUnsupported(t, "tags out of order", unsorted, err, "tags out of order")
}

// Old programs wrote 8 bits a level where the specification has 16.
func TestAPaletteOf8BitsIsNotAlmostBlack(t *testing.T) {
	t.Parallel()
	for name, scale := range map[string]uint16{"8 bits": 1, "16 bits": 257} {
		var table []byte
		for channel := range 3 {
			for i := range 2 {
				table = binary.LittleEndian.AppendUint16(table, uint16(i*(100+channel*50))*scale)
			}
		}
		src := append(
			stored([]byte{0b01010000, 0b10100000}, tag{258, 3, 1, 1}, tag{262, 3, 1, 3}, tag{320, 3, 6, behindPixels}),
			table...)
		got := fromPNG(t, edit(t, src, toPNG).Data)
		if a, b := got.NRGBAAt(0, 0), got.NRGBAAt(1, 0); a != (color.NRGBA{A: 255}) || b != (color.NRGBA{
			R: 100,
			G: 150,
			B: 200,
			A: 255,
		}) {
			t.Errorf("%s: pixels are %v and %v", name, a, b)
		}
	}
}

// A fax picture that is damaged or cut off is refused, wherever that is.
func TestADamagedFaxPictureIsRefused(t *testing.T) {
	t.Parallel()
	whole := caseFile(t, "tiff/g3-min-is-white.tif")
	want := fromPNG(t, edit(t, whole, toPNG).Data)
	other := 0
	for at := 8; at < len(whole)-600; at += 41 {
		src := bytes.Clone(whole)
		src[at] ^= 0x55
		result, err := imaging.Edit(context.Background(), src, parse(t, toPNG), imaging.Options{})
		switch {
		case err == nil && !bytes.Equal(fromPNG(t, result.Data).Pix, want.Pix):
			other++ // the code has no check sum: damage may be another row
		case err != nil && !fault.Is(err, fault.Invalid):
			t.Errorf("byte %d: %v", at, err)
		}
	}
	t.Logf("%d damaged files are other pictures", other)
	cut := stored(bytes.Repeat([]byte{0x00, 0x10}, 3), tag{258, 3, 1, 1}, tag{259, 3, 1, 3}, tag{262, 3, 1, 0})
	if _, err := imaging.Edit(context.Background(), cut, parse(t, toPNG), imaging.Options{}); !fault.Is(err,
		fault.Invalid) {
		t.Errorf("rows without pixels: %v", err)
	}
}
