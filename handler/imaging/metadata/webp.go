package metadata

import (
	"bytes"
	"encoding/binary"

	"imagepro/handler/imaging/container"
)

// The flags of an extended WebP file (RFC 9649, section 2.7.1).
const (
	webpXMP   = 0x04
	webpExif  = 0x08
	webpAlpha = 0x10
	webpICC   = 0x20
)

// readWebP reads the chunks of an extended file.
func readWebP(src []byte) Blocks {
	var b Blocks
	for c, err := range container.WebP(src) {
		if err != nil {
			break
		}
		switch c.Name {
		case "ICCP":
			b.ICC = c.Data
		case "EXIF":
			b.Exif = TrimExif(c.Data)
		case "XMP ":
			b.XMP = bytes.TrimRight(c.Data, "\x00")
		}
	}
	return b
}

// WriteWebP returns a file with these blocks instead of its own. The coded picture stays as it is. WebP has no place for
// IPTC: lost says whether there was any. Parts are ignored.
func WriteWebP(file []byte, b Blocks) (out []byte, lost bool) {
	var head [10]byte // of the extended file
	var picture []byte
	for c, err := range container.WebP(file) {
		if err != nil {
			return file, true
		}
		switch c.Name {
		case "VP8X":
			copy(head[:], c.Data)
			head[0] &^= webpXMP | webpExif | webpICC
		case "ICCP", "EXIF", "XMP ":
		default:
			picture = append(picture, file[c.Start:c.End]...)
			if head == [10]byte{} {
				head = webpHead(c)
			}
		}
	}
	for flag, block := range map[byte][]byte{webpXMP: b.XMP, webpExif: b.Exif, webpICC: b.ICC} {
		if len(block) > 0 {
			head[0] |= flag
		}
	}
	put := func(name string, block []byte) {
		if len(block) > 0 {
			out = container.AppendWebP(out, name, block)
		}
	}
	out = append(out, "RIFF....WEBP"...)
	if head[0] != 0 && !isLosslessAlpha(head[0], picture) {
		put("VP8X", head[:])
	}
	put("ICCP", b.ICC)
	out = append(out, picture...)
	put("EXIF", b.Exif)
	put("XMP ", b.XMP)
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, len(b.IPTC) > 0
}

// isLosslessAlpha reports whether a file is extended for nothing but the transparency of a lossless picture, which needs no
// such thing.
func isLosslessAlpha(flags byte, picture []byte) bool {
	return flags == webpAlpha && bytes.HasPrefix(picture, []byte("VP8L"))
}

// webpHead returns what the head of an extended file says of a picture (RFC 9649, sections 2.5 to 2.7).
func webpHead(picture container.Chunk) (head [10]byte) {
	put := func(at, side int) {
		head[at], head[at+1], head[at+2] = byte(side-1), byte((side-1)>>8), byte((side-1)>>16)
	}
	d := picture.Data
	switch {
	case picture.Name == "VP8 " && len(d) >= 10:
		put(4, int(binary.LittleEndian.Uint16(d[6:]))&0x3FFF)
		put(7, int(binary.LittleEndian.Uint16(d[8:]))&0x3FFF)
	case picture.Name == "VP8L" && len(d) >= 5:
		bits := binary.LittleEndian.Uint32(d[1:])
		put(4, int(bits&0x3FFF)+1)
		put(7, int(bits>>14&0x3FFF)+1)
		if bits>>28&1 == 1 {
			head[0] = webpAlpha
		}
	}
	return head
}
