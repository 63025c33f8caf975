package entra

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"imagepro/handler/secret"
)

// Key is a key of a ring.
type Key struct {
	ID     string
	Secret secret.Text // 32 bytes
}

const keyBytes = 32 // AES-256

// Sealer seals refresh tokens with AES-256-GCM. The first key seals, every key opens; the tenant and the
// user are associated data, so that a sealed token is worthless in another record.
type Sealer struct {
	current string
	ciphers map[string]cipher.AEAD
}

// NewSealer returns a sealer with a ring of at least one key. Ids must be unique.
func NewSealer(ring []Key) (*Sealer, error) {
	if len(ring) == 0 {
		return nil, errors.New("entra: the key ring is empty")
	}
	s := &Sealer{current: ring[0].ID, ciphers: map[string]cipher.AEAD{}}
	for _, key := range ring {
		if len(key.Secret.Reveal()) != keyBytes {
			return nil, fmt.Errorf("entra: key %s has not %d bytes", key.ID, keyBytes)
		}
		if _, twice := s.ciphers[key.ID]; twice || key.ID == "" {
			return nil, fmt.Errorf("entra: the key ring has no or two keys with the id %q", key.ID)
		}
		block, err := aes.NewCipher([]byte(key.Secret.Reveal()))
		if err != nil {
			return nil, fmt.Errorf("entra: key %s: %w", key.ID, err)
		}
		if s.ciphers[key.ID], err = cipher.NewGCM(block); err != nil {
			return nil, fmt.Errorf("entra: key %s: %w", key.ID, err)
		}
	}
	return s, nil
}

// Seal returns the id of the key that sealed the text, and a fresh nonce followed by the sealed text.
func (s *Sealer) Seal(tenant, user string, text secret.Text) (keyID string, sealed []byte) {
	aead := s.ciphers[s.current]
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the process instead
	return s.current, aead.Seal(nonce, nonce, []byte(text.Reveal()), associated(tenant, user))
}

// Open returns the text. It fails if the key has left the ring, or if anything was changed, the owner
// included.
func (s *Sealer) Open(tenant, user, keyID string, sealed []byte) (secret.Text, error) {
	aead, ok := s.ciphers[keyID]
	if !ok {
		return secret.Text{}, fmt.Errorf("entra: key %q is not in the ring", keyID)
	}
	if len(sealed) < aead.NonceSize() {
		return secret.Text{}, errors.New("entra: the sealed session is too short")
	}
	nonce, rest := sealed[:aead.NonceSize()], sealed[aead.NonceSize():]
	text, err := aead.Open(nil, nonce, rest, associated(tenant, user))
	if err != nil {
		return secret.Text{}, errors.New("entra: the sealed session was changed or belongs to somebody else")
	}
	return secret.New(string(text)), nil
}

func associated(tenant, user string) []byte { return []byte(tenant + "|" + user + "|refresh-token") }
