package imaging_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// exiftool runs the program; the test is skipped where it is not installed.
func exiftool(t *testing.T, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("exiftool")
	if err != nil {
		t.Skip("exiftool is not installed: apt-get install libimage-exiftool-perl")
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("exiftool %v: %v\n%s", args, err, out)
	}
	return out
}

// tags returns what exiftool finds in a file, with its group, such as IFD0:Artist.
func tags(t *testing.T, file string) map[string]any {
	t.Helper()
	var all []map[string]any
	if err := json.Unmarshal(exiftool(t, "-json", "-G1", "-n", "-validate", "-warning", "-all", file), &all); err != nil || len(all) != 1 {
		t.Fatalf("%s: %v", file, err)
	}
	return all[0]
}

// warningOf returns what exiftool finds wrong, but for tags that the test's own files lack and for how the encoder of TIFF lays
// a file out.
func warningOf(tags map[string]any) string {
	warning, _ := tags["ExifTool:Warning"].(string)
	for _, usual := range []string{"Missing required", "Odd offset", "IFD0 tag 0x0103 Compression", "not allowed in TIFF"} {
		if strings.Contains(warning, usual) {
			return ""
		}
	}
	return warning
}

// Exiftool writes what cameras and programs write, and reads what we made of it.
func TestExiftoolFindsEverythingInItsPlace(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	source, small := write("source.jpg", asJPEG(t, pattern(97, 61), 92)), write("small.jpg", asJPEG(t, pattern(16, 10), 50))
	exiftool(t, "-overwrite_original", "-n", "-Orientation=6", "-Artist=Ann Artist", "-Copyright=(c) Ann", "-Make=Camera Works", "-DateTimeOriginal=2024:05:06 07:08:09",
		"-ExifImageWidth=97", "-ExifImageHeight=61", "-GPSLatitude=47.05", "-GPSLatitudeRef=N", "-GPSLongitude=8.3", "-GPSLongitudeRef=E", "-ThumbnailImage<="+small,
		"-XMP-dc:Title=Beach", "-XMP-tiff:Orientation=6", "-XMP-exif:GPSLatitude=47.05", "-XMP-photoshop:City=Lucerne", "-IPTC:Keywords=sun", "-IPTC:By-line=Ann Artist", source)
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
			"IFD0:Orientation": 1.0, "IFD0:Artist": "Ann Artist", "IFD0:Copyright": "(c) Ann", "ExifIFD:DateTimeOriginal": "2024:05:06 07:08:09",
			"ExifIFD:ExifImageWidth": 30.0, "ExifIFD:ExifImageHeight": 48.0, "GPS:GPSLatitude": 47.05, "XMP-dc:Title": "Beach", "XMP-tiff:Orientation": 1.0,
			"XMP-photoshop:City": "Lucerne", "IPTC:Keywords": "sun",
		}, []string{"IFD1:ThumbnailLength"}},
		"nowhere.jpg": {`{"metadata":{"stripGps":true}}`, map[string]any{
			"IFD0:Orientation": 1.0, "IFD0:Make": "Camera Works", "ExifIFD:DateTimeOriginal": "2024:05:06 07:08:09", "XMP-dc:Title": "Beach", "XMP-photoshop:City": "Lucerne",
		}, []string{"GPS:GPSLatitude", "GPS:GPSLongitude", "XMP-exif:GPSLatitude", "IFD1:ThumbnailLength", "Composite:GPSPosition"}},
		"rights.jpg": {`{"metadata":{"mode":"copyright"}}`, map[string]any{
			"IFD0:Artist": "Ann Artist", "IFD0:Copyright": "(c) Ann",
		}, []string{"IFD0:Make", "GPS:GPSLatitude", "XMP-dc:Title", "IPTC:Keywords"}},
		"none.jpg": {`{"metadata":{"mode":"none"}}`, nil, []string{"IFD0:Artist", "IFD0:Make", "GPS:GPSLatitude", "XMP-dc:Title", "IPTC:Keywords"}},
		"other.png": {`{"format":"png"}`, map[string]any{
			"IFD0:Artist": "Ann Artist", "IFD0:Orientation": 1.0, "GPS:GPSLatitude": 47.05, "XMP-dc:Title": "Beach",
		}, []string{"IFD1:ThumbnailLength"}},
		"other.webp": {`{"format":"webp"}`, map[string]any{
			"IFD0:Artist": "Ann Artist", "IFD0:Orientation": 1.0, "GPS:GPSLatitude": 47.05, "XMP-dc:Title": "Beach",
		}, []string{"IFD1:ThumbnailLength"}},
		"other.tif": {`{"format":"tiff"}`, map[string]any{
			"IFD0:Artist": "Ann Artist", "IFD0:Orientation": 1.0, "IFD0:Make": "Camera Works", "ExifIFD:DateTimeOriginal": "2024:05:06 07:08:09", "GPS:GPSLatitude": 47.05,
			"XMP-dc:Title": "Beach", "IPTC:Keywords": "sun", "IPTC:By-line": "Ann Artist",
		}, []string{"IFD1:ThumbnailLength"}},
		"nowhere.tif": {`{"format":"tiff","metadata":{"stripGps":true}}`, map[string]any{"IFD0:Artist": "Ann Artist"}, []string{"GPS:GPSLatitude", "XMP-exif:GPSLatitude"}},
		"rights.tif":  {`{"format":"tiff","metadata":{"mode":"copyright"}}`, map[string]any{"IFD0:Artist": "Ann Artist"}, []string{"IFD0:Make", "GPS:GPSLatitude", "XMP-dc:Title"}},
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
