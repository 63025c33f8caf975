package bulk_test

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	graphclient "imagepro/handler/cloud/graph"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// ahead drives a job, its images one after the other, and returns the most messages of images that were waiting at
// once.
func (k *kit) ahead(job bulk.Job, each func()) int {
	k.t.Helper()
	most := 0
	for range 1000 {
		waiting := 0
		all := k.queue.all()
		// they are sent several at once
		slices.SortStableFunc(all, func(a, b message) int { return numberOf(a) - numberOf(b) })
		for _, m := range all {
			if m.queue == bulk.ItemQueue {
				waiting++
			}
			k.queue.back(m)
		}
		most = max(most, waiting)
		message, ok := k.queue.take()
		if !ok {
			break
		}
		each()
		if err := k.deliver(message); err != nil {
			k.t.Fatal(err)
		}
	}
	if done := k.drive(job.Ref); done.State != bulk.Done {
		k.t.Errorf("the job is %s: %+v", done.State, done)
	}
	return most
}

// numberOf is that of the image which a message is for.
func numberOf(m message) int {
	var item bulk.ItemMessage
	_ = json.Unmarshal(m.body, &item) // 0 of a plan
	return item.N
}

func TestATenantsJobsShareItsWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ window, others, most int }{
		{16, 0, 16}, {16, 1, 8}, {16, 3, 4}, {16, 50, 4}, {1, 0, 1}, {1, 3, 1}, {3, 1, 1}, {7, 0, 7},
	} {
		k := newKit(t)
		k.limits.Window = c.window
		k.open.Store(int64(c.others))
		k.pictures(20)
		if most := k.ahead(k.submit(bulk.Request{Source: k.folder()}), func() {}); most != c.most {
			t.Errorf("a window of %d with %d other jobs: %d messages ahead, want %d", c.window, c.others, most, c.most)
		}
	}
}

func TestAJobGoesOnWhateverItsShareBecomes(t *testing.T) {
	t.Parallel()
	for _, window := range []int{1, 2, 5, 8, 13} {
		k := newKit(t)
		k.limits.Window = window
		k.pictures(30)
		others := []int64{0, 9, 1, 100, 0, 3}
		step := 0
		k.ahead(k.submit(bulk.Request{Source: k.folder()}), func() {
			k.open.Store(others[step%len(others)])
			step++
		})
	}
}

func TestWhoAsksAJobToGoOnTakesNoMoreOfTheWindow(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.limits.Window = 4
	files := k.pictures(30)
	job := k.submit(bulk.Request{Source: k.folder()})
	k.plan()
	for range 5 {
		if _, err := k.service.GoOn(t.Context(), k.who, job.Job); err != nil {
			t.Fatal(err)
		}
	}
	k.deliverUntil(job.Ref, func(j bulk.Job) bool { return j.Counts.Edited == 1 })
	for _, m := range k.queue.all() {
		if m.queue == bulk.PlanQueue {
			if err := k.deliver(m); err != nil {
				t.Fatal(err)
			}
		} else {
			k.queue.back(m)
		}
	}
	if now, err := k.records.Job(t.Context(), job.Ref); err != nil || now.Sent > 2*k.limits.Window {
		t.Errorf("%d images were sent, %v", now.Sent, err)
	}
	if done := k.drive(job.Ref); done.State != bulk.Done || done.Counts.Edited != len(files) {
		t.Errorf("the job is %+v", done)
	}
	k.wantVersions(files, 2)
}

func TestTwoProcessesShareATenantsBudget(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newTenantsUser(t))
	file := k.put("a.jpg", jpegPicture(t, 8, 8))
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	wait := func(by time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(by)
	}
	const budget = 10 // half of it is a unit in twelve seconds: nobody waits so long
	process := func() func() bool {
		peers, err := tables.Open(k.account)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(world.CAPEM)
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
		t.Cleanup(transport.CloseIdleConnections)
		client, err := graphclient.NewClient(graphclient.Options{
			BaseURL:   world.GraphURL,
			Tokens:    k.sessions.(graphclient.Tokens),
			Transport: transport,
			Units:     budget,
			Peers:     peers,
			Loopback:  true,
			Now:       clock,
		})
		if err != nil {
			t.Fatal(err)
		}
		return func() bool {
			_, err := client.File(t.Context(), k.who, k.site.DriveID, file.ID)
			if err != nil && !fault.Is(err, fault.Busy) {
				t.Fatal(err)
			}
			return err == nil
		}
	}
	one, other := process(), process()
	// each is one unit
	own := trouble.Filter{Service: "graph", Path: regexp.MustCompile(regexp.QuoteMeta(k.site.DriveID[2:]))}
	for range 2 { // they hear of each other
		one()
		other()
		wait(31 * time.Second)
	}
	drain := func() {
		for range budget {
			one()
			other()
		}
	}
	drain()
	before := len(world.Trouble.History(own))
	for range 15 { // three minutes
		wait(12 * time.Second) // for a unit of each
		drain()
	}
	if units := len(world.Trouble.History(own)) - before; units != 3*budget {
		t.Errorf("two processes took %d units in three minutes, want %d", units, 3*budget)
	}
}

func TestOnlySoManyJobsGoOnAtOnce(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, newUser(t))
	k.pictures(1)
	service := bulk.NewService(bulk.ServiceOptions{
		Jobs:      k.records,
		Items:     k.records,
		Index:     k.records,
		Specs:     k.specs,
		Queue:     k.queue,
		MaxImages: 10,
		Now:       k.now,
		Library:   k.library,
		Limits:    imaging.DefaultLimits(),
		MaxOpen:   bulk.MaxOpen{Tenant: 100_000, User: 2},
		NewID: func() string {
			return strings.ToLower(rand.Text())
		},
	})
	request := bulk.Request{Source: k.folder(), Recipe: halve, Key: "first"}
	first, err := service.Submit(t.Context(), k.who, request)
	if err != nil {
		t.Fatal(err)
	}
	other := request
	other.Key = ""
	if _, err := service.Submit(t.Context(), k.who, other); err != nil {
		t.Fatal(err)
	}
	_, err = service.Submit(t.Context(), k.who, other)
	if f := fault.From(err); err == nil || f.Kind != fault.TooLarge || f.Limit != fault.LimitOpenBulkEdits ||
		!strings.Contains(f.Message, "2 bulk edits") {
		t.Errorf("one too many: %v", err)
	}
	if again, err := service.Submit(t.Context(), k.who, request); err != nil || again.Job != first.Job {
		t.Errorf("a repeat of one that is there: %v", err)
	}
	neighbour := newUser(t)
	if _, err := service.Submit(t.Context(), caller.Away(neighbour.Tenant, neighbour.ID), other); err != nil {
		t.Errorf("another user: %v", err)
	}
	if _, err := service.End(t.Context(), k.who, first.Job); err != nil {
		t.Fatal(err)
	}
	if _, err := service.Submit(t.Context(), k.who, other); err != nil {
		t.Errorf("after one has ended: %v", err)
	}
}
