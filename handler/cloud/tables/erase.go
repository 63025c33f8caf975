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

// Erase deletes every record of a scope but its marks, up to a hundred at a time, sessions first. The index of a
// user's bulk edits is how those are found, so it goes at the last only: one that is just being made stands in it
// before it is there itself. What a user has said of pictures is their organization's, and stays without their id.
func (s *Store) Erase(ctx context.Context, scope erasure.Scope, last bool, ledger erasure.Ledger) error {
	places, err := s.placesOf(ctx, scope)
	if err != nil {
		return err
	}
	if scope.User != "" && last {
		for _, table := range []string{openTable, indexTable} {
			places = append(places, place{table, ofUser(scope.Tenant, scope.User), always(erasure.Bookkeeping)})
		}
	}
	for _, p := range places {
		if err := s.erasePlace(ctx, p, ledger); err != nil {
			return err
		}
	}
	if scope.User != "" && last {
		return s.forget(ctx, scope.Tenant, scope.User, ledger)
	}
	return nil
}

// placesOf returns where the records of a scope lie, all but the index of a user's bulk edits.
func (s *Store) placesOf(ctx context.Context, scope erasure.Scope) ([]place, error) {
	if err := checkKeys(scope.Tenant); err != nil {
		return nil, err
	}
	if scope.User == "" {
		return []place{
			{sessionsTable, ofTenant(scope.Tenant), always(erasure.Sessions)},
			{bulkTable, ofTenantsJobs(scope.Tenant), kindOfBulk},
			{openTable, ofTenant(scope.Tenant), always(erasure.Bookkeeping)},
			{indexTable, ofTenant(scope.Tenant), always(erasure.Bookkeeping)},
			{schedulesTable, ofTenant(scope.Tenant), always(erasure.Schedules)},
			{peersTable, ofTenant(scope.Tenant), always(erasure.Bookkeeping)},
			{tabsTable, ofTenant(scope.Tenant), always(erasure.Tabs)},
			{presetsTable, ofTenant(scope.Tenant), kindOfPreset},
			{imagesTable, ofTenant(scope.Tenant), always(erasure.Properties)},
			{usersTable, ofTenant(scope.Tenant), always(erasure.Users)},
		}, nil
	}
	if err := checkKeys(scope.User); err != nil {
		return nil, err
	}
	places := []place{
		{sessionsTable, ofTenant(scope.Tenant) + fmt.Sprintf(" and RowKey eq '%s'", scope.User),
			always(erasure.Sessions)}}
	places = append(places, place{schedulesTable, ofUser(scope.Tenant, scope.User), always(erasure.Schedules)})
	jobs, err := s.indexed(ctx, indexTable, scope.Tenant, scope.User)
	for _, job := range jobs {
		places = append(places,
			place{bulkTable, fmt.Sprintf("PartitionKey eq '%s'", jobPartition(job.Ref)), kindOfBulk})
	}
	return places, err
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
func (s *Store) erasePlace(ctx context.Context, p place, ledger erasure.Ledger) error {
	for {
		found, kept, err := s.eraseOnce(ctx, p, ledger)
		if err == nil && found && !kept {
			err = ledger.Gone(ctx, p.table)
		}
		if err != nil || !found {
			return err
		}
	}
}

// eraseOnce deletes what one listing finds, page by page. It reports whether it found anything, and whether some
// of that was kept because it was changed after it was listed.
func (s *Store) eraseOnce(ctx context.Context, p place, ledger erasure.Ledger) (found, kept bool, err error) {
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
		if err := ledger.Take(ctx, p.table, records); err != nil {
			return false, err
		}
		some, err := s.removeAll(ctx, p.table, rows)
		kept = kept || some
		return true, err
	})
	return found, kept, err
}

// removeAll deletes the versions that were listed, those of one partition together. It reports whether records
// were kept because they had changed: whoever erases may have been overtaken, and those be of somebody who came
// back.
func (s *Store) removeAll(ctx context.Context, table string, rows []keys) (kept bool, err error) {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && n < maxTransaction && rows[n].PartitionKey == rows[0].PartitionKey {
			n++
		}
		some, err := s.removeTogether(ctx, table, rows[:n])
		if err != nil {
			return kept, err
		}
		kept = kept || some
		rows = rows[n:]
	}
	return kept, nil
}

// removeTogether deletes records of one partition. One that was changed or is gone makes a transaction fail as a
// whole; then they are deleted one by one.
func (s *Store) removeTogether(ctx context.Context, table string, rows []keys) (kept bool, err error) {
	var t transaction
	for _, row := range rows {
		t.removeVersion(row.ETag, row)
	}
	if err := s.submit(ctx, table, t); !fault.Is(err, fault.Conflict) {
		return false, err
	}
	for _, row := range rows {
		err := s.remove(ctx, table, row.PartitionKey, row.RowKey, row.ETag)
		switch {
		case fault.Is(err, fault.Conflict):
			kept = true
		case err != nil:
			return kept, err
		}
	}
	return kept, nil
}
