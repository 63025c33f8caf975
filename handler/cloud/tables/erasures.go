package tables

import (
	"context"
	"encoding/json"

	"imagepro/handler/erasure"
	"imagepro/handler/org"
)

// Table              PartitionKey  RowKey     one record for
// ImageProErasures   erasure       <erasure>  each erasure; without any ids of its subject once it is done
//
// Queries: an erasure by its id; all of them.

var _ org.Erasures = (*Store)(nil)

const erasurePartition = "erasure"

type erasureRow struct {
	keys
	Tenant  string
	User    string
	Subject string
	Reason  string
	Begun   string
	Marked  string
	Done    string
	Counts  string // JSON object: numbers by kind
	Through string // JSON object: keys by place
}

func rowOfErasure(e org.Erasure) erasureRow {
	counts, _ := json.Marshal(e.Counts) // maps of texts and numbers always marshal
	row := erasureRow{
		keys:    keys{PartitionKey: erasurePartition, RowKey: e.ID},
		Tenant:  e.Scope.Tenant,
		User:    e.Scope.User,
		Subject: string(e.Subject),
		Reason:  e.Reason,
		Begun:   formatTime(e.Begun),
		Marked:  formatTime(e.Marked),
		Done:    formatTime(e.Done),
		Counts:  string(counts),
	}
	if len(e.Through) > 0 {
		through, _ := json.Marshal(e.Through)
		row.Through = string(through)
	}
	return row
}

func (r erasureRow) erasure(etag string) (org.Erasure, error) {
	e := org.Erasure{
		ID:      r.RowKey,
		Scope:   erasure.Scope{Tenant: r.Tenant, User: r.User},
		Subject: org.Subject(r.Subject),
		Reason:  r.Reason,
		Begun:   parseTime(r.Begun),
		Marked:  parseTime(r.Marked),
		Done:    parseTime(r.Done),
		Version: etag,
	}
	if err := decode([]byte(r.Counts), &e.Counts); err != nil {
		return e, err
	}
	if r.Through == "" {
		return e, nil
	}
	return e, decode([]byte(r.Through), &e.Through)
}

// Erasure returns an erasure.
func (s *Store) Erasure(ctx context.Context, id string) (org.Erasure, error) {
	if err := checkKeys(id); err != nil {
		return org.Erasure{}, err
	}
	var row erasureRow
	etag, err := s.get(ctx, erasuresTable, erasurePartition, id, &row)
	if err != nil {
		return org.Erasure{}, err
	}
	return row.erasure(etag)
}

// PutErasure creates the record or replaces the version that was read.
func (s *Store) PutErasure(ctx context.Context, e org.Erasure) (org.Erasure, error) {
	if err := checkKeys(e.ID); err != nil {
		return e, err
	}
	etag, err := s.put(ctx, erasuresTable, e.Version, rowOfErasure(e))
	if err == nil {
		e.Version = etag
	}
	return e, err
}

// DeleteErasure removes the version of the record that was read.
func (s *Store) DeleteErasure(ctx context.Context, e org.Erasure) error {
	if err := checkKeys(e.ID); err != nil {
		return err
	}
	return s.remove(ctx, erasuresTable, erasurePartition, e.ID, e.Version)
}

// EachErasure calls yield for every erasure.
func (s *Store) EachErasure(ctx context.Context, yield func(org.Erasure) bool) error {
	return s.list(ctx, erasuresTable, query{}, func(entity []byte) (bool, error) {
		var row erasureRow
		if err := decode(entity, &row); err != nil {
			return false, err
		}
		e, err := row.erasure(row.ETag)
		return err == nil && yield(e), err
	})
}
