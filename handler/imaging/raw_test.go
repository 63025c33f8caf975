package imaging_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// caseFile reads a file of testdata/cases: pictures as people have them.
func caseFile(t testing.TB, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", "cases", name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// thumbnailTIFF is a TIFF file of one gray picture of 4 by 4 pixels, as a thumbnail in a raw file, with further tags
// and further directories behind it.
func thumbnailTIFF(subfile, compression, photometric uint32, more []tag, behind []byte) []byte {
	tags := []tag{
		{254, 4, 1, subfile}, {256, 4, 1, 4}, {257, 4, 1, 4}, {258, 3, 1, 8}, {259, 3, 1, compression},
		{262, 3, 1, photometric},
		{273, 4, 1, 0}, {277, 3, 1, 1}, {278, 4, 1, 4}, {279, 4, 1, 16},
	}
	tags = append(tags, more...)
	tags[6].value = dataAt(len(tags))
	slices.SortFunc(tags, func(a, b tag) int { return cmp.Compare(a.id, b.id) })
	return tiffOf(0, append(bytes.Repeat([]byte{128}, 16), behind...), tags...)
}

// directoryOf is a directory alone.
func directoryOf(tags ...tag) []byte {
	file := tiffOf(0, nil, tags...)
	return file[8:]
}

// rawFiles are files as cameras write them, as far as it takes to tell them.
func rawFiles(t testing.TB) map[string]struct {
	file []byte
	kind string
} {
	t.Helper()
	sensor := directoryOf(tag{256, 4, 1, 6000}, tag{257, 4, 1, 4000}, tag{262, 3, 1, 32803})
	packed := directoryOf(tag{256, 4, 1, 6000}, tag{257, 4, 1, 4000}, tag{259, 3, 1, 34713})
	// below is where the first directory behind 16 bytes of pixels stands, after 10 tags and so many more.
	below := func(more int) uint32 { return dataAt(10+more) + 16 }
	nikon := thumbnailTIFF(0, 1, 1, []tag{{271, 2, 18, below(2)}, {330, 4, 1, below(2) + 18}},
		append([]byte("NIKON CORPORATION\x00"), packed...))
	sony := thumbnailTIFF(1, 1, 1, []tag{{271, 2, 5, below(2)}, {330, 13, 1, below(2) + 6}},
		append([]byte("SONY\x00\x00"), directoryOf(tag{256, 4, 1, 9})...))
	chained := tiffOf(0, nil, tag{256, 4, 1, 4})
	chained = append(chained, sensor...)
	binary.LittleEndian.PutUint32(chained[22:], 26)
	canon := thumbnailTIFF(0, 1, 1, nil, nil)
	canon = append([]byte("II*\x00\x10\x00\x00\x00CR\x02\x00\x00\x00\x00\x00"), canon[8:]...)
	phaseOne := append([]byte("MM\x00*\x00\x00\x00\x10MMMMRaw"), make([]byte, 300)...)
	type raw = struct {
		file []byte
		kind string
	}
	return map[string]raw{
		"DNG of a camera":            {caseFile(t, "raw/camera.dng"), "Adobe DNG"},
		"DNG in one directory":       {thumbnailTIFF(0, 1, 1, []tag{{50706, 1, 4, 0x00000401}}, nil), "Adobe DNG"},
		"NEF":                        {nikon, "Nikon NEF"},
		"ARW":                        {sony, "Sony ARW"},
		"a sensor's first directory": {thumbnailTIFF(0, 1, 32803, nil, nil), ""},
		"linear raw":                 {thumbnailTIFF(0, 1, 34892, nil, nil), ""},
		"a pattern of colours":       {thumbnailTIFF(0, 1, 1, []tag{{33421, 3, 2, 0x00020002}}, nil), ""},
		"a sensor's next directory":  {chained, ""},
		"PEF, by its coding":         {thumbnailTIFF(0, 65535, 1, nil, nil), ""},
		"CR2":                        {canon, "Canon CR2"},
		"CR3":                        {boxed(0, "crx ", "crx ", "isom"), "Canon CR3"},
		"CRW":                        {append([]byte("II\x1a\x00\x00\x00HEAPCCDR"), make([]byte, 50)...), "Canon CRW"},
		"ORF":                        {append([]byte("IIRO\x08\x00\x00\x00"), make([]byte, 50)...), "Olympus ORF"},
		"ORF, the other order":       {append([]byte("MMOR\x00\x00\x00\x08"), make([]byte, 50)...), "Olympus ORF"},
		"RW2":                        {append([]byte("IIU\x00\x08\x00\x00\x00"), make([]byte, 50)...), "Panasonic RW2"},
		"RAF": {append([]byte("FUJIFILMCCD-RAW 0201FF389501"), make([]byte, 50)...),
			"Fujifilm RAF"},
		"MRW": {append([]byte("\x00MRM"), make([]byte, 50)...), "Minolta MRW"},
		"X3F": {append([]byte("FOVb"), make([]byte, 50)...), "Sigma X3F"},
		"IIQ": {phaseOne, "Phase One IIQ"},
	}
}

func TestCameraRawIsRefusedByItsContentWithItsName(t *testing.T) {
	t.Parallel()
	for name, c := range rawFiles(t) {
		begins := "The file is camera raw"
		if c.kind != "" {
			begins += " (" + c.kind + ")"
		}
		info, err := imaging.Inspect(c.file, imaging.Limits{})
		_, peeked := peek(c.file)
		_, described := imaging.Describe(c.file, imaging.Limits{})
		_, explained := imaging.Explain(c.file, parse(t, heavy), imaging.Options{})
		errs := map[string]error{"Inspect": err, "Peek": peeked, "Describe": described, "Explain": explained}
		for what, document := range map[string]string{
			"Edit": heavy, "a preview": toPNG,
			"metadata": `{"version":1,"output":{"metadata":{"mode":"none","set":{"title":"x"}}}}`,
			"nothing":  `{"version":1}`,
		} {
			_, errs[what] = imaging.Edit(context.Background(), c.file, parse(t, document),
				imaging.Options{Name: "holiday.jpg"})
		}
		_, errs["as a watermark"] = imaging.InspectImage(c.file, imaging.Limits{})
		for by, err := range errs {
			var f *fault.Fault
			if !errors.As(err, &f) || f.Kind != fault.Unsupported || !strings.HasPrefix(f.Message, begins) ||
				!errors.Is(err, imaging.ErrOtherKind) {
				t.Errorf("%s: %s = %v, want %q", name, by, err, begins)
			}
		}
		if info.Width != 0 {
			t.Errorf("%s: it is said to have %d × %d pixels", name, info.Width, info.Height)
		}
	}
	for name, kind := range map[string]string{
		"a.dng": "Adobe DNG",
		"A.NEF": "Nikon NEF",
		"x.cr3": "Canon CR3",
		"y.rw2": "Panasonic RW2",
	} {
		if f := imaging.RefusedByName(name); f == nil ||
			!strings.HasPrefix(f.Message, fmt.Sprintf("The file is camera raw (%s);", kind)) {
			t.Errorf("%s: %v", name, f)
		}
	}
}

// What only looks like a raw file is edited.
func TestATIFFWithASmallerCopyBelowItIsNoCameraRaw(t *testing.T) {
	t.Parallel()
	small := directoryOf(tag{254, 4, 1, 1}, tag{256, 4, 1, 2}, tag{257, 4, 1, 2}, tag{262, 3, 1, 1})
	copied := thumbnailTIFF(0, 1, 1, []tag{{330, 4, 1, dataAt(11) + 16}}, small)
	for name, file := range map[string][]byte{"pyramid": caseFile(t, "tiff/pyr.tif"), "made here": copied} {
		if _, err := imaging.Edit(context.Background(), file, parse(t, toPNG), imaging.Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Directories that point at each other, or that are very many, end the search.
func TestTheSearchForCameraRawEnds(t *testing.T) {
	t.Parallel()
	circle := thumbnailTIFF(0, 1, 1, []tag{{330, 4, 1, 8}}, nil)
	binary.LittleEndian.PutUint32(circle[8+2+12*11:], 8)
	many := make([]byte, 4*100_000)
	for i := 0; i < len(many); i += 4 {
		binary.LittleEndian.PutUint32(many[i:], 8)
	}
	wide := thumbnailTIFF(0, 1, 1, []tag{{330, 4, 100_000, dataAt(11) + 16}}, many)
	for name, file := range map[string][]byte{"a circle": circle, "many": wide} {
		if _, err := imaging.Inspect(file, imaging.Limits{}); fault.Is(err, fault.Internal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
