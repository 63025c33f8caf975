package graph

import (
	"encoding/base64"
	"encoding/binary"
)

// The numbers of quickXorHash, the checksum of SharePoint
// (https://learn.microsoft.com/onedrive/developer/code-snippets/quickxorhash).
const (
	quickXorBits  = 160
	quickXorShift = 11
	quickXorSize  = quickXorBits / 8
)

// quickXor computes quickXorHash. Byte number i of the file is XORed into a ring of 160 bits at bit
// 11*i mod 160; at the end the length of the file is XORed into the last eight bytes.
//
// Its zero value is ready. It is an io.Writer that never fails.
type quickXor struct {
	ring   [quickXorSize]byte
	bit    int
	length uint64
}

// Write adds bytes to the hash.
func (q *quickXor) Write(p []byte) (int, error) {
	for _, b := range p {
		at, rest := q.bit/8, uint(q.bit%8)
		q.ring[at] ^= b << rest
		if rest > 0 {
			q.ring[(at+1)%quickXorSize] ^= b >> (8 - rest)
		}
		if q.bit += quickXorShift; q.bit >= quickXorBits {
			q.bit -= quickXorBits
		}
	}
	q.length += uint64(len(p))
	return len(p), nil
}

// String gives the hash of what was written so far, in standard base64 as Graph shows it.
func (q *quickXor) String() string {
	sum := q.ring
	last := sum[quickXorSize-8:]
	binary.LittleEndian.PutUint64(last, binary.LittleEndian.Uint64(last)^q.length)
	return base64.StdEncoding.EncodeToString(sum[:])
}
