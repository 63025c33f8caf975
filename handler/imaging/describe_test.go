package imaging_test

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"imagepro/handler/dev/photos"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/imaging/metadata"
)

const xmpPacket = `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ` +
	`xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" ` +
	`xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Credit="Agency">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Sömmer</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>Anna</rdf:li></rdf:Seq></dc:creator>
<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>sun</rdf:li><rdf:li>sea</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`

// profile returns an ICC profile that is nothing but a description.
func profile(description []byte) []byte {
	icc := make([]byte, 128, 200)
	copy(icc[16:], "RGB ")
	copy(icc[36:], "acsp")
	icc = binary.BigEndian.AppendUint32(icc, 1)
	icc = append(icc, "desc"...)
	icc = binary.BigEndian.AppendUint32(icc, 144)
	icc = binary.BigEndian.AppendUint32(icc, uint32(len(description)))
	icc = append(icc, description...)
	binary.BigEndian.PutUint32(icc, uint32(len(icc)))
	return icc
}

// version2 and version4 are a description in the forms of the two.
func version2(text string) []byte {
	tag := append([]byte("desc\x00\x00\x00\x00"), binary.BigEndian.AppendUint32(nil, uint32(len(text)+1))...)
	return append(append(tag, text...), 0)
}

func version4(text string) []byte {
	units := utf16.Encode([]rune(text))
	tag := []byte("mluc\x00\x00\x00\x00")
	for _, n := range []int{1, 12, 'e'<<24 | 'n'<<16 | 'U'<<8 | 'S', 2 * len(units), 28} {
		tag = binary.BigEndian.AppendUint32(tag, uint32(n))
	}
	for _, u := range units {
		tag = binary.BigEndian.AppendUint16(tag, u)
	}
	return tag
}

func TestAPictureTellsWhatItSaysOfItself(t *testing.T) {
	t.Parallel()
	drawn, err := photos.Draw(t.TempDir(), photos.Options{Count: 2, Seed: 5, MinMegapixels: 0.05, MaxMegapixels: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range drawn {
		file, err := os.ReadFile(p.Path)
		if err != nil {
			t.Fatal(err)
		}
		about, err := imaging.Describe(file, imaging.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if about.Width != p.Width || about.Height != p.Height || about.Format == imaging.JPEG &&
			(about.Camera == "" || about.ISO == 0 || len(about.TakenAt) != 19 || about.Copyright == "") {
			t.Errorf("%s: %+v", p.Name, about)
		}
	}
	plain := asJPEG(t, pattern(20, 10), 90)
	for name, icc := range map[string][]byte{"sRGB v2": profile(version2("sRGB v2")),
		"Dïsplay P3": profile(version4("Dïsplay P3"))} {
		file, lost := metadata.WriteJPEG(plain, metadata.Blocks{XMP: []byte(xmpPacket), ICC: icc})
		about, err := imaging.Describe(file, imaging.Limits{})
		if err != nil || lost || about.Profile != name || about.Title != "Sömmer" || about.Creator != "Anna" ||
			about.Credit != "Agency" || !slices.Equal(about.Keywords, []string{"sea", "sun"}) {
			t.Errorf("%s: %+v, %v", name, about, err)
		}
	}
	if about, err := imaging.Describe(animated(t), imaging.Limits{}); err != nil || !about.Animated ||
		about.Frames < 2 || about.Width == 0 {
		t.Errorf("an animation: %+v, %v", about, err)
	}
	if about, err := imaging.Describe(plain, imaging.Limits{}); err != nil ||
		about.Profile+about.Title+about.Camera+about.TakenAt != "" || len(about.Keywords) != 0 || about.Latitude != 0 {
		t.Errorf("nothing: %+v, %v", about, err)
	}
	if _, err := imaging.Describe([]byte("text"), imaging.Limits{}); !fault.Is(err, fault.Unsupported) {
		t.Errorf("no picture: %v", err)
	}
}

func TestHostileDescriptionsAreNone(t *testing.T) {
	t.Parallel()
	plain := asJPEG(t, pattern(20, 10), 90)
	good := version2("x")
	long := version2("x")
	binary.BigEndian.PutUint32(long[8:], 1<<31)
	far := version4("abc")
	binary.BigEndian.PutUint32(far[24:], 1<<31-1)
	odd := version2("a\x00\x07\xff\x1bb")
	for name, description := range map[string][]byte{
		"a length beyond the end": long,
		"a text far away":         far,
		"cut off":                 good[:10],
		"of no kind":              []byte("nothing at all"),
		"control characters":      odd,
	} {
		icc := profile(description)
		for _, file := range [][]byte{icc, icc[:140], icc[:131]} {
			written, _ := metadata.WriteJPEG(plain, metadata.Blocks{ICC: file})
			about, err := imaging.Describe(written, imaging.Limits{})
			if err != nil || strings.ContainsAny(about.Profile, "\x00\x07\x1b") || len(about.Profile) > 10 {
				t.Errorf("%s: %q, %v", name, about.Profile, err)
			}
		}
	}
}

func TestVeryLongMetadataIsNotRead(t *testing.T) {
	t.Parallel()
	long := strings.Replace(xmpPacket, "</rdf:Description>", strings.Repeat("<a/>", 100_000)+"</rdf:Description>", 1)
	file := webpWith(t, pattern(20, 10), metadata.Blocks{XMP: []byte(long)})
	about, err := imaging.Describe(file, imaging.Limits{})
	if err != nil || about.Title != "" || about.Width != 20 {
		t.Errorf("%+v, %v", about, err)
	}
	if short, err := imaging.Describe(webpWith(t, pattern(20, 10), metadata.Blocks{XMP: []byte(xmpPacket)}),
		imaging.Limits{}); err != nil || short.Title != "Sömmer" {
		t.Errorf("a usual packet: %+v, %v", short, err)
	}
}

func TestNumbersThatAreNoneAreLeftOut(t *testing.T) {
	t.Parallel()
	for name, value := range map[string][]byte{"divided by zero": {0, 0, 0, 1, 0, 0, 0, 0},
		"fine": {0, 0, 0, 28, 0, 0, 0, 10}} {
		exif := []byte(
			"MM\x00*\x00\x00\x00\x08\x00\x01\x87\x69\x00\x04\x00\x00\x00\x01\x00\x00\x00\x1a\x00\x00\x00\x00" +
				"\x00\x01\x82\x9d\x00\x05\x00\x00\x00\x01\x00\x00\x00\x2c\x00\x00\x00\x00" + string(value)) // FNumber
		about, err := imaging.Describe(withExif(t, asJPEG(t, pattern(20, 10), 90), exif), imaging.Limits{})
		if _, encodeErr := json.Marshal(about); err != nil || encodeErr != nil || name == "fine" &&
			about.FNumber != 2.8 {
			t.Errorf("%s: %v, %v, %v", name, about.FNumber, err, encodeErr)
		}
	}
}

func FuzzDescribe(f *testing.F) {
	addPictures(f)
	plain := asJPEG(f, pattern(20, 10), 90)
	full, _ := metadata.WriteJPEG(plain,
		metadata.Blocks{XMP: []byte(xmpPacket), ICC: profile(version4("x")),
			Exif: orientationExif(binary.BigEndian, 6)})
	f.Add(full)
	f.Fuzz(func(t *testing.T, src []byte) {
		about, err := imaging.Describe(src, tight())
		if !isExpected(err) {
			t.Fatalf("Describe: %v", err)
		}
		if _, err := json.Marshal(about); err != nil {
			t.Fatal(err)
		}
		if len(about.Title) > 4000 || len(about.Keywords) > 200 {
			t.Fatalf("too much: %d, %d", len(about.Title), len(about.Keywords))
		}
	})
}
