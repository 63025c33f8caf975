package photos

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Turning and mirroring, each written the plain way.
func turnRight(m image.Image) image.Image {
	b := m.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dy(), b.Dx()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(b.Dy()-1-y, x, m.At(x, y))
		}
	}
	return out
}

func mirror(m image.Image) image.Image {
	b := m.Bounds()
	out := image.NewRGBA(b)
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(b.Dx()-1-x, y, m.At(x, y))
		}
	}
	return out
}

// asSeen does what a viewer does for an orientation.
func asSeen(m image.Image, orientation int) image.Image {
	if turns := map[int]int{3: 2, 4: 2, 5: 1, 6: 1, 7: 3, 8: 3}[orientation]; turns > 0 {
		for range turns {
			m = turnRight(m)
		}
	}
	switch orientation {
	case 2, 4, 5, 7:
		m = mirror(m)
	}
	return m
}

func TestASceneLooksTheSameInAllOrientations(t *testing.T) {
	t.Parallel()
	texture := newNoise(1)
	s := studio{texture, newFilm(texture, 1)}
	for _, take := range []scene{{bottle, "bottle", 1}, {portrait, "portrait", 1}} {
		var first image.Image
		for orientation := 1; orientation <= 8; orientation++ {
			p := plan{number: 7, scene: take.paint, seed: 4, grain: 1}
			p.photo = Photo{take.name, filepath.Join(t.TempDir(), take.name), 150, 100, orientation, "jpeg"}
			p.properties = describe(p.photo, orientation, rand.New(rand.NewPCG(1, 1)))
			if err := s.shoot(p); err != nil {
				t.Fatal(err)
			}
			file, err := os.ReadFile(p.photo.Path)
			if err != nil {
				t.Fatal(err)
			}
			stored, err := jpeg.Decode(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			seen := asSeen(stored, int(tagsOf(t, file)[tagOrientation]))
			if first == nil {
				first = seen
			}
			if d := difference(first, seen); d > 8 {
				t.Errorf("%s: orientation %d differs by %.1f levels from orientation 1", take.name, orientation, d)
			}
			if d := difference(first, mirror(seen)); d < 16 {
				t.Errorf("%s: a mirrored picture differs by %.1f levels only; this test would not notice it", take.name,
					d)
			}
		}
	}
}

// difference is the mean difference of two pictures' green, in levels; pictures of different size differ
// by 255.
func difference(a, b image.Image) float64 {
	if a.Bounds() != b.Bounds() {
		return 255
	}
	sum, size := 0.0, a.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			_, g, _, _ := a.At(x, y).RGBA()
			_, h, _, _ := b.At(x, y).RGBA()
			sum += float64(max(g, h)-min(g, h)) / 257
		}
	}
	return sum / float64(size.X*size.Y)
}

// tagsOf reads the EXIF block that follows the start of a JPEG file: numbers as they are, texts by their
// length.
func tagsOf(t *testing.T, file []byte) map[uint16]uint32 {
	t.Helper()
	if string(file[:4]) != "\xff\xd8\xff\xe1" || string(file[6:12]) != "Exif\x00\x00" {
		t.Fatalf("the file starts with % x, want an APP1 segment", file[:12])
	}
	tiff := file[12 : 4+int(binary.BigEndian.Uint16(file[4:]))]
	var order binary.ByteOrder = binary.LittleEndian
	if tiff[0] == 'M' {
		order = binary.BigEndian
	}
	tags := map[uint16]uint32{}
	directories := []uint32{order.Uint32(tiff[4:])}
	for len(directories) > 0 {
		entries := tiff[directories[0]:]
		directories = directories[1:]
		for i := range int(order.Uint16(entries)) {
			e := entries[2+12*i:]
			tag, kind := order.Uint16(e), order.Uint16(e[2:])
			switch kind {
			case typeShort:
				tags[tag] = uint32(order.Uint16(e[8:]))
			case typeLong:
				tags[tag] = order.Uint32(e[8:])
			default:
				tags[tag] = order.Uint32(e[4:])
			}
			if tag == tagExifIFD {
				directories = append(directories, tags[tag])
			}
		}
	}
	return tags
}

func TestExifIsReadableInBothByteOrders(t *testing.T) {
	t.Parallel()
	for i := range 2 { // byte orders take turns
		p := describe(Photo{Width: 70000, Height: 300, Orientation: 6}, i, rand.New(rand.NewPCG(2, 2)))
		segment, err := p.segment()
		if err != nil {
			t.Fatal(err)
		}
		got := tagsOf(t, append([]byte("\xff\xd8"), segment...))
		for tag, want := range map[uint16]uint32{
			tagOrientation: 6, tagPixelXDimension: 300, tagPixelYDimension: 70000, tagDateTimeOriginal: 20,
			tagMake: uint32(len(p.make) + 1), tagModel: uint32(len(p.model) + 1), tagArtist: uint32(len(p.artist) + 1),
			tagCopyright: uint32(len(p.copyright) + 1),
		} {
			if got[tag] != want {
				t.Errorf("%s: tag %#x is %d, want %d", p.orderMark, tag, got[tag], want)
			}
		}
		for _, text := range []string{p.make, p.model, p.artist, p.copyright, p.taken.Format("2006:01:02 15:04:05")} {
			if !bytes.Contains(segment, append([]byte(text), 0)) {
				t.Errorf("%s: the segment does not hold %q", p.orderMark, text)
			}
		}
	}
}

func TestStoredPlacesAreAllDifferent(t *testing.T) {
	t.Parallel()
	const w, h = 5, 3
	for orientation := 1; orientation <= 8; orientation++ {
		sw, sh := storedSize(orientation, w, h)
		hits := make([]int, sw*sh)
		want := make([]int, sw*sh)
		for i := range want {
			x, y := stored(orientation, i%w, i/w, w, h)
			hits[y*sw+x]++
			want[i] = 1
		}
		if diff := cmp.Diff(want, hits); diff != "" {
			t.Errorf("orientation %d leaves gaps (-want +got):\n%s", orientation, diff)
		}
	}
}
