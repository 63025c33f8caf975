package metadata

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

func TestThePlaceIsTakenOut(t *testing.T) {
	t.Parallel()
	const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description exif:GPSLatitude="47,3.5N" ` +
		`dc:format="image/jpeg"><exif:GPSLongitude>8,` +
		`1E</exif:GPSLongitude><dc:title>Place</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>`
	for _, order := range orders() {
		before := Blocks{Exif: camera(order, []byte("thumbnail")), XMP: []byte(packet)}
		untouched := bytes.Clone(before.Exif)
		kept := before.Update(Change{Width: 40, Height: 30})
		if !before.tellsPlace() || !kept.tellsPlace() || kept.Lost {
			t.Errorf("%s: the place is gone without being asked for", order)
		}
		b := before.Update(Change{Width: 40, Height: 30, DropGPS: true})
		if b.tellsPlace() || !b.Lost || strings.Contains(string(b.XMP), "GPS") ||
			!strings.Contains(string(b.XMP), "<dc:title>Place<") {
			t.Errorf("%s: the place is still there, or more is gone: %s", order, b.XMP)
		}
		if bytes.Contains(b.Exif, bytes.Repeat(append(order.AppendUint32(nil, 47), order.AppendUint32(nil, 1)...), 2)) {
			t.Errorf("%s: the degrees are still there", order)
		}
		if !bytes.Equal(before.Exif, untouched) {
			t.Errorf("%s: the source was changed", order)
		}
		// A maker's notes may tell it in a form of their own. Everything else is as it was, at its place.
		if bytes.Contains(b.Exif, []byte("maker note, untouched")) ||
			!bytes.Contains(kept.Exif, []byte("maker note, untouched")) {
			t.Errorf("%s: the maker's notes are still there, or gone without being asked for", order)
		}
		if exifText(b.Exif, tagArtist) != "Ann Artist" || Orientation(b.Exif) != 1 || len(b.Exif) != len(kept.Exif) {
			t.Errorf("%s: more was changed than the place", order)
		}
		tree, first, err := openTIFF(b.Exif)
		if err != nil {
			t.Fatal(err)
		}
		entries, _, next, err := tree.directory(first)
		if err != nil || len(entries) != 5 || next != 0 {
			t.Errorf("%s: %d entries, then %d, %v", order, len(entries), next, err)
		}
		again := b.Update(Change{Width: 40, Height: 30, DropGPS: true})
		if !bytes.Equal(again.Exif, b.Exif) || !bytes.Equal(again.XMP, b.XMP) {
			t.Errorf("%s: taking it out twice changes something", order)
		}
	}
}

func TestOddPlaces(t *testing.T) {
	t.Parallel()
	order := binary.LittleEndian
	build := func(fields ...field) []byte { return directory([]byte("II*\x00\x08\x00\x00\x00"), order, 0, fields) }
	only := build(field{tagGPS, 4, 1, order.AppendUint32(nil, 26)})
	only = directory(only, order, 0, []field{{1, 2, 2, []byte("N\x00")}})
	if b := (Blocks{Exif: only}).Update(Change{DropGPS: true}); b.Exif != nil || b.Lost {
		t.Errorf("only a place left % x, lost %v", b.Exif, b.Lost)
	}
	for name, exif := range map[string][]byte{
		"outside":  build(field{tagGPS, 4, 1, order.AppendUint32(nil, 9000)}),
		"a text":   build(field{tagGPS, 2, 4, []byte("abc\x00")}),
		"itself":   build(field{tagGPS, 4, 1, order.AppendUint32(nil, 8)}),
		"no order": []byte("XX*\x00\x08\x00\x00\x00"),
	} {
		if b := (Blocks{Exif: exif}).Update(Change{DropGPS: true}); b.tellsPlace() || !b.Lost {
			t.Errorf("%s: % x is left, lost %v", name, b.Exif, b.Lost)
		}
	}
}
