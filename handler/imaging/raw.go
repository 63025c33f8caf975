package imaging

import (
	"bytes"
	"errors"
	"path"
	"slices"
	"strings"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/container"
)

// Camera raw is what the sensor of a camera saw. Many of its files are TIFF files outside, whose first picture is a
// thumbnail: to edit that one would replace the photograph by it. So they are told by what is in them, not by their
// names.

// ErrOtherKind is the cause of faults about files that hold a picture or a film of a kind that is not edited, such as
// camera raw and HEIC. Such a file is somebody's original, whatever its name says: nothing may be put in its place.
var ErrOtherKind = errors.New("imaging: a picture of a kind that is not edited")

// rawRefusal says why a camera's raw file of a kind, such as "Nikon NEF", is not edited, and what people can do.
func rawRefusal(kind string) *fault.Fault {
	if kind != "" {
		kind = " (" + kind + ")"
	}
	return fault.New(fault.Unsupported, "The file is camera raw"+kind+
		"; raw pictures are not edited. Develop it with a raw converter and edit the JPEG or TIFF file that "+
		"this makes.", ErrOtherKind)
}

// rawHeads are how raw files begin that are no TIFF files.
var rawHeads = []struct {
	at         int
	head, kind string
}{
	{0, "IIRO", "Olympus ORF"}, {0, "IIRS", "Olympus ORF"}, {0, "MMOR", "Olympus ORF"},
	{0, "IIU\x00", "Panasonic RW2"},
	{0, "FUJIFILMCCD-RAW", "Fujifilm RAF"},
	{0, "II\x1A\x00\x00\x00HEAPCCDR", "Canon CRW"},
	{0, "\x00MRM", "Minolta MRW"},
	{0, "FOVb", "Sigma X3F"},
	{0, "ARRI\x12\x34\x56\x78", "ARRI raw"},
	{8, "CR\x02", "Canon CR2"}, // a TIFF file outside, as the next
	{8, "IIII", "Phase One IIQ"}, {8, "MMMM", "Phase One IIQ"},
}

// rawByHead tells camera raw by the first bytes of a file.
func rawByHead(src []byte) (kind string, ok bool) {
	for _, r := range rawHeads {
		if len(src) >= r.at+len(r.head) && string(src[r.at:r.at+len(r.head)]) == r.head && (r.at == 0 || isTIFF(src)) {
			return r.kind, true
		}
	}
	return "", false
}

func isTIFF(src []byte) bool {
	return bytes.HasPrefix(src, []byte("II*\x00")) || bytes.HasPrefix(src, []byte("MM\x00*"))
}

// The tags and values of TIFF that tell camera raw (DNG 1.7; TIFF/EP, ISO 12234-2).
const (
	tiffSubfileType = 254 // NewSubfileType: bit 0 marks a smaller copy of another picture
	tiffCompression = 259
	tiffPhotometric = 262
	tiffMake        = 271
	tiffSubIFDs     = 330
	tiffCFARepeat   = 33421
	tiffCFAPattern  = 33422
	tiffDNGVersion  = 50706

	photometricCFA       = 32803
	photometricLinearRaw = 34892
)

// rawCompressions are codings that only raw files have: Kodak 262 and 65000, Sony 32767, packed 32769, Samsung 32770
// and 32772, Nikon 34713, DNG 34892 and 52546, Pentax 65535.
var rawCompressions = []uint32{262, 32767, 32769, 32770, 32772, 34713, 34892, 52546, 65000, 65535}

// maxDirectories is how many directories of a TIFF file are looked at for camera raw; files in use have less than ten.
const maxDirectories = 40

// rawTIFF tells whether a TIFF file is camera raw: if it says that it is DNG, if one of its pictures is a sensor's, or
// if its first one is a smaller copy of what a directory below it holds.
func rawTIFF(t *container.TIFF) (kind string, ok bool) {
	first, err := t.Directory(t.First)
	if err != nil {
		return "", false
	}
	if _, dng := first.Field(tiffDNGVersion); dng {
		return "Adobe DNG", true
	}
	_, below := first.Field(tiffSubIFDs)
	if below && t.Number(first, tiffSubfileType, 0)&1 != 0 {
		return rawKind(t, first), true
	}
	waiting, seen := []int64{t.First}, []int64{}
	for len(waiting) > 0 && len(seen) < maxDirectories {
		at := waiting[0]
		waiting = waiting[1:]
		d, err := t.Directory(at)
		if err != nil || slices.Contains(seen, at) {
			continue
		}
		if isSensors(t, d) {
			return rawKind(t, first), true
		}
		seen = append(seen, at)
		if d.Next != 0 {
			waiting = append(waiting, d.Next)
		}
		if f, ok := d.Field(tiffSubIFDs); ok {
			for _, at := range t.Numbers(f, maxDirectories) {
				waiting = append(waiting, int64(at))
			}
		}
	}
	return "", false
}

// isSensors reports whether a directory describes the picture of a sensor.
func isSensors(t *container.TIFF, d container.Directory) bool {
	_, repeat := d.Field(tiffCFARepeat)
	_, pattern := d.Field(tiffCFAPattern)
	photometric := t.Number(d, tiffPhotometric, 0)
	return repeat || pattern || photometric == photometricCFA || photometric == photometricLinearRaw ||
		slices.Contains(rawCompressions, t.Number(d, tiffCompression, 1))
}

// rawMakers name the raw files of makers by what the maker's name begins with, in capitals.
var rawMakers = []struct{ maker, kind string }{
	{"NIKON", "Nikon NEF"}, {"CANON", "Canon CR2"}, {"SONY", "Sony ARW"}, {"OLYMPUS", "Olympus ORF"},
	{"OM DIGITAL", "Olympus ORF"},
	{"PENTAX", "Pentax PEF"}, {"RICOH", "Pentax PEF"}, {"ASAHI", "Pentax PEF"}, {"PANASONIC", "Panasonic RW2"},
	{"LEICA", "Leica RWL"},
	{"SAMSUNG", "Samsung SRW"}, {"HASSELBLAD", "Hasselblad 3FR"}, {"KODAK", "Kodak DCR"},
	{"EASTMAN KODAK", "Kodak DCR"},
	{"SEIKO EPSON", "Epson ERF"}, {"MAMIYA", "Mamiya MEF"}, {"LEAF", "Leaf MOS"}, {"PHASE ONE", "Phase One IIQ"},
	{"FUJIFILM", "Fujifilm RAF"},
}

// rawKind names a raw file by the maker that it tells.
func rawKind(t *container.TIFF, d container.Directory) string {
	maker := strings.ToUpper(t.Text(d, tiffMake, 64))
	for _, m := range rawMakers {
		if strings.HasPrefix(maker, m.maker) {
			return m.kind
		}
	}
	return ""
}

// rawEndings are the usual endings of raw files, for lists of files that are not looked into.
var rawEndings = map[string]string{
	".3fr": "Hasselblad 3FR", ".arw": "Sony ARW", ".cr2": "Canon CR2", ".cr3": "Canon CR3", ".crw": "Canon CRW",
	".dcr": "Kodak DCR",
	".dng": "Adobe DNG", ".erf": "Epson ERF", ".fff": "Hasselblad 3FR", ".gpr": "GoPro GPR", ".iiq": "Phase One IIQ",
	".kdc": "Kodak KDC",
	".mef": "Mamiya MEF", ".mos": "Leaf MOS", ".mrw": "Minolta MRW", ".nef": "Nikon NEF", ".nrw": "Nikon NRW",
	".orf": "Olympus ORF",
	".pef": "Pentax PEF", ".raf": "Fujifilm RAF", ".rw2": "Panasonic RW2", ".rwl": "Leica RWL", ".sr2": "Sony SR2",
	".srf": "Sony SRF",
	".srw": "Samsung SRW", ".x3f": "Sigma X3F",
}

// rawByName names the kind of raw that a file's name stands for.
func rawByName(name string) (kind string, ok bool) {
	kind, ok = rawEndings[strings.ToLower(path.Ext(name))]
	return kind, ok
}
