package tables_test

import (
	"slices"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"imagepro/handler/bulk"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
)

// openJobs returns the ids of open jobs, with their states.
func openJobs(t *testing.T, s bulk.Index, tenant, user string) []string {
	t.Helper()
	jobs, err := s.OpenJobs(t.Context(), tenant, user)
	must(t, err)
	var found []string
	for _, job := range jobs {
		found = append(found, job.User+" "+job.Job+" "+string(job.State))
	}
	slices.Sort(found)
	return found
}

func TestTheIndexKnowsTheOpenJobsOfAUserAndOfATenant(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	for _, job := range []struct{ tenant, user, id string }{
		{tenant, "u", "1"}, {tenant, "u", "2"}, {tenant, "u-", "3"}, {tenant, "v", "4"}, {tenant + "0", "u", "5"},
	} {
		must(
			t, s.CreateJob(ctx, bulk.Job{
				Ref:       bulk.Ref{Tenant: job.tenant, Job: job.id},
				User:      job.user,
				State:     bulk.Planning,
				CreatedAt: noon,
			}))
	}
	if got, want := openJobs(t, s, tenant, "u"), []string{"u 1 planning", "u 2 planning"}; !slices.Equal(got, want) {
		t.Errorf("open jobs of the user: %q, want %q", got, want)
	}
	if got, want := openJobs(t, s, tenant, ""),
		[]string{"u 1 planning", "u 2 planning", "u- 3 planning", "v 4 planning"}; !slices.Equal(got, want) {
		t.Errorf("open jobs of the tenant: %q, want %q", got, want)
	}
	job, err := s.Job(ctx, bulk.Ref{Tenant: tenant, Job: "1"})
	must(t, err)
	must(t, s.CloseJob(ctx, job))
	must(t, s.CreateJob(ctx, job)) // a repeat does not open it again
	if got, want := openJobs(t, s, tenant, "u"), []string{"u 2 planning"}; !slices.Equal(got, want) {
		t.Errorf("open jobs after one was closed: %q, want %q", got, want)
	}
	must(t, s.Erase(ctx, erasure.Scope{Tenant: tenant}, true, uncounted))
	must(t, s.CloseJob(ctx, job)) // gone is no fault
	if left := stored(t, "ImageProBulkIndex", tenant); len(left) != 1 {
		t.Errorf("left: %v, want the neighbour's", left)
	}
}

func TestUnfinishedAreTheImagesWithoutAResult(t *testing.T) {
	t.Parallel()
	s, job := newJob(t, 12)
	ctx := t.Context()
	for _, n := range []int{0, 3, 11} {
		item, err := s.Item(ctx, job.Ref, n)
		must(t, err)
		item.State = bulk.Edited
		_, err = s.FinishItem(ctx, item)
		must(t, err)
	}
	got, err := s.Unfinished(ctx, job.Ref, 7)
	if want := []int{1, 2, 4, 5, 6}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Unfinished = %v, %v, want %v", got, err, want)
	}
}

func TestOpenJobsAreCountedByTenantAndUserAndThoseAtWork(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	for _, job := range []struct{ user, id string }{{"u", "1"}, {"u", "2"}, {"u-", "3"}, {"v", "4"}} {
		must(
			t, s.CreateJob(ctx, bulk.Job{
				Ref:       bulk.Ref{Tenant: tenant, Job: job.id},
				User:      job.user,
				State:     bulk.Planning,
				CreatedAt: noon,
			}))
	}
	var first bulk.OpenJob
	must(t, s.EachOpen(ctx, func(j bulk.OpenJob) bool {
		if j.Tenant == tenant && j.Ref.Job == "1" {
			first = j
		}
		return true
	}))
	first.Rests = true
	must(t, s.NoteOpen(ctx, first))
	if got, err := s.CountOpen(ctx, tenant, "u"); err != nil || got != (bulk.OpenCount{Tenant: 4, User: 2, AtWork: 3}) {
		t.Errorf("CountOpen = %+v, %v", got, err)
	}
}

// A client that repeats a submission with its key an hour later gives the job its record then, while a sweep, or a
// visit, takes the place in the index for an orphan.
func TestAJobThatIsJustBeingSubmittedIsNotClosed(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	job := bulk.Job{Ref: bulk.Ref{Tenant: tenant, Job: "1"}, User: "u", State: bulk.Planning, CreatedAt: noon}
	must(t, s.CreateJob(ctx, job))
	service, err := aztables.NewServiceClientFromConnectionString(storage, nil)
	must(t, err)
	_, err = service.NewClient("ImageProBulkEdits").DeleteEntity(ctx, tenant+"_1", "0", nil)
	must(t, err)
	orphans, err := s.OpenJobs(ctx, tenant, "u")
	if err != nil || len(orphans) != 1 || orphans[0].State != "" {
		t.Fatalf("open jobs are %+v, %v", orphans, err)
	}
	var swept bulk.OpenJob
	must(t, s.EachOpen(ctx, func(o bulk.OpenJob) bool {
		if o.Ref == job.Ref {
			swept = o
		}
		return true
	}))
	must(t, s.CreateJob(ctx, job)) // the repeat
	for who, orphan := range map[string]bulk.Job{"a visit": orphans[0], "a sweep": swept.Job} {
		wantKind(t, who+" closes it", s.CloseJob(ctx, orphan), fault.Conflict)
	}
	orphans, err = s.OpenJobs(ctx, tenant, "u")
	must(t, err)
	orphans[0].State = bulk.Done
	must(t, s.CloseJob(ctx, orphans[0])) // a final job is closed whatever the index says
}
