package imaging_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"imagepro/handler/imaging"
	"imagepro/handler/imaging/container"
	"imagepro/handler/imaging/metadata"
)

const (
	sameButNone   = `{"version":1,"output":{"metadata":{"mode":"none"}}}`
	sameButRights = `{"version":1,"output":{"metadata":{"mode":"copyright"}}}`
	sameNowhere   = `{"version":1,"output":{"metadata":{"stripGps":true}}}`
	sameWithTitle = `{"version":1,"output":{"metadata":{"set":{"title":"x"}}}}`
	smaller       = `{"version":1,"steps":[{"op":"resize","width":40}]}`
)

// metaCases returns the files of testdata/cases/meta by their names.
func metaCases(t *testing.T) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/cases/meta/*")
	if err != nil || len(names) != 14 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		all[filepath.Base(name)] = caseFile(t, "meta/"+filepath.Base(name))
	}
	return all
}

// withStep returns a recipe with a step.
func withStep(document, step string) string {
	return strings.Replace(document, `1,`, `1,"steps":[`+step+`],`, 1)
}

// isSamePicture reports whether the coded picture of a result is that of its source.
func isSamePicture(t *testing.T, result imaging.Result, src []byte) bool {
	t.Helper()
	return bytes.Equal(bare(t, string(result.Format), result.Data), bare(t, string(result.Format), src))
}

// secrets returns the texts of a file that must be gone, packed ones among them.
func secrets(t *testing.T, format imaging.Format, file []byte) (found []string) {
	t.Helper()
	texts := [][]byte{file}
	if format == imaging.PNG {
		for c, err := range container.PNG(file) {
			if err != nil {
				t.Fatal(err)
			}
			if _, packed, ok := bytes.Cut(c.Data, []byte{0, 0}); ok && c.Name == "zTXt" {
				r, err := zlib.NewReader(bytes.NewReader(packed))
				if err != nil {
					t.Fatal(err)
				}
				text, _ := io.ReadAll(r)
				texts = append(texts, text)
			}
		}
	}
	for _, text := range texts {
		for _, word := range bytes.FieldsFunc(text, func(r rune) bool { return r < '!' || r > '~' }) {
			if strings.Contains(strings.ToUpper(string(word)), "SECRET") {
				found = append(found, string(word))
			}
		}
	}
	return found
}

// What no pixel needs goes with the modes none and copyright, whether the picture is coded again or not.
func TestModesNoneAndCopyrightLeaveNothingThatPixelsDoNotNeed(t *testing.T) {
	t.Parallel()
	for name, src := range metaCases(t) {
		for what, document := range map[string]string{
			"none": sameButNone, "copyright": sameButRights,
			"none and smaller": withStep(sameButNone, `{"op":"resize","width":40}`),
		} {
			result := edit(t, src, document)
			if found := secrets(t, result.Format, result.Data); len(found) > 0 {
				t.Errorf("%s, %s: %q is left", name, what, found)
			}
			rights := bytes.Contains(result.Data, []byte("2024 Jane"))
			had := len(metadata.Read(string(result.Format), src).Exif) > 0 && !strings.HasPrefix(name, "gps-")
			if rights != (had && what == "copyright") {
				t.Errorf("%s, %s: the copyright is there: %v", name, what, rights)
			}
			if !strings.Contains(what, "smaller") && name != "orient6.jpg" && !isSamePicture(t, result, src) {
				t.Errorf("%s, %s: the coded picture is another one", name, what)
			}
			credential := bytes.Contains(src, []byte("SECRETC2PA"))
			if got := slices.Contains(result.Warnings, imaging.WarnCredentialDropped); got != credential {
				t.Errorf("%s, %s: warnings %q, content credentials %v", name, what, result.Warnings, credential)
			}
		}
	}
}

// The lists of what stays are these, and nothing else does.
func TestModeNoneLeavesTheseChunksSegmentsAndTags(t *testing.T) {
	t.Parallel()
	var names []string
	for c := range container.PNG(edit(t, caseFile(t, "meta/full.png"), sameButNone).Data) {
		names = append(names, c.Name)
	}
	if want := []string{"IHDR", "gAMA", "IDAT", "IEND"}; !slices.Equal(names, want) {
		t.Errorf("chunks %q, want %q", names, want)
	}
	names = nil
	for s := range container.JPEG(edit(t, caseFile(t, "meta/full.jpg"), sameButNone).Data) {
		names = append(names, fmt.Sprintf("%X", s.Marker))
	}
	if want := []string{"E0", "DB", "DB", "C0", "C4", "C4", "C4", "C4", "DA", "D9"}; !slices.Equal(names, want) {
		t.Errorf("segments %q, want %q", names, want)
	}
	file := edit(t, caseFile(t, "meta/full.tif"), sameButNone).Data
	tiff, err := container.OpenTIFF(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	directory, err := tiff.Directory(tiff.First)
	if err != nil {
		t.Fatal(err)
	}
	var tags []uint16
	for _, f := range directory.Fields {
		tags = append(tags, f.Tag)
	}
	if want := []uint16{256, 257, 258, 259, 262, 273, 277, 278, 279, 284}; !slices.Equal(tags, want) ||
		directory.Next != 0 {
		t.Errorf("tags %d, want %d; the next directory is at %d", tags, want, directory.Next)
	}
}

// However a file tells the place, it does not any more, and the rest stays.
func TestNoCaseTellsThePlaceAfterStripGPS(t *testing.T) {
	t.Parallel()
	write := scratchFolder(t)
	places := []string{
		"SECRETCITY", "SECRETLOC", "SECRETIPTCCITY", "SECRETGPSTXT", "52,30", "13,24", "52/1", // words and texts
		"\x34\x00\x00\x00\x01\x00\x00\x00\x1E\x00\x00\x00", // 52 and 30 degrees and minutes of EXIF
		"\x00\x00\x00\x00\x00\x40\x4A\x40",                 // 52.5 of GeoTIFF
	}
	for name, src := range metaCases(t) {
		tells := metadata.TellsPlace(strings.NewReplacer("jpg", "jpeg", "tif", "tiff").Replace(filepath.Ext(name)[1:]),
			src)
		for what, document := range map[string]string{
			"only":    sameNowhere,
			"smaller": withStep(sameNowhere, `{"op":"resize","width":40}`),
			"turned":  withStep(sameNowhere, `{"op":"rotate","angle":90}`),
		} {
			result := edit(t, src, document)
			if what == "only" && result.Unchanged == tells {
				t.Errorf("%s: unchanged %v", name, result.Unchanged)
			}
			for _, place := range places {
				if bytes.Contains(result.Data, []byte(place)) {
					t.Errorf("%s, %s: %q is left", name, what, place)
				}
			}
			stays := []string{"2024:05:06 07:08:09", "(c) 2024 Jane", "SECRETSER", "SECRET title", "TestCamera",
				"SecretMake"}
			for _, rest := range stays {
				read := name != "com-between-scans.jpg" // which has them behind its first pixels
				if read && bytes.Contains(src, []byte(rest)) && !bytes.Contains(result.Data, []byte(rest)) {
					t.Errorf("%s, %s: %q is gone", name, what, rest)
				}
			}
			if what == "only" && name != "orient6.jpg" && !isSamePicture(t, result, src) {
				t.Errorf("%s: the coded picture is another one", name)
			}
			for tag, value := range tags(t, write(what+name, result.Data)) {
				if strings.Contains(tag, "GPS") || strings.HasPrefix(tag, "GeoTiff") ||
					strings.HasSuffix(tag, ":City") {
					t.Errorf("%s, %s: %s is %v", name, what, tag, value)
				}
			}
		}
	}
}

// A part of EXIF that cannot be read does not cost the rest.
func TestAnEmptyDirectoryOfCoordinatesCostsNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"exif-empty-gps.jpg", "exif-one-gps.jpg", "exif-no-gps.jpg"} {
		asTIFF := withStep(`{"version":1,"output":{"format":"tiff"}}`, `{"op":"resize","width":40}`)
		for _, document := range []string{smaller, sameWithTitle, sameNowhere, asTIFF} {
			result := edit(t, caseFile(t, "meta/"+name), document)
			for _, text := range []string{"TestCamera", "2024:05:06 07:08:09", "(c) 2024 Jane"} {
				if !bytes.Contains(result.Data, []byte(text)) {
					t.Errorf("%s, %s: %q is gone", name, document, text)
				}
			}
			if len(result.Warnings) > 0 {
				t.Errorf("%s, %s: warnings %q", name, document, result.Warnings)
			}
		}
	}
}

// Nothing shows any more what an edit cut off or covered; people are told that the maker's notes went for that.
func TestNoPreviewShowsWhatWasCutOffOrCovered(t *testing.T) {
	t.Parallel()
	src := caseFile(t, "meta/makernote-preview.jpg")
	for step, goes := range map[string]bool{
		`{"op":"crop","x":8,"y":8,"width":100,"height":100}`: true,
		// without loss
		`{"op":"crop","x":16,"y":16,"width":160,"height":160}`:                                               true,
		`{"op":"crop","width":100,"height":100,"gravity":"smart"}`:                                           true,
		`{"op":"resize","width":90,"height":90,"fit":"cover"}`:                                               true,
		`{"op":"trim","threshold":60}`:                                                                       true,
		`{"op":"redact","regions":[{"width":60,"height":60}]}`:                                               true,
		`{"op":"shape","shape":"rect","x":9,"y":9,"width":90,"height":90,"fill":"#000000"}`:                  true,
		`{"op":"shape","shape":"polyline","points":[[9,9],[90,90]],"stroke":{"color":"#000000","width":40}}`: true,
		`{"op":"resize","width":160}`:                                                                        false,
		`{"op":"rotate","angle":90}`:                                                                         false,
	} {
		result := edit(t, src, `{"version":1,"steps":[`+step+`]}`)
		if n := bytes.Count(result.Data, []byte("\xFF\xD8\xFF")); (n == 1) != goes {
			t.Errorf("%s: %d previews are left", step, n-1)
		}
		if slices.Contains(result.Warnings, imaging.WarnMetadataDropped) != goes {
			t.Errorf("%s: warnings %q", step, result.Warnings)
		}
		for _, text := range []string{"SecretMake", "2024:05:06 07:08:09", "(c) 2024 Jane", "Jane Artist"} {
			if !bytes.Contains(result.Data, []byte(text)) {
				t.Errorf("%s: %q is gone", step, text)
			}
		}
	}
}

// These were right before, and stay so.
func TestOtherMetadataCasesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	result := edit(t, caseFile(t, "meta/orient6.jpg"), smaller)
	if result.Before.Orientation != 6 || result.Height <= result.Width {
		t.Errorf("orient6.jpg: %d×%d, orientation %d", result.Width, result.Height, result.Before.Orientation)
	}
	for _, name := range []string{"full-utf8.jpg", "two-exif.jpg", "com-between-scans.jpg"} {
		src := caseFile(t, "meta/"+name)
		if result := edit(t, src, `{"version":1}`); !result.Unchanged {
			t.Errorf("%s: changed", name)
		}
		result := edit(t, src, sameWithTitle)
		about, err := imaging.Describe(result.Data, imaging.Limits{})
		if err != nil || about.Title != "x" || !bytes.Equal(bare(t, "jpeg", result.Data), bare(t, "jpeg", src)) {
			t.Errorf("%s: %+v, %v", name, about, err)
		}
		before := metadata.Read("jpeg", src)
		after := metadata.Read("jpeg", result.Data)
		if len(before.Exif) > 0 && !bytes.Contains(after.Exif, []byte("SECRETSERIAL12345")) {
			t.Errorf("%s: EXIF is gone", name)
		}
	}
}
