package entra_test

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"imagepro/handler/cloud/entra"
	"imagepro/handler/secret"
)

func key(id string, b byte) entra.Key {
	return entra.Key{ID: id, Secret: secret.New(strings.Repeat(string(b), 32))}
}

func sealer(t testing.TB, ring ...entra.Key) *entra.Sealer {
	t.Helper()
	s, err := entra.NewSealer(ring)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheFirstKeySealsAndEveryKeyOpens(t *testing.T) {
	t.Parallel()
	old, both := sealer(t, key("old", 'o')), sealer(t, key("new", 'n'), key("old", 'o'))
	for _, text := range []string{"", "a refresh token", strings.Repeat("x", 100_000)} {
		oldID, oldSealed := old.Seal("tenant", "user", secret.New(text))
		newID, newSealed := both.Seal("tenant", "user", secret.New(text))
		if oldID != "old" || newID != "new" {
			t.Errorf("sealed with %q and %q", oldID, newID)
		}
		for id, sealed := range map[string][]byte{oldID: oldSealed, newID: newSealed} {
			if got, err := both.Open("tenant", "user", id, sealed); err != nil || got.Reveal() != text {
				t.Errorf("key %s: got %d bytes, %v, want the text back", id, len(got.Reveal()), err)
			}
			if len(text) > 0 && bytes.Contains(sealed, []byte(text)) {
				t.Errorf("key %s: the text is not sealed", id)
			}
		}
	}
}

func TestNoTwoSealsAreAlike(t *testing.T) {
	t.Parallel()
	s := sealer(t, key("k", 'k'))
	_, one := s.Seal("tenant", "user", secret.New("text"))
	_, two := s.Seal("tenant", "user", secret.New("text"))
	if bytes.Equal(one, two) || bytes.Equal(one[:12], two[:12]) {
		t.Error("a nonce came twice")
	}
}

func TestWhatWasSealedOpensForItsOwnerAloneAndUnchanged(t *testing.T) {
	t.Parallel()
	s := sealer(t, key("k", 'k'), key("other", 'o'))
	id, sealed := s.Seal("tenant", "user", secret.New("hunter2hunter2"))
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for name, c := range map[string]struct {
		tenant, user, id string
		sealed           []byte
		want             string
	}{
		"another tenant":      {"tenant2", "user", id, sealed, "changed or belongs to somebody else"},
		"another user":        {"tenant", "user2", id, sealed, "changed or belongs to somebody else"},
		"owner exchanged":     {"user", "tenant", id, sealed, "changed or belongs to somebody else"},
		"a moved border":      {"tenant|user", "", id, sealed, "changed or belongs to somebody else"},
		"another key's id":    {"tenant", "user", "other", sealed, "changed or belongs to somebody else"},
		"a key that has left": {"tenant", "user", "gone", sealed, "not in the ring"},
		"nothing":             {"tenant", "user", id, nil, "too short"},
		"half a nonce":        {"tenant", "user", id, sealed[:6], "too short"},
		"a nonce alone":       {"tenant", "user", id, sealed[:12], "changed or belongs to somebody else"},
		"cut off":             {"tenant", "user", id, sealed[:len(sealed)-1], "changed or belongs to somebody else"},
		"longer":              {"tenant", "user", id, append(bytes.Clone(sealed), 0), "changed or belongs to somebody else"},
		"one bit":             {"tenant", "user", id, flipped, "changed or belongs to somebody else"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := s.Open(c.tenant, c.user, c.id, c.sealed)
			if err == nil || !text.Empty() || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %q, %v, want an error with %q", text.Reveal(), err, c.want)
			}
		})
	}
}

func TestARingThatCannotBeUsedIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ring []entra.Key
		want string
	}{
		"empty":          {nil, "the key ring is empty"},
		"short key":      {[]entra.Key{{ID: "k", Secret: secret.New(strings.Repeat("s", 16))}}, "key k has not 32 bytes"},
		"no key":         {[]entra.Key{{ID: "k"}}, "key k has not 32 bytes"},
		"long second":    {[]entra.Key{key("a", 'a'), {ID: "b", Secret: secret.New(strings.Repeat("s", 33))}}, "key b has not 32 bytes"},
		"one id twice":   {[]entra.Key{key("a", 'a'), key("a", 'b')}, `no or two keys with the id "a"`},
		"no id":          {[]entra.Key{key("", 'a')}, `no or two keys with the id ""`},
		"one long alone": {[]entra.Key{{ID: "k", Secret: secret.New(strings.Repeat("s", 64))}}, "key k has not 32 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := entra.NewSealer(c.ring)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "ssss") {
				t.Errorf("got %v, want an error with %q and without the key", err, c.want)
			}
		})
	}
}

func FuzzNothingButTheSealedTextOpens(f *testing.F) {
	// The fuzzer's processes must not open each other's texts.
	s := sealer(f, entra.Key{ID: "k", Secret: secret.New(rand.Text() + rand.Text()[:6])})
	_, sealed := s.Seal("tenant", "user", secret.New("text"))
	for i := range sealed {
		flipped := bytes.Clone(sealed)
		flipped[i] ^= 1 << (i % 8)
		f.Add(flipped)
	}
	f.Add(sealed[:13])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, err := s.Open("tenant", "user", "k", raw)
		if err == nil && !bytes.Equal(raw, sealed) {
			t.Errorf("%x opened as %q", raw, text.Reveal())
		}
	})
}
