package sheet_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"imagepro/handler/dev/sheet"
)

func write(t *testing.T, pairs []sheet.Pair) *image.RGBA {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sheet.png")
	if err := sheet.Write(path, "Trial", pairs); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img.(*image.RGBA)
}

// filled is a picture of one colour.
func filled(c color.Color) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, 80, 60))
	for y := range 60 {
		for x := range 80 {
			img.Set(x, y, c)
		}
	}
	return img
}

func asJPEG(t *testing.T, m image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func asPNG(t *testing.T, m image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var (
	red  = color.NRGBA{0xd0, 0x20, 0x20, 0xff}
	blue = color.NRGBA{0x20, 0x30, 0xd0, 0xff}
)

// count returns how many pixels of an area are about this colour.
func count(m *image.RGBA, area image.Rectangle, want color.NRGBA) int {
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) < 12 }
	n := 0
	for y := area.Min.Y; y < area.Max.Y; y++ {
		row := m.Pix[m.PixOffset(area.Min.X, y) : m.PixOffset(area.Max.X-1, y)+4]
		for i := 0; i < len(row); i += 4 {
			if near(row[i], want.R) && near(row[i+1], want.G) && near(row[i+2], want.B) {
				n++
			}
		}
	}
	return n
}

func TestBeforeIsOnTheLeftOfAfter(t *testing.T) {
	t.Parallel()
	img := write(
		t, []sheet.Pair{{
			Name:   "a.jpg",
			Before: asJPEG(t, filled(red)),
			After:  asPNG(t, filled(blue)),
			Note:   "v1 → v2",
		}})
	if w := img.Bounds().Dx(); w != 1600 {
		t.Errorf("the sheet is %d pixels wide, want 1600", w)
	}
	h := img.Bounds().Dy()
	left, middle := image.Rect(0, 0, 420, h), image.Rect(420, 0, 800, h)
	const about = 80 * 60 * 9 / 10 // small pictures are not enlarged
	if count(img, left, red) < about || count(img, left, blue) > 0 {
		t.Errorf("on the left are %d pixels of before and %d of after", count(img, left, red), count(img, left, blue))
	}
	if count(img, middle, blue) < about || count(img, middle, red) > 0 {
		t.Errorf("beside it are %d pixels of after and %d of before", count(img, middle, blue), count(img, middle, red))
	}
}

func TestWhatCannotBeDecodedIsSaidInItsPlace(t *testing.T) {
	t.Parallel()
	good := asJPEG(t, filled(red))
	blank := write(t, []sheet.Pair{{Name: "a", Before: good, After: good}})
	for name, file := range map[string][]byte{
		"missing": nil, "text": []byte("no picture at all"), "cut short": good[:len(good)/2],
	} {
		img := write(t, []sheet.Pair{{Name: "a", Before: good, After: file}})
		if img.Bounds() != blank.Bounds() || count(img, img.Rect, red) < 4000 {
			t.Errorf("%s: the picture before is not shown", name)
		}
		said := image.Rect(420, 150, 800, 420)
		if dark := count(img, said, color.NRGBA{0x66, 0x70, 0x85, 0xff}); dark < 60 {
			t.Errorf("%s: %d pixels of writing in place of the picture, want a sentence", name, dark)
		}
	}
}

func TestTransparencyIsShownOverCheckers(t *testing.T) {
	t.Parallel()
	glass := asPNG(t, filled(color.NRGBA{0xff, 0, 0, 0}))
	img := write(t, []sheet.Pair{{Name: "a.png", Before: glass, After: glass}})
	frame := image.Rect(56, 150, 420, 420)
	if grey := count(img, frame, color.NRGBA{0xd9, 0xdd, 0xe4, 0xff}); grey < 80*60/4 {
		t.Errorf("%d pixels are grey, want about half of the picture", grey)
	}
}

func TestWriteSaysWhereItCouldNotWrite(t *testing.T) {
	t.Parallel()
	if err := sheet.Write(filepath.Join(t.TempDir(), "missing", "a.png"), "Trial", nil); err == nil {
		t.Error("writing into a folder that does not exist is no error")
	}
}
