package sandbox

import (
	"html/template"
	"net"
	"net/http"
	"net/url"

	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/entra"
)

// signInPath is the page on the management port where people sign in who open the tab in an ordinary browser. Below it
// is where the tab gets their tokens, as it gets them of Teams otherwise.
const signInPath = "/sign-in"

var signInPage = template.Must(template.New("sign-in").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Sandbox sign-in</title>
<style>body{font:16px/1.5 sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}li{margin:.5rem ` +
	`0}a{color:#0b57d0}</style>
<main><h1>Who are you?</h1>
<p>This is the sandbox, not Microsoft. No password is needed.</p>
<ul>{{range .}}<li><a href="{{.To}}">{{.Name}}</a> of {{.Tenant}}{{if .Admin}}, administrator{{end}}</li>
{{end}}</ul></main></html>
`))

// signIn lists everybody and sends the browser back with whoever is chosen in the fragment: tenant/user. That is no
// secret; whoever can reach this port can have a token.
func (s *Sandbox) signIn(w http.ResponseWriter, r *http.Request) {
	back, err := url.Parse(r.URL.Query().Get("return"))
	if err != nil || !onLoopback(back) {
		http.Error(w, "return must be an address on loopback", http.StatusBadRequest)
		return
	}
	type person struct {
		directory.User
		Tenant string
		To     template.URL // checked above
	}
	var all []person
	for _, tenant := range s.Directory.Tenants() {
		for _, user := range s.Directory.Users(tenant.ID) {
			if user.Disabled {
				continue
			}
			back.Fragment = "account=" + tenant.ID + "/" + user.ID
			all = append(all, person{user, tenant.Name, template.URL(back.String())})
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = signInPage.Execute(w, all) // a browser that has gone needs no page
}

// signInToken gives the token that Teams would give the tab of the user. A page on loopback may read it.
func (s *Sandbox) signInToken(w http.ResponseWriter, r *http.Request) {
	if origin, err := url.Parse(r.Header.Get("Origin")); err == nil && onLoopback(origin) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Vary", "Origin")
	}
	w.Header().Set("Cache-Control", "no-store")
	query := r.URL.Query()
	token, err := s.Entra.TeamsToken(entra.TeamsTokenRequest{
		Tenant: query.Get("tenant"),
		User:   query.Get("user"),
		App:    query.Get("app"),
		Strong: query.Get("strong") == "true",
	})
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]string{"token": token})
}

// onLoopback reports whether an address is a page of this machine.
func onLoopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return (u.Scheme == "http" || u.Scheme == "https") && u.User == nil &&
		(u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}
