package tables

import (
	"context"
	"fmt"
	"strings"

	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/org"
)

var _ org.Eraser = (*Store)(nil)

// place is a part of a table that belongs to a scope.
type place struct {
	table  string
	filter string
	kind   func(row keys) erasure.Kind
}

// Erase deletes every record of a scope but its marks, up to a hundred at a time: sessions first, the index of
// bulk edits after what it names.
func (s *Store) Erase(ctx context.Context, scope erasure.Scope, take erasure.Take) error {
	if scope.User != "" {
		return s.eraseUser(ctx, scope, take)
	}
	if err := checkKeys(scope.Tenant); err != nil {
		return err
	}
	for _, p := range []place{
		{sessionsTable, ofTenant(scope.Tenant), always(erasure.Sessions)},
		{bulkTable, ofTenantsJobs(scope.Tenant), kindOfBulk},
		{indexTable, ofTenant(scope.Tenant), always(erasure.Bookkeeping)},
		{tabsTable, ofTenant(scope.Tenant), always(erasure.Tabs)},
		{presetsTable, ofTenant(scope.Tenant), kindOfPreset},
		{usersTable, ofTenant(scope.Tenant), always(erasure.Users)},
	} {
		if err := s.erasePlace(ctx, p, take); err != nil {
			return err
		}
	}
	return nil
}

// eraseUser deletes a user's session and bulk edits.
func (s *Store) eraseUser(ctx context.Context, scope erasure.Scope, take erasure.Take) error {
	if err := checkKeys(scope.Tenant, scope.User); err != nil {
		return err
	}
	session := place{sessionsTable, fmt.Sprintf("PartitionKey eq '%s' and RowKey eq '%s'", scope.Tenant, scope.User), always(erasure.Sessions)}
	if err := s.erasePlace(ctx, session, take); err != nil {
		return err
	}
	refs, err := s.indexed(ctx, scope.Tenant, scope.User, "")
	if err != nil {
		return err
	}
	for _, ref := range refs {
		job := place{bulkTable, fmt.Sprintf("PartitionKey eq '%s'", jobPartition(ref.Ref)), kindOfBulk}
		if err := s.erasePlace(ctx, job, take); err != nil {
			return err
		}
	}
	return s.erasePlace(ctx, place{indexTable, ofUsersJobs(scope.Tenant, scope.User), always(erasure.Bookkeeping)}, take)
}

func always(kind erasure.Kind) func(keys) erasure.Kind {
	return func(keys) erasure.Kind { return kind }
}

// kindOfBulk tells the records of a bulk edit apart; see bulk.go.
func kindOfBulk(row keys) erasure.Kind {
	switch kind, _, _ := strings.Cut(row.RowKey, "_"); kind {
	case jobKey:
		return erasure.BulkEdits
	case "3", "4":
		return erasure.Images
	}
	return erasure.Bookkeeping
}

// kindOfPreset tells the records of presets apart; see tabs.go.
func kindOfPreset(row keys) erasure.Kind {
	if strings.HasPrefix(row.RowKey, presetPrefix) {
		return erasure.Presets
	}
	return erasure.Bookkeeping
}

// The filters select the tenant's partitions and no neighbour's.

func ofTenant(tenant string) string { return fmt.Sprintf("PartitionKey eq '%s'", tenant) }

// ofTenantsJobs selects <tid>_<anything>: ~ sorts behind all that keys hold.
func ofTenantsJobs(tenant string) string {
	return fmt.Sprintf("PartitionKey ge '%[1]s_' and PartitionKey lt '%[1]s_~'", tenant)
}

// erasePlace deletes what is found until nothing is: a planner that was at work may have added records behind
// the listing.
func (s *Store) erasePlace(ctx context.Context, p place, take erasure.Take) error {
	for {
		found, err := s.eraseOnce(ctx, p, take)
		if err != nil || !found {
			return err
		}
	}
}

// eraseOnce deletes what one listing finds, page by page, and reports whether it found anything.
func (s *Store) eraseOnce(ctx context.Context, p place, take erasure.Take) (found bool, err error) {
	q := query{filter: p.filter, columns: []string{"PartitionKey", "RowKey"}}
	err = s.pages(ctx, p.table, q, func(entities [][]byte) (bool, error) {
		var rows []keys
		var records []erasure.Record
		for _, entity := range entities {
			var row keys
			if err := decode(entity, &row); err != nil {
				return false, err
			}
			rows = append(rows, row)
			// One space sorts before all that keys hold, so the texts sort as the keys do.
			records = append(records, erasure.Record{Kind: p.kind(row), Key: row.PartitionKey + " " + row.RowKey})
		}
		if len(rows) == 0 {
			return true, nil
		}
		found = true
		if err := take(ctx, p.table, records); err != nil {
			return false, err
		}
		return true, s.removeAll(ctx, p.table, rows)
	})
	return found, err
}

// removeAll deletes records, those of one partition together.
func (s *Store) removeAll(ctx context.Context, table string, rows []keys) error {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && n < maxTransaction && rows[n].PartitionKey == rows[0].PartitionKey {
			n++
		}
		if err := s.removeTogether(ctx, table, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// removeTogether deletes records of one partition. One that is gone already makes a transaction fail as a
// whole; then they are deleted one by one.
func (s *Store) removeTogether(ctx context.Context, table string, rows []keys) error {
	var t transaction
	for _, row := range rows {
		t.remove(row)
	}
	err := s.submit(ctx, table, t)
	if !fault.Is(err, fault.Conflict) {
		return err
	}
	for _, row := range rows {
		if err := s.remove(ctx, table, row.PartitionKey, row.RowKey, "*"); err != nil {
			return err
		}
	}
	return nil
}
