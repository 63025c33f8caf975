package entra

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// Graph's names as a resource.
const (
	graphURI = "https://graph.microsoft.com"
	graphID  = "00000003-0000-0000-c000-000000000000"
)

var graphPrefixes = []string{graphURI + "/", graphID + "/"}

// oidc are the scopes of OpenID Connect. They belong to Graph and are never an error.
var oidc = []string{"openid", "profile", "email", "offline_access"}

// graphScopes are the delegated permissions of Graph that the sandbox knows of, in their spelling. What is
// not in the list is no valid scope. Source: https://learn.microsoft.com/graph/permissions-reference.
var graphScopes = []string{
	"openid", "profile", "email", "offline_access",
	"AllSites.Read", "Calendars.Read", "Calendars.ReadWrite", "Channel.ReadBasic.All", "ChannelMessage.Read.All",
	"Chat.Read", "Chat.ReadWrite",
	"Contacts.Read", "Directory.Read.All", "Files.Read", "Files.Read.All", "Files.ReadWrite", "Files.ReadWrite.All",
	"Files.SelectedOperations.Selected", "Group.Read.All", "Group.ReadWrite.All", "Mail.Read", "Mail.ReadWrite",
	"Mail.Send",
	"People.Read", "Presence.Read", "Sites.FullControl.All", "Sites.Manage.All", "Sites.Read.All",
	"Sites.ReadWrite.All",
	"Sites.Selected", "Tasks.Read", "Tasks.ReadWrite", "Team.ReadBasic.All", "TeamSettings.Read.All",
	"User.Read", "User.Read.All", "User.ReadBasic.All", "User.ReadWrite", "User.ReadWrite.All",
}

// ask is what a scope parameter asks for.
type ask struct {
	text     string   // as it came
	echo     []string // the words to send back, in the spelling asked, without offline_access
	resource string   // graphURI, or the URI or id of an app's API; as spelled
	app      string   // client id of the API; empty for Graph
	names    []string // scopes of the resource, in the resource's spelling
	all      bool     // ".default": everything that was consented
	oidc     []string // of openid, profile, email
	offline  bool     // offline_access
}

// has reports whether a scope of OpenID Connect was asked for.
func (a *ask) has(word string) bool { return slices.Contains(a.oidc, word) }

// readScope reads the scope parameter of a client. Scopes of two resources in one token are refused.
func (e *Entra) readScope(client App, tenant, text string) (*ask, *refusal) {
	a := &ask{text: text}
	for _, word := range strings.Fields(text) {
		resource, name := splitScope(word)
		if resource == graphURI && slices.Contains(oidc, strings.ToLower(name)) {
			a.addOIDC(word, strings.ToLower(name))
			continue
		}
		if a.resource != "" && a.resource != resource {
			return nil, refuse(28000, text)
		}
		a.resource = resource
		if refused := e.addScope(a, client, tenant, word, name); refused != nil {
			return nil, refused
		}
	}
	if a.all && len(a.names) > 0 {
		return nil, refuse(70011, text)
	}
	if a.resource == "" {
		if len(a.oidc) == 0 && !a.offline {
			return nil, refuse(70011, text)
		}
		a.resource = graphURI
	}
	return a, nil
}

func (a *ask) addOIDC(word, name string) {
	if name == "offline_access" {
		a.offline = true
		return
	}
	if !a.has(name) {
		a.oidc = append(a.oidc, name)
		a.echo = append(a.echo, word)
	}
}

// addScope adds a scope of the ask's resource.
func (e *Entra) addScope(a *ask, client App, tenant, word, name string) *refusal {
	known := slices.Concat(graphScopes, client.Scopes)
	if a.resource != graphURI {
		api, ok := e.resourceApp(a.resource)
		if !ok || !e.isInstalled(tenant, api) {
			return refuse(500011, a.resource, tenant)
		}
		if api.ID != client.ID && !slices.ContainsFunc(client.Scopes, func(s string) bool {
			r, _ := splitScope(s)
			return api.is(r)
		}) {
			return refuse(650057, client.ID, a.resource)
		}
		a.app, known = api.ID, api.exposed()
	}
	a.echo = append(a.echo, word)
	if name == ".default" {
		a.all = true
		return nil
	}
	i := slices.IndexFunc(known, func(s string) bool { return strings.EqualFold(s, name) })
	if i < 0 {
		return refuse(70011, word)
	}
	if !slices.Contains(a.names, known[i]) {
		a.names = append(a.names, known[i])
	}
	return nil
}

// splitScope splits a scope into the resource and the name. A short name belongs to Graph.
func splitScope(word string) (resource, name string) {
	i := strings.LastIndexByte(word, '/')
	if i < 0 {
		return graphURI, word
	}
	resource, name = strings.TrimSuffix(word[:i], "/"), word[i+1:]
	if strings.EqualFold(resource, graphURI) || strings.EqualFold(resource, graphID) {
		resource = graphURI
	}
	return resource, name
}

// grantScopes checks the consents for what is asked and fills in what ".default" stands for. It does not
// fail because of the scopes of OpenID Connect alone once anything has been consented; without consent for
// offline_access there is no refresh token.
func (e *Entra) grantScopes(a *ask, client App, tenant, user string, at time.Time) *refusal {
	if a.app == client.ID {
		if a.all {
			a.names = client.exposed()
		}
		return nil // an app needs no consent for its own API
	}
	given := e.consented(at, tenant, user, client.ID)
	for _, name := range a.names {
		if !given[a.consentName(name)] {
			return refuse(65001, client.ID, client.Name)
		}
	}
	if a.all {
		a.names = a.everything(client, given)
		if len(a.names) == 0 {
			return refuse(65001, client.ID, client.Name)
		}
		a.echo = append(a.echo, a.prefixed()...)
	}
	if len(given) == 0 || len(a.names) == 0 && len(a.oidc) > 0 && !given["openid"] {
		return refuse(65001, client.ID, client.Name)
	}
	a.offline = a.offline && given["offline_access"]
	return nil
}

// consentName is the name under which a consent for a scope of the ask's resource is kept.
func (a *ask) consentName(name string) string {
	if a.app == "" {
		return consentName(name)
	}
	return consentName(a.resource + "/" + name)
}

// everything returns what was consented of the resource, in the resource's spelling.
func (a *ask) everything(client App, given map[string]bool) []string {
	known := graphScopes[len(oidc):]
	if a.app != "" {
		known = nil
		for _, s := range client.Scopes {
			if resource, name := splitScope(s); resource == a.resource {
				known = append(known, name)
			}
		}
	}
	var names []string
	for _, name := range known {
		if given[a.consentName(name)] {
			names = append(names, name)
		}
	}
	return names
}

// prefixed is what the service adds to the echo of ".default": each scope with its resource.
func (a *ask) prefixed() []string {
	var words []string
	for _, name := range a.names {
		words = append(words, a.resource+"/"+name)
	}
	return words
}

// scp is the claim: all names in order of the alphabet, OpenID Connect's included.
func (a *ask) scp() string {
	words := slices.Concat(a.oidc, a.names)
	sort.Slice(words, func(i, j int) bool { return strings.ToLower(words[i]) < strings.ToLower(words[j]) })
	return strings.Join(words, " ")
}
