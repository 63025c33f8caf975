package entra

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"imagepro/handler/fault"
)

// signingKey is a key of Entra's key set with the issuer that may use it.
type signingKey struct {
	public *rsa.PublicKey
	issuer string // may contain {tenantid}
}

// keySet is a cached JSON Web Key Set (RFC 7517). It refreshes itself once a day, looks again for an unknown
// key at most once in five minutes, and keeps the last good set while Entra cannot be reached.
type keySet struct {
	url    string
	client *http.Client
	now    func() time.Time
	flight singleflight.Group

	mu      sync.Mutex
	keys    map[string]signingKey
	fetched time.Time // of keys
	tried   time.Time // of the last fetch, good or not
}

const (
	keysMaxAge    = 24 * time.Hour
	unknownKeyGap = 5 * time.Minute // least time between two fetches that unknown key ids cause
	failedGap     = 5 * time.Second // least time between two fetches while there is no key set at all
	keysTimeout   = 5 * time.Second
	keysMaxBytes  = 1 << 20
)

// find returns the key with the id. Unauthorized if there is none, Busy if no key set could be fetched yet.
func (s *keySet) find(ctx context.Context, kid string) (signingKey, error) {
	key, found, due := s.look(kid)
	if due {
		fetched := s.refresh(ctx, kid)
		if found { // only old: the caller need not wait
			return key, nil
		}
		select {
		case <-fetched:
		case <-ctx.Done():
			return signingKey{}, noKeys(ctx.Err())
		}
		key, found, _ = s.look(kid)
	}
	if found {
		return key, nil
	}
	if s.empty() {
		return signingKey{}, noKeys(nil)
	}
	return signingKey{}, refuse("its key is unknown")
}

func noKeys(cause error) *fault.Fault {
	return fault.New(fault.Busy, "The sign-in service cannot be reached. Try again in a moment.",
		cause).After(failedGap)
}

// look returns the key and whether the set should be fetched before or after it is used.
func (s *keySet) look(kid string) (key signingKey, found, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, found = s.keys[kid]
	since := s.now().Sub(s.tried)
	switch {
	case s.keys == nil:
		due = since >= failedGap
	case !found:
		due = since >= unknownKeyGap
	default:
		due = s.now().Sub(s.fetched) >= keysMaxAge && since >= unknownKeyGap
	}
	return key, found, due
}

func (s *keySet) empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys == nil
}

// refresh starts a fetch for the key's sake, or joins the one that runs. The channel gets a value when it has
// ended. The fetch serves all who ask: the end of one request does not end it.
func (s *keySet) refresh(ctx context.Context, kid string) <-chan singleflight.Result {
	ctx = context.WithoutCancel(ctx)
	return s.flight.DoChan("", func() (any, error) {
		if _, _, due := s.look(kid); !due {
			return nil, nil // another fetch ended since the caller looked
		}
		ctx, cancel := context.WithTimeout(ctx, keysTimeout)
		defer cancel()
		keys, err := s.fetch(ctx)
		if err != nil {
			slog.WarnContext(ctx, "signing keys could not be fetched", "error", err)
		}
		s.put(keys)
		return nil, nil
	})
}

// put replaces the set; a nil one, of a fetch that failed, leaves it as it is.
func (s *keySet) put(keys map[string]signingKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried = s.now()
	if keys != nil {
		s.keys, s.fetched = keys, s.tried
	}
}

func (s *keySet) fetch(ctx context.Context) (map[string]signingKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, keysMaxBytes))
	if err != nil {
		return nil, err
	}
	return parseKeys(body)
}

type jsonWebKey struct {
	Kty    string `json:"kty"`
	Use    string `json:"use"`
	Kid    string `json:"kid"`
	N      string `json:"n"`
	E      string `json:"e"`
	Issuer string `json:"issuer"`
}

// parseKeys takes the usable keys of a set: RSA of at least 2048 bits, for signatures, with an id and an
// issuer. A set without any is an error, so that it does not replace a good one.
func parseKeys(body []byte) (map[string]signingKey, error) {
	var set struct {
		Keys []jsonWebKey `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("the key set is no JSON: %w", err)
	}
	keys := map[string]signingKey{}
	for _, jwk := range set.Keys {
		if public, ok := jwk.rsa(); ok {
			keys[jwk.Kid] = signingKey{public: public, issuer: jwk.Issuer}
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("none of %d keys is usable", len(set.Keys))
	}
	return keys, nil
}

const leastModulusBits = 2048

func (k jsonWebKey) rsa() (*rsa.PublicKey, bool) {
	if k.Kty != "RSA" || k.Use != "sig" || k.Kid == "" || k.Issuer == "" {
		return nil, false
	}
	n, err := base64.RawURLEncoding.DecodeString(k.N)
	if err != nil {
		return nil, false
	}
	e, err := base64.RawURLEncoding.DecodeString(k.E)
	if err != nil || len(e) == 0 || len(e) > 4 {
		return nil, false
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	return public, public.N.BitLen() >= leastModulusBits && public.E > 1
}
