package graph

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// The ids of Graph are opaque to clients; these have the length and the alphabet of the real ones. All
// functions are called with mu held.

func (g *Graph) randomBytes(n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.BigEndian.AppendUint64(b, g.random.Uint64())
	}
	return b[:n]
}

// newGUID returns a random GUID (version 4), lower case.
func (g *Graph) newGUID() string {
	b := g.randomBytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newItemID returns "01" and 32 letters and digits.
func (g *Graph) newItemID() string {
	return "01" + base32.StdEncoding.EncodeToString(g.randomBytes(20))
}

// newDriveID returns "b!" and 64 characters: three GUIDs in base64url.
func (g *Graph) newDriveID() string {
	return "b!" + base64.RawURLEncoding.EncodeToString(g.randomBytes(48))
}
