package entra

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// msaTenant is the tenant of all personal Microsoft accounts.
const msaTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"

// pool makes RSA keys once a process: one takes a tenth of a second and more, and no test needs a key that
// no other sandbox of the process has. Certificates, and with them the key ids, are made for each Entra.
var pool keyPool

type keyPool struct {
	mu   sync.Mutex
	keys []*rsa.PrivateKey
}

// key returns the i-th key.
func (p *keyPool) key(i int) (*rsa.PrivateKey, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.keys) <= i {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, fmt.Errorf("entra: making a signing key: %w", err)
		}
		p.keys = append(p.keys, key)
	}
	return p.keys[i], nil
}

// The places of keys in the pool. Rotation takes the ones from firstSpare on.
const (
	signingPlace = iota
	standbyPlace
	msaPlace
	strangerPlace
	firstSpare
)

// signingKey is a key with the certificate that it is published by.
type signingKey struct {
	id        string // kid and x5t: base64url of the SHA-1 of the certificate
	private   *rsa.PrivateKey
	der       []byte
	msa       bool // signs for personal accounts only
	published bool
}

// newSigningKey makes a self-signed certificate for the key at a place of the pool.
func newSigningKey(place int, now time.Time) (*signingKey, error) {
	private, err := pool.key(place)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("entra: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "accounts.accesscontrol.windows.net"},
		NotBefore:    now.Add(-24 * time.Hour),
		NotAfter:     now.AddDate(5, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, fmt.Errorf("entra: making a signing certificate: %w", err)
	}
	print := sha1.Sum(der)
	id := base64.RawURLEncoding.EncodeToString(print[:])
	return &signingKey{id: id, private: private, der: der, msa: place == msaPlace, published: true}, nil
}

// publicPEM is the public key in its usual form for files.
func publicPEM(key *signingKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(&key.private.PublicKey)
	if err != nil {
		panic("entra: encoding an RSA key: " + err.Error())
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// ring is all signing keys that there ever were.
type ring struct {
	mu      sync.RWMutex
	keys    []*signingKey
	current *signingKey // signs for organizations
	msa     *signingKey
	spare   int // the next place in the pool
}

func newRing(now time.Time) (*ring, error) {
	r := &ring{spare: firstSpare}
	for _, place := range []int{signingPlace, standbyPlace, msaPlace} {
		key, err := newSigningKey(place, now)
		if err != nil {
			return nil, err
		}
		r.keys = append(r.keys, key)
	}
	r.current, r.msa = r.keys[signingPlace], r.keys[msaPlace]
	return r, nil
}

// rotate signs with a new key from now on and stops publishing the one before if withdraw is set.
func (r *ring) rotate(withdraw bool, now time.Time) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key, err := newSigningKey(r.spare, now)
	if err != nil {
		return "", err
	}
	r.spare++
	r.current.published = !withdraw
	r.keys = append(r.keys, key)
	r.current = key
	return key.id, nil
}

// signing returns the key that signs for organizations, or for personal accounts.
func (r *ring) signing(msa bool) *signingKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if msa {
		return r.msa
	}
	return r.current
}

// find returns the published key with an id, or nil.
func (r *ring) find(id string) *signingKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, key := range r.keys {
		if key.id == id && key.published {
			return key
		}
	}
	return nil
}

// standby returns a published key for organizations that is not the current one, or nil.
func (r *ring) standby() *signingKey {
	for _, key := range r.list() {
		if !key.msa && key != r.signing(false) {
			return key
		}
	}
	return nil
}

// list returns the keys that are published.
func (r *ring) list() []*signingKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var published []*signingKey
	for _, key := range r.keys {
		if key.published {
			published = append(published, key)
		}
	}
	return published
}

// Rotate makes a new signing key and returns its id. The key before stays published, so that tokens signed
// with it stay valid, unless withdraw is set (what happens after a compromise).
func (e *Entra) Rotate(withdraw bool) (string, error) {
	return e.ring.rotate(withdraw, e.now())
}
