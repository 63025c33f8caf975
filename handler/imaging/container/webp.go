package container

import (
	"encoding/binary"
	"iter"
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
		for at, file := 12, src[:size]; len(file)-at >= 8; {
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
