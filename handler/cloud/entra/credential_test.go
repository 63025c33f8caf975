package entra_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"imagepro/handler/cloud/entra"
	"imagepro/handler/dev/sandbox/directory"
	sandboxentra "imagepro/handler/dev/sandbox/entra"
	"imagepro/handler/fault"
	"imagepro/handler/secret"
)

// certified returns a certificate of a key.
func certified(t *testing.T, public, private any) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now(),
		NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func pemOf(t *testing.T, key any, certificates ...*x509.Certificate) string {
	t.Helper()
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	_ = pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: raw}) // to memory, here and below
	for _, certificate := range certificates {
		_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
	}
	return text.String()
}

// with gives tokens another credential.
func with(c entra.Credential) func(*entra.TokensOptions) {
	return func(o *entra.TokensOptions) { o.Credential = c }
}

// bothGrants exchanges and refreshes with the credential, and expects either tokens or the fault.
func (w *world) bothGrants(c entra.Credential, want fault.Kind) {
	w.t.Helper()
	tokens := w.tokens(with(c))
	for _, grant := range []string{onBehalfOf, refreshing} {
		who := w.adele()
		if grant == refreshing {
			w.signIn() // with the secret
			tokens = w.tokens(with(c))
			who = w.away()
		}
		before := w.wire.count(grant)
		if want == "" {
			w.good(tokens, who, "")
		} else if _, err := tokens.Token(w.t.Context(), who, ""); !fault.Is(err, want) || leaked(err.Error()) != "" {
			w.t.Errorf("%s: %v, want %s", grant, err, want)
		}
		if after := w.wire.count(grant); want == "" && after == before {
			w.t.Errorf("the grant %s was not used", grant)
		}
	}
}

func TestACertificateServesInPlaceOfASecret(t *testing.T) {
	t.Parallel()
	w := open(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	known, unknown := certified(t, &key.PublicKey, key), certified(t, &other.PublicKey, other)
	app := w.scene.App
	app.Certificates = []*x509.Certificate{known}
	if err := w.Entra.PutApp(app); err != nil {
		t.Fatal(err)
	}
	good := pemOf(t, key, known)
	hide(strings.Split(good, "\n")[1])
	w.bothGrants(entra.Credential{Certificate: secret.New(good)}, "")
	w.bothGrants(entra.Credential{Certificate: secret.New(pemOf(t, key, unknown, known))}, "") // with its chain
	w.bothGrants(entra.Credential{Certificate: secret.New(pemOf(t, other, unknown))}, fault.Misconfigured)

	elliptic, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"no PEM": "secret",
		"a certificate alone": strings.TrimPrefix(good,
			strings.SplitAfter(good, "-----END PRIVATE KEY-----\n")[0]),
		"a key alone":           pemOf(t, key),
		"another's certificate": pemOf(t, key, unknown),
		"an elliptic key":       pemOf(t, elliptic, certified(t, &elliptic.PublicKey, elliptic)),
		"an encrypted key": "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: " +
			"DES-EDE3-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
		"a key that is cut off":    good[:len(good)/4],
		"a text that is no base64": "-----BEGIN PRIVATE KEY-----\n%%%\n-----END PRIVATE KEY-----\n",
	} {
		_, err := entra.NewTokens(
			entra.TokensOptions{Authority: w.EntraURL, Credential: entra.Credential{Certificate: secret.New(text)},
				Now: time.Now})
		if !fault.Is(err, fault.Misconfigured) || leaked(err.Error()) != "" {
			t.Errorf("%s: %v, want a Misconfigured fault that shows nothing", name, err)
		}
	}
}

// The platform says where identities are in the environment, so this test runs alone.
func TestAManagedIdentityServesInPlaceOfASecret(t *testing.T) {
	w := open(t)
	t.Setenv("IDENTITY_ENDPOINT", w.IdentityURL)
	t.Setenv("IDENTITY_HEADER", w.Entra.IdentityHeader())
	hide(w.Entra.IdentityHeader())
	own := sandboxentra.Identity{
		Tenant:   w.scene.Contoso.ID,
		ClientID: directory.NewID(),
		ObjectID: directory.NewID(),
		System:   true,
	}
	assigned := sandboxentra.Identity{Tenant: w.scene.Contoso.ID, ClientID: directory.NewID(),
		ObjectID: directory.NewID()}
	stranger := sandboxentra.Identity{Tenant: w.scene.Contoso.ID, ClientID: directory.NewID(),
		ObjectID: directory.NewID()}
	app := w.scene.App
	for _, identity := range []sandboxentra.Identity{own, assigned, stranger} {
		w.Entra.PutIdentity(identity)
		if identity != stranger {
			app.Federated = append(app.Federated,
				sandboxentra.Federated{Issuer: w.EntraURL + "/" + identity.Tenant + "/v2.0",
					Subject: identity.ObjectID})
		}
	}
	if err := w.Entra.PutApp(app); err != nil {
		t.Fatal(err)
	}
	w.bothGrants(entra.Credential{Identity: entra.SystemIdentity}, "")
	w.bothGrants(entra.Credential{Identity: assigned.ClientID}, "")
	w.bothGrants(entra.Credential{Identity: stranger.ClientID}, fault.Misconfigured) // not trusted by the app
	w.bothGrants(entra.Credential{Identity: directory.NewID()}, fault.Misconfigured) // not there
	if session, err := w.sessions.Session(t.Context(), w.scene.Contoso.ID, w.scene.Adele.ID); err != nil ||
		session.State != "ready" {
		t.Errorf("our own fault parked the session: %+v, %v", session, err)
	}
}
