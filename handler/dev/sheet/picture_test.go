package sheet

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/photos"
)

// app1 is a segment with an orientation behind another tag.
func app1(order binary.AppendByteOrder, orientation uint16) []byte {
	tiff := []byte("II*\x00")
	if order.String() == "BigEndian" {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, e := range [][2]uint16{{0x0100, 640}, {0x0112, orientation}} {
		tiff = order.AppendUint16(order.AppendUint16(tiff, e[0]), 3)
		tiff = order.AppendUint16(order.AppendUint32(tiff, 1), e[1])
		tiff = append(tiff, 0, 0)
	}
	tiff = append(tiff, 0, 0, 0, 0)
	size := 2 + 6 + len(tiff)
	return append([]byte{0xff, 0xe1, byte(size >> 8), byte(size), 'E', 'x', 'i', 'f', 0, 0}, tiff...)
}

// corners is a JPEG file with four grey levels in its corners, which gives away how it is turned.
func corners(t *testing.T, segments ...[]byte) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 64, 48))
	for y := range 48 {
		for x := range 64 {
			img.SetGray(x, y, color.Gray{Y: uint8(40 + x/32*60 + y/24*120)})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	file := bytes.Clone(out.Bytes()[:2])
	for _, s := range segments {
		file = append(file, s...)
	}
	return append(file, out.Bytes()[2:]...)
}

// The corners as stored: a b above c d.
const a, b, c, d = 40, 100, 160, 220

func TestPicturesAreShownUpright(t *testing.T) {
	t.Parallel()
	jfif := []byte{0xff, 0xe0, 0, 6, 'J', 'F', 'I', 'F'}
	for orientation, want := range map[uint16][4]int{
		1: {a, b, c, d}, 2: {b, a, d, c}, 3: {d, c, b, a}, 4: {c, d, a, b},
		5: {a, c, b, d}, 6: {c, a, d, b}, 7: {d, b, c, a}, 8: {b, d, a, c},
		0: {a, b, c, d}, 9: {a, b, c, d},
	} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			img, err := decode(corners(t, jfif, app1(order, orientation)), 400, 300)
			if err != nil {
				t.Fatal(err)
			}
			size := image.Pt(64, 48)
			if orientation >= 5 && orientation <= 8 {
				size = image.Pt(48, 64)
			}
			if img.Rect.Size() != size {
				t.Errorf("orientation %d: %v large, want %v", orientation, img.Rect.Size(), size)
				continue
			}
			x, y := size.X-8, size.Y-8
			got := [4]int{level(img, 8, 8), level(img, x, 8), level(img, 8, y), level(img, x, y)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("orientation %d, %v: corners (-want +got):\n%s", orientation, order, diff)
			}
		}
	}
}

// level is the grey at a point, rounded to the levels of the corners.
func level(img *image.RGBA, x, y int) int { return (int(img.RGBAAt(x, y).G)-10)/60*60 + 40 }

func TestDrawnPhotosAreShownAsTheyWereSeen(t *testing.T) {
	t.Parallel()
	drawn, err := photos.Draw(t.TempDir(), photos.Options{Count: 9, MinMegapixels: 0.02, MaxMegapixels: 0.03})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range drawn {
		file, err := os.ReadFile(p.Path)
		if err != nil {
			t.Fatal(err)
		}
		if got := orientation(file); got != p.Orientation {
			t.Errorf("%s: orientation %d, want %d", p.Name, got, p.Orientation)
		}
		img, err := decode(file, 2000, 2000)
		if err != nil {
			t.Fatal(err)
		}
		if want := image.Pt(p.Width, p.Height); img.Rect.Size() != want {
			t.Errorf("%s is shown %v large, want %v", p.Name, img.Rect.Size(), want)
		}
	}
}

func TestPicturesFitTheirFrame(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ w, h, wantW, wantH int }{
		{800, 600, 100, 75}, {600, 800, 60, 80}, {1000, 10, 100, 1}, {3, 4000, 1, 80}, {50, 40, 50, 40},
	} {
		img := shrink(image.NewGray(image.Rect(0, 0, test.w, test.h)), 100, 80)
		if got := img.Rect.Size(); got != image.Pt(test.wantW, test.wantH) {
			t.Errorf("%dx%d is shown as %v, want %dx%d", test.w, test.h, got, test.wantW, test.wantH)
		}
	}
}

func TestHugePicturesAreNotDecoded(t *testing.T) {
	t.Parallel()
	// The start of a GIF file of 65535 x 65535 pixels.
	if _, err := decode([]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00"), 100, 100); err != errTooMany {
		t.Errorf("decode = %v, want %v", err, errTooMany)
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x02"))
	f.Add(append([]byte("\xff\xd8"), app1(binary.LittleEndian, 6)...))
	f.Add(append([]byte("\xff\xd8"), app1(binary.BigEndian, 8)[:30]...))
	f.Fuzz(func(t *testing.T, file []byte) {
		if o := orientation(file); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
