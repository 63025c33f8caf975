package metadata

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"imagepro/handler/imaging/container"
)

func someFields() Fields {
	return Fields{FieldCopyright: {"© Bo"}, FieldCreator: {"Bo"}, FieldDescription: {}, FieldKeywords: {"a", "b"}}
}

func TestExifTextsAreSetAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, order := range orders() {
		before := camera(order, nil)
		kept := bytes.Clone(before)
		after, err := setExif(before, someFields())
		if err != nil || !bytes.Equal(before, kept) {
			t.Fatalf("%s: %v, or the source was changed", order, err)
		}
		if a, c := exifText(after, tagArtist), exifText(after, tagCopyright); a != "Bo" || c != "© Bo" {
			t.Errorf("%s: the texts are %q and %q", order, a, c)
		}
		for _, text := range []string{"Camera Works", "maker note, untouched"} {
			if at := strings.Index(string(after), text); at < 0 || at != strings.Index(string(before), text) {
				t.Errorf("%s: %q is at %d, want its old place", order, text, at)
			}
		}
		if number(t, after, tagPixelX) != 4000 || number(t, after, tagOrientation) != 6 ||
			bytes.Contains(after, []byte("Ann")) {
			t.Errorf("%s: other tags changed, or what was there before still is", order)
		}
		again, err := setExif(after, someFields())
		if err != nil || !bytes.Equal(again, after) {
			t.Errorf("%s: setting it again changes it, %v", order, err)
		}
		shorter, err := setExif(after, Fields{FieldCopyright: {}, FieldCreator: {"B"}})
		if err != nil || len(shorter) >= len(after) || exifText(shorter, tagCopyright) != "" ||
			exifText(shorter, tagArtist) != "B" {
			t.Errorf("%s: %d bytes became %d, %v", order, len(after), len(shorter), err)
		}
	}
	if out, err := setExif(buildTIFF([]node{textNode(tagArtist, "x")}), Fields{FieldCreator: {}}); err != nil ||
		out != nil {
		t.Errorf("an empty structure is % x, %v", out, err)
	}
}

func TestXMPTextsAreSetWhateverThePrefix(t *testing.T) {
	t.Parallel()
	packet := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ` +
		`xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="uuid:1"
 xmlns:n="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" ` +
		`xmp:Rating="3"><n:rights><rdf:Alt><rdf:li xml:lang="x-default">old</rdf:li></rdf:Alt></n:rights>
<n:subject/><n:format>image/jpeg</n:format></rdf:Description></rdf:RDF></x:xmpmeta>`
	out, err := setXMP([]byte(packet), Fields{FieldCopyright: {`<new> & "more"`}, FieldKeywords: {"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	texts := XMPTexts(out)
	if r := texts["rights"]; len(r) != 1 || r[0] != `<new> & "more"` || len(texts["subject"]) != 2 {
		t.Errorf("the texts are %q", texts)
	}
	for _, want := range []string{`xmp:Rating="3"`, "<n:format>image/jpeg", `rdf:about="uuid:1" xmlns:dc=`} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("there is no %s in\n%s", want, out)
		}
	}
	if bytes.Contains(out, []byte("old")) || bytes.Contains(out, []byte("n:subject")) {
		t.Errorf("what was there before still is:\n%s", out)
	}
	if again, err := setXMP(out, Fields{FieldCopyright: {`<new> & "more"`}, FieldKeywords: {"a", "b"}}); err != nil ||
		!bytes.Equal(again, out) {
		t.Errorf("setting it again changes it, %v", err)
	}
	if none, err := setXMP(nil, Fields{FieldTitle: {}}); err != nil || none != nil {
		t.Errorf("a packet that says nothing is %q, %v", none, err)
	}
}

func TestIPTCTextsAreClippedInWholeCharacters(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 40)
	out, err := setIPTC(iptc("B\xf6", "(c) B\xf6"), Fields{FieldCreator: {long}, FieldTitle: {strings.Repeat("t", 70)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := iptcText(out, dataSetByline); got != long[:32] {
		t.Errorf("the creator is %q", got)
	}
	if got := iptcText(out, 5); got != strings.Repeat("t", 64) {
		t.Errorf("the title is %q", got)
	}
	if got := iptcText(out, dataSetCopyright); got != "(c) Bö" || !bytes.Contains(out, []byte("(c) Bö")) {
		t.Errorf("what was Latin-1 is %q", got)
	}
	if odd := clipped("a€", 3); odd != "a" {
		t.Errorf("clipped to %q", odd)
	}
	plain, err := setIPTC(nil, Fields{FieldCreator: {"Bo"}})
	if err != nil || bytes.Contains(plain, []byte(escapeUTF8)) {
		t.Errorf("plain letters are said to be more, %v: %q", err, plain)
	}
}

func TestWebPIsExtendedOnlyForWhatItHas(t *testing.T) {
	t.Parallel()
	lossy := container.AppendWebP([]byte("RIFF\x00\x00\x00\x00WEBP"), "VP8 ",
		[]byte("\x00\x00\x00\x9d\x01\x2a\x40\x01\xc8\x00odd"))
	// 320 × 200, with transparency
	lossless := container.AppendWebP([]byte("RIFF\x00\x00\x00\x00WEBP"), "VP8L", []byte("\x2f\x3f\xc1\x31\x10pixels"))
	for name, file := range map[string][]byte{"lossy": lossy, "lossless": lossless} {
		file[4] = byte(len(file) - 8)
		for _, b := range []Blocks{{Exif: buildTIFF([]node{textNode(tagArtist, "Bo")})},
			{XMP: []byte("xmp"), ICC: []byte("icc")}} {
			out, lost := WriteWebP(file, b)
			got := Read("webp", out)
			if lost || !bytes.Equal(got.Exif, b.Exif) || !bytes.Equal(got.XMP, b.XMP) || !bytes.Equal(got.ICC, b.ICC) {
				t.Errorf("%s: %+v became %+v", name, b, got)
			}
			for c, err := range container.WebP(out) {
				if err != nil {
					t.Fatal(err)
				}
				if c.Name == "VP8X" &&
					(c.Data[4] != 0x3F || c.Data[5] != 1 || c.Data[7] != 199 ||
						(c.Data[0]&container.WebPAlpha != 0) != (name == "lossless")) {
					t.Errorf("%s: the head is % x", name, c.Data)
				}
			}
			if back, _ := WriteWebP(out, Blocks{}); !bytes.Equal(back, file) {
				t.Errorf("%s: without metadata it is\n%q, want\n%q", name, back, file)
			}
		}
		if _, lost := WriteWebP(file, Blocks{IPTC: iptc("a", "b")}); !lost {
			t.Errorf("%s: IPTC vanished without a word", name)
		}
	}
}

// Whatever is damaged, the texts are there afterwards.
func TestTextsAreSetOnDamagedBlocks(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, order := range orders() {
		whole := full(camera(order, []byte("thumbnail")))
		for range 500 {
			b := Blocks{Exif: bytes.Clone(whole.Exif), XMP: bytes.Clone(whole.XMP), IPTC: bytes.Clone(whole.IPTC)}
			for _, block := range [][]byte{b.Exif, b.XMP, b.IPTC} {
				for range r.IntN(4) {
					block[r.IntN(len(block))] = byte(r.Uint32())
				}
			}
			checkSet(t, b)
		}
	}
}

func checkSet(t *testing.T, b Blocks) {
	t.Helper()
	after := b.Update(Change{Width: 3, Height: 4, Set: someFields(), TakesIPTC: true})
	if a, c := exifText(after.Exif, tagArtist), exifText(after.Exif, tagCopyright); a != "Bo" || c != "© Bo" {
		t.Fatalf("EXIF says %q and %q of % x", a, c, b.Exif)
	}
	if a := iptcText(after.IPTC, dataSetByline); a != "Bo" {
		t.Fatalf("IPTC says %q of % x", a, b.IPTC)
	}
	if !bytes.Contains(after.XMP, []byte("© Bo</rdf:li>")) || !utf8.Valid(after.XMP) {
		t.Fatalf("XMP is %q of %q", after.XMP, b.XMP)
	}
}

func FuzzSet(f *testing.F) {
	whole := full(camera(orders()[0], []byte("thumbnail")))
	f.Add(whole.Exif, whole.XMP, whole.IPTC)
	f.Fuzz(func(t *testing.T, exif, xmp, iptc []byte) {
		checkSet(t, Blocks{Exif: exif, XMP: xmp, IPTC: iptc})
	})
}
