package tables

import (
	"context"
	"time"
)

// Table          PartitionKey  RowKey     one record for
// ImageProPeers  <tid>         <process>  each process that has used Graph for the tenant a moment ago
//
// Queries: those of a tenant.

type peerRow struct {
	keys
	At    string
	Pause string
}

const (
	peerLife = 90 * time.Second // how long a process counts that does not come again
	peerRest = 10 * time.Minute // after which its record goes
)

// Here notes that this process uses Graph for a tenant and how long it pauses. It returns how many processes do, and
// the latest end of their pauses.
func (s *Store) Here(ctx context.Context, tenant string, now, pause time.Time) (peers int, until time.Time, err error) {
	if err := checkKeys(tenant); err != nil {
		return 0, until, err
	}
	if err := s.upsert(ctx, peersTable,
		peerRow{keys{PartitionKey: tenant, RowKey: s.process}, formatTime(now), formatTime(pause)}); err != nil {
		return 0, until, err
	}
	var old []keys
	err = s.list(ctx, peersTable, query{filter: ofTenant(tenant)}, func(entity []byte) (bool, error) {
		var row peerRow
		if err := decode(entity, &row); err != nil {
			return false, err
		}
		switch age := now.Sub(parseTime(row.At)); {
		case age < peerLife:
			peers++
			if pause := parseTime(row.Pause); pause.After(until) {
				until = pause
			}
		case age > peerRest:
			old = append(old, row.keys)
		}
		return true, nil
	})
	for _, row := range old {
		if err == nil {
			err = s.remove(ctx, peersTable, row.PartitionKey, row.RowKey, row.ETag)
		}
	}
	return peers, until, err
}
