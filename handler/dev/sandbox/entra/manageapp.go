package entra

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

type sentSecret struct {
	Value   string    `json:"value"`
	Expires time.Time `json:"expires"`
}

type sentFederated struct {
	Issuer   string            `json:"issuer"`
	Subject  string            `json:"subject"`
	Audience string            `json:"audience"`
	Keys     map[string]string `json:"keys"`
}

// sentApp is an App on the wire.
type sentApp struct {
	ID           string          `json:"id"`
	Name         string          `json:"name"`
	Home         string          `json:"home"`
	SingleTenant bool            `json:"singleTenant"`
	Public       bool            `json:"public"`
	Disabled     bool            `json:"disabled"`
	Secrets      []sentSecret    `json:"secrets,omitempty"`
	Certificates []string        `json:"certificates,omitempty"`
	Federated    []sentFederated `json:"federated,omitempty"`
	URIs         []string        `json:"uris"`
	RedirectURIs []string        `json:"redirectUris"`
	SPARedirects []string        `json:"spaRedirectUris"`
	Scopes       []string        `json:"scopes"`
	Roles        []string        `json:"roles"`
	Exposed      []string        `json:"exposed"`
	TokenVersion int             `json:"tokenVersion"`
	GroupClaims  string          `json:"groupMembershipClaims"`
}

func (e *Entra) manageApps(*manageRequest) (any, error) {
	all := []sentApp{}
	for _, a := range e.Apps() {
		all = append(all, sentApp{
			ID:           a.ID,
			Name:         a.Name,
			Home:         a.Home,
			SingleTenant: a.SingleTenant,
			Public:       a.Public,
			Disabled:     a.Disabled,
			URIs:         a.URIs,
			RedirectURIs: a.RedirectURIs,
			SPARedirects: a.SPARedirectURIs,
			Scopes:       a.Scopes,
			Roles:        a.Roles,
			Exposed:      a.exposed(),
			TokenVersion: a.TokenVersion,
			GroupClaims:  a.GroupClaims,
		})
	}
	return all, nil
}

func (e *Entra) managePutApp(m *manageRequest) (any, error) {
	var sent sentApp
	if err := m.read(&sent); err != nil {
		return nil, err
	}
	app := App{
		ID:              sent.ID,
		Name:            sent.Name,
		Home:            sent.Home,
		SingleTenant:    sent.SingleTenant,
		Public:          sent.Public,
		Disabled:        sent.Disabled,
		URIs:            sent.URIs,
		RedirectURIs:    sent.RedirectURIs,
		SPARedirectURIs: sent.SPARedirects,
		Scopes:          sent.Scopes,
		Roles:           sent.Roles,
		Exposed:         sent.Exposed,
		TokenVersion:    sent.TokenVersion,
		GroupClaims:     sent.GroupClaims,
	}
	for _, s := range sent.Secrets {
		app.Secrets = append(app.Secrets, Secret(s))
	}
	for _, text := range sent.Certificates {
		block, _ := pem.Decode([]byte(text))
		if block == nil {
			return nil, errors.New("certificates: no PEM")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificates: %w", err)
		}
		app.Certificates = append(app.Certificates, certificate)
	}
	for _, f := range sent.Federated {
		keys, err := readKeys(f.Keys)
		if err != nil {
			return nil, err
		}
		app.Federated = append(app.Federated, Federated{
			Issuer:   f.Issuer,
			Subject:  f.Subject,
			Audience: f.Audience,
			Keys:     keys,
		})
	}
	return nil, e.PutApp(app)
}

func readKeys(texts map[string]string) (map[string]*rsa.PublicKey, error) {
	keys := map[string]*rsa.PublicKey{}
	for kid, text := range texts {
		block, _ := pem.Decode([]byte(text))
		if block == nil {
			return nil, fmt.Errorf("federated: key %q is no PEM", kid)
		}
		public, err := x509.ParsePKIXPublicKey(block.Bytes)
		key, ok := public.(*rsa.PublicKey)
		if err != nil || !ok {
			return nil, fmt.Errorf("federated: key %q is no RSA public key", kid)
		}
		keys[kid] = key
	}
	return keys, nil
}
