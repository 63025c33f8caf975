package imaging_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"imagepro/handler/dev/need"
	"imagepro/handler/imaging/metadata"
)

// exiftool runs the program; the test is skipped where it is not installed.
func exiftool(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.Command(need.ExifTool(t), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("exiftool %v: %v\n%s", args, err, out)
	}
	return out
}

// tags returns what exiftool finds in a file, with its group, such as IFD0:Artist.
func tags(t *testing.T, file string) map[string]any {
	t.Helper()
	var all []map[string]any
	if err := json.Unmarshal(exiftool(t, "-json", "-G1", "-n", "-validate", "-warning", "-all", file),
		&all); err != nil || len(all) != 1 {
		t.Fatalf("%s: %v", file, err)
	}
	return all[0]
}

// warningOf returns what exiftool finds wrong, but for tags that the test's own files lack and for how the encoder of
// TIFF lays a file out.
func warningOf(tags map[string]any) string {
	warning, _ := tags["ExifTool:Warning"].(string)
	for _, usual := range []string{"Missing required", "Odd offset", "IFD0 tag 0x0103 Compression",
		"not allowed in TIFF"} {
		if strings.Contains(warning, usual) {
			return ""
		}
	}
	return warning
}

// scratchFolder returns what writes files into a new folder and returns their paths.
func scratchFolder(t *testing.T) (write func(name string, data []byte) string) {
	folder := t.TempDir()
	return func(name string, data []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
}

// Exiftool writes what cameras and programs write, and reads what we made of it.
func TestExiftoolFindsEverythingInItsPlace(t *testing.T) {
	t.Parallel()
	write := scratchFolder(t)
	source, small := write("source.jpg", asJPEG(t, pattern(97, 61), 92)),
		write("small.jpg", asJPEG(t, pattern(16, 10), 50))
	exiftool(t, "-overwrite_original", "-n", "-Orientation=6", "-Artist=Ann Artist", "-Copyright=(c) Ann",
		"-Make=Camera Works", "-DateTimeOriginal=2024:05:06 07:08:09",
		"-ExifImageWidth=97", "-ExifImageHeight=61", "-GPSLatitude=47.05", "-GPSLatitudeRef=N", "-GPSLongitude=8.3",
		"-GPSLongitudeRef=E", "-ThumbnailImage<="+small,
		"-XMP-dc:Title=Beach", "-XMP-tiff:Orientation=6", "-XMP-exif:GPSLatitude=47.05", "-XMP-photoshop:City=Lucerne",
		"-IPTC:Keywords=sun", "-IPTC:By-line=Ann Artist", source)
	src, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	before := tags(t, source)
	if before["IFD1:ThumbnailLength"] == nil || before["GPS:GPSLatitude"] == nil || before["IPTC:Keywords"] != "sun" {
		t.Fatalf("exiftool did not write what the test needs: %v", before)
	}
	for name, c := range map[string]struct {
		output  string
		want    map[string]any
		without []string
	}{
		"same.jpg": {`{}`, map[string]any{
			"IFD0:Orientation": 1.0, "IFD0:Artist": "Ann Artist", "IFD0:Copyright": "(c) Ann",
			"ExifIFD:DateTimeOriginal": "2024:05:06 07:08:09",
			"ExifIFD:ExifImageWidth":   30.0, "ExifIFD:ExifImageHeight": 48.0, "GPS:GPSLatitude": 47.05,
			"XMP-dc:Title": "Beach", "XMP-tiff:Orientation": 1.0,
			"XMP-photoshop:City": "Lucerne", "IPTC:Keywords": "sun",
		}, []string{"IFD1:ThumbnailLength"}},
		"nowhere.jpg": {`{"metadata":{"stripGps":true}}`, map[string]any{
			"IFD0:Orientation": 1.0, "IFD0:Make": "Camera Works", "ExifIFD:DateTimeOriginal": "2024:05:06 07:08:09",
			"XMP-dc:Title": "Beach", "IPTC:Keywords": "sun",
		}, []string{
			"GPS:GPSLatitude", "GPS:GPSLongitude", "XMP-exif:GPSLatitude", "XMP-photoshop:City", "IFD1:ThumbnailLength",
			"Composite:GPSPosition",
		}},
		"rights.jpg": {`{"metadata":{"mode":"copyright"}}`, map[string]any{
			"IFD0:Artist": "Ann Artist", "IFD0:Copyright": "(c) Ann",
		}, []string{"IFD0:Make", "GPS:GPSLatitude", "XMP-dc:Title", "IPTC:Keywords"}},
		"none.jpg": {`{"metadata":{"mode":"none"}}`, nil,
			[]string{"IFD0:Artist", "IFD0:Make", "GPS:GPSLatitude", "XMP-dc:Title", "IPTC:Keywords"}},
		"other.png": {`{"format":"png"}`, map[string]any{
			"IFD0:Artist": "Ann Artist", "IFD0:Orientation": 1.0, "GPS:GPSLatitude": 47.05, "XMP-dc:Title": "Beach",
		}, []string{"IFD1:ThumbnailLength"}},
		"other.webp": {`{"format":"webp"}`, map[string]any{
			"IFD0:Artist": "Ann Artist", "IFD0:Orientation": 1.0, "GPS:GPSLatitude": 47.05, "XMP-dc:Title": "Beach",
		}, []string{"IFD1:ThumbnailLength"}},
		"other.tif": {`{"format":"tiff"}`, map[string]any{
			"IFD0:Artist": "Ann Artist", "IFD0:Orientation": 1.0, "IFD0:Make": "Camera Works",
			"ExifIFD:DateTimeOriginal": "2024:05:06 07:08:09", "GPS:GPSLatitude": 47.05,
			"XMP-dc:Title": "Beach", "IPTC:Keywords": "sun", "IPTC:By-line": "Ann Artist",
		}, []string{"IFD1:ThumbnailLength"}},
		"nowhere.tif": {`{"format":"tiff","metadata":{"stripGps":true}}`, map[string]any{"IFD0:Artist": "Ann Artist"},
			[]string{"GPS:GPSLatitude", "XMP-exif:GPSLatitude"}},
		"rights.tif": {`{"format":"tiff","metadata":{"mode":"copyright"}}`, map[string]any{"IFD0:Artist": "Ann Artist"},
			[]string{"IFD0:Make", "GPS:GPSLatitude", "XMP-dc:Title"}},
	} {
		result := edit(t, src, `{"version":1,"steps":[{"op":"resize","width":30}],"output":`+c.output+`}`)
		got := tags(t, write(name, result.Data))
		for tag, want := range c.want {
			if fmt.Sprint(got[tag]) != fmt.Sprint(want) {
				t.Errorf("%s: %s is %v, want %v", name, tag, got[tag], want)
			}
		}
		for _, tag := range c.without {
			if got[tag] != nil {
				t.Errorf("%s: %s is %v", name, tag, got[tag])
			}
		}
		if warning := warningOf(got); warning != "" {
			t.Errorf("%s: exiftool warns: %s", name, warning)
		}
	}
}

// resource is a Photoshop image resource.
func resource(id uint16, data []byte) []byte {
	out := binary.BigEndian.AppendUint16([]byte("8BIM"), id)
	out = binary.BigEndian.AppendUint32(append(out, 0, 0), uint32(len(data)))
	return append(out, append(data, make([]byte, len(data)%2)...)...)
}

// withFollower puts a second picture behind a JPEG file, as phones do with previews and gain maps, and the segment that
// lists both (CIPA DC-007).
func withFollower(file, follower []byte) []byte {
	index := []byte("MPF\x00II*\x00\x08\x00\x00\x00\x03\x00" +
		"\x00\xb0\x07\x00\x04\x00\x00\x000100" + "\x01\xb0\x04\x00\x01\x00\x00\x00\x02\x00\x00\x00" +
		"\x02\xb0\x07\x00\x20\x00\x00\x00\x32\x00\x00\x00" + "\x00\x00\x00\x00")
	put := func(flags, length, at int) {
		for _, v := range []int{flags, length, at, 0} {
			index = binary.LittleEndian.AppendUint32(index, uint32(v))
		}
	}
	const segment = 4 + 4 + 50 + 32
	put(0x030000, len(file)+segment, 0)
	put(0x010001, len(follower), len(file)+segment-2-8)
	out := append([]byte{0xFF, 0xD8, 0xFF, 0xE2, 0, byte(2 + len(index))}, index...)
	out = append(out, file[2:]...)
	return append(out, follower...)
}

// Whatever the way, what shows the picture as it was is gone.
func TestExiftoolFindsNoOtherPictures(t *testing.T) {
	t.Parallel()
	follower := asJPEG(t, pattern(32, 24), 80)
	const gain = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ` +
		`xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ` +
		`xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" ` +
		`hdrgm:Version="1.0" hdrgm:GainMapMax="2.5" GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1" ` +
		`xmp:Rating="4"/></rdf:RDF></x:xmpmeta>`
	blocks := metadata.Blocks{XMP: []byte(gain),
		IPTC: append(resource(0x040C, append(make([]byte, 28), follower...)),
			resource(0x040B, []byte("https://contoso.example"))...)}
	file, lost := metadata.WriteJPEG(asJPEG(t, pattern(96, 64), 90), blocks)
	if lost {
		t.Fatal("the test's blocks do not fit")
	}
	src := withFollower(file, follower)
	path := filepath.Join(t.TempDir(), "phone.jpg")
	write := func(data []byte) map[string]any {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return tags(t, path)
	}
	gone := []string{"MPF0:NumberOfImages", "MPImage2:MPImageLength", "Photoshop:PhotoshopThumbnail",
		"XMP-hdrgm:HDRGMVersion", "XMP-GCamera:MotionPhoto"}
	before := write(src)
	for _, tag := range append(gone[:3:3], gone[4]) {
		if before[tag] == nil {
			t.Fatalf("the source has no %s: %v", tag, before)
		}
	}
	for name, document := range map[string]string{
		"around the picture": `{"version":1,"output":{"metadata":{"set":{"title":"x"}}}}`,
		"without loss":       `{"version":1,"steps":[{"op":"rotate","angle":90}]}`,
		"coded again":        `{"version":1,"steps":[{"op":"filter","name":"invert"}]}`,
		"as TIFF":            `{"version":1,"output":{"format":"tiff"}}`,
		"as PNG":             `{"version":1,"output":{"format":"png"}}`,
		"as WebP":            `{"version":1,"output":{"format":"webp"}}`,
	} {
		result := edit(t, src, document)
		after := write(result.Data)
		for _, tag := range gone {
			if after[tag] != nil {
				t.Errorf("%s: %s is %v", name, tag, after[tag])
			}
		}
		if after["XMP-xmp:Rating"] != 4.0 || bytes.Contains(result.Data, follower[:200]) ||
			bytes.Contains(result.Data, []byte("GainMap")) {
			t.Errorf("%s: the rating is %v, or another picture is there", name, after["XMP-xmp:Rating"])
		}
		if metadata.TakesIPTC(string(result.Format)) && after["Photoshop:URL"] != "https://contoso.example" {
			t.Errorf("%s: the address is %v", name, after["Photoshop:URL"])
		}
	}
}
