package tab

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
)

// Service keeps tabs and presets of the caller's organization.
type Service struct {
	o      ServiceOptions
	mu     sync.Mutex                    // of looking and adding
	memory *expirable.LRU[cacheKey, Tab] // nil: nothing is remembered; a tab without a version is one that was deleted
}

// ServiceOptions are what a Service needs.
type ServiceOptions struct {
	Tabs    Tabs
	Presets Presets
	Library Library
	Now     func() time.Time
	NewID   func() string // a fresh id: 1 to 64 lower-case letters and digits
	// CacheLife is how long a tab is remembered after it was read: so long another process may show it as it was
	// before a change. 0 remembers nothing.
	CacheLife time.Duration
}

type cacheKey struct{ tenant, id string }

// cacheSize is the most tabs that are remembered; one has a kilobyte as a rule, and 64 with the largest recipe.
const cacheSize = 2000

// NewService returns a service.
func NewService(o ServiceOptions) *Service {
	s := &Service{o: o}
	if o.CacheLife > 0 {
		s.memory = expirable.NewLRU[cacheKey, Tab](cacheSize, nil, o.CacheLife)
	}
	return s
}

// wrote remembers what a tab is since a change. It wins over readers that were under way, but not over what was
// written later.
func (s *Service) wrote(t Tab) {
	if s.memory == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := cacheKey{t.Tenant, t.ID}
	if have, ok := s.memory.Peek(key); ok && t.Version != "" &&
		(have.Version == "" || t.ChangedAt.Before(have.ChangedAt)) {
		return
	}
	s.memory.Add(key, t)
}

// read remembers what was read, unless something is remembered by now: that is newer, if it differs.
func (s *Service) read(t Tab) {
	if s.memory == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if key := (cacheKey{t.Tenant, t.ID}); !s.memory.Contains(key) {
		s.memory.Add(key, t)
	}
}

// forget lets the next reader look.
func (s *Service) forget(tenant, id string) {
	if s.memory != nil {
		s.memory.Remove(cacheKey{tenant, id})
	}
}

// Create adds a tab. Invalid names the field.
func (s *Service) Create(ctx context.Context, who caller.Caller, c Config) (Tab, error) {
	c, err := validConfig(c)
	if err != nil {
		return Tab{}, err
	}
	if err := s.checkPlace(ctx, who, c); err != nil {
		return Tab{}, err
	}
	now := s.o.Now().UTC()
	t, err := s.o.Tabs.CreateTab(ctx, Tab{
		Tenant:    who.Tenant,
		ID:        s.o.NewID(),
		Config:    c,
		CreatedAt: now,
		ChangedAt: now,
	})
	if err != nil {
		return Tab{}, err
	}
	s.wrote(t)
	return t, nil
}

// Get returns a tab, which may be remembered.
func (s *Service) Get(ctx context.Context, who caller.Caller, id string) (Tab, error) {
	if s.memory != nil {
		if t, ok := s.memory.Get(cacheKey{who.Tenant, id}); ok && t.Version != "" {
			return t, nil
		} else if ok {
			return Tab{}, fault.New(fault.NotFound, "It is not there.", nil)
		}
	}
	t, err := s.o.Tabs.Tab(ctx, who.Tenant, id)
	if err == nil {
		s.read(t)
	}
	return t, err
}

// Update replaces the configuration of the version that the caller read; Stale if that is not the present one.
func (s *Service) Update(ctx context.Context, who caller.Caller, id, version string, c Config) (Tab, error) {
	c, err := validConfig(c)
	if err != nil {
		return Tab{}, err
	}
	t, err := s.o.Tabs.Tab(ctx, who.Tenant, id)
	if fault.Is(err, fault.NotFound) {
		s.forget(who.Tenant, id)
	}
	if err != nil {
		return Tab{}, err
	}
	if t.Version != version {
		s.wrote(t) // the caller may have another from memory, and reads it again
		return Tab{}, stale(nil)
	}
	if c.Drive != t.Config.Drive || c.Folder != t.Config.Folder {
		if err := s.checkPlace(ctx, who, c); err != nil {
			return Tab{}, err
		}
	}
	t.Config, t.ChangedAt = c, s.o.Now().UTC()
	changed, err := s.o.Tabs.UpdateTab(ctx, t)
	if err != nil {
		s.forget(who.Tenant, id) // it is not known what was written
		return Tab{}, staleOf(err)
	}
	s.wrote(changed)
	return changed, nil
}

// Delete removes the version that the caller read, or any version if it is AnyVersion.
func (s *Service) Delete(ctx context.Context, who caller.Caller, id, version string) error {
	t, err := s.o.Tabs.Tab(ctx, who.Tenant, id)
	if fault.Is(err, fault.NotFound) {
		s.forget(who.Tenant, id)
	}
	if err != nil {
		return err
	}
	if version != AnyVersion && t.Version != version {
		s.wrote(t)
		return stale(nil)
	}
	if err := s.o.Tabs.DeleteTab(ctx, t); err != nil {
		s.forget(who.Tenant, id)
		return staleOf(err)
	}
	s.wrote(Tab{Tenant: who.Tenant, ID: id})
	return nil
}

// AnyVersion stands for whatever version is there.
const AnyVersion = "*"

// List returns a page of the tabs; see Tabs.Tabs.
func (s *Service) List(ctx context.Context, who caller.Caller, cursor string, limit int) ([]Tab, string, error) {
	return s.o.Tabs.Tabs(ctx, who.Tenant, cursor, limit)
}

// stale is the fault of a change to a version that is not the present one.
func stale(cause error) error {
	return fault.New(fault.Stale, "Somebody changed this meanwhile. Read it again and decide.", cause)
}

// staleOf turns a lost race of a store into stale.
func staleOf(err error) error {
	if fault.Is(err, fault.Conflict) && !errors.Is(err, ErrNameTaken) {
		return stale(err)
	}
	return err
}

// checkPlace makes sure that the caller can see the folder of a tab.
func (s *Service) checkPlace(ctx context.Context, who caller.Caller, c Config) error {
	err := s.o.Library.Folder(ctx, who, c.Drive, c.Folder)
	switch f := fault.From(err); {
	case err == nil:
		return nil
	case f.Kind == fault.NotFound, f.Kind == fault.Forbidden, f.Kind == fault.Invalid, f.Kind == fault.Unsupported:
		return fault.New(fault.Invalid, "There is no such folder, or you may not see it.", err).At("/folderId")
	}
	return err
}

// ErrNameTaken is the cause of a Conflict: the organization has a preset of this name.
var ErrNameTaken = errors.New("tab: the name is taken")

func nameTaken(err error) error {
	if errors.Is(err, ErrNameTaken) {
		return fault.New(fault.Conflict, "There is a preset of this name already.", err).At("/name")
	}
	return staleOf(err)
}

// CreatePreset adds a preset. Conflict if the name is taken.
func (s *Service) CreatePreset(ctx context.Context, who caller.Caller, p Preset) (Preset, error) {
	p, err := validPreset(p)
	if err != nil {
		return Preset{}, err
	}
	now := s.o.Now().UTC()
	p.Tenant, p.ID, p.CreatedAt, p.ChangedAt = who.Tenant, s.o.NewID(), now, now
	p, err = s.o.Presets.CreatePreset(ctx, p)
	return p, nameTaken(err)
}

// Preset returns a preset.
func (s *Service) Preset(ctx context.Context, who caller.Caller, id string) (Preset, error) {
	return s.o.Presets.Preset(ctx, who.Tenant, id)
}

// UpdatePreset replaces name, description and recipe of the version that the caller read.
func (s *Service) UpdatePreset(ctx context.Context, who caller.Caller, id, version string, p Preset) (Preset, error) {
	p, err := validPreset(p)
	if err != nil {
		return Preset{}, err
	}
	have, err := s.o.Presets.Preset(ctx, who.Tenant, id)
	if err != nil {
		return Preset{}, err
	}
	if have.Version != version {
		return Preset{}, stale(nil)
	}
	have.Name, have.Description, have.Recipe, have.ChangedAt = p.Name, p.Description, p.Recipe, s.o.Now().UTC()
	have, err = s.o.Presets.UpdatePreset(ctx, have)
	return have, nameTaken(err)
}

// DeletePreset removes the version that the caller read, or any version if it is AnyVersion.
func (s *Service) DeletePreset(ctx context.Context, who caller.Caller, id, version string) error {
	have, err := s.o.Presets.Preset(ctx, who.Tenant, id)
	if err != nil {
		return err
	}
	if version != AnyVersion && have.Version != version {
		return stale(nil)
	}
	return staleOf(s.o.Presets.DeletePreset(ctx, have))
}

// Presets returns a page of the presets; see Presets.Presets.
func (s *Service) Presets(ctx context.Context, who caller.Caller, cursor string, limit int) ([]Preset, string, error) {
	return s.o.Presets.Presets(ctx, who.Tenant, cursor, limit)
}
