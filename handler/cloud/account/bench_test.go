package account_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/dev/azurite"
	"imagepro/handler/tab"
)

// The timer's deadline for one run, as IMAGEPRO_EVENT_DEADLINE is by default.
const eventDeadline = 4*time.Minute + 30*time.Second

// BenchmarkErase erases an organization of 100 000 records and counts the transactions with storage. The goal is
// at most 1.3 for each 100 records, without listing, and no run beyond the timer's deadline:
//
//	go test ./handler/cloud/account -run '^$' -bench Erase -benchtime 1x
func BenchmarkErase(b *testing.B) {
	for b.Loop() {
		benchmarkErase(b)
	}
	b.ReportMetric(0, "ns/op")
}

// benchmarkErase fills a storage of its own, erases the organization in it and reports what that took.
func benchmarkErase(b *testing.B) {
	own, err := azurite.Start("")
	if err != nil {
		b.Fatal(err)
	}
	defer own.Stop()
	var listings, others atomic.Int64
	behind, stop, err := azurite.Behind(own.ConnectionString, "Table", func(
		emulator http.Handler, w http.ResponseWriter, r *http.Request,
	) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "()") {
			listings.Add(1)
		} else {
			others.Add(1)
		}
		emulator.ServeHTTP(w, r)
	})
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	records := crowd(b, openStorage(b, own.ConnectionString), "crowd")
	a := openStorage(b, behind)
	e, err := a.at(b, start).people.EraseOrganization(b.Context(),
		caller.Caller{Tenant: "crowd", User: "u0", Admin: true})
	if err != nil {
		b.Fatal(err)
	}
	listings.Store(0)
	others.Store(0)
	begin, runs, longest := time.Now(), 0, time.Duration(0)
	for now, more := start, true; more; runs++ {
		ctx, cancel := context.WithTimeout(b.Context(), eventDeadline)
		began := time.Now()
		again, err := a.at(b, now).eradicator.Run(ctx, e.ID)
		cancel()
		if err != nil {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(began))
		more, now = again >= 0, now.Add(max(again, 0))
	}
	took := time.Since(begin)
	if longest > eventDeadline {
		b.Errorf("a run took %v, beyond the timer's %v", longest, eventDeadline)
	}
	b.ReportMetric(float64(records), "records")
	b.ReportMetric(float64(runs), "runs")
	b.ReportMetric(longest.Seconds(), "longest-run-s")
	b.ReportMetric(float64(records)/took.Seconds(), "records/s")
	b.ReportMetric(float64(others.Load())*100/float64(records), "transactions/100")
	b.ReportMetric(float64(listings.Load())*100/float64(records), "listings/100")
}

// crowd fills an organization: 1000 users with sessions and tabs, and four bulk edits that hold the rest of
// 100 000 records. It returns how many there are.
func crowd(b *testing.B, a storage, tenant string) int {
	b.Helper()
	p := a.at(b, start)
	group, ctx := errgroup.WithContext(b.Context())
	group.SetLimit(8)
	const users, jobs, portions = 1000, 4, 246
	if err := p.people.Enter(ctx, tenant); err != nil {
		b.Fatal(err)
	}
	for user := range users {
		group.Go(func() error {
			if err := p.signIn(ctx, tenant, fmt.Sprint("u", user)); err != nil {
				return err
			}
			_, err := p.tabs.Create(ctx, caller.Caller{Tenant: tenant}, tab.Config{Title: "t", Site: "s", Drive: "d"})
			return err
		})
	}
	for n := range jobs {
		group.Go(func() error {
			ref := bulk.Ref{Tenant: tenant, Job: fmt.Sprint("j", n)}
			if err := a.records.CreateJob(ctx, bulk.Job{Ref: ref, User: "u0", State: bulk.Running}); err != nil {
				return err
			}
			job, err := a.records.Job(ctx, ref)
			for range portions {
				if err != nil {
					return err
				}
				var items []bulk.Item
				for i := range 99 {
					items = append(items, bulk.Item{
						Ref:   ref,
						N:     job.Planned + i,
						Name:  "a photograph.jpg",
						State: bulk.Edited,
					})
				}
				job, err = a.records.RecordPortion(ctx, job, bulk.Portion{Items: items})
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	return users*3 + jobs*(1+1+bulk.Shares+portions*99)
}
