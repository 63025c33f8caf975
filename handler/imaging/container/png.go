package container

import (
	"encoding/binary"
	"hash/crc32"
	"iter"
	"strings"
)

// pngSignature starts every PNG file (PNG specification, section 5.2).
const pngSignature = "\x89PNG\r\n\x1a\n"

// Chunk is a chunk of a PNG or WebP file.
type Chunk struct {
	Name  string // four letters
	Data  []byte
	Start int // of the chunk's length or name, whichever is first, in the file
	End   int // after the chunk with its check sum or padding
}

// PNG walks the chunks of a file up to IEND. A file without IEND ends with ErrTruncated. Check sums are left
// to the decoder.
func PNG(src []byte) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		if !strings.HasPrefix(string(src[:min(len(src), len(pngSignature))]), pngSignature) {
			yield(Chunk{}, ErrMalformed)
			return
		}
		for at := len(pngSignature); ; {
			if len(src)-at < 12 {
				yield(Chunk{}, ErrTruncated)
				return
			}
			length := binary.BigEndian.Uint32(src[at:])
			if int64(length) > int64(len(src)-at-12) {
				yield(Chunk{}, ErrTruncated)
				return
			}
			end := at + 12 + int(length)
			c := Chunk{Name: string(src[at+4 : at+8]), Data: src[at+8 : end-4], Start: at, End: end}
			if !yield(c, nil) || c.Name == "IEND" {
				return
			}
			at = end
		}
	}
}

// AppendPNG appends a chunk with its length and check sum.
func AppendPNG(to []byte, name string, data []byte) []byte {
	to = binary.BigEndian.AppendUint32(to, uint32(len(data)))
	start := len(to)
	to = append(to, name...)
	to = append(to, data...)
	return binary.BigEndian.AppendUint32(to, crc32.ChecksumIEEE(to[start:]))
}
