package metadata

import (
	"bytes"
	"slices"

	"imagepro/handler/imaging/container"
)

// others returns the parts of a file that Read takes into no block and that no pixel needs: segments and chunks of
// further kinds, and what follows the picture.
func others(format string, src []byte) [][]byte {
	switch format {
	case "jpeg":
		return othersJPEG(src)
	case "png":
		return othersPNG(src)
	case "webp":
		return othersWebP(src)
	case "gif":
		return othersGIF(src)
	case "tiff":
		return othersTIFF(src)
	}
	return nil
}

func othersJPEG(src []byte) (all [][]byte) {
	read := map[string]bool{}
	scanned := false // whether pixels began, after which nothing is read
	var more []byte  // XMP that is too long for a segment
	defer func() { all = append(all, more) }()
	for s, err := range container.JPEG(src) {
		if err != nil {
			return all
		}
		if s.Marker == container.EOI {
			return append(all, src[s.End:])
		}
		if text, ok := bytes.CutPrefix(s.Data, []byte(xmpMorePrefix)); ok && s.Marker == container.APP1 {
			more = append(more, text[min(len(text), xmpMoreHead):]...)
		}
		kind := kindJPEG(s)
		scanned = scanned || s.Marker == container.SOS
		isMore := read[kind] && (kind == exifPrefix || kind == xmpPrefix) // of which the first is read
		if isApplication(s.Marker) && (kind == "" || isMore || scanned) {
			all = append(all, s.Data)
		}
		read[kind] = true
	}
	return all
}

func othersPNG(src []byte) (all [][]byte) {
	end := 0
	for c, err := range container.PNG(src) {
		if err != nil {
			return all
		}
		end = c.End
		if !isPixelsPNG(c.Name) && !slices.Contains(ownPNG(), c.Name) && c.Name != "eXIf" && c.Name != "iCCP" {
			all = append(all, c.Data)
		}
	}
	return append(all, src[end:])
}

func othersWebP(src []byte) (all [][]byte) {
	end := 0
	for c, err := range container.WebP(src) {
		if err != nil {
			return all
		}
		end = c.End
		if !isPixelsWebP(c.Name) && !isBlockWebP(c.Name) {
			all = append(all, c.Data)
		}
		if c.Name != "ANMF" {
			continue
		}
		for f, err := range container.WebPFrame(c.Data) {
			if err == nil && !isPixelsWebP(f.Name) {
				all = append(all, f.Data)
			}
		}
	}
	return append(all, src[end:])
}

func othersGIF(src []byte) (all [][]byte) {
	end := 0
	for b, err := range container.GIF(src) {
		if err != nil {
			return all
		}
		end = b.End
		if b.Kind == container.Extension && !isXMPGIF(b) {
			all = append(all, b.Data)
		}
	}
	return append(all, src[end:])
}

// othersTIFF returns what lies between the pixels and what is read, directories below the first among it.
func othersTIFF(src []byte) (all [][]byte) {
	t, first, err := openTIFF(src)
	if err != nil {
		return nil
	}
	entries, where, _ := t.readable(first)
	known := append(t.pixels(entries), where, span{0, 8})
	for _, e := range entries {
		if e.isAbout() && e.value.start >= 8 {
			known = append(known, e.value)
		}
	}
	for _, gap := range gaps(known, len(src)) {
		all = append(all, src[gap.start:gap.end])
	}
	return all
}

// gaps returns the parts of so many bytes that spans leave.
func gaps(of []span, length int) (all []span) {
	slices.SortFunc(of, func(a, b span) int { return a.start - b.start })
	at := 0
	for _, s := range append(of, span{length, length}) {
		if s.start > at {
			all = append(all, span{at, min(s.start, length)})
		}
		at = max(at, s.end)
	}
	return all
}

// isApplication reports whether a marker of JPEG is that of an application's segment or a comment.
func isApplication(marker byte) bool {
	return marker >= container.APP0 && marker <= container.APP0+15 || marker == container.COM
}

// kindJPEG returns what a segment of JPEG starts with, if it is one of those that are read.
func kindJPEG(s container.Segment) string {
	for prefix, marker := range map[string]byte{
		exifPrefix: container.APP1, xmpPrefix: container.APP1, photoshopPrefix: container.APP13,
		iccPrefix: container.APP2,
	} {
		if s.Marker == marker && bytes.HasPrefix(s.Data, []byte(prefix)) {
			return prefix
		}
	}
	return ""
}
