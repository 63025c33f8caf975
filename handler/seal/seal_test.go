package seal_test

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"imagepro/handler/seal"
	"imagepro/handler/secret"
)

func key(id string, b byte) seal.Key {
	return seal.Key{ID: id, Secret: secret.New(strings.Repeat(string(b), 32))}
}

func sealer(t testing.TB, purpose string, keys ...seal.Key) *seal.Sealer {
	t.Helper()
	ring, err := seal.NewRing(keys)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ring.For(purpose)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheFirstKeySealsAndEveryKeyOpens(t *testing.T) {
	t.Parallel()
	old, both := sealer(t, "p", key("old", 'o')), sealer(t, "p", key("new", 'n'), key("old", 'o'))
	if old.Current() != "old" || both.Current() != "new" {
		t.Errorf("sealing with %q and %q", old.Current(), both.Current())
	}
	for _, text := range []string{"", "a refresh token", strings.Repeat("x", 100_000)} {
		oldID, oldSealed := old.Seal(secret.New(text), "tenant", "user")
		newID, newSealed := both.Seal(secret.New(text), "tenant", "user")
		if oldID != "old" || newID != "new" {
			t.Errorf("sealed with %q and %q", oldID, newID)
		}
		for id, sealed := range map[string][]byte{oldID: oldSealed, newID: newSealed} {
			if got, err := both.Open(id, sealed, "tenant", "user"); err != nil || got.Reveal() != text {
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
	s := sealer(t, "p", key("k", 'k'))
	_, one := s.Seal(secret.New("text"), "tenant", "user")
	_, two := s.Seal(secret.New("text"), "tenant", "user")
	if bytes.Equal(one, two) || bytes.Equal(one[:12], two[:12]) {
		t.Error("a nonce came twice")
	}
}

func TestWhatWasSealedOpensForItsOwnerAndPurposeAloneAndUnchanged(t *testing.T) {
	t.Parallel()
	s := sealer(t, "p", key("k", 'k'), key("other", 'o'))
	id, sealed := s.Seal(secret.New("hunter2hunter2"), "tenant", "user")
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	const foreign = "changed or belongs to somebody else"
	for name, c := range map[string]struct {
		owner  []string
		id     string
		sealed []byte
		want   string
	}{
		"another tenant":      {[]string{"tenant2", "user"}, id, sealed, foreign},
		"another user":        {[]string{"tenant", "user2"}, id, sealed, foreign},
		"owner exchanged":     {[]string{"user", "tenant"}, id, sealed, foreign},
		"a moved border":      {[]string{"tenantu", "ser"}, id, sealed, foreign},
		"a lost border":       {[]string{"tenantuser"}, id, sealed, foreign},
		"an owner more":       {[]string{"tenant", "user", ""}, id, sealed, foreign},
		"no owner":            {nil, id, sealed, foreign},
		"another key's id":    {[]string{"tenant", "user"}, "other", sealed, foreign},
		"a key that has left": {[]string{"tenant", "user"}, "gone", sealed, "not in the ring"},
		"nothing":             {[]string{"tenant", "user"}, id, nil, "too short"},
		"half a nonce":        {[]string{"tenant", "user"}, id, sealed[:6], "too short"},
		"a nonce alone":       {[]string{"tenant", "user"}, id, sealed[:12], foreign},
		"cut off":             {[]string{"tenant", "user"}, id, sealed[:len(sealed)-1], foreign},
		"longer":              {[]string{"tenant", "user"}, id, append(bytes.Clone(sealed), 0), foreign},
		"one bit":             {[]string{"tenant", "user"}, id, flipped, foreign},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := s.Open(c.id, c.sealed, c.owner...)
			if err == nil || !text.Empty() || !strings.Contains(err.Error(), c.want) ||
				strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %q, %v, want an error with %q", text.Reveal(), err, c.want)
			}
		})
	}
	if text, err := sealer(t, "another", key("k", 'k')).Open(id, sealed, "tenant", "user"); err == nil {
		t.Errorf("it opened for another purpose: %q", text.Reveal())
	}
}

func TestTokensFitAnAddressAndOpenForTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	s := sealer(t, "p", key("new", 'n'), key("old", 'o'))
	for _, text := range []string{"", "3_00000099", "ü\x00/?&#"} {
		token := s.Token(text, "tenant", "list")
		if strings.ContainsFunc(token, func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", r)
		}) {
			t.Errorf("the token %q does not fit an address", token)
		}
		if got, err := s.OpenToken(token, "tenant", "list"); err != nil || got != text {
			t.Errorf("got %q, %v, want %q", got, err, text)
		}
		if got, err := s.OpenToken(token, "tenant2", "list"); err == nil || got != "" {
			t.Errorf("it opened for another tenant: %q", got)
		}
		earlier := sealer(t, "p", key("old", 'o')).Token(text, "tenant")
		if got, err := s.OpenToken(earlier, "tenant"); err != nil || got != text {
			t.Errorf("a token of the old key: %q, %v", got, err)
		}
	}
	good := s.Token("text", "tenant")
	for _, odd := range []string{"", ".", ".new", "AAAA", "AAAA.new", good + "x", "A" + good, good[1:],
		strings.Replace(good, ".", "=.", 1), strings.Replace(good, ".new", ".old", 1)} {
		if got, err := s.OpenToken(odd, "tenant"); err == nil || got != "" {
			t.Errorf("%q opened as %q", odd, got)
		}
	}
}

func TestARingThatCannotBeUsedIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ring []seal.Key
		want string
	}{
		"empty": {nil, "the key ring is empty"},
		"short key": {[]seal.Key{{ID: "k", Secret: secret.New(strings.Repeat("s", 16))}},
			"key k has not 32 bytes"},
		"no key": {[]seal.Key{{ID: "k"}}, "key k has not 32 bytes"},
		"long second": {[]seal.Key{key("a", 'a'), {ID: "b", Secret: secret.New(strings.Repeat("s", 33))}},
			"key b has not 32 bytes"},
		"one id twice": {[]seal.Key{key("a", 'a'), key("a", 'b')}, `no or two keys with the id "a"`},
		"no id":        {[]seal.Key{key("", 'a')}, `no or two keys with the id ""`},
		"one long alone": {[]seal.Key{{ID: "k", Secret: secret.New(strings.Repeat("s", 64))}},
			"key k has not 32 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := seal.NewRing(c.ring)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "ssss") {
				t.Errorf("got %v, want an error with %q and without the key", err, c.want)
			}
		})
	}
}

func FuzzNothingButTheSealedTextOpens(f *testing.F) {
	// The fuzzer's processes must not open each other's texts.
	s := sealer(f, "p", seal.Key{ID: "k", Secret: secret.New(rand.Text() + rand.Text()[:6])})
	_, sealed := s.Seal(secret.New("text"), "tenant", "user")
	for i := range sealed {
		flipped := bytes.Clone(sealed)
		flipped[i] ^= 1 << (i % 8)
		f.Add(flipped)
	}
	f.Add(sealed[:13])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, err := s.Open("k", raw, "tenant", "user")
		if err == nil && !bytes.Equal(raw, sealed) {
			t.Errorf("%x opened as %q", raw, text.Reveal())
		}
	})
}
