// Package seal seals texts that the program hands out or stores and must be sure to get back unread and
// unchanged: refresh tokens, and the cursors that clients page with.
//
// It does not know what the texts say.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"imagepro/handler/secret"
)

// Key is a key of a ring.
type Key struct {
	ID     string      // 1 to 32 letters, digits, dots, hyphens or underscores
	Secret secret.Text // 32 bytes
}

const keyBytes = 32 // AES-256

// Ring holds keys; the first seals, every key opens.
type Ring struct{ keys []Key }

// NewRing returns a ring of at least one key. Ids must be unique.
func NewRing(keys []Key) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("seal: the key ring is empty")
	}
	seen := map[string]bool{}
	for _, key := range keys {
		if len(key.Secret.Reveal()) != keyBytes {
			return nil, fmt.Errorf("seal: key %s has not %d bytes", key.ID, keyBytes)
		}
		if key.ID == "" || seen[key.ID] {
			return nil, fmt.Errorf("seal: the key ring has no or two keys with the id %q", key.ID)
		}
		seen[key.ID] = true
	}
	return &Ring{keys}, nil
}

// For returns the sealer for a purpose. Sealers of different purposes have different keys (HKDF, RFC 5869), so
// that nothing opens which was sealed for another purpose.
func (r *Ring) For(purpose string) (*Sealer, error) {
	s := &Sealer{current: r.keys[0].ID, ciphers: map[string]cipher.AEAD{}}
	for _, key := range r.keys {
		derived, err := hkdf.Key(sha256.New, []byte(key.Secret.Reveal()), nil, "image-pro/"+purpose, keyBytes)
		if err != nil {
			return nil, fmt.Errorf("seal: key %s: %w", key.ID, err)
		}
		block, err := aes.NewCipher(derived)
		if err != nil {
			return nil, fmt.Errorf("seal: key %s: %w", key.ID, err)
		}
		if s.ciphers[key.ID], err = cipher.NewGCM(block); err != nil {
			return nil, fmt.Errorf("seal: key %s: %w", key.ID, err)
		}
	}
	return s, nil
}

// Sealer seals texts of one purpose with AES-256-GCM. Who a text belongs to is associated data: it opens for
// nobody else, and is worthless in another record. Safe for concurrent use.
type Sealer struct {
	current string
	ciphers map[string]cipher.AEAD
}

// Has reports whether the ring has the key.
func (s *Sealer) Has(keyID string) bool { return s.ciphers[keyID] != nil }

// Current returns the id of the key that seals.
func (s *Sealer) Current() string { return s.current }

// Seal returns the id of the key that sealed the text, and a fresh nonce followed by the sealed text.
func (s *Sealer) Seal(text secret.Text, owner ...string) (keyID string, sealed []byte) {
	aead := s.ciphers[s.current]
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the process instead
	return s.current, aead.Seal(nonce, nonce, []byte(text.Reveal()), associated(owner))
}

// Open returns the text. It fails if the key has left the ring, or if anything was changed, the owner
// included.
func (s *Sealer) Open(keyID string, sealed []byte, owner ...string) (secret.Text, error) {
	aead, ok := s.ciphers[keyID]
	if !ok {
		return secret.Text{}, errors.New("seal: the key is not in the ring")
	}
	if len(sealed) < aead.NonceSize() {
		return secret.Text{}, errors.New("seal: the sealed text is too short")
	}
	nonce, rest := sealed[:aead.NonceSize()], sealed[aead.NonceSize():]
	text, err := aead.Open(nil, nonce, rest, associated(owner))
	if err != nil {
		return secret.Text{}, errors.New("seal: the sealed text was changed or belongs to somebody else")
	}
	return secret.New(string(text)), nil
}

// Token seals a text into one of letters, digits and "._-" that fits an address.
func (s *Sealer) Token(text string, owner ...string) string {
	keyID, sealed := s.Seal(secret.New(text), owner...)
	return base64.RawURLEncoding.EncodeToString(sealed) + "." + keyID
}

// OpenToken returns the text of a token that was made for the owner.
func (s *Sealer) OpenToken(token string, owner ...string) (string, error) {
	encoded, keyID, ok := strings.Cut(token, ".")
	if !ok {
		return "", errors.New("seal: the token names no key")
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", errors.New("seal: the token is not base64url")
	}
	text, err := s.Open(keyID, sealed, owner...)
	return text.Reveal(), err
}

// associated writes the parts of an owner with their lengths, so that no two owners look the same.
func associated(owner []string) []byte {
	var data []byte
	for _, part := range owner {
		data = binary.AppendUvarint(data, uint64(len(part)))
		data = append(data, part...)
	}
	return data
}
