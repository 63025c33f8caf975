package graph

import (
	"encoding/base64"
	"encoding/binary"
)

// quickXorBytes is the length of a QuickXorHash: 160 bits.
const quickXorBytes = 20

// quickXorShift is how many bits further round the ring each byte is XORed in.
const quickXorShift = 11

// quickXorPeriod is after how many bytes the place in the ring repeats, since 160*11 is a multiple of 160.
const quickXorPeriod = quickXorBytes * 8

// quickXorHash returns the hash of a content, in base64.
func quickXorHash(content []byte) string {
	var q quickXor
	_, _ = q.Write(content) // never fails
	return q.sum()
}

// quickXor is the hash by which SharePoint knows a content: every byte is XORed into a ring of 160 bits, each 11
// bits further than the one before, and the length into the last 64 bits
// (https://learn.microsoft.com/onedrive/developer/code-snippets/quickxorhash).
type quickXor struct {
	folded [quickXorPeriod]byte // the content, each byte at its place in the period
	length uint64
}

// Write adds to the content: 8 bytes at a time where a whole period is there.
func (q *quickXor) Write(content []byte) (int, error) {
	rest := content
	for len(rest) > 0 {
		at := int(q.length % quickXorPeriod)
		if at > 0 || len(rest) < quickXorPeriod {
			n := min(quickXorPeriod-at, len(rest))
			for i, b := range rest[:n] {
				q.folded[at+i] ^= b
			}
			q.length += uint64(n)
			rest = rest[n:]
			continue
		}
		for i := 0; i < quickXorPeriod; i += 8 {
			have := binary.LittleEndian.Uint64(q.folded[i:])
			binary.LittleEndian.PutUint64(q.folded[i:], have^binary.LittleEndian.Uint64(rest[i:]))
		}
		q.length += quickXorPeriod
		rest = rest[quickXorPeriod:]
	}
	return len(content), nil
}

// sum returns the hash in base64.
func (q *quickXor) sum() string {
	var ring [quickXorBytes]byte
	for i, b := range q.folded {
		bit := i * quickXorShift % quickXorPeriod
		at, shift := bit/8, bit%8
		ring[at] ^= b << shift
		ring[(at+1)%quickXorBytes] ^= byte(uint16(b) >> (8 - shift))
	}
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], q.length)
	for i, b := range length {
		ring[quickXorBytes-len(length)+i] ^= b
	}
	return base64.StdEncoding.EncodeToString(ring[:])
}
