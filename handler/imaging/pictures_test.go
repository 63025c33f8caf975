package imaging_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/deepteams/webp"
	"golang.org/x/image/bmp"
	xtiff "golang.org/x/image/tiff"

	"imagepro/handler/imaging/container"
	"imagepro/handler/imaging/metadata"
)

// pattern returns an opaque picture in which no two corners or directions look alike.
func pattern(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{R: uint8(255 * x / max(1, w-1)), G: uint8(255 * y / max(1, h-1)), B: 60, A: 255}
			if x < w/3 && y < h/4 {
				c = color.NRGBA{R: 20, G: 20, B: 230, A: 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

// veiled is pattern with an alpha that grows from left to right.
func veiled(w, h int) *image.NRGBA {
	m := pattern(w, h)
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = uint8(255 * (i / 4 % w) / max(1, w-1))
	}
	return m
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, m image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asGIF(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asBMP(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bmp.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asTIFF(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := xtiff.Encode(&b, m, &xtiff.Options{Compression: xtiff.Deflate}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func fromPNG(t testing.TB, data []byte) *image.NRGBA {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return toNRGBA(m)
}

// toNRGBA converts pixel by pixel, independently of the package under test.
func toNRGBA(m image.Image) *image.NRGBA {
	b := m.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.SetNRGBA(x, y, color.NRGBAModel.Convert(m.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA))
		}
	}
	return out
}

// orientationExif returns an EXIF structure with an Orientation tag.
func orientationExif(order binary.AppendByteOrder, orientation int) []byte {
	to := []byte("II*\x00")
	if order.String() == "BigEndian" {
		to = []byte("MM\x00*")
	}
	to = order.AppendUint32(to, 8)
	to = order.AppendUint16(to, 1)
	to = order.AppendUint16(to, 0x0112)
	to = order.AppendUint16(to, 3)
	to = order.AppendUint32(to, 1)
	to = order.AppendUint16(to, uint16(orientation))
	to = order.AppendUint16(to, 0)
	return order.AppendUint32(to, 0)
}

// withExif puts an EXIF structure into a JPEG or PNG file.
func withExif(t testing.TB, file, exif []byte) []byte {
	t.Helper()
	write := metadata.WriteJPEG
	if bytes.HasPrefix(file, []byte("\x89PNG")) {
		write = metadata.WritePNG
	}
	out, lost := write(file, metadata.Blocks{Exif: exif})
	if lost {
		t.Fatal("the EXIF block did not fit")
	}
	return out
}

// storedAs returns how a camera would store an upright picture with an EXIF orientation, following the
// wording of the standard: which side of the stored picture is the visual top, and which the visual left.
func storedAs(m *image.NRGBA, orientation int) *image.NRGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	sw, sh := w, h
	if orientation >= 5 {
		sw, sh = h, w
	}
	out := image.NewNRGBA(image.Rect(0, 0, sw, sh))
	for row := range sh {
		for col := range sw {
			var x, y int // in the upright picture
			switch orientation {
			case 1: // row 0 is the top, column 0 the left
				x, y = col, row
			case 2: // top, right
				x, y = w-1-col, row
			case 3: // bottom, right
				x, y = w-1-col, h-1-row
			case 4: // bottom, left
				x, y = col, h-1-row
			case 5: // row 0 is the left, column 0 the top
				x, y = row, col
			case 6: // right, top
				x, y = w-1-row, col
			case 7: // right, bottom
				x, y = w-1-row, h-1-col
			case 8: // left, bottom
				x, y = row, h-1-col
			}
			out.SetNRGBA(col, row, m.NRGBAAt(x, y))
		}
	}
	return out
}

// animated returns a GIF of two frames.
func animated(t testing.TB) []byte {
	t.Helper()
	frame := image.NewPaletted(image.Rect(0, 0, 4, 4), color.Palette{color.Black, color.White})
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withChunk puts a chunk into a PNG file after its header.
func withChunk(file []byte, name string, data []byte) []byte {
	out := append([]byte(nil), file[:33]...)
	out = container.AppendPNG(out, name, data)
	return append(out, file[33:]...)
}

func webpWith(t testing.TB, m image.Image, b metadata.Blocks) []byte {
	t.Helper()
	o := webp.DefaultOptions()
	o.Method, o.ICC, o.EXIF, o.XMP = 2, b.ICC, b.Exif, b.XMP
	var to bytes.Buffer
	if err := webp.Encode(&to, m, o); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}

func losslessWebP(t testing.TB, m image.Image) []byte {
	t.Helper()
	o := webp.DefaultOptions()
	o.Lossless = true
	var to bytes.Buffer
	if err := webp.Encode(&to, m, o); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}
