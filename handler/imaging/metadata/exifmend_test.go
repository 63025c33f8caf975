package metadata

import (
	"bytes"
	"testing"
)

// One part that cannot be read does not cost the rest.
func TestOnlyTheDamagedPartOfExifIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, order := range orders() {
		whole := camera(order, bytes.Repeat([]byte("thumbnail"), 10))
		s, main, _, next, err := openFirst(whole)
		if err != nil {
			t.Fatal(err)
		}
		at := func(tag uint16) int {
			e, ok := find(main, tag)
			if !ok {
				t.Fatalf("no tag %#x", tag)
			}
			return e.at
		}
		below := func(tag uint16) int { e, _ := find(main, tag); n, _ := s.number(e); return n }
		exif, gps := below(tagExif), below(tagGPS)
		for name, c := range map[string]struct {
			damage     func(d []byte)
			make, date bool // whether the maker and what EXIF has below stay
			gps, lost  bool
		}{
			"nothing":            {func([]byte) {}, true, true, true, false},
			"GPS without fields": {func(d []byte) { order16(order, d[gps:], 0) }, true, true, false, false},
			"GPS outside": {func(d []byte) {
				order32(order, d[at(tagGPS)+8:], 1<<30)
			}, true, true, false, true},
			"GPS on the first directory": {func(d []byte) {
				order32(order, d[at(tagGPS)+8:], 8)
			}, true, true, false, true},
			"GPS that is a text": {func(d []byte) {
				order16(order, d[at(tagGPS)+2:], 2)
			}, true, true, false, true},
			"a place outside": {func(d []byte) {
				order32(order, d[gps+2+8:], 1<<31-100)
			}, true, true, false, true},
			"EXIF outside": {func(d []byte) {
				order32(order, d[at(tagExif)+8:], 1<<30)
			}, true, false, true, true},
			"EXIF and GPS the same": {func(d []byte) {
				order32(order, d[at(tagExif)+8:], uint32(gps))
			}, true, false, true, true},
			"the maker's name outside": {func(d []byte) {
				order32(order, d[at(0x010F)+8:], 1<<30)
			}, false, true, true, true},
			"the maker's name on the head": {func(d []byte) {
				order32(order, d[at(0x010F)+8:], 0)
			}, false, true, true, true},
			"a name as long as all": {func(d []byte) {
				order32(order, d[at(0x010F)+4:], uint32(len(d)-200))
			}, false, true, true, true},
			"a note that is too long": {func(d []byte) {
				order32(order, d[exif+2+12+4:], 1<<20)
			}, true, true, true, true},
			"more fields than there is room": {func(d []byte) {
				order16(order, d[exif:], 60000)
			}, true, true, true, true},
			"EXIF on a picture": {func(d []byte) { junk(order, d, at(tagExif)) }, true, false, true, true},
			"a thumbnail outside": {func(d []byte) {
				order32(order, d[next+2+12+8:], 1<<30)
			}, true, true, true, false},
			"a thumbnail's broken directory": {func(d []byte) {
				order16(order, d[next:], 0xFFFF)
			}, true, true, true, false},
		} {
			damaged := bytes.Clone(whole)
			c.damage(damaged)
			was := bytes.Clone(damaged)
			b := Blocks{Exif: damaged}.Update(Change{Width: 640, Height: 480, Orientation: 6})
			if !bytes.Equal(damaged, was) {
				t.Errorf("%s, %s: the source was changed", name, order)
			}
			if got := exifText(b.Exif, tagCopyright); got != "(c) 2024 Ann Artist, all rights reserved" ||
				exifText(b.Exif, tagArtist) != "Ann Artist" || Orientation(b.Exif) != 6 {
				t.Errorf("%s, %s: the rights or the orientation are lost: %q", name, order, got)
			}
			if (exifText(b.Exif, 0x010F) == "Camera Works") != c.make || hasGPS(b.Exif) != c.gps || b.Lost != c.lost {
				t.Errorf("%s, %s: the maker is %q, GPS %v, lost %v", name, order, exifText(b.Exif, 0x010F),
					hasGPS(b.Exif), b.Lost)
			}
			_, entries := readFirst(b.Exif)
			if _, ok := find(entries, tagExif); ok != c.date || ok && number(t, b.Exif, tagPixelX) != 640 {
				t.Errorf("%s, %s: what EXIF has below is there: %v", name, order, ok)
			}
			if titled := b.Set(Fields{FieldCreator: {"Bo"}}, false); titled.Lost != c.lost ||
				exifText(titled.Exif, tagCopyright) == "" || exifText(titled.Exif, tagArtist) != "Bo" {
				t.Errorf("%s, %s: with a creator: lost %v", name, order, titled.Lost)
			}
			if got := Orientation(damaged); got != 6 {
				t.Errorf("%s, %s: the orientation is %d", name, order, got)
			}
			if rights := rights(Blocks{Exif: damaged}); exifText(rights, tagCopyright) == "" {
				t.Errorf("%s, %s: no rights", name, order)
			}
			if gone := b.Update(Change{Width: 1, Height: 1, DropGPS: true}); hasGPS(gone.Exif) ||
				exifText(gone.Exif, tagCopyright) == "" {
				t.Errorf("%s, %s: without the place", name, order)
			}
		}
	}
}

// junk lets a pointer point to bytes of a picture, at the end, that look like a directory of some fields.
func junk(order interface{ String() string }, d []byte, pointer int) {
	start := len(d) - 80
	for i := range d[start:] {
		d[start+i] = byte(0x80 + 7*i)
	}
	order16(order, d[start:], 5)
	order32(order, d[pointer+8:], uint32(start))
}

func order16(order interface{ String() string }, to []byte, v uint16) {
	if order.String() == "BigEndian" {
		to[0], to[1] = byte(v>>8), byte(v)
		return
	}
	to[0], to[1] = byte(v), byte(v>>8)
}

func order32(order interface{ String() string }, to []byte, v uint32) {
	if order.String() == "BigEndian" {
		order16(order, to, uint16(v>>16))
		order16(order, to[2:], uint16(v))
		return
	}
	order16(order, to, uint16(v))
	order16(order, to[2:], uint16(v>>16))
}

// Some programs point with the type that TIFF has for that.
func TestPointersOfTypeIFDAreFollowed(t *testing.T) {
	t.Parallel()
	for _, order := range orders() {
		exif := camera(order, nil)
		_, main, _, _, err := openFirst(exif)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range []uint16{tagExif, tagGPS} {
			e, _ := find(main, tag)
			order16(order, exif[e.at+2:], kindIFD)
		}
		kept := Blocks{Exif: exif}.Update(Change{Width: 640, Height: 480})
		if kept.Lost || !hasGPS(kept.Exif) || number(t, kept.Exif, tagPixelX) != 640 {
			t.Errorf("%s: lost %v", order, kept.Lost)
		}
		gone := Blocks{Exif: exif}.Update(Change{Width: 640, Height: 480, DropGPS: true})
		if !gone.Lost || hasGPS(gone.Exif) || hasNotes(gone.Exif) ||
			bytes.Contains(gone.Exif,
				bytes.Repeat(append(order.AppendUint32(nil, 47), order.AppendUint32(nil, 1)...), 2)) {
			t.Errorf("%s: the place is left, or lost %v", order, gone.Lost)
		}
	}
}

// EXIF 3.0 has texts in UTF-8, of a kind of their own.
func TestTextsOfEXIF3Stay(t *testing.T) {
	t.Parallel()
	text := []byte("© Ängström\x00")
	exif := buildTIFF([]node{{tag: tagCopyright, kind: kindUTF8, count: uint32(len(text)), value: text}})
	for _, c := range []Change{{Hidden: true}, {DropGPS: true}, {Mode: Copyright}} {
		if b := (Blocks{Exif: exif}).Update(c); b.Lost || exifText(b.Exif, tagCopyright) != "© Ängström" {
			t.Errorf("%+v: %q, lost %v", c, b.Exif, b.Lost)
		}
	}
}
