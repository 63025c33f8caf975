package api_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/schedule"
	"imagepro/handler/tab"
)

var (
	_ bulk.Jobs  = (*world)(nil)
	_ bulk.Items = (*world)(nil)
	_ bulk.Index = (*world)(nil)
	_ bulk.Specs = (*world)(nil)
	_ bulk.Queue = (*world)(nil)
)

// people is a store of organizations, users and sessions that is empty and takes every record, and Entra, which
// gives everybody a session.
type people struct {
	org.Sessions
	org.Erasures
	w *world
}

func notThere() error { return fault.New(fault.NotFound, "It is not there.", nil) }

func (p people) Organization(context.Context, string) (org.Organization, error) {
	if p.w.organization.Tenant == "" {
		return org.Organization{}, notThere()
	}
	return p.w.organization, nil
}
func (p people) PutOrganization(_ context.Context, o org.Organization) (org.Organization, error) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	p.w.entered++
	return o, nil
}
func (people) Idle(context.Context, time.Time, func(org.Organization) bool) error {
	panic("not the API's")
}
func (people) DeleteOrganization(context.Context, org.Organization) error { panic("not the API's") }
func (p people) User(context.Context, string, string) (org.User, error) {
	if p.w.erasing {
		return org.User{State: org.Erasing}, nil
	}
	return org.User{}, notThere()
}
func (people) PutUser(_ context.Context, u org.User) (org.User, error) { return u, nil }
func (people) Marked(context.Context, func(org.User) bool) error       { panic("not the API's") }
func (people) DeleteUser(context.Context, org.User) error              { panic("not the API's") }
func (people) Session(context.Context, string, string) (org.Session, error) {
	return org.Session{}, notThere()
}
func (people) Usable(org.Session) bool                    { return false }
func (people) Renew(context.Context, caller.Caller) error { return nil }

func (p people) Profile(ctx context.Context, _ caller.Caller) (org.Profile, error) {
	return p.w.profile(ctx)
}

func (p people) GraphToken(_ context.Context, _ caller.Caller, scopes []string, claims string) (org.GraphToken, error) {
	return p.w.graphToken(scopes, claims)
}

func (p people) Erasure(_ context.Context, id string) (org.Erasure, error) {
	e, ok := p.w.erasures[id]
	if !ok {
		return e, notThere()
	}
	return e, nil
}

func (p people) PutErasure(_ context.Context, e org.Erasure) (org.Erasure, error) {
	p.w.erasures[e.ID] = e
	return e, nil
}

func noJob() error { return fault.New(fault.NotFound, "There is no such bulk edit.", nil) }

func (w *world) CreateJob(_ context.Context, j bulk.Job) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, exists := w.jobs[j.Ref]; !exists {
		w.jobs[j.Ref] = j
	}
	return nil
}

func (w *world) Job(_ context.Context, ref bulk.Ref) (bulk.Job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	j, ok := w.jobs[ref]
	if !ok {
		return bulk.Job{}, noJob()
	}
	return j, nil
}

func (w *world) UpdateJob(_ context.Context, j bulk.Job) (bulk.Job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.jobs[j.Ref] = j
	return j, nil
}

func (w *world) RecordPortion(context.Context, bulk.Job, bulk.Portion) (bulk.Job, error) {
	panic("the API does not plan")
}

func (w *world) CloseJob(context.Context, bulk.Job) error { return nil }

func (w *world) JobsOf(_ context.Context, tenant, user string) ([]bulk.Job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []bulk.Job
	for _, j := range w.jobs {
		if j.Tenant == tenant && j.User == user {
			all = append(all, bulk.Job{Ref: j.Ref, User: user, CreatedAt: j.CreatedAt})
		}
	}
	return all, nil
}

func (w *world) PutPreview(context.Context, bulk.Job, int, bulk.Side, []byte) error {
	panic("the API does not work")
}

func (w *world) DeletePreviews(context.Context, bulk.Job, int) error { panic("the API does not work") }

func (w *world) DropPreviews(context.Context, time.Time) error { panic("the API does not sweep") }

func (w *world) Preview(_ context.Context, j bulk.Job, n int, side bulk.Side) ([]byte, error) {
	return fmt.Appendf(nil, "JPEG %s %d %s", j.Job, n, side), nil
}

func (w *world) CountOpen(context.Context, string, string) (bulk.OpenCount, error) {
	return bulk.OpenCount{Tenant: w.open, User: w.open, AtWork: w.open}, nil
}

func (w *world) EachOpen(context.Context, func(bulk.OpenJob) bool) error {
	panic("the API does not sweep")
}
func (w *world) NoteOpen(context.Context, bulk.OpenJob) error { panic("the API does not sweep") }

func (w *world) OpenJobs(_ context.Context, tenant, user string) ([]bulk.Job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var open []bulk.Job
	for _, j := range w.jobs {
		if j.Tenant == tenant && j.User == user && !j.Final() {
			open = append(open, j)
		}
	}
	return open, nil
}

func (w *world) Unfinished(context.Context, bulk.Ref, int) ([]int, error) {
	panic("the API does not plan")
}

func (w *world) PlannedFolder(context.Context, bulk.Ref, int) (bulk.FolderRef, error) {
	panic("the API does not plan")
}

func (w *world) Item(_ context.Context, ref bulk.Ref, n int) (bulk.Item, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range w.items[ref] {
		if !i.Passed && i.N == n {
			return i, nil
		}
	}
	return bulk.Item{}, fault.New(fault.NotFound, "There is no such image.", nil)
}

func (w *world) NoteTry(context.Context, bulk.Item) error { panic("the API does not edit") }

func (w *world) Intend(context.Context, bulk.Item) (bulk.Item, error) {
	panic("the API does not edit")
}

func (w *world) FinishItem(context.Context, bulk.Item) (int, error) {
	panic("the API does not edit")
}

// ItemsOf pages by index: the cursor is the number of items that were read.
func (w *world) ItemsOf(_ context.Context, ref bulk.Ref, cursor string, limit int) ([]bulk.Item, string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from := 0
	if cursor != "" {
		var err error
		if from, err = strconv.Atoi(cursor); err != nil {
			return nil, "", fault.New(fault.Invalid, "This is no cursor that Image Pro gave.", err).At("cursor")
		}
	}
	all := w.items[ref]
	end := min(len(all), from+limit)
	if end == len(all) {
		return all[from:], "", nil
	}
	return all[from:end], strconv.Itoa(end), nil
}

// PutSpec and PutSource keep what was put first.
func (w *world) PutSpec(_ context.Context, j bulk.Job, s bulk.Spec) error {
	if _, kept := w.specs[j.Ref]; !kept {
		w.specs[j.Ref] = s
	}
	return nil
}

func (w *world) Spec(_ context.Context, j bulk.Job) (bulk.Spec, error) { return w.specs[j.Ref], nil }

func (w *world) PutSource(_ context.Context, j bulk.Job, s bulk.Source) error {
	if _, kept := w.sources[j.Ref]; !kept {
		w.sources[j.Ref] = s
	}
	return nil
}

func (w *world) Source(_ context.Context, j bulk.Job) (bulk.Source, error) {
	return w.sources[j.Ref], nil
}

func (w *world) Send(_ context.Context, queue string, message []byte, _ time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, queue+" "+string(message))
	return nil
}

// Folder finds every folder but those of the drive "elsewhere".
func (w *world) Folder(_ context.Context, _ caller.Caller, drive, _ string) error {
	if drive == "elsewhere" {
		return notThere()
	}
	return nil
}

// shelf keeps tabs and presets, one map for both, with versions.
type shelf struct {
	mu    sync.Mutex
	tabs  map[string]tab.Tab
	named map[string]tab.Preset
	next  int

	schedules map[string]schedule.Schedule
}

func newShelf() *shelf {
	return &shelf{tabs: map[string]tab.Tab{}, named: map[string]tab.Preset{}, schedules: map[string]schedule.Schedule{}}
}

func (s *shelf) version() string {
	s.next++
	return `W/"version ` + strconv.Itoa(s.next) + `"`
}

func raced() error { return fault.New(fault.Conflict, "It was changed meanwhile.", nil) }

func (s *shelf) CreateTab(_ context.Context, t tab.Tab) (tab.Tab, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Version = s.version()
	s.tabs[t.Tenant+"/"+t.ID] = t
	return t, nil
}

func (s *shelf) Tab(_ context.Context, tenant, id string) (tab.Tab, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tabs[tenant+"/"+id]
	if !ok {
		return t, notThere()
	}
	return t, nil
}

func (s *shelf) UpdateTab(_ context.Context, t tab.Tab) (tab.Tab, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tabs[t.Tenant+"/"+t.ID].Version != t.Version {
		return t, raced()
	}
	t.Version = s.version()
	s.tabs[t.Tenant+"/"+t.ID] = t
	return t, nil
}

func (s *shelf) DeleteTab(_ context.Context, t tab.Tab) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tabs, t.Tenant+"/"+t.ID)
	return nil
}

func (s *shelf) Tabs(_ context.Context, tenant, cursor string, limit int) ([]tab.Tab, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return pageOf(s.tabs, tenant, cursor, limit)
}

func (s *shelf) CreatePreset(_ context.Context, p tab.Preset) (tab.Preset, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.named {
		if other.Tenant == p.Tenant && other.Name == p.Name {
			return p, fault.New(fault.Conflict, "Taken.", tab.ErrNameTaken)
		}
	}
	p.Version = s.version()
	s.named[p.Tenant+"/"+p.ID] = p
	return p, nil
}

func (s *shelf) Preset(_ context.Context, tenant, id string) (tab.Preset, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.named[tenant+"/"+id]
	if !ok {
		return p, notThere()
	}
	return p, nil
}

func (s *shelf) UpdatePreset(_ context.Context, p tab.Preset) (tab.Preset, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.named[p.Tenant+"/"+p.ID].Version != p.Version {
		return p, raced()
	}
	p.Version = s.version()
	s.named[p.Tenant+"/"+p.ID] = p
	return p, nil
}

func (s *shelf) DeletePreset(_ context.Context, p tab.Preset) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.named, p.Tenant+"/"+p.ID)
	return nil
}

func (s *shelf) Presets(_ context.Context, tenant, cursor string, limit int) ([]tab.Preset, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return pageOf(s.named, tenant, cursor, limit)
}

// pageOf returns what comes behind the cursor, which is the key that the page before ended with.
func pageOf[T any](all map[string]T, tenant, cursor string, limit int) ([]T, string, error) {
	var page []T
	last := ""
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if !strings.HasPrefix(key, tenant+"/") || key <= cursor {
			continue
		}
		if len(page) == limit {
			return page, last, nil
		}
		page, last = append(page, all[key]), key
	}
	return page, "", nil
}
