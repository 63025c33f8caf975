package imaging_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	xtiff "golang.org/x/image/tiff"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/imaging/container"
	"imagepro/handler/imaging/metadata"
)

// bare returns what of a file is coded: its picture without metadata.
func bare(t *testing.T, format string, file []byte) []byte {
	t.Helper()
	out, _, err := metadata.Rewrite(format, file, metadata.Blocks{}, metadata.Rewriting{Bare: true})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// editNamed edits a file with a name, at a time.
func editNamed(t *testing.T, src []byte, document string) imaging.Result {
	t.Helper()
	result, err := imaging.Edit(context.Background(), src, parse(t, document), imaging.Options{
		Name: "Möwe & Co.jpg", Time: time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		t.Fatalf("Edit(%s): %v", document, err)
	}
	return result
}

const setAll = `{"version":1,"output":{"metadata":{"set":{"copyright":"© {year} Ann <Ärtist>","creator":"Ann ` +
	`Ärtist","title":"{name}",
	"description":"Two\nlines, 写真 “x”","credit":"Contoso","keywords":["Möwe","sea & sun","{ext}"]}}}}`

// saidEverywhere is what setAll says in each of the places, as exiftool names them.
func saidEverywhere() (exif, xmp, iptc map[string]any) {
	const description = "Two\nlines, 写真 “x”"
	words := []any{"Möwe", "sea & sun", "jpg"}
	exif = map[string]any{"IFD0:Copyright": "© 2025 Ann <Ärtist>", "IFD0:Artist": "Ann Ärtist",
		"IFD0:ImageDescription": description}
	xmp = map[string]any{
		"XMP-dc:Rights": "© 2025 Ann <Ärtist>", "XMP-dc:Creator": "Ann Ärtist", "XMP-dc:Title": "Möwe & Co",
		"XMP-dc:Description":   description,
		"XMP-photoshop:Credit": "Contoso", "XMP-dc:Subject": words,
	}
	iptc = map[string]any{
		"IPTC:CopyrightNotice": "© 2025 Ann <Ärtist>", "IPTC:By-line": "Ann Ärtist", "IPTC:ObjectName": "Möwe & Co",
		"IPTC:Caption-Abstract": description, "IPTC:Credit": "Contoso", "IPTC:Keywords": words,
		"IPTC:CodedCharacterSet": "\x1b%G",
	}
	return exif, xmp, iptc
}

// described writes all kinds of metadata into a file, which say something else than setAll.
func describedByExiftool(t *testing.T, path string) {
	t.Helper()
	exiftool(t, "-overwrite_original", "-Artist=Old Artist", "-Copyright=Old Copyright",
		"-ImageDescription=Old Description", "-XPTitle=Old Title", "-XPKeywords=Old Word",
		"-Make=Camera Works", "-DateTimeOriginal=2024:05:06 07:08:09", "-GPSLatitude=47.05", "-GPSLatitudeRef=N",
		"-XMP-dc:Title=Old Title", "-XMP-dc:Title-de=Alter Titel",
		"-XMP-dc:Creator=Old Artist", "-XMP-dc:Rights=Old Copyright", "-XMP-tiff:Artist=Old Artist",
		"-XMP-photoshop:City=Lucerne", "-XMP-dc:Subject=Old Word", path)
	if ext := filepath.Ext(path); ext == ".jpg" || ext == ".tiff" {
		exiftool(t, "-overwrite_original", "-charset", "iptc=latin", "-IPTC:CodedCharacterSet=",
			"-IPTC:Keywords=Old Word", "-IPTC:Keywords=Old Word 2", "-IPTC:By-line=Old Artist",
			"-IPTC:City=Zürich", "-Photoshop:IPTCDigest=new", path)
	}
}

func TestTextsAreSetWhereTheyBelong(t *testing.T) {
	t.Parallel()
	write := scratchFolder(t)
	for format, picture := range map[string][]byte{
		"jpeg": asJPEG(t, pattern(64, 48), 90),
		"png":  asPNG(t, pattern(64, 48)),
		"webp": webpWith(t, pattern(64, 48), metadata.Blocks{}),
		"tiff": asTIFF(t, pattern(64, 48)),
	} {
		ending := imaging.Format(format).Ending()
		full := write("full"+ending, picture)
		if format == "webp" { // which this exiftool does not write
			from := write("from.jpg", asJPEG(t, pattern(64, 48), 90))
			describedByExiftool(t, from)
			jpeg, err := os.ReadFile(from)
			if err != nil {
				t.Fatal(err)
			}
			b := metadata.Read("jpeg", jpeg)
			file, _ := metadata.WriteWebP(picture, b)
			full = write("full"+ending, file)
		} else {
			describedByExiftool(t, full)
		}
		described, err := os.ReadFile(full)
		if err != nil {
			t.Fatal(err)
		}
		for name, src := range map[string][]byte{"nothing": picture, "full": described} {
			name = name + " " + format
			result := editNamed(t, src, setAll)
			if result.Unchanged || !bytes.Equal(bare(t, format, result.Data), bare(t, format, src)) {
				t.Errorf("%s: the picture was coded again", name)
			}
			exif, xmp, iptc := saidEverywhere()
			all := []map[string]any{exif, xmp}
			if metadata.TakesIPTC(format) {
				all = append(all, iptc)
			}
			got := tags(t, write("set"+ending, result.Data))
			for _, place := range all {
				for tag, want := range place {
					if diff := cmp.Diff(want, got[tag]); diff != "" {
						t.Errorf("%s: %s (-want +got):\n%s", name, tag, diff)
					}
				}
			}
			for tag, value := range got {
				if strings.Contains(fmt.Sprint(value), "Old") || strings.Contains(fmt.Sprint(value), "Alter") {
					t.Errorf("%s: %s is still %v", name, tag, value)
				}
			}
			if bytes.Contains(result.Data, []byte("Old Artist")) ||
				bytes.Contains(result.Data, []byte("Old Copyright")) {
				t.Errorf("%s: the bytes of an old text are still there", name)
			}
			if warning := warningOf(got); warning != "" {
				t.Errorf("%s: exiftool warns: %s", name, warning)
			}
			if name == "full "+format {
				kept := map[string]any{
					"IFD0:Make":                "Camera Works",
					"ExifIFD:DateTimeOriginal": "2024:05:06 07:08:09",
					"GPS:GPSLatitude":          47.05,
					"XMP-photoshop:City":       "Lucerne",
				}
				if metadata.TakesIPTC(format) {
					kept["IPTC:City"] = "Zürich"
					if got["Photoshop:IPTCDigest"] != got["File:CurrentIPTCDigest"] && format == "jpeg" {
						t.Errorf("%s: the digest of IPTC is %v, and IPTC's %v", name, got["Photoshop:IPTCDigest"],
							got["File:CurrentIPTCDigest"])
					}
				}
				for tag, want := range kept {
					if got[tag] != want {
						t.Errorf("%s: %s is %v, want %v", name, tag, got[tag], want)
					}
				}
			}
			about, err := imaging.Describe(result.Data, imaging.Limits{})
			if err != nil || about.Title != "Möwe & Co" || about.Copyright != "© 2025 Ann <Ärtist>" ||
				about.Creator != "Ann Ärtist" || about.Credit != "Contoso" ||
				!strings.HasPrefix(about.Description, "Two") ||
				!slices.Equal(about.Keywords, []string{"Möwe", "sea & sun", "jpg"}) {
				t.Errorf("%s: Describe = %+v, %v", name, about, err)
			}
			if again := editNamed(t, result.Data, setAll); !again.Unchanged {
				t.Errorf("%s: setting the same again changes the file", name)
			}
		}
	}
}

func TestEmptyTextsTakeOutWhatAFileSays(t *testing.T) {
	t.Parallel()
	const document = `{"version":1,"output":{"metadata":{"set":{"copyright":"","creator":"","title":"",` +
		`"description":"","credit":"","keywords":[]}}}}`
	plain := asJPEG(t, pattern(64, 48), 90)
	if result := edit(t, plain, document); !result.Unchanged {
		t.Error("a file that says nothing was changed")
	}
	said := editNamed(t, plain, setAll)
	if result := edit(t, said.Data, document); !bytes.Equal(bare(t, "jpeg", result.Data), bare(t, "jpeg", plain)) ||
		!metadata.Read("jpeg", result.Data).IsEmpty() {
		t.Errorf("the file still says %+v", metadata.Read("jpeg", result.Data))
	}
	path := filepath.Join(t.TempDir(), "some.jpg")
	if err := os.WriteFile(path, plain, 0o600); err != nil {
		t.Fatal(err)
	}
	describedByExiftool(t, path)
	some, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, edit(t, some, document).Data, 0o600); err != nil {
		t.Fatal(err)
	}
	got := tags(t, path)
	for _, tag := range []string{"IFD0:Artist", "IFD0:Copyright", "IFD0:ImageDescription", "IFD0:XPTitle",
		"XMP-dc:Title", "XMP-dc:Creator", "XMP-dc:Subject", "XMP-tiff:Artist", "IPTC:Keywords", "IPTC:By-line"} {
		if got[tag] != nil {
			t.Errorf("%s is %v", tag, got[tag])
		}
	}
	if got["IFD0:Make"] != "Camera Works" || got["XMP-photoshop:City"] != "Lucerne" || got["IPTC:City"] != "Zürich" {
		t.Errorf("more than that is gone: %v", got)
	}
}

func TestTextsAreSetInEveryMode(t *testing.T) {
	t.Parallel()
	src, _ := metadata.WriteJPEG(asJPEG(t, pattern(64, 48), 90),
		metadata.Blocks{Exif: exifWith(1), XMP: []byte(packet)})
	for mode, c := range map[string]struct {
		artist, copyright string
	}{"none": {"", "mine"}, "copyright": {"Ann", "mine"}, "keep": {"Ann", "mine"}} {
		for _, steps := range []string{``, `{"op":"filter","name":"invert"}`} {
			result := edit(t, src,
				`{"version":1,"steps":[`+steps+`],"output":{"metadata":{"mode":"`+mode+
					`","set":{"copyright":"mine"}}}}`)
			about, err := imaging.Describe(result.Data, imaging.Limits{})
			if err != nil || about.Copyright != c.copyright || about.Creator != c.artist {
				t.Errorf("%s: %+v, %v", mode, about, err)
			}
		}
	}
}

// A turn without loss keeps its levels, and a JPEG file that cannot be turned so keeps its tag: it is not coded again
// for a text.
func TestATextCostsNoQuality(t *testing.T) {
	t.Parallel()
	const set = `"output":{"quality":1,"metadata":{"set":{"title":"x"}}}`
	odd := withExif(t, asJPEG(t, pattern(61, 45), coarse), exifWith(6))
	result := edit(t, odd, `{"version":1,`+set+`}`)
	if result.Unchanged || !bytes.Equal(bare(t, "jpeg", result.Data), bare(t, "jpeg", odd)) ||
		!slices.Equal(result.Warnings, []string{imaging.WarnOrientationKept}) {
		t.Errorf("unchanged %v, warnings %q", result.Unchanged, result.Warnings)
	}
	if info, err := imaging.Inspect(result.Data, imaging.Limits{}); err != nil || info.Orientation != 6 ||
		result.Width != 45 || info.Width != 45 {
		t.Errorf("the result is %+v, %v", info, err)
	}
	if about, _ := imaging.Describe(result.Data, imaging.Limits{}); about.Title != "x" {
		t.Errorf("the title is %q", about.Title)
	}
	if again := edit(t, result.Data, `{"version":1,`+set+`}`); !again.Unchanged {
		t.Error("setting the same again changes the file")
	}
	needTurbo(t)
	even := asJPEG(t, pattern(64, 48), coarse)
	turned := edit(t, even, `{"version":1,"steps":[{"op":"rotate","angle":90}],`+set+`}`)
	back := edit(t, turned.Data, `{"version":1,"steps":[{"op":"rotate","angle":270}]}`)
	if d := furthestApart(toNRGBA(decodeAny(t, back.Data)), toNRGBA(decodeAny(t, even))); d != 0 {
		t.Errorf("there and back it is %d levels apart", d)
	}
	if about, _ := imaging.Describe(turned.Data, imaging.Limits{}); about.Title != "x" {
		t.Errorf("after a turn the title is %q", about.Title)
	}
}

// The size of a text is that of the result, which only a trim finds out.
func TestTextsNameTheSizeOfTheResult(t *testing.T) {
	t.Parallel()
	src := edit(t, asPNG(t, pattern(40, 30)),
		`{"version":1,"steps":[{"op":"extend","left":7,"top":3,"background":"#ffffff"}]}`)
	for steps, want := range map[string]string{``: "47 × 33", `{"op":"trim"}`: "40 × 30",
		`{"op":"resize","width":94}`: "94 × 66"} {
		result := edit(t, src.Data,
			`{"version":1,"steps":[`+steps+`],"output":{"metadata":{"set":{"title":"{width} × {height}"}}}}`)
		if about, err := imaging.Describe(result.Data, imaging.Limits{}); err != nil || about.Title != want {
			t.Errorf("%s: %q, want %q, %v", steps, about.Title, want, err)
		}
	}
}

func TestFormatsWithoutMetadataSaySo(t *testing.T) {
	t.Parallel()
	for _, src := range [][]byte{asGIF(t, pattern(20, 10)), asBMP(t, pattern(20, 10))} {
		result := edit(t, src, `{"version":1,"output":{"metadata":{"set":{"title":"x"}}}}`)
		if !result.Unchanged || !slices.Equal(result.Warnings, []string{imaging.WarnMetadataDropped}) {
			t.Errorf("%s: unchanged %v, %q", result.Format, result.Unchanged, result.Warnings)
		}
	}
}

func TestTextsThatGetTooLongAreRefused(t *testing.T) {
	t.Parallel()
	document := `{"version":1,"output":{"metadata":{"set":{"title":"` + strings.Repeat("{name}", 300) + `"}}}}`
	_, err := imaging.Edit(context.Background(), asPNG(t, pattern(9, 9)), parse(t, document),
		imaging.Options{Name: strings.Repeat("n", 200) + ".png"})
	if f := fault.From(err); f.Kind != fault.Invalid || f.Field != "/output/metadata/set/title" ||
		!strings.Contains(f.Message, "60000 bytes") {
		t.Errorf("%v at %q", err, f.Field)
	}
	odd, err := imaging.Edit(context.Background(), asPNG(t, pattern(9, 9)),
		parse(t, `{"version":1,"output":{"metadata":{"set":{"title":"{name}"}}}}`),
		imaging.Options{Name: "a\x00\xffb\uffff.png"})
	if err != nil {
		t.Fatal(err)
	}
	if about, _ := imaging.Describe(odd.Data, imaging.Limits{}); about.Title != "ab" {
		t.Errorf("the title is %q", about.Title)
	}
}

// Text chunks of PNG that would say something else go.
func TestPNGsOwnTextsDoNotContradict(t *testing.T) {
	t.Parallel()
	src := withChunk(withChunk(asPNG(t, pattern(20, 10)), "tEXt", []byte("Title\x00old")), "tEXt",
		[]byte("Software\x00paint"))
	result := edit(t, src, `{"version":1,"output":{"metadata":{"set":{"title":"new"}}}}`)
	var texts []string
	for c, err := range container.PNG(result.Data) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Name == "tEXt" {
			texts = append(texts, string(c.Data))
		}
	}
	if !slices.Equal(texts, []string{"Software\x00paint"}) {
		t.Errorf("the text chunks are %q", texts)
	}
}

// What points at a face is wrong where the picture lies otherwise, and tells too much where a face is hidden.
func TestRegionsGoWithWhatTheyShow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "faces.jpg")
	if err := os.WriteFile(path, asJPEG(t, pattern(96, 64), 90), 0o600); err != nil {
		t.Fatal(err)
	}
	exiftool(t, "-overwrite_original", "-n",
		"-RegionInfo={AppliedToDimensions={W=96,H=64,Unit=pixel},"+
			"RegionList=[{Area={X=0.5,Y=0.5,W=0.1,H=0.1,Unit=normalized},Name=Ann,Type=Face}]}",
		"-RegionInfoMP={Regions=[{PersonDisplayName=Ann,Rectangle=\"0.1, 0.1, 0.1, 0.1\"}]}", "-XMP-dc:Title=Beach",
		"-SubjectArea=10 10 5 5", "-ExifIFD:ExifImageWidth=96",
		"-InteropIndex=R98", "-RelatedImageWidth=96", "-XMP-hdrgm:HDRGMVersion=1.0", path)
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before := tags(t, path)
	if before["XMP-mwg-rs:RegionName"] != "Ann" || before["XMP-MP:RegionPersonDisplayName"] != "Ann" ||
		before["ExifIFD:SubjectArea"] == nil {
		t.Fatalf("exiftool did not write what the test needs: %v", before)
	}
	for steps, c := range map[string]struct{ regions, area bool }{
		`{"op":"adjust","brightness":10}`:                    {true, true},
		`{"op":"resize","width":48}`:                         {true, false},
		`{"op":"flip","axis":"horizontal"}`:                  {false, false},
		`{"op":"crop","width":32,"height":32}`:               {false, false},
		`{"op":"trim"}`:                                      {false, false},
		`{"op":"redact","regions":[{"width":9,"height":9}]}`: {false, false},
	} {
		result := edit(t, src, `{"version":1,"steps":[`+steps+`]}`)
		if err := os.WriteFile(path, result.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		got := tags(t, path)
		if (got["XMP-mwg-rs:RegionName"] != nil) != c.regions ||
			(got["XMP-MP:RegionPersonDisplayName"] != nil) != c.regions ||
			(got["ExifIFD:SubjectArea"] != nil) != c.area {
			t.Errorf("%s: exiftool finds %v", steps, got)
		}
		if got["XMP-dc:Title"] != "Beach" || got["InteropIFD:RelatedImageWidth"] != float64(result.Width) ||
			warningOf(got) != "" {
			t.Errorf("%s: the title is %v, the width %v, and exiftool warns %q", steps, got["XMP-dc:Title"],
				got["InteropIFD:RelatedImageWidth"], warningOf(got))
		}
	}
}

// A file that keeps its turn keeps its regions, which the tag turns as well.
func TestRegionsStayInAFileThatKeepsItsTurn(t *testing.T) {
	t.Parallel()
	const regions = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ` +
		`xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description ` +
		`rdf:about=""><mwg-rs:Regions>Ann</mwg-rs:Regions></rdf:Description></rdf:RDF></x:xmpmeta>`
	src, _ := metadata.WriteJPEG(asJPEG(t, pattern(61, 45), 90),
		metadata.Blocks{XMP: []byte(regions), Exif: exifWith(6)})
	for document, stays := range map[string]bool{
		`{"version":1,"output":{"metadata":{"set":{"title":"x"}}}}`:                            true,
		`{"version":1,"steps":[{"op":"filter","name":"invert"}],"output":{"format":"png"}}`:    false,
		`{"version":1,"input":{"autoOrient":false},"steps":[{"op":"filter","name":"invert"}]}`: true,
	} {
		if result := edit(t, src, document); bytes.Contains(result.Data, []byte("mwg-rs:Regions")) != stays {
			t.Errorf("%s: the regions stay is %v, want %v", document, !stays, stays)
		}
	}
}

// A TIFF file of 16 bits keeps them, and comes with its metadata into other formats.
func TestTIFFFilesKeepTheirDepthAndTheirMetadata(t *testing.T) {
	t.Parallel()
	wide := image.NewNRGBA64(image.Rect(0, 0, 20, 20))
	for i := range wide.Pix {
		wide.Pix[i] = byte(i * 7)
	}
	for i := 6; i < len(wide.Pix); i += 8 {
		wide.Pix[i], wide.Pix[i+1] = 0xFF, 0xFF
	}
	src, _, err := metadata.WriteTIFF(asTIFF(t, wide), described(t))
	if err != nil {
		t.Fatal(err)
	}
	result := edit(t, src, `{"version":1,"input":{"autoOrient":false},"output":{"metadata":{"set":{"title":"x"}}}}`)
	if info, err := imaging.Inspect(result.Data, imaging.Limits{}); err != nil || info.Bits != 16 ||
		info.Orientation != 1 || len(result.Warnings) > 0 {
		t.Errorf("%+v, %v, %q", info, err, result.Warnings)
	}
	m, err := xtiff.Decode(bytes.NewReader(result.Data))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 * 20 {
		if got, want := m.At(i%20, i/20), wide.At(i%20, i/20); got != want {
			t.Fatalf("a pixel is %v, want %v", got, want)
		}
	}
	for _, format := range []string{"jpeg", "tiff"} {
		other := edit(t, src, `{"version":1,"output":{"format":"`+format+`"}}`)
		b := metadata.Read(format, other.Data)
		if about, err := imaging.Describe(other.Data, imaging.Limits{}); err != nil || about.Copyright != "(c) 2024" ||
			about.Creator != "Ann" || about.Orientation != 1 || !bytes.Equal(b.ICC, iccProfile("RGB ")) {
			t.Errorf("%s: %+v, %v", format, about, err)
		}
	}
}

// Metadata that are damaged are left out; a tag in them that turned the picture upright must not go without the pixels
// being turned. Found by FuzzEdit.
func TestAPictureStaysUprightWhenItsMetadataAreDamaged(t *testing.T) {
	t.Parallel()
	damaged := exifWith(6)
	// The orientation is a list that lies within its directory, where the length of the copyright, 6, stands.
	copy(damaged[12:], "\x00\x04\x00\x00\x00\x02\x00\x00\x00\x26")
	damaged[41] = 6
	src := withExif(t, asJPEG(t, pattern(61, 45), coarse), damaged)
	result := edit(t, src, `{"version":1,"output":{"metadata":{"set":{"title":"x"}}}}`)
	info, err := imaging.Inspect(result.Data, imaging.Limits{})
	if err != nil || info.Orientation != 1 || info.Width != 45 || info.Height != 61 || result.Width != 45 ||
		result.Height != 61 {
		t.Errorf("the result is %+v, %v; Edit says %d×%d", info, err, result.Width, result.Height)
	}
	if !slices.Contains(result.Warnings, imaging.WarnMetadataDropped) {
		t.Errorf("warnings %q do not say that metadata were lost", result.Warnings)
	}
	if about, _ := imaging.Describe(result.Data, imaging.Limits{}); about.Title != "x" {
		t.Errorf("the title is %q", about.Title)
	}
}
