package metadata

// tagNewSubfileType says what a directory of a TIFF file is; bit 0 marks a smaller copy of another one.
const tagNewSubfileType = 0x00FE

// maxPages bounds how many directories are followed; the chain of a hostile file may be a circle.
const maxPages = 1000

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

func (t tiff) isReduced(entries []entry) bool {
	for _, e := range entries {
		if n, ok := t.number(e); ok && e.tag == tagNewSubfileType {
			return n&1 != 0
		}
	}
	return false
}
