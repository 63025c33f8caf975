package imaging

import (
	"encoding/binary"
	"path"
	"slices"
	"strings"

	"imagepro/handler/fault"
)

// Why files of these kinds are not edited, and what people can do.
const (
	noHEIC = `HEIC pictures are not edited. Export the picture as JPEG and edit that. (An iPhone takes JPEG ` +
		`pictures if its camera's format is "Most Compatible".)`
	noAVIF  = "AVIF pictures are not edited. Export the picture as JPEG, PNG or WebP and edit that."
	noHEIF  = "HEIF pictures are not edited. Export the picture as JPEG and edit that."
	noVideo = "The file is a video; only pictures are edited."
)

// brands tell what is in a file of boxes (ISO/IEC 14496-12, 4.3; ISO/IEC 23008-12, 10; AV1 Image File Format, 6).
// Codecs come before what only says that there are pictures, and that before films: the first that a file names counts,
// as its major brand or among those that it is compatible with.
var brands = []struct {
	names []string
	why   string
}{
	{[]string{"heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"}, noHEIC},
	{[]string{"avif", "avis"}, noAVIF},
	{[]string{"mif1", "mif2", "msf1", "miaf"}, noHEIF},
	{[]string{"qt  ", "isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "M4V ", "MSNV", "3gp4", "3gp5",
		"3gp6", "3g2a", "dash"}, noVideo},
}

// maxBrands is how much of a list of brands is read, in bytes.
const maxBrands = 1024

// boxedRefusal says why a file that begins with the box ftyp is not edited. It is nil if none of its brands is known.
func boxedRefusal(src []byte) error {
	list := brandList(src)
	if slices.Contains(list, "crx ") {
		return rawRefusal("Canon CR3")
	}
	for _, b := range brands {
		if slices.ContainsFunc(list, func(name string) bool { return slices.Contains(b.names, name) }) {
			return fault.New(fault.Unsupported, b.why, ErrOtherKind)
		}
	}
	return nil
}

// brandList returns the major brand and those that the file, of 12 bytes at least, is compatible with, as far as they
// are there; none if the box is malformed.
func brandList(src []byte) []string {
	head, size := 8, uint64(binary.BigEndian.Uint32(src))
	switch {
	case size == 0: // up to the end
		size = uint64(len(src))
	case size == 1 && len(src) >= 16: // the length has 64 bits
		head, size = 16, binary.BigEndian.Uint64(src[8:])
	}
	end := int(min(size, uint64(len(src)), maxBrands))
	if end < head+4 {
		return nil
	}
	list := []string{string(src[head : head+4])}
	for at := head + 8; at+4 <= end; at += 4 { // the minor version stands between
		list = append(list, string(src[at:at+4]))
	}
	return list
}

// RefusedByName says why a file whose name ends like this is not edited, without a look into it: Unsupported. It is nil
// for the endings of formats that are edited; then the content decides.
func RefusedByName(name string) *fault.Fault {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp":
		return nil
	case ".heic", ".heics", ".heif", ".heifs", ".hif":
		return fault.New(fault.Unsupported, noHEIC, nil)
	case ".avif", ".avifs":
		return fault.New(fault.Unsupported, noAVIF, nil)
	}
	if kind, ok := rawByName(name); ok {
		return rawRefusal(kind)
	}
	return fault.New(fault.Unsupported, "This is no picture that Image Pro edits (JPEG, PNG, GIF, BMP, TIFF, WebP).",
		nil)
}
