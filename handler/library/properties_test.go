package library_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sandboxgraph "imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

// drawer keeps properties in memory, without filters but that of the drive.
type drawer struct {
	mu      sync.Mutex
	all     map[string]library.Properties
	written int
	before  func() // runs ahead of a write, once
}

func newDrawer() *drawer { return &drawer{all: map[string]library.Properties{}} }

func keyOf(tenant string, ref library.Ref) string { return tenant + "|" + ref.Drive + "|" + ref.Item }

func (d *drawer) Properties(_ context.Context, tenant string, ref library.Ref) (library.Properties, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, ok := d.all[keyOf(tenant, ref)]
	if !ok {
		return p, fault.New(fault.NotFound, "It is not there.", nil)
	}
	return p, nil
}

func (d *drawer) PutProperties(_ context.Context, p library.Properties) (library.Properties, error) {
	if before := d.before; before != nil {
		d.before = nil
		before()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all[keyOf(p.Tenant, p.Ref)].Version != p.Version {
		return p, fault.New(fault.Conflict, "It was changed.", nil)
	}
	d.written++
	p.Version = fmt.Sprint("v", d.written)
	d.all[keyOf(p.Tenant, p.Ref)] = p
	return p, nil
}

func (d *drawer) ListProperties(
	_ context.Context, tenant string, f library.Filter, _ string, limit int,
) ([]library.Properties, string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []library.Properties
	for _, p := range d.all {
		if p.Tenant == tenant && (f.Drive == "" || f.Drive == p.Drive) && len(found) < limit {
			found = append(found, p)
		}
	}
	return found, "", nil
}

func ptr[T any](v T) *T { return &v }

func TestPropertiesAreChangedOverWhatWasRead(t *testing.T) {
	t.Parallel()
	w := open(t)
	ctx := t.Context()
	i := w.put("a.jpg", asJPEG(picture(20, 10, 1)))
	empty, err := w.service.Properties(ctx, w.adele, i.Ref)
	if err != nil || empty.Version != "" || empty.Ref != i.Ref || empty.Folder != i.Parent {
		t.Errorf("of a picture of which nothing is said: %+v, %v", empty, err)
	}
	first, err := w.service.Describe(ctx, w.adele, i.Ref, "", library.Changes{
		Title:   ptr("  Summer "),
		AltText: ptr("A beach\nwith palms"),
		Tags:    ptr([]string{"sun", "SUN", " wide  sea "}),
		Focal:   ptr(&library.Point{X: 0.25, Y: 1}),
	})
	if err != nil || first.Title != "Summer" || first.AltText != "A beach\nwith palms" ||
		!slices.Equal(first.Tags, []string{"sun", "wide sea"}) ||
		*first.Focal != (library.Point{X: 0.25, Y: 1}) || first.ChangedBy != w.adele.User || first.ChangedAt.IsZero() {
		t.Errorf("first: %+v, %v", first, err)
	}
	second, err := w.service.Describe(ctx, w.adele, i.Ref, first.Version,
		library.Changes{Title: ptr(""), Focal: ptr[*library.Point](nil), Credit: ptr("Anna")})
	if err != nil || second.Title != "" || second.Focal != nil || second.Credit != "Anna" ||
		second.AltText != first.AltText || len(second.Tags) != 2 {
		t.Errorf("second: %+v, %v", second, err)
	}
	for _, version := range []string{"", first.Version, "x"} {
		_, err := w.service.Describe(ctx, w.adele, i.Ref, version, library.Changes{Title: ptr("late")})
		wantKind(t, "over version "+version, err, fault.Stale)
	}
	if w.versions(i.Ref) != 1 {
		t.Errorf("the file has %d versions", w.versions(i.Ref))
	}
}

func TestWrongPropertiesNameTheField(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(20, 10, 1)))
	many := make([]string, library.MaxTags+1)
	for n := range many {
		many[n] = fmt.Sprint("tag", n)
	}
	for field, c := range map[string]library.Changes{
		"/title":        {Title: ptr(strings.Repeat("ü", 256))},
		"/altText":      {AltText: ptr(strings.Repeat("x", 2001))},
		"/caption":      {Caption: ptr("a\x00b")},
		"/credit":       {Credit: ptr("a\xffb")},
		"/tags":         {Tags: &many},
		"/tags/1":       {Tags: ptr([]string{"a", "  "})},
		"/tags/0":       {Tags: ptr([]string{strings.Repeat("x", 65)})},
		"/focalPoint":   {Focal: ptr(&library.Point{X: 1.01})},
		"/focalPoint y": {Focal: ptr(&library.Point{Y: -0.01})},
	} {
		_, err := w.service.Describe(t.Context(), w.adele, i.Ref, "", c)
		if f := wantKind(t, field, err, fault.Invalid); f.Field != strings.TrimSuffix(field, " y") {
			t.Errorf("%s: at %q", field, f.Field)
		}
	}
	if w.drawer.written != 0 {
		t.Error("something was written")
	}
}

func TestWhoMayOnlyReadAPictureCannotChangeWhatIsSaidOfIt(t *testing.T) {
	t.Parallel()
	w := open(t)
	ctx := t.Context()
	i := w.put("a.jpg", asJPEG(picture(20, 10, 1)))
	allow := func(level sandboxgraph.Level) {
		must(
			t, w.Graph.Allow(sandboxgraph.Permission{
				DriveID: w.site.DriveID,
				ItemID:  i.Ref.Item,
				User:    w.scene.Alex.ID,
				Level:   level,
			}))
	}
	allow(sandboxgraph.Read)
	for _, columns := range []bool{false, true} {
		_, err := w.service.Describe(ctx, w.alex, i.Ref, "", library.Changes{AltText: ptr("a lie"), Columns: columns})
		wantKind(t, "a reader", err, fault.Forbidden)
	}
	if w.drawer.written != 0 {
		t.Error("something was written")
	}
	allow(sandboxgraph.Write)
	if _, err := w.service.Describe(ctx, w.alex, i.Ref, "", library.Changes{AltText: ptr("a beach")}); err != nil {
		t.Errorf("a writer: %v", err)
	}
	if now := w.item(i.Ref); now.Tag != i.Tag || w.versions(i.Ref) != 1 {
		t.Errorf("asking for the right changed the file: %+v", now)
	}
}

func TestOnlyWhoSeesAPictureSeesWhatIsSaidOfIt(t *testing.T) {
	t.Parallel()
	w := open(t)
	ctx := t.Context()
	shown, hidden := w.put("open/a.jpg", asJPEG(picture(20, 10, 1))), w.put("closed/b.jpg", asJPEG(picture(20, 10, 2)))
	must(
		t, w.Graph.Allow(sandboxgraph.Permission{
			DriveID: w.site.DriveID,
			ItemID:  shown.Parent,
			User:    w.scene.Alex.ID,
			Level:   sandboxgraph.Read,
		}))
	for _, i := range []library.Item{shown, hidden} {
		_, err := w.service.Describe(ctx, w.adele, i.Ref, "", library.Changes{Title: ptr("title of " + i.Name)})
		must(t, err)
	}
	gone := w.put("gone.jpg", asJPEG(picture(20, 10, 3)))
	_, err := w.service.Describe(ctx, w.adele, gone.Ref, "", library.Changes{Title: ptr("gone")})
	must(t, err)
	_, err = w.Graph.Remove(w.site.DriveID, gone.Ref.Item)
	must(t, err)
	list := func(who string, f library.Filter) string {
		caller := map[string]func() ([]library.Described, string, error){
			"adele": func() ([]library.Described, string, error) {
				return w.service.Describing(ctx, w.adele, f, "", 100)
			},
			"alex": func() ([]library.Described, string, error) {
				return w.service.Describing(ctx, w.alex, f, "", 100)
			},
			"frida": func() ([]library.Described, string, error) {
				return w.service.Describing(ctx, w.frida, f, "", 100)
			},
		}[who]
		found, _, err := caller()
		must(t, err)
		var names []string
		for _, one := range found {
			names = append(names, one.Item.Name+": "+one.Title)
		}
		slices.Sort(names)
		return strings.Join(names, ", ")
	}
	if got := list("adele", library.Filter{}); got != "a.jpg: title of a.jpg, b.jpg: title of b.jpg" {
		t.Errorf("the owner sees %s", got)
	}
	if got := list("alex", library.Filter{Drive: w.site.DriveID}); got != "a.jpg: title of a.jpg" {
		t.Errorf("the colleague sees %s", got)
	}
	if got := list("frida", library.Filter{}); got != "" {
		t.Errorf("another tenant sees %s", got)
	}
	_, err = w.service.Properties(ctx, w.alex, hidden.Ref)
	wantKind(t, "what is said of a hidden picture", err, fault.NotFound)
	_, err = w.service.Describe(ctx, w.alex, hidden.Ref, "", library.Changes{Title: ptr("x")})
	wantKind(t, "saying something of a hidden picture", err, fault.NotFound)
	_, _, err = w.service.Describing(ctx, w.adele, library.Filter{Folder: "f"}, "", 10)
	wantKind(t, "a folder without its library", err, fault.Invalid)
}

func TestManyPicturesAreLookedAtTwentyAtATime(t *testing.T) {
	t.Parallel()
	w := open(t)
	const count = 45
	for n := range count {
		i := w.put(fmt.Sprintf("%d.jpg", n), asJPEG(picture(20, 10, 1)))
		_, err := w.service.Describe(t.Context(), w.adele, i.Ref, "", library.Changes{Title: ptr("t")})
		must(t, err)
	}
	before := len(w.Trouble.History(trouble.Filter{Service: "graph", Method: "POST"}))
	found, _, err := w.service.Describing(t.Context(), w.adele, library.Filter{}, "", 100)
	if err != nil || len(found) != count {
		t.Errorf("%d found, %v", len(found), err)
	}
	batches := 0
	for _, call := range w.Trouble.History(trouble.Filter{Service: "graph", Method: "POST"})[before:] {
		if strings.HasSuffix(call.Path, "/$batch") {
			batches++
		}
	}
	if batches < 3 {
		t.Errorf("%d batches, want 3", batches)
	}
}

func TestColumnsInSharePointAreWrittenOnceOrNothingIs(t *testing.T) {
	t.Parallel()
	w := open(t)
	ctx := t.Context()
	i := w.put("a.jpg", asJPEG(picture(20, 10, 1)))
	said := library.Changes{Title: ptr("Beach"), Caption: ptr("At noon"), Columns: true}
	p, err := w.service.Describe(ctx, w.adele, i.Ref, "", said)
	must(t, err)
	stored, err := w.Graph.Item(i.Drive, i.Ref.Item)
	must(t, err)
	if stored.Fields["Title"] != "Beach" || stored.Fields["_ExtendedDescription"] != "At noon" || stored.Versions != 2 {
		t.Errorf("in SharePoint: %+v", stored)
	}
	if w.item(i.Ref).Tag != i.Tag {
		t.Error("the content counts as another")
	}
	p, err = w.service.Describe(ctx, w.adele, i.Ref, p.Version, library.Changes{AltText: ptr("alt"), Columns: true})
	must(t, err)
	if w.versions(i.Ref) != 2 {
		t.Errorf("columns that did not change made %d versions", w.versions(i.Ref))
	}
	_, err = w.Graph.Lock(i.Drive, i.Ref.Item, 0)
	must(t, err)
	_, err = w.service.Describe(ctx, w.adele, i.Ref, p.Version, library.Changes{Title: ptr("Other"), Columns: true})
	wantKind(t, "a locked file", err, fault.Locked)
	now, err := w.service.Properties(ctx, w.adele, i.Ref)
	if err != nil || now.Title != "Beach" || now.AltText != "alt" {
		t.Errorf("after a refusal: %+v, %v", now, err)
	}
	must(t, w.Graph.Allow(sandboxgraph.Permission{SiteID: w.site.ID, User: w.scene.Alex.ID, Level: sandboxgraph.Read}))
	_, err = w.service.Describe(ctx, w.alex, i.Ref, now.Version, library.Changes{Title: ptr("Other"), Columns: true})
	if !fault.Is(err, fault.Forbidden) && !fault.Is(err, fault.Locked) {
		t.Errorf("columns by a reader: %v", err)
	}
}

func TestEditsAreNotedWithTheirRecipes(t *testing.T) {
	t.Parallel()
	w := open(t)
	ctx := t.Context()
	i := w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	edited, err := w.service.Edit(ctx, w.adele, i.Ref, i.Tag, flip, library.Save{})
	must(t, err)
	w.drawer.before = func() { // somebody describes the picture at the same moment
		p, err := w.service.Properties(ctx, w.adele, i.Ref)
		must(t, err)
		p.Title = "fast"
		_, err = w.drawer.PutProperties(ctx, p)
		must(t, err)
	}
	edited, err = w.service.Edit(ctx, w.adele, i.Ref, edited.Item.Tag, small, library.Save{})
	must(t, err)
	p, err := w.service.Properties(ctx, w.adele, i.Ref)
	if err != nil || len(p.Recipes) != 2 || p.Recipes[1].Hash != edited.Recipe || !json.Valid(p.Recipes[1].Recipe) ||
		p.Title != "fast" || time.Since(p.Recipes[1].At) > time.Minute {
		t.Errorf("noted: %+v, %v", p, err)
	}
	copied, err := w.service.Edit(ctx, w.adele, i.Ref, edited.Item.Tag, small, library.Save{Target: library.Copy})
	must(t, err)
	if of, err := w.service.Properties(ctx, w.adele, copied.Item.Ref); err != nil || len(of.Recipes) != 1 {
		t.Errorf("of the copy: %+v, %v", of, err)
	}
	tag := edited.Item.Tag
	for n := range 21 {
		long := strings.Repeat(fmt.Sprintf(`,{"op":"text","text":"%d%s"}`, n, strings.Repeat("x", 2000)), 4)
		text := fmt.Sprintf(`{"version":1,"steps":[{"op":"resize","width":%d}%s]}`, 11+n%2, long)
		edited, err := w.service.Edit(ctx, w.adele, i.Ref, tag, json.RawMessage(text), library.Save{})
		if err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		tag = edited.Item.Tag
	}
	p, err = w.service.Properties(ctx, w.adele, i.Ref)
	must(t, err)
	bytes := 0
	for n, r := range p.Recipes {
		bytes += len(r.Recipe)
		if r.Hash == "" || n == len(p.Recipes)-1 && r.Recipe == nil {
			t.Errorf("recipe %d is %.60s", n, r.Recipe)
		}
	}
	if len(p.Recipes) != 20 || bytes > 100<<10 || p.Recipes[0].Recipe != nil {
		t.Errorf("%d recipes of %d bytes are kept; the oldest has %d", len(p.Recipes), bytes, len(p.Recipes[0].Recipe))
	}
}
