package container

import (
	"bytes"
	"iter"
)

// The JPEG markers that somebody asks for (ITU-T T.81 table B.1).
const (
	SOF0  = 0xC0 // baseline; SOF0 to SOF15 are C0 to CF without DHT, JPG and DAC
	DHT   = 0xC4
	JPG   = 0xC8
	DAC   = 0xCC
	SOI   = 0xD8
	EOI   = 0xD9
	SOS   = 0xDA
	APP0  = 0xE0
	APP1  = 0xE1
	APP2  = 0xE2
	APP13 = 0xED
	APP14 = 0xEE
	COM   = 0xFE

	rst0 = 0xD0
	rst7 = 0xD7
)

// Segment is a marker segment of a JPEG file.
type Segment struct {
	Marker byte
	Data   []byte // without the marker and the length; of SOS only the header, not the coded data
	Start  int    // of the marker in the file
	End    int    // after the segment; of SOS after the header
}

// IsFrame reports whether the segment is a frame header (SOF).
func (s Segment) IsFrame() bool {
	return s.Marker&0xF0 == SOF0 && s.Marker != DHT && s.Marker != JPG && s.Marker != DAC
}

// JPEG walks the segments of a file from the first after SOI to EOI. Like image/jpeg it is lenient about
// bytes between segments, so both see the same segments. A file without EOI ends with ErrTruncated.
func JPEG(src []byte) iter.Seq2[Segment, error] {
	return func(yield func(Segment, error) bool) {
		if len(src) < 2 || src[0] != 0xFF || src[1] != SOI {
			yield(Segment{}, ErrMalformed)
			return
		}
		for at := 2; ; {
			start, ok := nextMarker(src, at)
			if !ok {
				yield(Segment{}, ErrTruncated)
				return
			}
			marker := src[start+1]
			if marker == EOI {
				yield(Segment{Marker: EOI, Start: start, End: start + 2}, nil)
				return
			}
			if len(src) < start+4 {
				yield(Segment{}, ErrTruncated)
				return
			}
			length := int(src[start+2])<<8 | int(src[start+3])
			end := start + 2 + length
			switch {
			case length < 2:
				yield(Segment{}, ErrMalformed)
				return
			case end > len(src):
				yield(Segment{}, ErrTruncated)
				return
			}
			if !yield(Segment{Marker: marker, Data: src[start+4 : end], Start: start, End: end}, nil) {
				return
			}
			at = end
		}
	}
}

// nextMarker returns where the next marker's last FF stands, passing coded data, stuffed and fill bytes and
// restart markers.
func nextMarker(src []byte, at int) (start int, ok bool) {
	for at+1 < len(src) {
		next := bytes.IndexByte(src[at:len(src)-1], 0xFF)
		if next < 0 {
			return 0, false
		}
		at += next
		switch m := src[at+1]; {
		case m == 0x00, m == 0xFF, m >= rst0 && m <= rst7:
			at++
		default:
			return at, true
		}
	}
	return 0, false
}
