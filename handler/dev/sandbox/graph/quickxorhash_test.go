package graph

import (
	"encoding/base64"
	"math/rand/v2"
	"testing"
)

// Published vectors: those of rclone's backend/onedrive/quickxorhash, which were made with Microsoft's code.
func TestQuickXorGivesThePublishedHashes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="},
		{"Sg==", "SgAAAAAAAAAAAAAAAQAAAAAAAAA="},
		{"tbQ=", "taAFAAAAAAAAAAAAAgAAAAAAAAA="},
		{"n6Neh7p6fFgm", "nxiFFw6hCz3wAQsmCQAAAAAAAAA="},
		{"2fuxhBJXtpWFe8dOfdGeHw==", "O9tHLAghgSvYohKFyMMxnNCHaHg="},
		{"T6LYJIfDh81JrAK309H2JMJTXis=", "zBTHrspn3mEcohlJdIUAbjGNaNg="},
		{"qQ70RB++JAR5ljNv3lJt1PpqETPsckopfonItu18Cr3E", "FkJaeg/0Z5+euShYlLpE2tJh+Lo="},
		{"Mb7EGva2rEE5fENDL85P+BsapHEEjv2/siVhKjvAQe02feExVOQSkfmuYzU/kTF1MaKjPmKF/w+cbvwfdWL8aQ==",
			"n1anP5NfvD4XDYWIeRPW3ZkPv1Y="},
	} {
		data, err := base64.StdEncoding.DecodeString(c.in)
		if err != nil {
			t.Fatal(err)
		}
		var q quickXor
		_, _ = q.Write(data)
		if got := q.String(); got != c.want {
			t.Errorf("%d bytes: got %s, want %s", len(data), got, c.want)
		}
	}
}

func TestQuickXorDoesNotDependOnHowTheBytesArrive(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 5000)
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	var whole, pieces quickXor
	_, _ = whole.Write(data)
	for rest := data; len(rest) > 0; {
		n := min(len(rest), 1+random.IntN(100))
		_, _ = pieces.Write(rest[:n])
		rest = rest[n:]
	}
	if whole.String() != pieces.String() {
		t.Error("the hash depends on the pieces")
	}
}

func TestQuickXorSeesOneBitAndTheLength(t *testing.T) {
	t.Parallel()
	hash := func(data []byte) string {
		var q quickXor
		_, _ = q.Write(data)
		return q.String()
	}
	data := make([]byte, 300)
	plain := hash(data)
	for i := range data {
		data[i] = 1
		if hash(data) == plain {
			t.Fatalf("a bit in byte %d does not matter", i)
		}
		data[i] = 0
	}
	if hash(make([]byte, 301)) == plain {
		t.Error("the length does not matter")
	}
}
