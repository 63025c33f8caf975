package entra

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

var errNotJWT = errors.New("entra: not a JSON Web Token")

// jwt is a token that has been read but not yet believed.
type jwt struct {
	header, claims map[string]any
	signed         string // what the signature is over
	signature      []byte
}

// readJWT takes a compact token apart.
func readJWT(token string) (*jwt, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errNotJWT
	}
	t := &jwt{signed: parts[0] + "." + parts[1]}
	for i, into := range []*map[string]any{&t.header, &t.claims} {
		raw, err := decodeSegment(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil || *into == nil {
			return nil, errNotJWT
		}
	}
	signature, err := decodeSegment(parts[2])
	if err != nil {
		return nil, errNotJWT
	}
	t.signature = signature
	return t, nil
}

// text returns a claim that is a string, or "".
func (t *jwt) text(claim string) string {
	s, _ := t.claims[claim].(string)
	return s
}

// head returns a header member that is a string, or "".
func (t *jwt) head(member string) string {
	s, _ := t.header[member].(string)
	return s
}

// time returns a claim that is a number of seconds since 1970.
func (t *jwt) time(claim string) (time.Time, bool) {
	seconds, ok := t.claims[claim].(float64)
	return time.Unix(int64(seconds), 0), ok
}

// words returns the words of a claim that is a list in a string, such as scp.
func (t *jwt) words(claim string) []string { return strings.Fields(t.text(claim)) }

// verify checks the signature with a public key; the algorithm must be one of those allowed.
func (t *jwt) verify(key *rsa.PublicKey, allowed ...string) bool {
	digest := sha256.Sum256([]byte(t.signed))
	for _, algorithm := range allowed {
		if t.head("alg") != algorithm {
			continue
		}
		if algorithm == "PS256" {
			return rsa.VerifyPSS(key, crypto.SHA256, digest[:], t.signature, nil) == nil
		}
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], t.signature) == nil
	}
	return false
}

func decodeSegment(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }

// segment is the base64url of v's JSON.
func segment(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("entra: a token with a claim that is no JSON: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// signRS256 makes a compact token.
func signRS256(key *rsa.PrivateKey, header, claims map[string]any) string {
	signed := segment(header) + "." + segment(claims)
	return signed + "." + base64.RawURLEncoding.EncodeToString(rawRS256(key, signed))
}

// rawRS256 is the signature alone. It cannot fail with the keys of the pool.
func rawRS256(key *rsa.PrivateKey, signed string) []byte {
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		panic("entra: signing a token: " + err.Error())
	}
	return signature
}

// signHS256 makes a compact token with a shared secret: what an attacker does with a public key.
func signHS256(secret []byte, header, claims map[string]any) string {
	signed := segment(header) + "." + segment(claims)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// opaque returns n random bytes as base64url.
func opaque(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// pairwise is the sub claim: one user has another at each app.
func pairwise(tenant, user, app string) string {
	sum := sha256.Sum256([]byte(tenant + "|" + user + "|" + app))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
