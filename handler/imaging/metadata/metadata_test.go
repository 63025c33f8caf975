package metadata

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"imagepro/handler/imaging/container"
)

// number reads a tag of the main or the EXIF directory.
func number(t *testing.T, exif []byte, tag uint16) int {
	t.Helper()
	s, first, err := openTIFF(exif)
	if err != nil {
		t.Fatal(err)
	}
	entries, _, _, err := s.directory(first)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.tag == tagExif {
			at, _ := s.number(e)
			more, _, _, err := s.directory(at)
			if err != nil {
				t.Fatal(err)
			}
			entries = append(entries, more...)
		}
	}
	for _, e := range entries {
		if n, ok := s.number(e); ok && e.tag == tag {
			return n
		}
	}
	t.Fatalf("there is no tag %#x", tag)
	return 0
}

func TestExifIsBroughtUpToDateInPlace(t *testing.T) {
	t.Parallel()
	thumbnail := bytes.Repeat([]byte("secret thumbnail"), 20)
	for _, order := range orders() {
		t.Run(order.String(), func(t *testing.T) {
			t.Parallel()
			before := camera(order, thumbnail)
			kept := bytes.Clone(before)
			after, _, err := updateExif(before, Change{Width: 640, Height: 70000})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before, kept) {
				t.Error("the source was changed")
			}
			for tag, want := range map[uint16]int{tagOrientation: 1, tagPixelX: 640, tagPixelY: 70000} {
				if got := number(t, after, tag); got != want {
					t.Errorf("tag %#x is %d, want %d", tag, got, want)
				}
			}
			for _, text := range []string{"Camera Works", "Ann Artist", "all rights reserved",
				"maker note, untouched"} {
				if at := strings.Index(string(after), text); at < 0 || at != strings.Index(string(before), text) {
					t.Errorf("%q is at %d, want its old place", text, at)
				}
			}
			if bytes.Contains(after, []byte("secret")) || len(after) > len(before)-len(thumbnail) {
				t.Errorf("the thumbnail is still there: %d bytes became %d", len(before), len(after))
			}
		})
	}
}

func TestWhatPointsAtPartsOfThePictureGoes(t *testing.T) {
	t.Parallel()
	for _, order := range orders() {
		preview := []byte("a preview that a maker's note points at")
		before := append(camera(order, nil), preview...)
		for name, c := range map[string]struct {
			change               Change
			area, notes, preview bool // whether it stays
		}{
			"the same": {Change{Width: 4000, Height: 3000}, true, true, true},
			"scaled":   {Change{Width: 400, Height: 300}, false, true, true},
			"moved":    {Change{Width: 4000, Height: 3000, Moved: true}, false, true, true},
			"hidden":   {Change{Width: 4000, Height: 3000, Hidden: true}, false, false, false},
		} {
			after, _, err := updateExif(before, c.change)
			if err != nil {
				t.Fatal(err)
			}
			s, first, _ := openTIFF(after)
			main, _, _, err := s.directory(first)
			if err != nil {
				t.Fatal(err)
			}
			at, _ := s.numberOf(main, tagExif)
			entries, _, _, err := s.directory(at)
			if err != nil {
				t.Fatal(err)
			}
			_, area := find(entries, tagSubjectArea)
			_, notes := find(entries, tagMakerNote)
			if area != c.area || notes != c.notes || notes != bytes.Contains(after, []byte("maker note, untouched")) ||
				bytes.Contains(after, preview) != c.preview {
				t.Errorf("%s: area %v, notes %v, preview %v", name, area, notes, bytes.Contains(after, preview))
			}
			if number(t, after, tagPixelY) != c.change.Height || exifText(after, tagCopyright) == "" || !hasGPS(after) {
				t.Errorf("%s: more than that is gone", name)
			}
		}
	}
}

func TestAThumbnailThatLiesOnOtherDataDoesNotCostIt(t *testing.T) {
	t.Parallel()
	order := binary.LittleEndian
	exif := camera(order, []byte("thumbnail"))
	at := bytes.Index(exif, []byte{0x01, 0x02, 4, 0}) // the thumbnail's offset
	order.PutUint32(exif[at+8:], 8)
	after, _, err := updateExif(exif, Change{Width: 1, Height: 1})
	if err != nil || exifText(after, tagArtist) != "Ann Artist" || !hasGPS(after) {
		t.Errorf("the main directory was wiped as a thumbnail: %v", err)
	}
	if s, _, _, next, err := openFirst(after); err != nil || next != 0 || len(s.data) == 0 {
		t.Errorf("the thumbnail's directory is still there: %d, %v", next, err)
	}
}

// Damage is found or harmless: whatever is cut or changed, the result is an error or a structure that can be
// updated again.
func TestDamagedExifNeverPanics(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, order := range orders() {
		whole := camera(order, []byte("thumbnail"))
		for n := range whole {
			checkUpdate(t, whole[:n])
		}
		for range 20000 {
			broken := bytes.Clone(whole)
			for range 1 + r.IntN(4) {
				broken[r.IntN(len(broken))] = byte(r.Uint32())
			}
			checkUpdate(t, broken)
		}
	}
}

// checkMended checks that what is left of a structure can be read as a whole and stays as it is from then on.
func checkMended(t *testing.T, exif []byte) {
	t.Helper()
	was := bytes.Clone(exif)
	after, lost, err := mended(exif)
	if !bytes.Equal(exif, was) {
		t.Fatalf("the source was changed: % x", was)
	}
	if err != nil || after == nil {
		return
	}
	s, main, where, _, err := openFirst(after)
	if err != nil {
		t.Fatalf("what is left is broken: %v\nbefore % x\nafter  % x", err, exif, after)
	}
	used, err := s.usage(main)
	used.directories = append(used.directories, where)
	if err != nil || used.isTangled() {
		t.Fatalf("what is left is tangled: %v\nbefore % x\nafter  % x", err, exif, after)
	}
	if again, lost, err := mended(after); err != nil || lost || !bytes.Equal(again, after) {
		t.Fatalf("what is left is mended again: %v, lost %v\n% x\n% x", err, lost, after, again)
	}
	if !lost && len(after) != len(exif) {
		t.Fatal("something was cut off without a word")
	}
	for _, c := range []Change{{Width: 10, Height: 20}, {
		Width:  10,
		Height: 20,
		Moved:  true,
		Hidden: true,
		SRGB:   true,
	}, {Width: 10, Height: 20, DropGPS: true}} {
		b := Blocks{Exif: exif}.Update(c)
		if b.Exif == nil && !lost && !c.DropGPS {
			t.Fatalf("nothing is left of what can be read: % x", exif)
		}
		if c.DropGPS && hasGPS(b.Exif) {
			t.Fatalf("the place is left: % x", b.Exif)
		}
	}
}

func checkUpdate(t *testing.T, exif []byte) {
	t.Helper()
	checkMended(t, exif)
	if after, _, err := updateExif(exif, Change{Width: 10, Height: 20, Moved: true, Hidden: true}); err == nil {
		if _, _, err := updateExif(after, Change{Width: 10, Height: 20}); err != nil {
			t.Fatalf("the result of hiding cannot be updated: %v\nbefore % x\nafter  % x", err, exif, after)
		}
	}
	Orientation(exif)
	exifText(exif, tagArtist)
	after, _, err := updateExif(exif, Change{Width: 10, Height: 20})
	if err != nil {
		return
	}
	if len(after) > len(exif) {
		t.Fatalf("%d bytes became %d", len(exif), len(after))
	}
	if got := Orientation(after); got != 1 {
		t.Fatalf("the orientation is %d after an update of % x", got, exif)
	}
	if _, _, err := updateExif(after, Change{Width: 10, Height: 20}); err != nil {
		t.Fatalf("the result of an update cannot be updated: %v\nbefore % x\nafter  % x", err, exif, after)
	}
}

func TestRightsComeFromExifOrElseFromIPTC(t *testing.T) {
	t.Parallel()
	for _, order := range orders() {
		own := rights(Blocks{Exif: camera(order, nil), IPTC: iptc("Else", "else")})
		if a, c := exifText(own, tagArtist),
			exifText(own, tagCopyright); a != "Ann Artist" || c != "(c) 2024 Ann Artist, all rights reserved" {
			t.Errorf("rights are %q and %q", a, c)
		}
	}
	other := rights(Blocks{IPTC: iptc("Bo", "(c) Bo")})
	if a, c := exifText(other, tagArtist), exifText(other, tagCopyright); a != "Bo" || c != "(c) Bo" {
		t.Errorf("rights from IPTC are %q and %q", a, c)
	}
	if rights(Blocks{}) != nil {
		t.Error("rights come from nowhere")
	}
}

// iptc returns image resources: a thumbnail, and IPTC with an artist and a copyright.
func iptc(artist, copyright string) []byte {
	set := func(number byte, text string) []byte {
		return append([]byte{0x1C, 2, number, 0, byte(len(text))}, text...)
	}
	return append(imageResource(0x040C, []byte("secret preview!")),
		imageResource(resourceIPTC, append(set(dataSetByline, artist), set(dataSetCopyright, copyright)...))...)
}

func imageResource(id uint16, data []byte) []byte {
	out := binary.BigEndian.AppendUint16([]byte("8BIM"), id)
	out = append(out, 0, 0) // no name
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	out = append(out, data...)
	if len(data)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

func TestIPTCStaysWithoutPreviews(t *testing.T) {
	t.Parallel()
	out, lost := updateIPTC(iptc("Bo", "(c) Bo!"), Change{})
	if lost || bytes.Contains(out, []byte("secret")) || iptcText(out, dataSetByline) != "Bo" ||
		iptcText(out, dataSetCopyright) != "(c) Bo!" {
		t.Errorf("the resources are %q", out)
	}
	for n := range out {
		updateIPTC(out[:n], Change{})
		iptcText(out[:n], dataSetCopyright)
	}
	if _, lost := updateIPTC([]byte("8BIM\x04\x04\x00\x00\xff\xff\xff\xff...."), Change{}); !lost {
		t.Error("a resource that reaches over the end is kept")
	}
}

func TestXMPIsBroughtUpToDateInBothSpellings(t *testing.T) {
	t.Parallel()
	packet := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description tiff:Orientation="6" ` +
		`exif:PixelXDimension='4000'
	 dc:format="image/jpeg" xmpNote:HasExtendedXMP="ABC">
	<tiff:ImageLength>3000</tiff:ImageLength><exif:PixelYDimension>3000</exif:PixelYDimension>` +
		`<dc:rights>mine</dc:rights>
	<xmp:Thumbnails><rdf:Alt><rdf:li>secret</rdf:li></rdf:Alt></xmp:Thumbnails></rdf:Description></rdf:RDF></x:xmpmeta>`
	want := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description tiff:Orientation="1" ` +
		`exif:PixelXDimension="640"
	 dc:format="image/jpeg">
	<tiff:ImageLength>480</tiff:ImageLength><exif:PixelYDimension>480</exif:PixelYDimension><dc:rights>mine</dc:rights>
	</rdf:Description></rdf:RDF></x:xmpmeta>`
	got, lost := updateXMP([]byte(packet), Change{Width: 640, Height: 480})
	if !lost || string(got) != want {
		t.Errorf("the packet is %v\n%s\nwant\n%s", lost, got, want)
	}
	if _, lost := updateXMP([]byte("\xff\xfeno packet"), Change{Width: 1, Height: 1}); !lost {
		t.Error("what is no packet is kept")
	}
}

// profile returns an ICC profile of some length.
func profile(space string, length int) []byte {
	p := bytes.Repeat([]byte("0123456789"), length/10+1)[:length]
	copy(p[16:], space)
	copy(p[36:], "acsp")
	return p
}

// tinyJPEG is the structure of a JPEG file with a scan that no decoder would like.
func tinyJPEG() []byte {
	out := []byte{0xFF, container.SOI}
	out = appendSegment(out, container.APP14, "Adobe", []byte{0, 100, 0, 0, 0, 0, 1})
	out = appendSegment(out, container.SOS, "", []byte{1, 1, 0, 0, 63, 0})
	return append(out, "coded\xFF\x00data\xFF\xD9"...)
}

// tinyPNG is the structure of a PNG file.
func tinyPNG() []byte {
	out := container.AppendPNG([]byte("\x89PNG\r\n\x1a\n"), "IHDR", make([]byte, 13))
	out = container.AppendPNG(out, "IDAT", []byte("pixels"))
	return container.AppendPNG(out, "IEND", nil)
}

func full(exif []byte) Blocks {
	return Blocks{
		Exif: exif,
		XMP:  []byte(`<rdf:RDF tiff:Orientation="3"/>`),
		IPTC: iptc("Bo", "(c)"),
		ICC:  profile("RGB ", 150000),
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	t.Parallel()
	b := full(camera(binary.BigEndian, []byte("thumbnail")))
	for format, write := range map[string]func() ([]byte, bool){
		"jpeg": func() ([]byte, bool) { return WriteJPEG(tinyJPEG(), b) },
		"png":  func() ([]byte, bool) { return WritePNG(tinyPNG(), b) },
	} {
		file, lost := write()
		got := Read(format, file)
		if format == "png" {
			if !lost {
				t.Error("png: IPTC vanished without a word")
			}
			got.IPTC = b.IPTC
		}
		if lost != (format == "png") || !bytes.Equal(got.Exif, b.Exif) || !bytes.Equal(got.XMP, b.XMP) ||
			!bytes.Equal(got.IPTC, b.IPTC) || !bytes.Equal(got.ICC, b.ICC) || got.Lost {
			t.Errorf("%s: what is read differs from what was written; lost %t and %t", format, lost, got.Lost)
		}
	}
}

func keepNone([]byte) bool { return false }

func TestStrippingLeavesTheCodedPicture(t *testing.T) {
	t.Parallel()
	b := full(camera(binary.LittleEndian, []byte("thumbnail")))
	b.Own = []Part{{Marker: container.COM, Data: []byte("hello")},
		{Marker: container.APP0, Data: []byte("JFIF\x00.........")}}
	file, _ := WriteJPEG(tinyJPEG(), b)
	if got := stripJPEG(append(file, "something after the end"...)); !bytes.Equal(got, tinyJPEG()) {
		t.Errorf("the stripped JPEG is %q", got)
	}
	b.Own = []Part{{Name: "tEXt", Data: []byte("a\x00b")}, {Name: "gAMA", Data: make([]byte, 4)}}
	file, _ = WritePNG(tinyPNG(), b)
	if got := stripPNG(file, keepNone); !bytes.Equal(got, tinyPNG()) {
		t.Errorf("the stripped PNG is %q", got)
	}
}

func TestBlocksThatAreTooLongAreLostAndSaid(t *testing.T) {
	t.Parallel()
	file, _ := WritePNG(tinyPNG(), Blocks{Exif: make([]byte, maxBlock+1)})
	if b := Read("png", file); b.Exif != nil || !b.Lost {
		t.Errorf("a long block is kept: %d bytes, lost %t", len(b.Exif), b.Lost)
	}
	if _, lost := WriteJPEG(tinyJPEG(), Blocks{Exif: make([]byte, maxSegment)}); !lost {
		t.Error("a block that fits no segment was left out without a word")
	}
}

func TestModesKeepWhatTheySay(t *testing.T) {
	t.Parallel()
	b := full(camera(binary.BigEndian, []byte("thumbnail")))
	b.Own = []Part{{Marker: container.COM, Data: []byte("hello")}, {Name: "gAMA", Data: make([]byte, 4)}}
	all := b.Update(Change{Width: 5, Height: 6, Mode: All})
	if len(all.Exif) == 0 || len(all.XMP) == 0 || len(all.IPTC) == 0 || len(all.Own) != 2 || all.Lost {
		t.Errorf("all: %+v", all)
	}
	some := b.Update(Change{Width: 5, Height: 6, Mode: Copyright})
	if exifText(some.Exif, tagArtist) != "Ann Artist" || bytes.Contains(some.Exif, []byte("Camera")) ||
		some.XMP != nil || some.IPTC != nil || len(some.Own) != 1 || len(some.ICC) == 0 {
		t.Errorf("copyright: %+v", some)
	}
	none := b.Update(Change{Width: 5, Height: 6, Mode: None})
	if !none.IsEmpty() || len(none.Own) != 1 || len(none.ICC) == 0 {
		t.Errorf("none: %+v", none)
	}
	damaged := Blocks{Exif: []byte("MM\x00*broken"), XMP: []byte("no xml")}.Update(Change{Width: 5, Height: 6})
	if !damaged.IsEmpty() || !damaged.Lost {
		t.Errorf("damaged: %+v", damaged)
	}
}

func FuzzUpdateExif(f *testing.F) {
	for _, order := range orders() {
		f.Add(camera(order, []byte("thumbnail")))
	}
	f.Fuzz(func(t *testing.T, exif []byte) {
		checkUpdate(t, exif)
		rights(Blocks{Exif: exif, IPTC: exif})
	})
}

func FuzzRead(f *testing.F) {
	b := full(camera(binary.BigEndian, []byte("thumbnail")))
	b.ICC = b.ICC[:200]
	jpeg, _ := WriteJPEG(tinyJPEG(), b)
	png, _ := WritePNG(tinyPNG(), b)
	f.Add(jpeg)
	tiff, _, err := WriteTIFF(page(binary.BigEndian), b)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(tiff)
	f.Add(png)
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, format := range []string{"jpeg", "png", "webp", "tiff", "gif"} {
			b := Read(format, src)
			for _, mode := range []Mode{All, Copyright, None} {
				after := b.Update(Change{Width: 3, Height: 4, Mode: mode})
				out, _ := WriteJPEG(tinyJPEG(), after)
				if back := Read("jpeg", out); fmt.Sprintf("%x", back.Exif) != fmt.Sprintf("%x", after.Exif) &&
					len(after.Exif) <= maxSegment-6 {
					t.Fatalf("%s: the EXIF block %x is read as %x", format, after.Exif, back.Exif)
				}
			}
		}
		for format, head := range map[string]string{
			"jpeg": "\xFF\xD8", "png": "\x89PNG\r\n\x1a\n", "webp": "", "gif": "", "tiff": "",
		} {
			if !bytes.HasPrefix(src, []byte(head)) {
				continue
			}
			TellsPlace(format, src)
			for _, how := range []Rewriting{{}, {Bare: true}, {DropGPS: true}} {
				_, _, _ = Rewrite(format, src, b, how)
			}
		}
	})
}
