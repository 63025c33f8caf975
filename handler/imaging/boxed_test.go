package imaging_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// testdata reads a file of testdata. Those of HEIC and AVIF were made with ImageMagick and libheif's examples:
//
//	convert -size 64x48 gradient:red-blue PNG24:picture.png
//	heif-enc -q 20 picture.png -o picture.heic
//	heif-enc -A -p chroma=420 -q 20 picture.png -o picture.avif
func testdata(t testing.TB, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// boxed is the start of a file with these brands, the first of them its major one. A size of 0 is the true one.
func boxed(size uint32, brands ...string) []byte {
	file := []byte("\x00\x00\x00\x00ftyp" + brands[0] + "\x00\x00\x00\x00" + strings.Join(brands[1:], ""))
	if size == 0 {
		size = uint32(len(file))
	}
	binary.BigEndian.PutUint32(file, size)
	return append(file, "\x00\x00\x00\x08meta"...)
}

func TestFilesOfBoxesAreRefusedWithWhatTheyAre(t *testing.T) {
	t.Parallel()
	long := []byte("\x00\x00\x00\x01ftyp\x00\x00\x00\x00\x00\x00\x00\x18heic\x00\x00\x00\x00")
	toTheEnd := boxed(0, "mif1", "heix")
	clear(toTheEnd[:4])
	wrong := boxed(0, "heic")
	copy(wrong, "\x00\x00\x00\x09")
	const general = "The file is no picture of a format that is edited"
	for name, c := range map[string]struct {
		src      []byte
		sentence string
	}{
		"HEIC": {testdata(t, "picture.heic"),
			"HEIC pictures are not edited. Export the picture as JPEG"},
		"the first bytes of HEIC": {testdata(t, "picture.heic")[:16], "HEIC pictures"},
		"of a phone": {boxed(0, "heic", "mif1", "MiHE", "MiPr", "miaf", "MiHB", "heic"),
			"HEIC pictures"},
		"HEIC with 10 bits":       {boxed(0, "heix", "mif1", "heix"), "HEIC pictures"},
		"HEIC that says so later": {boxed(0, "mif1", "miaf", "heic"), "HEIC pictures"},
		"several HEIC pictures":   {boxed(0, "msf1", "hevc"), "HEIC pictures"},
		"a length of 64 bits":     {long, "HEIC pictures"},
		"a box up to the end":     {toTheEnd, "HEIC pictures"},
		"AVIF": {testdata(t, "picture.avif"),
			"AVIF pictures are not edited. Export the picture as"},
		"moving AVIF":               {boxed(0, "avis", "msf1", "iso8"), "AVIF pictures"},
		"AVIF that says so later":   {boxed(0, "mif1", "avif"), "AVIF pictures"},
		"HEIF of another codec":     {boxed(0, "mif1", "jpeg"), "HEIF pictures"},
		"a film":                    {boxed(0, "isom", "iso2", "avc1", "mp41"), "The file is a video"},
		"a film of a phone":         {boxed(0, "qt  "), "The file is a video"},
		"a brand that is not known": {boxed(0, "abcd", "abcd"), general},
		"a brand behind the box":    {append(boxed(0, "abcd"), "heic"...), general},
		"a box that is too short":   {wrong, general},
		"a length of 64 bits that is wrong": {
			append([]byte("\x00\x00\x00\x01ftyp\x00\x00\x00\x00\x00\x00\x00\x11heic"), 0, 0, 0, 0), general},
		"a length of 64 bits, cut off": {[]byte("\x00\x00\x00\x01ftyp\x00\x00\x00\x00"), general},
		"a box longer than the file":   {append(boxed(5000, "abcd"), "heic"...), "HEIC pictures"},
		"a brand after too many": {
			boxed(0, append(strings.Split(strings.Repeat("abcd,", 300), ",")[:300], "heic")...), general},
	} {
		_, err := imaging.Inspect(c.src, imaging.Limits{})
		_, peeked := peek(c.src)
		_, described := imaging.Describe(c.src, imaging.Limits{})
		_, edited := imaging.Edit(context.Background(), c.src, parse(t, heavy), imaging.Options{})
		for by, err := range map[string]error{"Inspect": err, "Peek": peeked, "Describe": described, "Edit": edited} {
			var f *fault.Fault
			if !errors.As(err, &f) || f.Kind != fault.Unsupported || !strings.HasPrefix(f.Message, c.sentence) {
				t.Errorf("%s: %s = %v, want %q", name, by, err, c.sentence)
			}
		}
	}
}

func TestNamesAreRefusedWithWhatTheirContentsWouldBe(t *testing.T) {
	t.Parallel()
	for name, like := range map[string]string{
		"IMG_0001.HEIC": "picture.heic",
		"a.heif":        "picture.heic",
		"a.hif":         "picture.heic",
		"b.avif":        "picture.avif",
	} {
		_, err := imaging.Inspect(testdata(t, like), imaging.Limits{})
		if f := imaging.RefusedByName(name); f == nil || f.Kind != fault.Unsupported ||
			f.Message != fault.From(err).Message {
			t.Errorf("%s: %v, want %v", name, f, err)
		}
	}
	for _, name := range []string{"a.jpg", "A.JPEG", "a.jpe", "a.jfif", "a.heic.png", "a.gif", "a.bmp", "a.tif",
		"a.tiff", "a.webp"} {
		if f := imaging.RefusedByName(name); f != nil {
			t.Errorf("%s: %v", name, f)
		}
	}
	for _, name := range []string{"", "heic", "a.docx", "a.svg", "film.mov"} {
		if f := imaging.RefusedByName(name); f == nil ||
			!strings.HasPrefix(f.Message, "This is no picture that Image Pro edits") {
			t.Errorf("%q: %v", name, f)
		}
	}
}
