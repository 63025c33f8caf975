// Package form holds the stored forms of what bulk edits do, for the stores that keep it: blobs and tables.
package form

import (
	"encoding/json"
	"time"

	"imagepro/handler/bulk"
)

// Spec is what a bulk edit does.
type Spec struct {
	Recipe json.RawMessage `json:"recipe"`
	Save
	Called string   `json:"called,omitempty"`
	Images []pinned `json:"images,omitempty"`
}

// Save is how results are saved.
type Save struct {
	Target     string `json:"target"`
	Name       string `json:"name,omitempty"`
	Folder     string `json:"folder,omitempty"`
	OnConflict string `json:"onConflict,omitempty"`
	OnChanged  string `json:"onChanged,omitempty"`
	KeepDates  bool   `json:"keepDates,omitempty"`
}

type pinned struct {
	Drive  string `json:"d"`
	Item   string `json:"i"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Source is which images.
type Source struct {
	Folder     *folder     `json:"folder,omitempty"`
	Images     []image     `json:"images,omitempty"`
	Properties *properties `json:"properties,omitempty"`
	Job        *job        `json:"job,omitempty"`
	Since      string      `json:"since,omitempty"`
}

type folder struct {
	Drive         string    `json:"drive"`
	Item          string    `json:"item"`
	Recursive     bool      `json:"recursive"`
	Depth         int       `json:"depth,omitempty"`
	Names         []string  `json:"names,omitempty"`
	Types         []string  `json:"types,omitempty"`
	ChangedSince  time.Time `json:"changedSince,omitzero"`
	ChangedBefore time.Time `json:"changedBefore,omitzero"`
	MinBytes      int64     `json:"minBytes,omitempty"`
	MaxBytes      int64     `json:"maxBytes,omitempty"`
}

type image struct {
	Drive string `json:"d"`
	Item  string `json:"i"`
}

type properties struct {
	Drive        string    `json:"drive,omitempty"`
	Folder       string    `json:"folder,omitempty"`
	Tag          string    `json:"tag,omitempty"`
	MissingAlt   bool      `json:"missingAlt,omitempty"`
	ChangedSince time.Time `json:"changedSince,omitzero"`
	ChangedBy    string    `json:"changedBy,omitempty"`
}

type job struct {
	ID     string           `json:"id"`
	States []bulk.ItemState `json:"states"`
}

// OfSpec returns the stored form.
func OfSpec(s bulk.Spec) Spec {
	stored := Spec{Recipe: s.Recipe, Save: OfSave(s.Save), Called: s.Called}
	for _, p := range s.Pinned {
		stored.Images = append(stored.Images, pinned(p))
	}
	return stored
}

// Spec returns what was stored.
func (s Spec) Spec() bulk.Spec {
	spec := bulk.Spec{Recipe: s.Recipe, Save: s.Save.Save(), Called: s.Called}
	for _, p := range s.Images {
		spec.Pinned = append(spec.Pinned, bulk.Pinned(p))
	}
	return spec
}

// OfSave returns the stored form.
func OfSave(s bulk.Save) Save {
	return Save{string(s.Target), s.Name, s.Folder, string(s.OnConflict), string(s.OnChanged), s.KeepDates}
}

// Save returns what was stored.
func (s Save) Save() bulk.Save {
	return bulk.Save{
		Target:     bulk.SaveTarget(s.Target),
		Name:       s.Name,
		Folder:     s.Folder,
		OnConflict: bulk.OnConflict(s.OnConflict),
		OnChanged:  bulk.OnChanged(s.OnChanged),
		KeepDates:  s.KeepDates,
	}
}

// OfSource returns the stored form.
func OfSource(s bulk.Source) Source {
	stored := Source{Since: s.Since}
	if f := s.Folder; f != nil {
		stored.Folder = &folder{f.Drive, f.Item, f.Recursive, f.Depth, f.Names, f.Types, f.ChangedSince,
			f.ChangedBefore, f.MinBytes, f.MaxBytes}
	}
	for _, one := range s.Images {
		stored.Images = append(stored.Images, image(one))
	}
	if s.Properties != nil {
		stored.Properties = (*properties)(s.Properties)
	}
	if s.Job != nil {
		stored.Job = &job{s.Job.Job, s.Job.States}
	}
	return stored
}

// Source returns what was stored.
func (s Source) Source() bulk.Source {
	source := bulk.Source{Since: s.Since}
	if f := s.Folder; f != nil {
		source.Folder = &bulk.FolderSource{
			Drive:     f.Drive,
			Item:      f.Item,
			Recursive: f.Recursive,
			FolderFilter: bulk.FolderFilter{
				Depth:         f.Depth,
				Names:         f.Names,
				Types:         f.Types,
				ChangedSince:  f.ChangedSince,
				ChangedBefore: f.ChangedBefore,
				MinBytes:      f.MinBytes,
				MaxBytes:      f.MaxBytes,
			},
		}
	}
	for _, one := range s.Images {
		source.Images = append(source.Images, bulk.ImageRef(one))
	}
	if s.Properties != nil {
		source.Properties = (*bulk.PropertyFilter)(s.Properties)
	}
	if s.Job != nil {
		source.Job = &bulk.JobSource{Job: s.Job.ID, States: s.Job.States}
	}
	return source
}
