package tables

import (
	"context"
	"fmt"
	"strings"

	"imagepro/handler/bulk"
	"imagepro/handler/fault"
)

// Table                PartitionKey  RowKey        one record for
// ImageProBulkIndex    <tid>         <oid>_<job>   each bulk edit, under its user
// ImageProBulkOpen     <tid>         <oid>_<job>   each of these that may not be final
//
// The records are written before the job itself, so that no job is without them. Queries: the jobs of a user; the open
// ones of a user, of a tenant, and of all.

var _ bulk.Index = (*Store)(nil)

type indexRow struct {
	keys
	CreatedAt string
}

// openRow also holds what the sweeper saw.
type openRow struct {
	indexRow
	Mark   string
	MarkAt string
	Nudges int
	Rests  bool
}

func rowOfIndex(j bulk.Job) indexRow {
	return indexRow{keys{PartitionKey: j.Tenant, RowKey: j.User + "_" + j.Job}, formatTime(j.CreatedAt)}
}

// ofUser selects <oid>_<anything> in the tenant's partition.
func ofUser(tenant, user string) string {
	return fmt.Sprintf("PartitionKey eq '%[1]s' and RowKey ge '%[2]s_' and RowKey lt '%[2]s_~'", tenant, user)
}

// addToIndex indexes a job as open, unless it is there already, closed or not. One that stands in the index without
// a record may have been closed, and is opened again.
func (s *Store) addToIndex(ctx context.Context, j bulk.Job) error {
	if err := checkKeys(j.Tenant, j.User, j.Job); err != nil {
		return err
	}
	_, err := s.create(ctx, indexTable, rowOfIndex(j))
	if fault.Is(err, fault.Conflict) {
		if _, err = s.Job(ctx, j.Ref); !fault.Is(err, fault.NotFound) {
			return err
		}
		err = nil
	}
	if err != nil {
		return err
	}
	return s.upsert(ctx, openTable, openRow{indexRow: rowOfIndex(j)})
}

// CloseJob notes that a job is final, which it stays. One that has no record is closed only if its place in the index
// is as it was read: it may be being submitted. A repeat is no fault.
func (s *Store) CloseJob(ctx context.Context, j bulk.Job) error {
	if err := checkKeys(j.Tenant, j.User, j.Job); err != nil {
		return err
	}
	version := "*"
	if j.State == "" {
		version = j.Version
	}
	row := rowOfIndex(j)
	return s.remove(ctx, openTable, row.PartitionKey, row.RowKey, version)
}

// indexed returns the jobs of a user, or of a tenant, as the index or the table of open ones has them.
func (s *Store) indexed(ctx context.Context, table, tenant, user string) ([]bulk.Job, error) {
	filter := ofTenant(tenant)
	if user != "" {
		filter = ofUser(tenant, user)
	}
	var jobs []bulk.Job
	err := s.list(ctx, table, query{filter: filter}, func(entity []byte) (bool, error) {
		var row indexRow
		if err := decode(entity, &row); err != nil {
			return false, err
		}
		owner, job, _ := strings.Cut(row.RowKey, "_")
		jobs = append(jobs, bulk.Job{
			Ref:       bulk.Ref{Tenant: tenant, Job: job},
			User:      owner,
			CreatedAt: parseTime(row.CreatedAt),
			Version:   row.ETag,
		})
		return true, nil
	})
	return jobs, err
}

// JobsOf returns what the index says of a user's jobs.
func (s *Store) JobsOf(ctx context.Context, tenant, user string) ([]bulk.Job, error) {
	if err := checkKeys(tenant, user); err != nil {
		return nil, err
	}
	return s.indexed(ctx, indexTable, tenant, user)
}

// CountOpen counts the jobs that were not closed, in one request.
func (s *Store) CountOpen(ctx context.Context, tenant, user string) (bulk.OpenCount, error) {
	var count bulk.OpenCount
	if err := checkKeys(tenant, user); err != nil {
		return count, err
	}
	q := query{filter: ofTenant(tenant), columns: []string{"RowKey", "Rests"}}
	err := s.list(ctx, openTable, q, func(entity []byte) (bool, error) {
		var row openRow
		if err := decode(entity, &row); err != nil {
			return false, err
		}
		count.Tenant++
		if strings.HasPrefix(row.RowKey, user+"_") {
			count.User++
		}
		if !row.Rests {
			count.AtWork++
		}
		return true, nil
	})
	return count, err
}

// EachOpen goes through the jobs of all tenants that were not closed.
func (s *Store) EachOpen(ctx context.Context, yield func(bulk.OpenJob) bool) error {
	return s.list(ctx, openTable, query{}, func(entity []byte) (bool, error) {
		var row openRow
		if err := decode(entity, &row); err != nil {
			return false, err
		}
		owner, id, _ := strings.Cut(row.RowKey, "_")
		return yield(bulk.OpenJob{
			Job: bulk.Job{
				Ref:       bulk.Ref{Tenant: row.PartitionKey, Job: id},
				User:      owner,
				CreatedAt: parseTime(row.CreatedAt),
				Version:   row.ETag,
			},
			Mark:   row.Mark,
			MarkAt: parseTime(row.MarkAt),
			Nudges: row.Nudges,
			Rests:  row.Rests,
		}), nil
	})
}

// NoteOpen keeps what the sweeper saw.
func (s *Store) NoteOpen(ctx context.Context, j bulk.OpenJob) error {
	if err := checkKeys(j.Tenant, j.User, j.Ref.Job); err != nil {
		return err
	}
	_, err := s.update(ctx, openTable, j.Version,
		openRow{rowOfIndex(j.Job), j.Mark, formatTime(j.MarkAt), j.Nudges, j.Rests})
	return err
}

// OpenJobs returns the jobs that were not closed; of one that is not there, what the index says.
func (s *Store) OpenJobs(ctx context.Context, tenant, user string) ([]bulk.Job, error) {
	if err := checkKeys(tenant); err != nil {
		return nil, err
	}
	if user != "" {
		if err := checkKeys(user); err != nil {
			return nil, err
		}
	}
	jobs, err := s.indexed(ctx, openTable, tenant, user)
	if err != nil {
		return nil, err
	}
	for i := range jobs {
		job, err := s.Job(ctx, jobs[i].Ref)
		if err == nil {
			jobs[i] = job
		} else if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	return jobs, nil
}
