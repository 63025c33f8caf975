package graph

import (
	"encoding/base64"
	"math/rand/v2"
	"testing"
)

// plainQuickXor is the hash as its description has it, one byte and one bit after the other
// (https://learn.microsoft.com/onedrive/developer/code-snippets/quickxorhash).
func plainQuickXor(content []byte) string {
	var ring [160]bool
	flip := func(bit int, value byte) {
		for i := range 8 {
			if value>>i&1 == 1 {
				ring[(bit+i)%160] = !ring[(bit+i)%160]
			}
		}
	}
	for i, b := range content {
		flip(i*11%160, b)
	}
	for i := range 8 {
		flip(96+8*i, byte(uint64(len(content))>>(8*i)))
	}
	var sum [20]byte
	for i, set := range ring {
		if set {
			sum[i/8] |= 1 << (i % 8)
		}
	}
	return base64.StdEncoding.EncodeToString(sum[:])
}

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
		content, err := base64.StdEncoding.DecodeString(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := quickXorHash(content); got != c.want {
			t.Errorf("%d bytes: got %s, want %s", len(content), got, c.want)
		}
	}
}

func TestQuickXorIsTheDescribedHashAtEveryLength(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	lengths := []int{1 << 20, 1<<20 + 7, 100_003}
	for n := range 700 {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		content := make([]byte, n)
		for i := range content {
			content[i] = byte(random.Uint32())
		}
		if got, want := quickXorHash(content), plainQuickXor(content); got != want {
			t.Errorf("%d bytes: got %s, want %s", n, got, want)
		}
	}
}

func FuzzQuickXorIsTheDescribedHash(f *testing.F) {
	f.Add([]byte("some bytes"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if got, want := quickXorHash(content), plainQuickXor(content); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func BenchmarkQuickXor(b *testing.B) {
	content := make([]byte, 4<<20)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		quickXorHash(content)
	}
}
