package tables

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"imagepro/handler/fault"
	"imagepro/handler/tab"
)

// Table            PartitionKey  RowKey      one record for
// ImageProTabs     <tid>         <tab>       each tab: a document
// ImageProPresets  <tid>         n_<hash>    each name of a preset, in small letters, so that it is there once
//                                p_<preset>  each preset: a document, with the hash of its name
//
// A preset and its name change in one entity-group transaction. Queries: a record by its key; the records of a
// tenant in the order of their keys.

var (
	_ tab.Tabs    = (*Store)(nil)
	_ tab.Presets = (*Store)(nil)
)

// tabDocument is the stored form of a tab.
type tabDocument struct {
	Title         string `json:"title"`
	Site          string `json:"site"`
	Drive         string `json:"drive"`
	Folder        string `json:"folder"`
	Layout        string `json:"layout"`
	SortBy        string `json:"sortBy"`
	Descending    bool   `json:"descending"`
	Captions      string `json:"captions"`
	DefaultRecipe string `json:"defaultRecipe,omitempty"` // canonical JSON, to come back byte by byte
	CreatedAt     string `json:"createdAt"`
	ChangedAt     string `json:"changedAt"`
}

func documentOfTab(t tab.Tab) (document, error) {
	if err := checkKeys(t.Tenant, t.ID); err != nil {
		return document{}, err
	}
	c := t.Config
	return newDocument(t.Tenant, t.ID, nil, tabDocument{
		Title:         c.Title,
		Site:          c.Site,
		Drive:         c.Drive,
		Folder:        c.Folder,
		Layout:        string(c.Layout),
		SortBy:        string(c.Sort.By),
		Descending:    c.Sort.Descending,
		Captions:      string(c.Captions),
		DefaultRecipe: string(c.DefaultRecipe),
		CreatedAt:     formatTime(t.CreatedAt),
		ChangedAt:     formatTime(t.ChangedAt),
	})
}

func tabOf(entity []byte) (tab.Tab, error) {
	var stored tabDocument
	row, err := readDocument(entity, &stored)
	return tab.Tab{
		Tenant:    row.PartitionKey,
		ID:        row.RowKey,
		CreatedAt: parseTime(stored.CreatedAt),
		ChangedAt: parseTime(stored.ChangedAt),
		Config: tab.Config{
			Title:         stored.Title,
			Site:          stored.Site,
			Drive:         stored.Drive,
			Folder:        stored.Folder,
			Layout:        tab.Layout(stored.Layout),
			Sort:          tab.Sort{By: tab.SortKey(stored.SortBy), Descending: stored.Descending},
			Captions:      tab.Captions(stored.Captions),
			DefaultRecipe: rawOf(stored.DefaultRecipe),
		},
		Version: row.ETag,
	}, err
}

// rawOf is nil for no text.
func rawOf(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// CreateTab adds a tab.
func (s *Store) CreateTab(ctx context.Context, t tab.Tab) (tab.Tab, error) {
	record, err := documentOfTab(t)
	if err != nil {
		return t, err
	}
	etag, err := s.create(ctx, tabsTable, record)
	if fault.Is(err, fault.Conflict) { // the id is fresh: an answer was lost and the SDK asked again
		return s.Tab(ctx, t.Tenant, t.ID)
	}
	if err == nil {
		t.Version = etag
	}
	return t, err
}

// Tab returns a tab.
func (s *Store) Tab(ctx context.Context, tenant, id string) (tab.Tab, error) {
	if err := checkKeys(tenant, id); err != nil {
		return tab.Tab{}, err
	}
	entity, err := s.entity(ctx, tabsTable, tenant, id)
	if err != nil {
		return tab.Tab{}, err
	}
	return tabOf(entity)
}

// UpdateTab replaces the version that was read.
func (s *Store) UpdateTab(ctx context.Context, t tab.Tab) (tab.Tab, error) {
	record, err := documentOfTab(t)
	if err != nil {
		return t, err
	}
	etag, err := s.update(ctx, tabsTable, t.Version, record)
	if fault.Is(err, fault.Conflict) { // unless an answer was lost and the SDK asked again
		if now, lookErr := s.Tab(ctx, t.Tenant, t.ID); lookErr == nil && sameText(documentOfTab, now, t) {
			return now, nil
		}
	}
	if err == nil {
		t.Version = etag
	}
	return t, err
}

// sameText reports whether two records say the same, all but their versions.
func sameText[T any](documentOf func(T) (document, error), a, b T) bool {
	one, errOne := documentOf(a)
	other, errOther := documentOf(b)
	return errOne == nil && errOther == nil && bytes.Equal(one.text, other.text)
}

// DeleteTab removes the version that was read.
func (s *Store) DeleteTab(ctx context.Context, t tab.Tab) error {
	if err := checkKeys(t.Tenant, t.ID); err != nil {
		return err
	}
	return s.remove(ctx, tabsTable, t.Tenant, t.ID, t.Version)
}

// Tabs returns a page of a tenant's tabs. The cursor is the id that the page before ended with.
func (s *Store) Tabs(ctx context.Context, tenant, cursor string, limit int) ([]tab.Tab, string, error) {
	if err := checkPage(tenant, cursor); err != nil {
		return nil, "", err
	}
	return page(ctx, s, slice{tabsTable, tenant, cursor, "~"}, limit, tabOf, func(t tab.Tab) string { return t.ID })
}

// checkPage refuses a tenant that is no key, and a cursor that is neither empty nor one.
func checkPage(tenant, cursor string) error {
	if cursor != "" && checkKeys(cursor) != nil {
		return noCursor()
	}
	return checkKeys(tenant)
}

// presetDocument is the stored form of a preset.
type presetDocument struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Recipe      string `json:"recipe"` // as that of a tab
	CreatedAt   string `json:"createdAt"`
	ChangedAt   string `json:"changedAt"`
}

const (
	presetPrefix = "p_"
	namePrefix   = "n_"
	nameColumn   = "Name" // of a preset: the key of its name
)

// nameRow holds the place of a preset's name.
type nameRow struct {
	keys
	Preset string
}

// nameKey is the key of a preset's name: names may hold what keys may not. Names that differ only in case, in how
// their characters are composed or in spaces around them have the same (Unicode's compatibility caseless matching).
func nameKey(name string) string {
	folded := norm.NFKC.String(cases.Fold().String(norm.NFKC.String(strings.TrimSpace(name))))
	sum := sha256.Sum256([]byte(folded))
	return namePrefix + hex.EncodeToString(sum[:16])
}

func documentOfPreset(p tab.Preset) (document, error) {
	if err := checkKeys(p.Tenant, p.ID); err != nil {
		return document{}, err
	}
	return newDocument(p.Tenant, presetPrefix+p.ID, map[string]string{nameColumn: nameKey(p.Name)}, presetDocument{
		Name:        p.Name,
		Description: p.Description,
		Recipe:      string(p.Recipe),
		CreatedAt:   formatTime(p.CreatedAt),
		ChangedAt:   formatTime(p.ChangedAt),
	})
}

func presetOf(entity []byte) (tab.Preset, error) {
	var stored presetDocument
	row, err := readDocument(entity, &stored)
	return tab.Preset{
		Tenant:      row.PartitionKey,
		ID:          strings.TrimPrefix(row.RowKey, presetPrefix),
		Name:        stored.Name,
		Description: stored.Description,
		Recipe:      rawOf(stored.Recipe),
		CreatedAt:   parseTime(stored.CreatedAt),
		ChangedAt:   parseTime(stored.ChangedAt),
		Version:     row.ETag,
	}, err
}

func nameOf(p tab.Preset) nameRow {
	return nameRow{keys{PartitionKey: p.Tenant, RowKey: nameKey(p.Name)}, p.ID}
}

// CreatePreset adds a preset with its name.
func (s *Store) CreatePreset(ctx context.Context, p tab.Preset) (tab.Preset, error) {
	record, err := documentOfPreset(p)
	if err != nil {
		return p, err
	}
	var t transaction
	t.create(record)
	t.create(nameOf(p))
	return s.writePreset(ctx, p, t)
}

// writePreset submits what changes a preset and its name. If it was refused, it looks why: the name may be
// another preset's, or an answer was lost and the SDK asked again.
func (s *Store) writePreset(ctx context.Context, p tab.Preset, t transaction) (tab.Preset, error) {
	err := s.submit(ctx, presetsTable, t)
	if err != nil && !fault.Is(err, fault.Conflict) {
		return p, err
	}
	if err != nil {
		var name nameRow
		_, lookErr := s.get(ctx, presetsTable, p.Tenant, nameKey(p.Name), &name)
		switch {
		case fault.Is(lookErr, fault.NotFound):
			return p, err
		case lookErr != nil:
			return p, lookErr
		case name.Preset != p.ID:
			return p, fault.New(fault.Conflict, "The name is taken.", tab.ErrNameTaken)
		}
	}
	now, readErr := s.Preset(ctx, p.Tenant, p.ID)
	if err != nil && (readErr != nil || !sameText(documentOfPreset, now, p)) {
		return p, err
	}
	return now, readErr
}

// Preset returns a preset.
func (s *Store) Preset(ctx context.Context, tenant, id string) (tab.Preset, error) {
	if err := checkKeys(tenant, id); err != nil {
		return tab.Preset{}, err
	}
	entity, err := s.entity(ctx, presetsTable, tenant, presetPrefix+id)
	if err != nil {
		return tab.Preset{}, err
	}
	return presetOf(entity)
}

// UpdatePreset replaces the version that was read, and moves the name if it is another.
func (s *Store) UpdatePreset(ctx context.Context, p tab.Preset) (tab.Preset, error) {
	record, err := documentOfPreset(p)
	if err != nil {
		return p, err
	}
	before, err := s.presetName(ctx, p)
	if err != nil {
		return p, err
	}
	var t transaction
	t.update(p.Version, record)
	if before != nameKey(p.Name) {
		t.create(nameOf(p))
		t.remove(keys{PartitionKey: p.Tenant, RowKey: before})
	}
	return s.writePreset(ctx, p, t)
}

// presetName returns the key of the name that the preset has now; Conflict if the preset has gone.
func (s *Store) presetName(ctx context.Context, p tab.Preset) (string, error) {
	var row struct{ Name string }
	_, err := s.get(ctx, presetsTable, p.Tenant, presetPrefix+p.ID, &row)
	return row.Name, goneIsConflict(err)
}

// DeletePreset removes the version that was read, with its name.
func (s *Store) DeletePreset(ctx context.Context, p tab.Preset) error {
	if err := checkKeys(p.Tenant, p.ID); err != nil {
		return err
	}
	name, err := s.presetName(ctx, p)
	if fault.Is(err, fault.Conflict) {
		return nil // gone already
	}
	if err != nil {
		return err
	}
	var t transaction
	t.removeVersion(p.Version, keys{PartitionKey: p.Tenant, RowKey: presetPrefix + p.ID})
	t.remove(keys{PartitionKey: p.Tenant, RowKey: name})
	return s.submit(ctx, presetsTable, t)
}

// Presets returns a page of a tenant's presets. The cursor is the id that the page before ended with.
func (s *Store) Presets(ctx context.Context, tenant, cursor string, limit int) ([]tab.Preset, string, error) {
	if err := checkPage(tenant, cursor); err != nil {
		return nil, "", err
	}
	return page(ctx, s, slice{presetsTable, tenant, presetPrefix + cursor, "q"}, limit, presetOf, func(
		p tab.Preset,
	) string {
		return p.ID
	})
}

// entity returns a record as the service gives it.
func (s *Store) entity(ctx context.Context, table, partition, key string) ([]byte, error) {
	var raw json.RawMessage
	if _, err := s.get(ctx, table, partition, key, &raw); err != nil {
		return nil, err
	}
	return raw, nil
}
