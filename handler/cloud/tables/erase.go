package tables

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"imagepro/handler/fault"
	"imagepro/handler/org"
)

var _ org.Eraser = (*Store)(nil)

// Erase deletes every record of a tenant, up to a hundred at a time. It may be stopped anywhere and repeated.
func (s *Store) Erase(ctx context.Context, tenant string) error {
	if err := checkKeys(tenant); err != nil {
		return err
	}
	// Every partition of the tenant begins with its id; ~ sorts behind all that may follow.
	filter := fmt.Sprintf("PartitionKey ge '%s' and PartitionKey lt '%s~'", tenant, tenant)
	for _, table := range tenantTables {
		batch := deletions{store: s, table: table}
		err := s.list(ctx, table, query{filter: filter, columns: []string{"PartitionKey", "RowKey"}}, func(entity []byte) (bool, error) {
			var row keys
			if err := decode(entity, &row); err != nil {
				return false, err
			}
			return true, batch.add(ctx, row)
		})
		if err != nil {
			return err
		}
		if err := batch.flush(ctx); err != nil {
			return err
		}
	}
	return nil
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
	var actions []aztables.TransactionAction
	for _, row := range rows {
		entity, err := json.Marshal(keys{PartitionKey: row.PartitionKey, RowKey: row.RowKey})
		if err != nil {
			return err
		}
		actions = append(actions, aztables.TransactionAction{ActionType: aztables.TransactionTypeDelete, Entity: entity})
	}
	err := d.store.submit(ctx, d.table, actions)
	if !fault.Is(err, fault.Conflict) {
		return err
	}
	for _, row := range rows {
		if err := d.store.remove(ctx, d.table, row.PartitionKey, row.RowKey, "*"); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// remove deletes the version of a record, or any version if etag is "*".
func (s *Store) remove(ctx context.Context, table, partition, key, etag string) error {
	client, err := s.table(ctx, table)
	if err != nil {
		return err
	}
	match := azcore.ETag(etag)
	_, err = client.DeleteEntity(ctx, partition, key, &aztables.DeleteEntityOptions{IfMatch: &match})
	return faultOf(err)
}
