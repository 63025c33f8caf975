package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRouteMatchesAsASPNETDoes(t *testing.T) {
	t.Parallel()
	none := map[string]string(nil)
	for _, c := range []struct {
		template, path string
		want           map[string]string // nil: no match
	}{
		{"api/Albums", "/API/albums/", map[string]string{}},
		{"api/albums", "/api/albums/1", none},
		{"api/albums", "/api//albums", none},
		{"api/{id:int}", "/api/7", map[string]string{"id": "7"}},
		{"api/{id:int}", "/api/-7", map[string]string{"id": "-7"}},
		{"api/{id:int}", "/api/99999999999", none},
		{"api/{id:long}", "/api/99999999999", map[string]string{"id": "99999999999"}},
		{"api/{id:int}", "/api/x", none},
		{"api/{id:int}", "/api", none},
		{"api/{id:guid}", "/api/f64e410d-2685-4834-8cd1-004fcac3a125",
			map[string]string{"id": "f64e410d-2685-4834-8cd1-004fcac3a125"}},
		{"api/{id:guid}", "/api/f64e410d", none},
		{"api/{name:alpha}", "/api/abC", map[string]string{"name": "abC"}},
		{"api/{name:alpha}", "/api/ab1", none},
		{"api/{name:alpha:length(2,3)}", "/api/abcd", none},
		{"api/{n:range(1,5)}", "/api/5", map[string]string{"n": "5"}},
		{"api/{n:range(1,5)}", "/api/6", none},
		{"api/{n:min(3)}", "/api/2", none},
		{"api/{n:bool}", "/api/TRUE", map[string]string{"n": "TRUE"}},
		{`api/{n:regex(^\d{{2}}%2Fx$)}`, "/api/12%2Fx", map[string]string{"n": "12%2Fx"}},
		{"api/{n:decimal}", "/api/1.5", map[string]string{"n": "1.5"}},
		{"api/{p?}", "/api", map[string]string{}},
		{"api/{p?}", "/api/a b", map[string]string{"p": "a b"}},
		{"api/{p:int?}", "/api/x", none},
		{"api/{p=start}", "/api", map[string]string{"p": "start"}},
		{"api/{*rest}", "/api", map[string]string{}},
		{"api/{*rest}", "/api/a/b%2Fc", map[string]string{"rest": "a/b%2Fc"}},
		{"api/{**rest}", "/api/a/b", map[string]string{"rest": "a/b"}},
		{"{*rest}", "/", map[string]string{}},
		{"", "/", map[string]string{}},
		{"api/a.{x}", "/api/a.b", none},
	} {
		r, err := parseRoute(c.template)
		if err != nil {
			if c.template != "api/a.{x}" {
				t.Errorf("%s: %v", c.template, err)
			}
			continue
		}
		got, ok := r.match(c.path)
		if !ok {
			got = nil
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s on %s (-want +got):\n%s", c.template, c.path, diff)
		}
	}
}

func TestRouteRefusesWhatItCannotMatch(t *testing.T) {
	t.Parallel()
	for _, template := range []string{
		"a/{x", "a/x}", "a/{x}.{y}", "a/{x}/{x}", "a/{*rest}/b", "a/{x?}/b", "a//b", "a/{x:datetime}", "a/{x:nonsense}",
		"a/{x:min(a)}", "a/{x:regex([)}", "a/{}", "a/*",
	} {
		if _, err := parseRoute(template); err == nil {
			t.Errorf("%s is taken", template)
		}
	}
}

func TestRouteClashesAreFoundThroughASamplePath(t *testing.T) {
	t.Parallel()
	f := func(name, template string, methods ...string) *function {
		r, err := parseRoute(template)
		if err != nil {
			t.Fatal(err)
		}
		return &function{name: name, http: &httpTrigger{route: r, methods: methods}}
	}
	for _, c := range []struct {
		earlier, later *function
		clash          bool
	}{
		{f("a", "api/{*all}"), f("b", "api/x/{id:int}"), true},
		{f("a", "api/{id}"), f("b", "api/{id:guid}"), true},
		{f("a", "api/{id:int}"), f("b", "api/{name:alpha}"), false},
		{f("a", "api/x", "GET"), f("b", "api/x", "POST"), false},
		{f("a", "api/x", "GET"), f("b", "api/X"), true},
		{f("a", "api/x"), f("b", "api/{*all}"), false},
	} {
		if got := len(routeClashes([]*function{c.earlier, c.later})) > 0; got != c.clash {
			t.Errorf("%s then %s: clash %v, want %v", c.earlier.http.route.template, c.later.http.route.template, got,
				c.clash)
		}
	}
}
