package sandbox

import (
	"crypto/rand"
	"encoding/base64"

	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/entra"
)

// DemoApp is the client id of Image Pro.
const DemoApp = "f64e410d-2685-4834-8cd1-004fcac3a125"

// globalAdministrator is the template id of that Entra role.
const globalAdministrator = "62e90394-69f5-4237-9190-012177145e10"

// Scene is what Demo has set up.
type Scene struct {
	Contoso, Fabrikam directory.Tenant
	Adele             directory.User // of Contoso: owner and global administrator
	Alex              directory.User // of Contoso: a member
	Frida             directory.User // of Fabrikam: its global administrator
	App               entra.App
	Secret            string // the app's, another one at each start
}

// Demo sets up the scene of make run and of most tests: Contoso, where an administrator has consented to
// Image Pro, and Fabrikam, where nobody has. Ids are always the same. Redirect URIs are added to the app.
func Demo(s *Sandbox, redirectURIs ...string) (*Scene, error) {
	scene := &Scene{
		Contoso:  directory.Tenant{ID: "c0117050-0000-4c0c-8000-000000000001", Name: "Contoso", Domain: "contoso"},
		Fabrikam: directory.Tenant{ID: "fab21ca0-0000-4fab-8000-000000000002", Name: "Fabrikam", Domain: "fabrikam"},
		Secret:   newSecret(),
	}
	scene.Adele = directory.User{
		Tenant:         scene.Contoso.ID,
		ID:             "ade1e000-0000-4000-8000-00000000000a",
		UPN:            "adele@contoso.onmicrosoft.com",
		Name:           "Adele Vance",
		Mail:           "adele.vance@contoso.example",
		Locale:         "en-US",
		Admin:          true,
		DirectoryRoles: []string{globalAdministrator},
	}
	scene.Alex = directory.User{
		Tenant: scene.Contoso.ID,
		ID:     "a1e0c000-0000-4000-8000-00000000000b",
		UPN:    "alex@contoso.onmicrosoft.com",
		Name:   "Alex Wilber",
		Mail:   "alex.wilber@contoso.example",
		Locale: "de-DE",
	}
	scene.Frida = directory.User{
		Tenant:         scene.Fabrikam.ID,
		ID:             "f21da000-0000-4000-8000-00000000000f",
		UPN:            "frida@fabrikam.onmicrosoft.com",
		Name:           "Frida Berg",
		Mail:           "frida.berg@fabrikam.example",
		Locale:         "sv-SE",
		Admin:          true,
		DirectoryRoles: []string{globalAdministrator},
	}
	s.Directory.PutTenant(scene.Contoso)
	s.Directory.PutTenant(scene.Fabrikam)
	for _, user := range []directory.User{scene.Adele, scene.Alex, scene.Frida} {
		if err := s.Directory.PutUser(user); err != nil {
			return nil, err
		}
	}
	scene.App = entra.App{
		ID:           DemoApp,
		Name:         "Image Pro",
		URIs:         []string{"api://localhost/" + DemoApp},
		RedirectURIs: redirectURIs,
		Secrets:      []entra.Secret{{Value: scene.Secret}},
		TokenVersion: 2,
		GroupClaims:  "DirectoryRole",
		Scopes:       []string{"User.Read", "email", "openid", "profile", "offline_access", "Sites.ReadWrite.All"},
	}
	if err := s.Entra.PutApp(scene.App); err != nil {
		return nil, err
	}
	s.Entra.Consent(scene.Contoso.ID, "", DemoApp, scene.App.Scopes...)
	return scene, nil
}

// newSecret returns a client secret in the form of Entra's: 40 characters.
func newSecret() string {
	raw := make([]byte, 30)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(raw)
}
