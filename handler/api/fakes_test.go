package api_test

import (
	"context"
	"strconv"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/org"
)

var (
	_ bulk.Jobs  = (*world)(nil)
	_ bulk.Items = (*world)(nil)
	_ bulk.Specs = (*world)(nil)
	_ bulk.Queue = (*world)(nil)
)

// organizations is an empty store of organizations that takes every record.
type organizations struct{}

func (organizations) Organization(context.Context, string) (org.Organization, error) {
	return org.Organization{}, fault.New(fault.NotFound, "There is no such organization.", nil)
}
func (organizations) PutOrganization(_ context.Context, o org.Organization) (org.Organization, error) {
	return o, nil
}
func (organizations) PutUser(context.Context, org.User) error { return nil }
func (organizations) Inactive(context.Context, time.Time, func(org.Organization) bool) error {
	return nil
}
func (organizations) DeleteOrganization(context.Context, org.Organization) error { return nil }

type directory struct{ w *world }

func (d directory) Profile(ctx context.Context, _ caller.Caller) (org.Profile, error) {
	return d.w.profile(ctx)
}

func noJob() error { return fault.New(fault.NotFound, "There is no such bulk edit.", nil) }

func (w *world) CreateJob(_ context.Context, j bulk.Job) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, exists := w.jobs[j.Ref]; !exists {
		w.jobs[j.Ref] = j
	}
	return nil
}

func (w *world) Job(_ context.Context, ref bulk.Ref) (bulk.Job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	j, ok := w.jobs[ref]
	if !ok {
		return bulk.Job{}, noJob()
	}
	return j, nil
}

func (w *world) UpdateJob(_ context.Context, j bulk.Job) (bulk.Job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.jobs[j.Ref] = j
	return j, nil
}

func (w *world) RecordPortion(context.Context, bulk.Job, bulk.Portion) (bulk.Job, error) {
	panic("the API does not plan")
}

func (w *world) PlannedFolder(context.Context, bulk.Ref, int) (bulk.ImageRef, error) {
	panic("the API does not plan")
}

func (w *world) Item(context.Context, bulk.Ref, int) (bulk.Item, error) {
	panic("the API does not edit")
}

func (w *world) Intend(context.Context, bulk.Item) (bulk.Item, error) {
	panic("the API does not edit")
}

func (w *world) FinishItem(context.Context, bulk.Item) (int, error) {
	panic("the API does not edit")
}

// ItemsOf pages by index: the cursor is the number of items that were read.
func (w *world) ItemsOf(_ context.Context, ref bulk.Ref, cursor string, limit int) ([]bulk.Item, string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from := 0
	if cursor != "" {
		var err error
		if from, err = strconv.Atoi(cursor); err != nil {
			return nil, "", fault.New(fault.Invalid, "This is no cursor that Image Pro gave.", err).At("cursor")
		}
	}
	all := w.items[ref]
	end := min(len(all), from+limit)
	if end == len(all) {
		return all[from:], "", nil
	}
	return all[from:end], strconv.Itoa(end), nil
}

// PutSpec and PutSource keep what was put first.
func (w *world) PutSpec(_ context.Context, ref bulk.Ref, s bulk.Spec) error {
	if _, kept := w.specs[ref]; !kept {
		w.specs[ref] = s
	}
	return nil
}

func (w *world) Spec(_ context.Context, ref bulk.Ref) (bulk.Spec, error) { return w.specs[ref], nil }

func (w *world) PutSource(_ context.Context, ref bulk.Ref, s bulk.Source) error {
	if _, kept := w.sources[ref]; !kept {
		w.sources[ref] = s
	}
	return nil
}

func (w *world) Source(_ context.Context, ref bulk.Ref) (bulk.Source, error) {
	return w.sources[ref], nil
}

func (w *world) Send(_ context.Context, queue string, message []byte, _ time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, queue+" "+string(message))
	return nil
}
