package tables_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/cloud/tables"
	"imagepro/handler/fault"
	"imagepro/handler/tab"
)

// longRecipe is JSON of so many bytes with what splitting could break: quotes, and characters of two to four
// bytes at every place.
func longRecipe(bytes int) json.RawMessage {
	text := strings.Repeat(`a"é€😀\`, bytes/12)
	raw, _ := json.Marshal(map[string]string{"x": text})
	return raw
}

func TestTabComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	for i, recipe := range []json.RawMessage{nil, json.RawMessage(`{"version":1,"x":"<&>\u2028"}`), longRecipe(31_990),
		longRecipe(64_100), longRecipe(140_000)} {
		want := tab.Tab{
			Tenant:    tenant,
			ID:        fmt.Sprint("tab-", i),
			CreatedAt: noon,
			ChangedAt: noon,
			Config: tab.Config{
				Title:         `it's "ü" <&>/\#?`,
				Site:          "contoso.sharepoint.com,1,2",
				Drive:         "b!D",
				Folder:        "01F",
				Layout:        tab.Masonry,
				Sort:          tab.Sort{By: tab.ByTaken, Descending: true},
				Captions:      tab.TitleCaptions,
				DefaultRecipe: recipe,
			},
		}
		created, err := s.CreateTab(ctx, want)
		must(t, err)
		want.CreatedAt, want.ChangedAt, want.Version = stamp, stamp, created.Version
		got, err := s.Tab(ctx, tenant, want.ID)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" || got.Version == "" {
			t.Fatalf("Tab %d with a recipe of %d bytes (-want +got):\n%.2000s", i, len(recipe), diff)
		}
		want.Config.DefaultRecipe, want.Config.Title = nil, "short" // what was longer leaves nothing behind
		changed, err := s.UpdateTab(ctx, want)
		must(t, err)
		got, err = s.Tab(ctx, tenant, want.ID)
		must(t, err)
		if diff := cmp.Diff(changed, got); diff != "" {
			t.Errorf("Tab %d after UpdateTab (-want +got):\n%.2000s", i, diff)
		}
	}
	_, err := s.CreateTab(ctx,
		tab.Tab{Tenant: tenant, ID: "large", Config: tab.Config{DefaultRecipe: longRecipe(200_000)}})
	wantKind(t, "a record over the limit", err, fault.TooLarge)
}

func TestTabIsWrittenOnlyOverTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	first, err := s.CreateTab(ctx, tab.Tab{Tenant: tenant, ID: "t"})
	must(t, err)
	second, err := s.UpdateTab(ctx, first)
	must(t, err)
	first.Config.Title = "another"
	_, err = s.UpdateTab(ctx, first)
	wantKind(t, "writing over another version", err, fault.Conflict)
	wantKind(t, "deleting another version", s.DeleteTab(ctx, first), fault.Conflict)
	foreign := second
	foreign.Version, foreign.Config.Title = `"c:{A},2"`, "another" // the version of a file
	_, err = s.UpdateTab(ctx, foreign)
	wantKind(t, "writing over what is no version of a record", err, fault.Conflict)
	wantKind(t, "deleting what is no version of a record", s.DeleteTab(ctx, foreign), fault.Conflict)
	_, err = s.Tab(ctx, tenant+"x", "t")
	wantKind(t, "the tab of another tenant", err, fault.NotFound)
	must(t, s.DeleteTab(ctx, second))
	_, err = s.UpdateTab(ctx, second)
	wantKind(t, "writing over a deleted record", err, fault.Conflict)
	_, err = s.Tab(ctx, tenant, "t")
	wantKind(t, "Tab", err, fault.NotFound)
}

// pages reads a list page by page.
func pages[T any](t *testing.T, limit int, list func(cursor string, limit int) ([]T, string, error)) []T {
	t.Helper()
	var all []T
	cursor := ""
	for {
		found, next, err := list(cursor, limit)
		must(t, err)
		if len(found) > limit || next != "" && len(found) < limit {
			t.Errorf("a page of %d, want %d", len(found), limit)
		}
		all = append(all, found...)
		if next == "" {
			return all
		}
		cursor = next
	}
}

func TestListsComeInPagesAndAreTheTenantsAlone(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	var want []string
	for i := range 7 {
		id := fmt.Sprint("id-", i)
		want = append(want, id)
		for _, owner := range []string{tenant, tenant + "0"} {
			_, err := s.CreateTab(ctx, tab.Tab{Tenant: owner, ID: id})
			must(t, err)
			_, err = s.CreatePreset(ctx, tab.Preset{Tenant: owner, ID: id, Name: id})
			must(t, err)
		}
	}
	for limit := 1; limit <= 8; limit++ {
		var tabs, presets []string
		for _, one := range pages(t, limit, func(c string, n int) ([]tab.Tab, string, error) {
			return s.Tabs(ctx, tenant, c, n)
		}) {
			tabs = append(tabs, one.ID)
			if read, err := s.Tab(ctx, tenant, one.ID); err != nil || read.Version != one.Version ||
				one.Tenant != tenant {
				t.Errorf("listed %+v, read %+v, %v", one, read, err)
			}
		}
		for _, one := range pages(t, limit, func(c string, n int) ([]tab.Preset, string, error) {
			return s.Presets(ctx, tenant, c, n)
		}) {
			presets = append(presets, one.ID)
			if read, err := s.Preset(ctx, tenant, one.ID); err != nil || read.Version != one.Version ||
				one.Tenant != tenant {
				t.Errorf("listed %+v, read %+v, %v", one, read, err)
			}
		}
		if !slices.Equal(tabs, want) || !slices.Equal(presets, want) {
			t.Errorf("in pages of %d: tabs %v, presets %v, want %v", limit, tabs, presets, want)
		}
	}
	for _, odd := range []string{"a'b", "a b", "~"} {
		_, _, err := s.Tabs(ctx, tenant, odd, 1)
		wantKind(t, "Tabs with an odd cursor", err, fault.Invalid)
		_, _, err = s.Presets(ctx, tenant, odd, 1)
		wantKind(t, "Presets with an odd cursor", err, fault.Invalid)
	}
	_, _, err := s.Tabs(ctx, tenant, "", 0)
	wantKind(t, "a page of nothing", err, fault.Invalid)
}

func TestPresetComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	want := tab.Preset{
		Tenant:      tenant,
		ID:          "p",
		Name:        `Größe "1/2" #?%\ 'x'`,
		Description: "d'",
		Recipe:      longRecipe(70_000),
		CreatedAt:   noon,
		ChangedAt:   noon,
	}
	created, err := s.CreatePreset(ctx, want)
	must(t, err)
	want.CreatedAt, want.ChangedAt, want.Version = stamp, stamp, created.Version
	got, err := s.Preset(ctx, tenant, "p")
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" || got.Version == "" {
		t.Errorf("Preset (-want +got):\n%.2000s", diff)
	}
	if diff := cmp.Diff(want, created); diff != "" {
		t.Errorf("CreatePreset (-want +got):\n%.2000s", diff)
	}
}

func TestANameIsThereOnce(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	preset := func(id, name string) tab.Preset { return tab.Preset{Tenant: tenant, ID: id, Name: name} }
	first, err := s.CreatePreset(ctx, preset("1", "Größe"))
	must(t, err)
	taken := func(what string, err error) {
		t.Helper()
		if !fault.Is(err, fault.Conflict) || !errors.Is(err, tab.ErrNameTaken) {
			t.Errorf("%s = %v, want that the name is taken", what, err)
		}
	}
	// in other case, composed otherwise, in wide letters
	for _, same := range []string{" GRÖSSE", "gro\u0308ße ", "ＧＲÖẞＥ"} {
		_, err = s.CreatePreset(ctx, preset("3", same))
		taken("the name as "+same, err)
	}
	_, err = s.CreatePreset(ctx, preset("2", "Grosse"))
	must(t, err) // another name: o is not ö
	other, err := s.CreatePreset(ctx, preset("4", "Other"))
	must(t, err)
	other.Name = "größe"
	_, err = s.UpdatePreset(ctx, other)
	taken("renaming to a name that is taken", err)

	first.Name = "Renamed"
	first, err = s.UpdatePreset(ctx, first)
	must(t, err)
	_, err = s.UpdatePreset(ctx, other) // the name is free now
	must(t, err)
	first.Description = "the name stays"
	first, err = s.UpdatePreset(ctx, first)
	must(t, err)
	old := first
	old.Version, old.ChangedAt = other.Version, noon
	_, err = s.UpdatePreset(ctx, old)
	wantKind(t, "writing over another version", err, fault.Conflict)
	wantKind(t, "deleting another version", s.DeletePreset(ctx, old), fault.Conflict)
	must(t, s.DeletePreset(ctx, first))
	must(t, s.DeletePreset(ctx, first)) // gone is no fault
	_, err = s.CreatePreset(ctx, preset("5", "renamed"))
	must(t, err)
	if rows := stored(t, "ImageProPresets", tenant); len(rows) != 2*3 {
		t.Errorf("stored: %v, want 3 presets and 3 names", rows)
	}
}

func TestOneOfManyPresetsGetsTheName(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	var wg sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		wg.Go(func() {
			_, results[i] = s.CreatePreset(t.Context(), tab.Preset{Tenant: tenant, ID: fmt.Sprint(i), Name: "same"})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, tab.ErrNameTaken) {
			t.Errorf("the loser's CreatePreset = %v", err)
		}
	}
	if rows := stored(t, "ImageProPresets", tenant); won != 1 || len(rows) != 2 {
		t.Errorf("%d won, stored: %v", won, rows)
	}
}

func TestAnAnswerThatIsLostIsNoLostRace(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	losing := func(what string) *tables.Store {
		var once sync.Once
		return openAt(t, losingAnswers(t, func(r *http.Request) bool {
			lose := false
			if strings.Contains(r.URL.Path, what) && r.Method != http.MethodGet {
				once.Do(func() { lose = true })
			}
			return lose
		}))
	}
	created, err := losing("ImageProTabs").CreateTab(ctx,
		tab.Tab{Tenant: tenant, ID: "t", Config: tab.Config{Title: "x"}})
	if err != nil || created.Version == "" || created.Config.Title != "x" {
		t.Errorf("CreateTab = %+v, %v, want the tab", created, err)
	}
	created.Config.Title = "<y>"
	changed, err := losing("ImageProTabs").UpdateTab(ctx, created)
	must(t, err)
	if got, err := s.Tab(ctx, tenant, "t"); err != nil || got.Config.Title != "<y>" || got.Version != changed.Version {
		t.Errorf("Tab = %+v, %v", got, err)
	}
	_, err = s.UpdateTab(ctx, tab.Tab{
		Tenant:    tenant,
		ID:        "t",
		Config:    tab.Config{Title: "<y>"},
		Version:   created.Version,
		ChangedAt: noon,
	})
	wantKind(t, "the same text at another time", err, fault.Conflict)
	preset, err := losing("$batch").CreatePreset(ctx, tab.Preset{
		Tenant: tenant,
		ID:     "p",
		Name:   "x",
		Recipe: json.RawMessage(`{"x":"<é&>"}`),
	})
	must(t, err)
	preset.Name = "y"
	preset, err = losing("$batch").UpdatePreset(ctx, preset)
	must(t, err)
	if got, err := s.Preset(ctx, tenant, "p"); err != nil || got.Name != "y" || got.Version != preset.Version {
		t.Errorf("Preset = %+v, %v", got, err)
	}
}
