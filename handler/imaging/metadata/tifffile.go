package metadata

import "slices"

// tagNewSubfileType says what a directory of a TIFF file is; bit 0 marks a smaller copy of another one.
const tagNewSubfileType = 0x00FE

// The tags in which TIFF files keep what JPEG keeps in segments.
const (
	tagXMP            = 0x02BC
	tagIPTC           = 0x83BB
	tagICC            = 0x8773
	tagImageResources = 0x8649 // of Photoshop

	tagExtraSamples = 0x0152
)

// maxPages bounds how many directories are followed; the chain of a hostile file may be a circle.
const maxPages = 100

// CountPages returns the number of pictures in a TIFF file, without reduced copies. It is at least 1.
func CountPages(src []byte) (int, error) {
	t, at, err := openTIFF(src)
	pages := 0
	for n := 0; err == nil && at != 0 && n < maxPages; n++ {
		var entries []entry
		entries, _, at, err = t.directory(at)
		if err == nil && !t.isReduced(entries) {
			pages++
		}
	}
	return max(pages, 1), err
}

// HasExtraSamples reports whether the first page of a TIFF file has channels besides its colours, which is
// how it stores transparency.
func HasExtraSamples(src []byte) bool {
	t, first, err := openTIFF(src)
	if err != nil {
		return false
	}
	entries, _, _, err := t.directory(first)
	return err == nil && slices.ContainsFunc(entries, func(e entry) bool { return e.tag == tagExtraSamples })
}

func (t tiff) isReduced(entries []entry) bool {
	for _, e := range entries {
		if n, ok := t.number(e); ok && e.tag == tagNewSubfileType {
			return n&1 != 0
		}
	}
	return false
}
