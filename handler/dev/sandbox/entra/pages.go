package entra

import (
	"html/template"
	"net/http"
	"strings"

	"imagepro/handler/dev/sandbox/directory"
)

const style = `<!doctype html><meta charset="utf-8"><title>Sandbox sign-in</title>
<style>body{font:16px/1.5 sans-serif;max-width:34rem;margin:3rem auto;padding:0 ` +
	`1rem}button{font:inherit;margin-right:.5rem;padding:.4rem 1.2rem}fieldset{border:1px solid #bbb;margin:0 0 ` +
	`1rem}</style>`

var choosePage = template.Must(template.New("choose").Parse(style + `
<h1>{{.Title}}</h1>
<p>This is the sandbox, not Microsoft. No password is needed.</p>
<form method="post">
<fieldset><legend>Account</legend>
{{range .Users}}<label><input type="radio" name="user" value="{{.ID}}" required{{if .Chosen}} checked{{end}}> ` +
	`{{.Name}} ({{.UPN}}, {{.Tenant}}){{if .Admin}}, administrator{{end}}</label><br>
{{else}}<p>There is nobody who could do this.</p>
{{end}}</fieldset>
<fieldset><legend>{{.App}} asks for</legend><ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
{{if .Organization}}<label><input type="checkbox" name="organization" value="on"> Consent on behalf of the ` +
	`organization (administrators)</label>{{end}}
</fieldset>
<button name="decision" value="accept">Accept</button><button name="decision" value="cancel" ` +
	`formnovalidate>Cancel</button>
</form>
`))

var refusedPage = template.Must(template.New("refused").Parse(style + `
<h1>Sorry, but we’re having trouble signing you in.</h1>
<p>{{.}}</p>
`))

var formPostPage = template.Must(template.New("form_post").Parse(style + `
<form method="post" action="{{.To}}">
{{range $name, $values := .Fields}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">
{{end}}{{end}}<button>Continue</button></form><script>document.forms[0].submit()</script>
`))

// account is a line of the list of users.
type account struct {
	directory.User
	Tenant string // its display name
	Chosen bool
}

// page shows a page.
func (e *Entra) page(w http.ResponseWriter, status int, page *template.Template, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store, no-cache")
	w.WriteHeader(status)
	if err := page.Execute(w, data); err != nil {
		e.options.Log.Warn("entra: showing a page", "page", page.Name(), "err", err)
	}
}

// refusePage shows an error that no app is told about.
func (e *Entra) refusePage(w http.ResponseWriter, req *http.Request, r *refusal) {
	trace := directory.NewID()
	w.Header().Set("x-ms-request-id", trace)
	e.page(w, http.StatusBadRequest, refusedPage,
		r.description(trace, correlation(req), e.now().UTC().Format(timestamp)))
}

// signInPage lets a human pick a user and consent.
func (e *Entra) signInPage(w http.ResponseWriter, s *signIn, chosen *directory.User) {
	e.page(w, http.StatusOK, choosePage, map[string]any{
		"Title": "Sign in", "App": s.app.Name, "Organization": true,
		"Users":  e.accounts(s.place, chosen, func(u directory.User) bool { return !u.Disabled }),
		"Scopes": strings.Fields(s.query.Get("scope")),
	})
}

// adminPage lets a human consent for the tenant.
func (e *Entra) adminPage(w http.ResponseWriter, s *signIn) {
	scopes := strings.Fields(s.query.Get("scope"))
	if len(scopes) == 0 || len(scopes) == 1 && strings.HasSuffix(scopes[0], "/.default") {
		scopes = s.app.Scopes
	}
	e.page(w, http.StatusOK, choosePage, map[string]any{
		"Title": "Consent for your organization", "App": s.app.Name, "Organization": false,
		"Users":  e.accounts(s.place, nil, func(u directory.User) bool { return u.Admin && !u.Disabled }),
		"Scopes": scopes,
	})
}

// accounts lists the users of the tenant of a path, or of all tenants.
func (e *Entra) accounts(p place, chosen *directory.User, fits func(directory.User) bool) []account {
	var all []account
	for _, tenant := range e.options.Directory.Tenants() {
		if p.id != "" && p.id != tenant.ID {
			continue
		}
		for _, user := range e.options.Directory.Users(tenant.ID) {
			if fits(user) {
				all = append(
					all, account{User: user, Tenant: tenant.Name,
						Chosen: chosen != nil && chosen.Tenant == user.Tenant && chosen.ID == user.ID})
			}
		}
	}
	return all
}
