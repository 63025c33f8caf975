package container

import (
	"bytes"
	"encoding/binary"
	"iter"
	"slices"
)

// WebP walks the chunks of a file. A file that is shorter than its RIFF header says ends with ErrTruncated.
func WebP(src []byte) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		if len(src) < 12 || string(src[:4]) != "RIFF" || string(src[8:12]) != "WEBP" {
			yield(Chunk{}, ErrMalformed)
			return
		}
		size := int64(binary.LittleEndian.Uint32(src[4:])) + 8
		if size > int64(len(src)) {
			yield(Chunk{}, ErrTruncated)
			return
		}
		webpChunks(src[:size], 12, yield)
	}
}

// webpChunks walks the chunks from a place on.
func webpChunks(file []byte, at int, yield func(Chunk, error) bool) {
	for len(file)-at >= 8 {
		length := int64(binary.LittleEndian.Uint32(file[at+4:]))
		if length > int64(len(file)-at-8) {
			yield(Chunk{}, ErrTruncated)
			return
		}
		data := file[at+8 : at+8+int(length)]
		end := min(at+8+int(length+length%2), len(file))
		if !yield(Chunk{Name: string(file[at : at+4]), Data: data, Start: at, End: end}, nil) {
			return
		}
		at = end
	}
}

// webpFrame is how many bytes of an ANMF chunk stand before its own chunks.
const webpFrame = 16

// WebPFrame walks the chunks within the data of an ANMF chunk (RFC 9649, section 2.7.1.3).
func WebPFrame(data []byte) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		if len(data) < webpFrame {
			yield(Chunk{}, ErrTruncated)
			return
		}
		webpChunks(data, webpFrame, yield)
	}
}

// U24 returns a number of three bytes, as WebP has them.
func U24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// AppendU24 appends a number of three bytes.
func AppendU24(to []byte, n int) []byte { return append(to, byte(n), byte(n>>8), byte(n>>16)) }

// RIFF returns the file that chunks make.
func RIFF(chunks ...[]byte) []byte {
	file := bytes.Join(slices.Concat([][]byte{[]byte("RIFF\x00\x00\x00\x00WEBP")}, chunks), nil)
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	return file
}

// The flags of a VP8X chunk (RFC 9649, section 2.7.1).
const (
	WebPMoves = 1 << 1
	WebPXMP   = 1 << 2
	WebPExif  = 1 << 3
	WebPAlpha = 1 << 4
	WebPICC   = 1 << 5
)

// VP8X returns the data of the chunk that starts an extended file (RFC 9649, section 2.7.1).
func VP8X(flags byte, width, height int) []byte {
	return AppendU24(AppendU24([]byte{flags, 0, 0, 0}, width-1), height-1)
}

// AppendWebP appends a chunk with its padding byte if it needs one.
func AppendWebP(to []byte, name string, data []byte) []byte {
	to = append(to, name...)
	to = binary.LittleEndian.AppendUint32(to, uint32(len(data)))
	to = append(to, data...)
	if len(data)%2 == 1 {
		to = append(to, 0)
	}
	return to
}
