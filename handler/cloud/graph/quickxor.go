package graph

import (
	"encoding/base64"
	"encoding/binary"
)

// quickXorBytes is the length of a QuickXorHash: 160 bits.
const quickXorBytes = 20

// quickXorShift is how many bits further round the ring each byte is XORed in.
const quickXorShift = 11

// quickXorHash returns the hash by which SharePoint knows a content, in base64: every byte is XORed into a
// ring of 160 bits, each 11 bits further than the one before, and the length into the last 64 bits
// (https://learn.microsoft.com/onedrive/developer/code-snippets/quickxorhash).
func quickXorHash(content []byte) string {
	// The place repeats after 160 bytes, since 160*11 is a multiple of 160: fold the content to 160 bytes
	// first, 8 at a time where there are 8.
	const period = quickXorBytes * 8
	var folded [period]byte
	rest := content
	for len(rest) >= period {
		for i := 0; i < period; i += 8 {
			have := binary.LittleEndian.Uint64(folded[i:])
			binary.LittleEndian.PutUint64(folded[i:], have^binary.LittleEndian.Uint64(rest[i:]))
		}
		rest = rest[period:]
	}
	for i, b := range rest {
		folded[i] ^= b
	}
	var ring [quickXorBytes]byte
	for i, b := range folded {
		bit := i * quickXorShift % period
		at, shift := bit/8, bit%8
		ring[at] ^= b << shift
		ring[(at+1)%quickXorBytes] ^= byte(uint16(b) >> (8 - shift))
	}
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(content)))
	for i, b := range length {
		ring[quickXorBytes-len(length)+i] ^= b
	}
	return base64.StdEncoding.EncodeToString(ring[:])
}
