package entra_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/entra"
)

const (
	globalAdministrator = "62e90394-69f5-4237-9190-012177145e10"
	everyMember         = "b79fbf4d-3ef9-4689-8143-76b194e85509"
)

// assign gives Adele roles.
func (w *world) assign(directoryRoles []string, appRoles map[string][]string) {
	w.t.Helper()
	user, err := w.dir.User(contoso, adele)
	if err != nil {
		w.t.Fatal(err)
	}
	user.DirectoryRoles, user.AppRoles = directoryRoles, appRoles
	if err := w.dir.PutUser(user); err != nil {
		w.t.Fatal(err)
	}
}

func TestTokensForTheAPICarryRoles(t *testing.T) {
	t.Parallel()
	admin, editor := []string{globalAdministrator},
		map[string][]string{"F64E410D-2685-4834-8CD1-004FCAC3A125": {"OrganizationAdmin", "Editor"}}
	cases := []struct {
		name        string
		groupClaims string
		directory   []string
		app         map[string][]string
		wids, roles any
	}{
		{"nothing is asked for and nobody has a role", "", nil, nil, nil, nil},
		{"the registration does not ask", "", admin, nil, nil, nil},
		{"it asks for none", "None", admin, nil, nil, nil},
		{"it asks for groups alone", "SecurityGroup", admin, nil, nil, nil},
		{"it asks for groups of the app alone", "ApplicationGroup", admin, nil, nil, nil},
		{"it asks for directory roles", "DirectoryRole", admin, nil, []any{globalAdministrator, everyMember}, nil},
		{"it asks for all", "All", admin, nil, []any{globalAdministrator, everyMember}, nil},
		{"a member", "DirectoryRole", nil, nil, []any{everyMember}, nil},
		{"app roles need not be asked for", "", nil, editor, nil, []any{"OrganizationAdmin", "Editor"}},
		{"both", "All", admin, editor, []any{globalAdministrator, everyMember}, []any{"OrganizationAdmin", "Editor"}},
		{"app roles of another app", "", nil, map[string][]string{otherAppID: {"Editor"}}, nil, nil},
		{"no app role", "", nil, map[string][]string{appID: {}}, nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.app.GroupClaims = c.groupClaims
			w.put(w.app)
			w.assign(c.directory, c.app)
			for version := 1; version <= 2; version++ {
				w.app.TokenVersion = version
				w.put(w.app)
				code := back(t, w.authorize(contoso, signInQuery("scope", appURI+"/access_as_user openid"))).Get("code")
				for from, token := range map[string]string{
					"Teams":    w.teams(entra.TeamsTokenRequest{}),
					"the code": w.post(contoso, codeForm(code)).text("access_token"),
				} {
					payload := claims(t, token)
					if diff := cmp.Diff([]any{c.wids, c.roles}, []any{payload["wids"], payload["roles"]}); diff != "" {
						t.Errorf("version %d from %s: wids and roles (-want +got)\n%s", version, from, diff)
					}
					wantTokens(t, w.post(contoso, oboForm(token, sites)))
				}
			}
		})
	}
}

func TestRolesAreTheUsersOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.app.GroupClaims = "DirectoryRole"
	w.put(w.app)
	w.assign([]string{globalAdministrator}, map[string][]string{appID: {"Editor"}})
	payload := claims(t, w.teams(entra.TeamsTokenRequest{User: alex}))
	if diff := cmp.Diff([]any{[]any{everyMember}, nil}, []any{payload["wids"], payload["roles"]}); diff != "" {
		t.Errorf("Alex (-want +got)\n%s", diff)
	}
	user, err := w.dir.User(contoso, adele)
	if err != nil {
		t.Fatal(err)
	}
	user.DirectoryRoles[0], user.AppRoles[appID][0] = "changed", "changed"
	listed := w.dir.Users(contoso)
	listed[0].AppRoles[appID] = nil
	again, err := w.dir.User(contoso, adele)
	want := directory.User{
		Tenant:         contoso,
		ID:             adele,
		UPN:            user.UPN,
		Name:           user.Name,
		Mail:           user.Mail,
		Admin:          true,
		DirectoryRoles: []string{globalAdministrator},
		AppRoles:       map[string][]string{appID: {"Editor"}},
	}
	if diff := cmp.Diff(want, again); err != nil || diff != "" {
		t.Errorf("a change of a copy is one of the directory: %v (-want +got)\n%s", err, diff)
	}
	overridden := claims(t,
		w.teams(entra.TeamsTokenRequest{Claims: map[string]any{"wids": nil, "roles": []string{"Other"}}}))
	if diff := cmp.Diff([]any{nil, []any{"Other"}}, []any{overridden["wids"], overridden["roles"]}); diff != "" {
		t.Errorf("overridden (-want +got)\n%s", diff)
	}
}

func TestRegistrationsWithUnknownGroupClaimsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, claims := range []string{"all", "directoryRole", "DirectoryRoles", "wids"} {
		w.app.GroupClaims = claims
		if err := w.PutApp(w.app); err == nil {
			t.Errorf("%q is accepted", claims)
		}
	}
}
