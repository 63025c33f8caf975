package tables_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

func said(tenant, drive, item string, change func(*library.Properties)) library.Properties {
	p := library.Properties{
		Tenant:    tenant,
		Ref:       library.Ref{Drive: drive, Item: item},
		Folder:    "f",
		ChangedAt: noon,
		ChangedBy: "u",
	}
	if change != nil {
		change(&p)
	}
	return p
}

func TestPropertiesComeBackAsTheyWerePut(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	want := said(tenant, "b!x/y", `it's "ü"`, func(p *library.Properties) {
		p.Title, p.AltText, p.Caption, p.Credit = `"T" <&>`, strings.Repeat("€😀", 1000), "c\n\t", "é"
		p.Tags, p.Focal = []string{"a", "Ü b"}, &library.Point{X: 0.1, Y: 1}
		for n := range 20 {
			p.Recipes = append(p.Recipes, library.Applied{Hash: fmt.Sprint(n), Recipe: longRecipe(5000), At: stamp})
		}
		p.Recipes[0].Recipe = nil
	})
	put, err := s.PutProperties(ctx, want)
	must(t, err)
	got, err := s.Properties(ctx, tenant, want.Ref)
	must(t, err)
	want.Version, want.ChangedAt = put.Version, stamp
	if diff := cmp.Diff(want, got); diff != "" || got.Version == "" {
		t.Errorf("(-want +got):\n%.3000s", diff)
	}
	_, err = s.PutProperties(ctx, said(tenant, "b!x/y", `it's "ü"`, func(p *library.Properties) { p.Title = "new" }))
	wantKind(t, "a second first version", err, fault.Conflict)
	want.Title = "changed"
	next, err := s.PutProperties(ctx, want)
	must(t, err)
	want.Title = "late"
	_, err = s.PutProperties(ctx, want)
	wantKind(t, "over an old version", err, fault.Conflict)
	if next.Version == put.Version {
		t.Error("the version did not change")
	}
	_, err = s.Properties(ctx, tenant+"x", want.Ref)
	wantKind(t, "another tenant's", err, fault.NotFound)
	_, err = s.Properties(ctx, tenant, library.Ref{Drive: "b!x", Item: `y/it's "ü"`})
	wantKind(t, "another picture's", err, fault.NotFound)
}

func TestPropertiesAreSelected(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	for n, change := range []func(*library.Properties){
		nil,
		func(p *library.Properties) { p.AltText = "a" },
		func(p *library.Properties) { p.Tags = []string{"Sun", "sea"} },
		func(p *library.Properties) { p.Folder = "g" },
		func(p *library.Properties) { p.ChangedAt = noon.Add(time.Hour) },
		func(p *library.Properties) { p.ChangedBy = "v" },
		func(p *library.Properties) { p.Drive = "e" },
	} {
		_, err := s.PutProperties(ctx, said(tenant, "d", fmt.Sprint(n), change))
		must(t, err)
	}
	_, err := s.PutProperties(ctx, said(tenant+"x", "d", "9", nil))
	must(t, err)
	list := func(f library.Filter, limit int) string {
		t.Helper()
		var items []string
		cursor := ""
		for range 20 {
			page, next, err := s.ListProperties(ctx, tenant, f, cursor, limit)
			must(t, err)
			if len(page) > limit {
				t.Fatalf("%d on a page of %d", len(page), limit)
			}
			for _, p := range page {
				items = append(items, p.Item)
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		slices.Sort(items)
		return strings.Join(items, "")
	}
	for name, c := range map[string]struct {
		filter library.Filter
		want   string
	}{
		"all":             {library.Filter{}, "0123456"},
		"of a drive":      {library.Filter{Drive: "d"}, "012345"},
		"of another":      {library.Filter{Drive: "e"}, "6"},
		"of none":         {library.Filter{Drive: "'x"}, ""},
		"of a folder":     {library.Filter{Drive: "d", Folder: "g"}, "3"},
		"with a tag":      {library.Filter{Tag: "SUN"}, "2"},
		"without text":    {library.Filter{MissingAlt: true}, "023456"},
		"changed since":   {library.Filter{ChangedSince: noon.Add(time.Minute)}, "4"},
		"changed by":      {library.Filter{ChangedBy: "v"}, "5"},
		"several at once": {library.Filter{Drive: "d", Folder: "f", MissingAlt: true, ChangedBy: "u", Tag: "sea"}, "2"},
	} {
		for _, limit := range []int{1, 2, 100} {
			if got := list(c.filter, limit); got != c.want {
				t.Errorf("%s, %d a page: %s, want %s", name, limit, got, c.want)
			}
		}
	}
	for _, cursor := range []string{"x", "' or 1 eq 1", strings.Repeat("g", 24) + "_" + strings.Repeat("0", 24)} {
		_, _, err := s.ListProperties(ctx, tenant, library.Filter{}, cursor, 10)
		wantKind(t, "cursor "+cursor, err, fault.Invalid)
	}
	_, _, err = s.ListProperties(ctx, tenant, library.Filter{ChangedBy: "' or '1' eq '1"}, "", 10)
	wantKind(t, "an odd user", err, fault.Invalid)
}

func TestWhatAUserSaidStaysWithoutTheirId(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	for n, by := range []string{"u", "v", "u"} {
		_, err := s.PutProperties(ctx, said(tenant, "d", fmt.Sprint(n), func(p *library.Properties) {
			p.ChangedBy, p.Title, p.Recipes = by, "t",
				[]library.Applied{{Hash: "h", Recipe: json.RawMessage(`{}`), At: stamp}}
		}))
		must(t, err)
	}
	for _, last := range []bool{false, true} {
		must(t, s.Erase(ctx, erasure.Scope{Tenant: tenant, User: "u"}, last, uncounted))
		for _, item := range []string{"0", "2"} {
			p, err := s.Properties(ctx, tenant, library.Ref{Drive: "d", Item: item})
			if must(t, err); last &&
				(p.ChangedBy != "" || p.Title != "t" || !p.ChangedAt.Equal(stamp) || len(p.Recipes) != 1) {
				t.Errorf("%+v", p)
			}
		}
	}
	if p, err := s.Properties(ctx, tenant, library.Ref{Drive: "d", Item: "1"}); err != nil || p.ChangedBy != "v" {
		t.Errorf("another user's: %+v, %v", p, err)
	}
	if left := stored(t, "ImageProImages", tenant); len(left) != 3 {
		t.Errorf("left: %v", left)
	}
}
