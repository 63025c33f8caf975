package metadata

import (
	"bytes"
	"slices"

	"imagepro/handler/imaging/container"
)

// How the metadata segments of a JPEG file start.
const (
	jfifPrefix      = "JFIF\x00"
	xmpPrefix       = "http://ns.adobe.com/xap/1.0/\x00"
	xmpMorePrefix   = "http://ns.adobe.com/xmp/extension/\x00"
	xmpMoreHead     = 32 + 4 + 4 // digest, length and offset
	photoshopPrefix = "Photoshop 3.0\x00"
	iccPrefix       = "ICC_PROFILE\x00"
	mpfPrefix       = "MPF\x00"
	jumbfPrefix     = "JP" // of boxes that hold content credentials (C2PA 2.1, annex A.3.1)
	adobePrefix     = "Adobe"
)

// maxSegment is the longest content of a segment.
const maxSegment = 0xFFFF - 2

// readJPEG reads the segments before the pixels.
func readJPEG(src []byte) Blocks {
	var b Blocks
	var profile iccPieces
	own := 0
	for s, err := range container.JPEG(src) {
		if err != nil || s.Marker == container.SOS {
			break
		}
		b.readSegment(s, &profile, &own)
	}
	b.ICC = b.keep(profile.join())
	return b
}

func (b *Blocks) readSegment(s container.Segment, profile *iccPieces, own *int) {
	has := func(prefix string) bool { return bytes.HasPrefix(s.Data, []byte(prefix)) }
	switch {
	case s.Marker == container.APP1 && has(exifPrefix) && b.Exif == nil:
		b.Exif = s.Data[len(exifPrefix):]
	case s.Marker == container.APP1 && has(xmpPrefix) && b.XMP == nil:
		b.XMP = s.Data[len(xmpPrefix):]
	case s.Marker == container.APP1 && has(xmpMorePrefix), s.Marker == container.APP2 && has(mpfPrefix):
		b.Lost = true
	case s.Marker == container.APP0+11 && has(jumbfPrefix):
		b.Credential = true
	case s.Marker == container.APP2 && has(iccPrefix):
		profile.add(s.Data[len(iccPrefix):])
	case s.Marker == container.APP13 && has(photoshopPrefix):
		if len(b.IPTC) <= maxBlock {
			b.IPTC = append(b.IPTC[:len(b.IPTC):len(b.IPTC)], s.Data[len(photoshopPrefix):]...)
		}
	case s.Marker == container.APP0 && has(jfifPrefix) && len(s.Data) >= 14:
		density := append([]byte(nil), s.Data[:14]...)
		density[12], density[13] = 0, 0 // the sides of a thumbnail, which is not carried on
		b.Own = append(b.Own, Part{Marker: container.APP0, Data: density})
	case s.Marker == container.COM:
		if *own += len(s.Data); *own > maxOwn {
			b.Lost = true
			return
		}
		b.Own = append(b.Own, Part{Marker: container.COM, Data: s.Data})
	case isApplication(s.Marker) && !has(exifPrefix) && !has(xmpPrefix) && !has(jfifPrefix) && !isEncoders(s.Data):
		b.Lost = true
	}
}

// isEncoders reports whether a segment says how the picture was encoded, or holds a thumbnail of JFIF: an encoder
// writes its own.
func isEncoders(data []byte) bool {
	return slices.ContainsFunc([]string{"JFXX\x00", adobePrefix, "Ducky"}, func(prefix string) bool {
		return bytes.HasPrefix(data, []byte(prefix))
	})
}

// iccPieces collects a profile that is spread over segments (ICC.1:2022, annex B.4).
type iccPieces struct {
	pieces map[byte][]byte
	total  byte
	broken bool
}

func (p *iccPieces) add(data []byte) {
	if p.pieces == nil {
		p.pieces = map[byte][]byte{}
	}
	if len(data) < 2 || data[0] == 0 || p.pieces[data[0]] != nil || p.total != 0 && p.total != data[1] {
		p.broken = true
		return
	}
	p.total = data[1]
	p.pieces[data[0]] = data[2:]
}

func (p *iccPieces) join() ([]byte, error) {
	if p.broken || len(p.pieces) != int(p.total) {
		return nil, errICC
	}
	var profile []byte
	for i := range int(p.total) {
		piece, ok := p.pieces[byte(i+1)]
		if !ok {
			return nil, errICC
		}
		profile = append(profile, piece...)
	}
	return profile, nil
}

// WriteJPEG puts blocks into a file, in front of all other segments; a JFIF segment takes the place of the one that an
// encoder wrote. What does not fit is left out; lost says so. Parts of other formats are ignored.
func WriteJPEG(file []byte, b Blocks) (out []byte, lost bool) {
	head := []byte{0xFF, container.SOI}
	rest := file[2:]
	put := func(marker byte, prefix string, data []byte) {
		switch {
		case len(data) == 0:
		case len(prefix)+len(data) > maxSegment:
			lost = true
		default:
			head = appendSegment(head, marker, prefix, data)
		}
	}
	for _, p := range b.Own {
		if p.Marker == container.APP0 {
			put(p.Marker, "", p.Data)
			if own, ok := bytes.CutPrefix(rest, []byte("\xFF\xE0\x00\x10"+jfifPrefix)); ok && len(own) >= 9 {
				rest = own[9:]
			}
		}
	}
	put(container.APP1, exifPrefix, b.Exif)
	put(container.APP1, xmpPrefix, b.XMP)
	put(container.APP13, photoshopPrefix, b.IPTC)
	if head2, ok := appendICC(head, b.ICC); ok {
		head = head2
	} else {
		lost = true
	}
	for _, p := range b.Own {
		if p.Marker == container.COM {
			put(p.Marker, "", p.Data)
		}
	}
	return append(head, rest...), lost
}

func appendSegment(to []byte, marker byte, prefix string, data []byte) []byte {
	length := 2 + len(prefix) + len(data)
	to = append(to, 0xFF, marker, byte(length>>8), byte(length))
	to = append(to, prefix...)
	return append(to, data...)
}

// appendICC spreads a profile over segments.
func appendICC(to, profile []byte) ([]byte, bool) {
	const most = maxSegment - len(iccPrefix) - 2
	total := (len(profile) + most - 1) / most
	if total > 255 {
		return to, false
	}
	for i := range total {
		piece := profile[i*most : min((i+1)*most, len(profile))]
		to = appendSegment(to, container.APP2, iccPrefix+string([]byte{byte(i + 1), byte(total)}), piece)
	}
	return to, true
}

// stripJPEG returns the file without the segments that Read reads or that Write would write, and without anything that
// decoders do not need: segments of further kinds, what stands between segments and what follows the picture. The coded
// picture stays as it is. Of Adobe's segment, which says what the colours are, its twelve bytes stay.
func stripJPEG(src []byte) []byte {
	const adobe = 12
	out := []byte{0xFF, container.SOI}
	scan := -1 // where coded data starts
	for s, err := range container.JPEG(src) {
		if err != nil {
			break
		}
		if scan >= 0 {
			out = append(out, src[scan:s.Start]...)
			scan = -1
		}
		switch {
		case s.Marker == container.EOI:
			return append(out, src[s.Start:s.End]...)
		case s.Marker == container.APP14 && bytes.HasPrefix(s.Data, []byte(adobePrefix)) && len(s.Data) >= adobe:
			out = appendSegment(out, s.Marker, "", s.Data[:adobe])
		case isPixelsJPEG(s):
			out = append(out, src[s.Start:s.End]...)
		}
		if s.Marker == container.SOS {
			scan = s.End
		}
	}
	if scan >= 0 {
		out = append(out, src[scan:]...)
	}
	return out
}

// isPixelsJPEG reports whether a segment is needed to decode the pixels.
func isPixelsJPEG(s container.Segment) bool {
	const dqt, dnl, dri = 0xDB, 0xDC, 0xDD
	return s.IsFrame() || slices.Contains([]byte{container.DHT, container.DAC, container.SOS, dqt, dnl, dri}, s.Marker)
}
