package metadata

import (
	"bytes"
	"encoding/binary"
	"slices"

	"imagepro/handler/imaging/container"
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
		case credentialWebP:
			b.Credential = true
		}
	}
	return b
}

// credentialWebP is the chunk of content credentials (C2PA 2.1, annex A.3.6).
const credentialWebP = "C2PA"

// isPixelsWebP reports whether a chunk is needed to decode the pixels, and isBlockWebP whether it holds a block.
func isPixelsWebP(name string) bool {
	return slices.Contains([]string{"VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF"}, name)
}

func isBlockWebP(name string) bool { return slices.Contains([]string{"ICCP", "EXIF", "XMP "}, name) }

// stripWebP returns the file without content credentials, what follows the picture and what keep refuses of chunks of
// further kinds, those of frames among them. Blocks stay: WriteWebP takes their place.
func stripWebP(src []byte, keep func(data []byte) bool) ([]byte, error) {
	var chunks [][]byte
	for c, err := range container.WebP(src) {
		if err != nil {
			return nil, err
		}
		switch {
		case c.Name == "ANMF":
			frame := bytes.Clone(c.Data[:min(len(c.Data), frameHead)])
			for f, err := range container.WebPFrame(c.Data) {
				if err != nil {
					return nil, err
				}
				if isPixelsWebP(f.Name) || keep(f.Data) {
					frame = container.AppendWebP(frame, f.Name, f.Data)
				}
			}
			chunks = append(chunks, container.AppendWebP(nil, "ANMF", frame))
		case isPixelsWebP(c.Name), isBlockWebP(c.Name), c.Name != credentialWebP && keep(c.Data):
			chunks = append(chunks, container.AppendWebP(nil, c.Name, c.Data))
		}
	}
	return container.RIFF(chunks...), nil
}

// frameHead is how many bytes of a frame stand before its chunks.
const frameHead = 16

// WriteWebP puts blocks into a file, in the place of those that it has; the coded pictures stay as they are. WebP has
// no place for IPTC: lost says whether there was any, or whether the file is none that blocks can be put into.
func WriteWebP(file []byte, b Blocks) (out []byte, lost bool) {
	var head []byte
	var chunks [][]byte // those that stay
	for c, err := range container.WebP(file) {
		if err != nil {
			return file, true
		}
		switch c.Name {
		case "VP8X":
			head = bytes.Clone(c.Data)
			continue
		case "ICCP", "EXIF", "XMP ":
			continue
		case "VP8 ", "VP8L":
			if head == nil {
				head = extended(c)
			}
		}
		chunks = append(chunks, file[c.Start:c.End])
		if c.End-c.Start != 8+len(c.Data)+len(c.Data)%2 {
			chunks = append(chunks, []byte{0}) // the last may lack what fills it up
		}
	}
	if len(head) < 10 {
		return file, true
	}
	head[0] &^= container.WebPICC | container.WebPExif | container.WebPXMP
	block := func(flag byte, name string, data []byte) []byte {
		if len(data) == 0 {
			return nil
		}
		head[0] |= flag
		return container.AppendWebP(nil, name, data)
	}
	icc, exif, xmp := block(container.WebPICC, "ICCP", b.ICC), block(container.WebPExif, "EXIF", b.Exif),
		block(container.WebPXMP, "XMP ", b.XMP)
	var extension []byte
	if head[0] != 0 && !isLosslessAlpha(head[0], chunks) {
		extension = container.AppendWebP(nil, "VP8X", head)
	}
	return container.RIFF(slices.Concat([][]byte{extension, icc}, chunks, [][]byte{exif, xmp})...), len(b.IPTC) > 0
}

// isLosslessAlpha reports whether a file is extended for nothing but the transparency of a lossless picture, which
// needs no such thing.
func isLosslessAlpha(flags byte, chunks [][]byte) bool {
	return flags == container.WebPAlpha && len(chunks) > 0 && bytes.HasPrefix(chunks[0], []byte("VP8L"))
}

// extended returns the VP8X chunk for a file that has only a picture; nil if that is none (RFC 6386, section 9.1, and
// RFC 9649, section 3.4).
func extended(c container.Chunk) []byte {
	if len(c.Data) < 10 {
		return nil
	}
	flags := byte(0)
	w, h := int(binary.LittleEndian.Uint16(c.Data[6:])), int(binary.LittleEndian.Uint16(c.Data[8:]))
	if c.Name == "VP8L" {
		bits := int(binary.LittleEndian.Uint32(c.Data[1:]))
		w, h = bits+1, bits>>14+1
		flags = c.Data[4] & container.WebPAlpha // the 29th bit
	}
	return container.VP8X(flags, (w-1)&0x3FFF+1, (h-1)&0x3FFF+1)
}
