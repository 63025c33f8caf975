package tab_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/tab"
)

// store is one tab in memory, with reads that are counted. before, if set, runs ahead of a write.
type store struct {
	rest
	mu     sync.Mutex
	tabs   map[string]tab.Tab
	reads  int
	writes int
	before func()
	after  func() // runs behind a read, before its answer
	wrote  func() // the same for a write
	fail   error  // of writes
}

func (s *store) Tab(_ context.Context, tenant, id string) (tab.Tab, error) {
	s.mu.Lock()
	s.reads++
	t, ok := s.tabs[tenant+"/"+id]
	s.mu.Unlock()
	if s.after != nil {
		s.after()
	}
	if !ok {
		return t, fault.New(fault.NotFound, "It is not there.", nil)
	}
	return t, nil
}

func (s *store) write(t tab.Tab) (tab.Tab, error) {
	if s.before != nil {
		s.before()
	}
	t, err := s.store(t)
	if s.wrote != nil {
		s.wrote()
	}
	return t, err
}

func (s *store) store(t tab.Tab) (tab.Tab, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return t, s.fail
	}
	if have := s.tabs[t.Tenant+"/"+t.ID]; have.Version != t.Version {
		return t, fault.New(fault.Conflict, "It was changed meanwhile.", nil)
	}
	s.writes++
	t.Version = fmt.Sprint("v", s.writes)
	s.tabs[t.Tenant+"/"+t.ID] = t
	return t, nil
}

func (s *store) CreateTab(_ context.Context, t tab.Tab) (tab.Tab, error) { return s.write(t) }
func (s *store) UpdateTab(_ context.Context, t tab.Tab) (tab.Tab, error) { return s.write(t) }

func (s *store) DeleteTab(_ context.Context, t tab.Tab) error {
	if s.before != nil {
		s.before()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tabs, t.Tenant+"/"+t.ID)
	return nil
}

// rest are the methods that nobody calls.
type rest interface{ tab.Tabs }

// library counts the looks at folders, and finds those that find says.
type library struct {
	looks int
	fault error
}

func (l *library) Folder(context.Context, caller.Caller, string, string) error {
	l.looks++
	return l.fault
}

var (
	anna  = caller.Caller{Tenant: "a", User: "anna"}
	chris = caller.Caller{Tenant: "b", User: "chris"}
	good  = tab.Config{Title: "t", Site: "s", Drive: "d"}
)

func newService(life time.Duration) (*tab.Service, *store, *library) {
	s, l := &store{tabs: map[string]tab.Tab{}}, &library{}
	return tab.NewService(tab.ServiceOptions{
		Tabs:      s,
		Library:   l,
		Now:       time.Now,
		NewID:     func() string { return "id" },
		CacheLife: life,
	}), s, l
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// title reads the tab and returns its title.
func title(t *testing.T, s *tab.Service, who caller.Caller) string {
	t.Helper()
	got, err := s.Get(t.Context(), who, "id")
	if fault.Is(err, fault.NotFound) {
		return "(none)"
	}
	must(t, err)
	return got.Config.Title
}

func TestATabIsReadOnceAndForgottenOnChange(t *testing.T) {
	t.Parallel()
	s, records, _ := newService(time.Hour)
	created, err := s.Create(t.Context(), anna, good)
	must(t, err)
	for range 5 {
		if got := title(t, s, anna); got != "t" {
			t.Errorf("the title is %q", got)
		}
	}
	if records.reads != 0 {
		t.Errorf("the store was read %d times after the creation, want never", records.reads)
	}
	changed := good
	changed.Title = "u"
	created, err = s.Update(t.Context(), anna, "id", created.Version, changed)
	must(t, err)
	if got := title(t, s, anna); got != "u" {
		t.Errorf("the title after a change is %q", got)
	}
	must(t, s.Delete(t.Context(), anna, "id", created.Version))
	if got := title(t, s, anna); got != "(none)" {
		t.Errorf("the title after the deletion is %q", got)
	}
}

func TestMemoryIsTheTenantsOwn(t *testing.T) {
	t.Parallel()
	s, _, _ := newService(time.Hour)
	_, err := s.Create(t.Context(), anna, good)
	must(t, err)
	if got := title(t, s, chris); got != "(none)" {
		t.Errorf("another tenant reads %q", got)
	}
}

func TestMemoryEndsAfterItsLife(t *testing.T) {
	t.Parallel()
	const life = 50 * time.Millisecond
	s, records, _ := newService(life)
	created, err := s.Create(t.Context(), anna, good)
	must(t, err)
	created.Config.Title = "changed by another process"
	records.tabs["a/id"] = created
	for end := time.Now().Add(10 * time.Second); title(t, s, anna) == "t"; time.Sleep(life / 10) {
		if time.Now().After(end) {
			t.Fatal("the change of another process was not seen in 10 s")
		}
	}
}

func TestWithoutALifeNothingIsRemembered(t *testing.T) {
	t.Parallel()
	s, records, _ := newService(0)
	_, err := s.Create(t.Context(), anna, good)
	must(t, err)
	for range 3 {
		title(t, s, anna)
	}
	if records.reads != 3 {
		t.Errorf("%d reads, want 3", records.reads)
	}
}

func TestAReaderInBetweenLeavesNothingOldInMemory(t *testing.T) {
	t.Parallel()
	s, records, _ := newService(time.Hour)
	created, err := s.Create(t.Context(), anna, good)
	must(t, err)
	records.before = func() { title(t, s, anna) } // reads, and remembers, what is just being changed
	changed := good
	changed.Title = "u"
	created, err = s.Update(t.Context(), anna, "id", created.Version, changed)
	must(t, err)
	if got := title(t, s, anna); got != "u" {
		t.Errorf("the title after a change is %q", got)
	}
	must(t, s.Delete(t.Context(), anna, "id", created.Version))
	if got := title(t, s, anna); got != "(none)" {
		t.Errorf("the title after the deletion is %q", got)
	}
}

func TestAReaderThatWasSlowerThanAChangeLeavesNothingOldInMemory(t *testing.T) {
	t.Parallel()
	first, records, _ := newService(0)
	created, err := first.Create(t.Context(), anna, good)
	must(t, err)
	for name, change := range map[string]func(s *tab.Service){
		"a change": func(s *tab.Service) {
			changed := good
			changed.Title = "u"
			created, err = s.Update(t.Context(), anna, "id", created.Version, changed)
			must(t, err)
		},
		"a deletion": func(s *tab.Service) { must(t, s.Delete(t.Context(), anna, "id", tab.AnyVersion)) },
	} {
		records.tabs["a/id"] = created
		s := tab.NewService(tab.ServiceOptions{Tabs: records, Library: &library{}, Now: time.Now, CacheLife: time.Hour})
		made := false
		records.after = func() { // the store has answered, the reader has not seen it yet
			records.after, made = nil, true
			change(s)
		}
		title(t, s, anna)
		if got, want := title(t, s, anna),
			title(t, tab.NewService(tab.ServiceOptions{Tabs: records}), anna); got != want || !made {
			t.Errorf("%s (made: %v): the title is %q, want %q", name, made, got, want)
		}
	}
}

// Another process changes the tab, and this one only learns of it from a change of its own.
func TestWhatAChangeFindsIsRemembered(t *testing.T) {
	t.Parallel()
	first, records, _ := newService(time.Hour)
	created, err := first.Create(t.Context(), anna, good)
	must(t, err)
	second := tab.NewService(tab.ServiceOptions{
		Tabs:      records,
		Library:   &library{},
		Now:       time.Now,
		CacheLife: time.Hour,
	})
	changed := good
	changed.Title = "u"
	for name, try := range map[string]func() error{
		"change":   func() error { _, err := first.Update(t.Context(), anna, "id", created.Version, good); return err },
		"deletion": func() error { return first.Delete(t.Context(), anna, "id", created.Version) },
	} {
		changed.Title += "u"
		now, err := second.Get(t.Context(), anna, "id")
		must(t, err)
		_, err = second.Update(t.Context(), anna, "id", now.Version, changed)
		must(t, err)
		if err := try(); !fault.Is(err, fault.Stale) {
			t.Errorf("a %s of an old version = %v, want Stale", name, err)
		}
		if got := title(t, first, anna); got != changed.Title {
			t.Errorf("after a stale %s the title is %q, want %q", name, got, changed.Title)
		}
	}
	for name, try := range map[string]func() error{
		"change":   func() error { _, err := first.Update(t.Context(), anna, "id", created.Version, good); return err },
		"deletion": func() error { return first.Delete(t.Context(), anna, "id", tab.AnyVersion) },
	} {
		records.tabs["a/id"] = created
		title(t, first, anna)
		delete(records.tabs, "a/id")
		if err := try(); !fault.Is(err, fault.NotFound) {
			t.Errorf("a %s of a deleted tab = %v, want NotFound", name, err)
		}
		if got := title(t, first, anna); got != "(none)" {
			t.Errorf("after a %s of a deleted tab the title is %q", name, got)
		}
	}
}

func TestAWriterThatWasSlowerThanADeletionLeavesNothingInMemory(t *testing.T) {
	t.Parallel()
	s, records, _ := newService(time.Hour)
	created, err := s.Create(t.Context(), anna, good)
	must(t, err)
	records.wrote = func() { // the change is stored, its answer still on the way
		records.wrote = nil
		must(t, s.Delete(t.Context(), anna, "id", tab.AnyVersion))
	}
	_, err = s.Update(t.Context(), anna, "id", created.Version, good)
	must(t, err)
	if got := title(t, s, anna); got != "(none)" {
		t.Errorf("the title after the deletion is %q", got)
	}
}

func TestAChangeThatMayHaveBeenMadeIsForgotten(t *testing.T) {
	t.Parallel()
	s, records, _ := newService(time.Hour)
	created, err := s.Create(t.Context(), anna, good)
	must(t, err)
	records.fail = fault.New(fault.Busy, "The answer is lost.", nil)
	if _, err := s.Update(t.Context(), anna, "id", created.Version, good); !fault.Is(err, fault.Busy) {
		t.Errorf("Update = %v", err)
	}
	before := records.reads
	title(t, s, anna)
	if records.reads != before+1 {
		t.Error("the tab was still remembered")
	}
}

func TestALostRaceIsStale(t *testing.T) {
	t.Parallel()
	s, records, _ := newService(time.Hour)
	created, err := s.Create(t.Context(), anna, good)
	must(t, err)
	records.before = func() { // somebody is faster, between the look and the write
		now := records.tabs["a/id"]
		now.Version = "another"
		records.tabs["a/id"] = now
		records.before = nil
	}
	if _, err := s.Update(t.Context(), anna, "id", created.Version, good); !fault.Is(err, fault.Stale) {
		t.Errorf("Update = %v, want Stale", err)
	}
	if _, err := s.Update(t.Context(), anna, "id", created.Version, good); !fault.Is(err, fault.Stale) {
		t.Errorf("Update of an old version = %v, want Stale", err)
	}
	if err := s.Delete(t.Context(), anna, "id", created.Version); !fault.Is(err, fault.Stale) {
		t.Errorf("Delete of an old version = %v, want Stale", err)
	}
	must(t, s.Delete(t.Context(), anna, "id", tab.AnyVersion))
}

func TestTheFolderIsLookedAtWhenItIsAnother(t *testing.T) {
	t.Parallel()
	s, records, folders := newService(0)
	created, err := s.Create(t.Context(), anna, good)
	must(t, err)
	next := good
	next.Title = "u"
	created, err = s.Update(t.Context(), anna, "id", created.Version, next)
	must(t, err)
	if folders.looks != 1 {
		t.Errorf("%d looks for one folder, want one", folders.looks)
	}
	next.Folder = "f"
	for kind, want := range map[fault.Kind]fault.Kind{
		fault.NotFound: fault.Invalid, fault.Forbidden: fault.Invalid, fault.Unsupported: fault.Invalid,
		fault.Invalid: fault.Invalid,
		fault.Busy:    fault.Busy, fault.SignIn: fault.SignIn, fault.Consent: fault.Consent,
	} {
		folders.fault = fault.New(kind, "No.", nil)
		_, err := s.Update(t.Context(), anna, "id", created.Version, next)
		if f := fault.From(err); f == nil || f.Kind != want || want == fault.Invalid && f.Field != "/folderId" {
			t.Errorf("a folder that is %s: %v, want %s", kind, err, want)
		}
	}
	if records.writes != 2 {
		t.Errorf("%d writes, want the 2 good ones", records.writes)
	}
}

func TestARecipeThatCannotBeDrawnIsNotKept(t *testing.T) {
	t.Parallel()
	service := tab.NewService(tab.ServiceOptions{Now: time.Now, NewID: func() string { return "id" }})
	who := caller.Away("t", "u")
	text := []byte(`{"version":1,"steps":[{"op":"text","text":"你"}]}`)
	_, err := service.CreatePreset(t.Context(), who, tab.Preset{Name: "Mark", Recipe: text})
	if f := fault.From(err); err == nil || f.Kind != fault.Unsupported || f.Field != "/recipe/steps/0/text" {
		t.Errorf("a preset: %v", err)
	}
}
