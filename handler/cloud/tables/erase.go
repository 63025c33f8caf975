package tables

import (
	"context"
	"fmt"

	"imagepro/handler/fault"
	"imagepro/handler/org"
)

var _ org.Eraser = (*Store)(nil)

// tenantTables are what is kept of a tenant beside its organization, in the order in which it is erased:
// sessions first. The filters select the tenant's partitions and no neighbour's.
var tenantTables = [...]struct {
	name   string
	filter func(tenant string) string
}{
	{sessionsTable, ofTenant},
	{bulkTable, ofTenantsJobs},
	{usersTable, ofTenant},
}

func ofTenant(tenant string) string { return fmt.Sprintf("PartitionKey eq '%s'", tenant) }

// ofTenantsJobs selects <tid>_<anything>: ~ sorts behind all that keys hold.
func ofTenantsJobs(tenant string) string {
	return fmt.Sprintf("PartitionKey ge '%[1]s_' and PartitionKey lt '%[1]s_~'", tenant)
}

// Erase deletes every record of a tenant but the organization's own, up to a hundred at a time. It may be
// stopped anywhere and repeated.
func (s *Store) Erase(ctx context.Context, tenant string) error {
	if err := checkKeys(tenant); err != nil {
		return err
	}
	for _, table := range tenantTables {
		q := query{filter: table.filter(tenant), columns: []string{"PartitionKey", "RowKey"}}
		// Until nothing is found: a planner that was at work may have added records behind the listing.
		for {
			found, err := s.eraseOnce(ctx, table.name, q)
			if err != nil {
				return err
			}
			if found == 0 {
				break
			}
		}
	}
	return nil
}

// eraseOnce deletes what the query finds, and returns how many records that were.
func (s *Store) eraseOnce(ctx context.Context, table string, q query) (found int, err error) {
	batch := deletions{store: s, table: table}
	err = s.list(ctx, table, q, func(entity []byte) (bool, error) {
		var row keys
		if err := decode(entity, &row); err != nil {
			return false, err
		}
		found++
		return true, batch.add(ctx, row)
	})
	if err != nil {
		return found, err
	}
	return found, batch.flush(ctx)
}

// deletions gathers records of one partition and deletes them together.
type deletions struct {
	store *Store
	table string
	rows  []keys
}

func (d *deletions) add(ctx context.Context, row keys) error {
	if len(d.rows) == maxTransaction || len(d.rows) > 0 && d.rows[0].PartitionKey != row.PartitionKey {
		if err := d.flush(ctx); err != nil {
			return err
		}
	}
	d.rows = append(d.rows, row)
	return nil
}

// flush deletes what was gathered. One record that is gone already makes a transaction fail as a whole; then
// they are deleted one by one.
func (d *deletions) flush(ctx context.Context) error {
	if len(d.rows) == 0 {
		return nil
	}
	rows := d.rows
	d.rows = nil
	var t transaction
	for _, row := range rows {
		t.remove(row)
	}
	err := d.store.submit(ctx, d.table, t)
	if !fault.Is(err, fault.Conflict) {
		return err
	}
	for _, row := range rows {
		if err := d.store.remove(ctx, d.table, row.PartitionKey, row.RowKey, "*"); err != nil {
			return err
		}
	}
	return nil
}
