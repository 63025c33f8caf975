package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/graph"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

// busyService answers for tenants: with a status of each, and a Retry-After.
type busyService struct {
	mu     sync.Mutex
	status map[string]int    // by drive; 200 if it is not there
	after  map[string]string // Retry-After
	calls  map[string]int
	broken map[string]bool // whose connections break
}

func newBusyService() *busyService {
	return &busyService{
		status: map[string]int{},
		after:  map[string]string{},
		calls:  map[string]int{},
		broken: map[string]bool{},
	}
}

// RoundTrip answers for the drive whose id is the tenant's.
func (b *busyService) RoundTrip(r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	drive := strings.Split(r.URL.Path, "/")[3]
	b.calls[drive]++
	if b.broken[drive] {
		return nil, fmt.Errorf("the connection to %s broke", r.URL.Host)
	}
	if status := b.status[drive]; status != 0 {
		return answered(r, status, `{"error":{"code":"activityLimitReached"}}`, "Retry-After", b.after[drive]), nil
	}
	return answered(r, 200, `{"id":"i","name":"n","file":{"mimeType":"image/jpeg"},"cTag":"t","size":1}`), nil
}

// throttled returns a call of one tenant's, by a client of the service.
func throttled(t *testing.T, b *busyService, units int) func(tenant string) error {
	t.Helper()
	return throttledBeside(t, b, units, nil)
}

func throttledBeside(t *testing.T, b *busyService, units int, peers graph.Peers) func(tenant string) error {
	t.Helper()
	client, err := graph.NewClient(graph.Options{
		BaseURL:   "https://graph.example/v1.0",
		Tokens:    &canned{},
		Now:       time.Now,
		Transport: b,
		Units:     units,
		Peers:     peers,
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(tenant string) error {
		_, err := client.Item(context.Background(), caller.Away(tenant, "u"), library.Ref{Drive: tenant, Item: "i"})
		return err
	}
}

func TestAThrottledTenantWaitsAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBusyService()
		call := throttled(t, b, 0)
		b.status["a"], b.after["a"] = 429, "120"
		began := time.Now()
		f := wantFault(t, call("a"), fault.Busy, isBusy)
		if f.RetryAfter != 2*time.Minute || b.calls["a"] != 1 {
			t.Errorf("come again after %v, %d calls", f.RetryAfter, b.calls["a"])
		}
		time.Sleep(20 * time.Second)
		f = wantFault(t, call("a"), fault.Busy, "SharePoint is busy with your organization's requests.")
		if f.RetryAfter != 100*time.Second || b.calls["a"] != 1 || time.Since(began) != 20*time.Second {
			t.Errorf("in the pause: come again after %v, %d calls, %v gone", f.RetryAfter, b.calls["a"],
				time.Since(began))
		}
		if err := call("b"); err != nil {
			t.Errorf("another tenant: %v", err)
		}
		delete(b.status, "a")
		time.Sleep(95 * time.Second) // five are left, which are waited for
		if err := call("a"); err != nil || time.Since(began) < 2*time.Minute || time.Since(began) > 122*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestTheBudgetIsATenantsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBusyService()
		call := throttled(t, b, 60)
		began := time.Now()
		for range 60 {
			if err := call("a"); err != nil {
				t.Fatal(err)
			}
		}
		if time.Since(began) != 0 {
			t.Errorf("the budget of a minute took %v", time.Since(began))
		}
		for range 5 { // one a second from here on
			if err := call("a"); err != nil {
				t.Fatal(err)
			}
		}
		if gone := time.Since(began); gone < 5*time.Second || gone > 7*time.Second {
			t.Errorf("five more took %v", gone)
		}
		before := time.Now()
		if err := call("b"); err != nil || time.Since(before) != 0 {
			t.Errorf("another tenant: %v after %v", err, time.Since(before))
		}
	})
}

func TestWhoWouldWaitTooLongForTheBudgetIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBusyService()
		call := throttled(t, b, 4)
		for range 4 {
			_ = call("a")
		}
		f := wantFault(t, call("a"), fault.Busy, "SharePoint is busy with your organization's requests.")
		if f.RetryAfter != 15*time.Second || b.calls["a"] != 4 {
			t.Errorf("come again after %v, %d calls", f.RetryAfter, b.calls["a"])
		}
	})
}

func TestTheCircuitOpensForOneTenantAndClosesByOneSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBusyService()
		call := throttled(t, b, 0)
		b.broken["a"] = true
		for range 5 { // four tries each
			wantFault(t, call("a"), fault.Busy, "SharePoint cannot be reached.")
		}
		before, at := b.calls["a"], time.Now()
		for range 10 {
			wantFault(t, call("a"), fault.Busy, "SharePoint is busy with your organization's requests.")
		}
		if b.calls["a"] != before || time.Since(at) != 0 || before != 20 {
			t.Errorf("%d calls before, %d after the circuit opened, %v gone", before, b.calls["a"], time.Since(at))
		}
		if err := call("b"); err != nil {
			t.Errorf("another tenant: %v", err)
		}
		time.Sleep(16 * time.Second)
		// its first try failed
		wantFault(t, call("a"), fault.Busy, "SharePoint is busy with your organization's requests.")
		if b.calls["a"] != before+1 {
			t.Errorf("%d further calls, want one", b.calls["a"]-before)
		}
		time.Sleep(16 * time.Second)
		b.broken["a"] = false
		for range 3 {
			if err := call("a"); err != nil {
				t.Errorf("after it came back: %v", err)
			}
		}
	})
}

func TestAllWaitsOfARequestAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBusyService()
		call := throttled(t, b, 0)
		b.status["a"], b.after["a"] = 503, "9"
		began := time.Now()
		if err := call("a"); !fault.Is(err, fault.Busy) || time.Since(began) > 22*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestNobodyWaitsLongForTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBusyService()
		call := throttled(t, b, 60)
		for range 60 {
			_ = call("a")
		}
		var mu sync.Mutex
		var longest time.Duration
		refused := 0
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				at := time.Now()
				err := call("a")
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					refused++
				}
				longest = max(longest, time.Since(at))
			})
		}
		wg.Wait()
		if longest > 10*time.Second || refused != 190 || b.calls["a"] != 70 {
			t.Errorf("the longest wait was %v; %d were refused, %d sent", longest, refused, b.calls["a"])
		}
	})
}

func TestAPauseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBusyService()
		call := throttled(t, b, 0)
		for status, pause := range map[int]time.Duration{500: time.Minute, 429: time.Hour} {
			b.status["a"], b.after["a"] = status, "2147483647"
			_ = call("a")
			delete(b.status, "a")
			time.Sleep(pause - time.Minute/2)
			wantFault(t, call("a"), fault.Busy, "SharePoint is busy with your organization's requests.")
			time.Sleep(time.Minute / 2)
			if err := call("a"); err != nil {
				t.Errorf("%d: after %v: %v", status, pause, err)
			}
		}
	})
}

func TestWhatCostsMoreThanTheBudgetTakesAllOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, err := graph.NewClient(
			graph.Options{
				BaseURL: "https://graph.example/v1.0",
				Tokens:  &canned{},
				Now:     time.Now,
				Units:   19,
				Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					return answered(r, 200, `{"responses":[{"id":"0","status":404}]}`), nil
				}),
			})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Visible(context.Background(), caller.Away("t", "u"),
			[]library.Ref{{Drive: "d", Item: "i"}}); err != nil {
			t.Error(err)
		}
	})
}

// batches returns a client of a service that answers batches: for a file as often as told throttled, then found.
func batches(t *testing.T, throttled map[string]int) (client *graph.Client, asked *[]string) {
	asked = &[]string{}
	client, err := graph.NewClient(
		graph.Options{
			BaseURL: "https://graph.example/v1.0",
			Tokens:  &canned{},
			Now:     time.Now,
			Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				var batch struct{ Requests []struct{ ID, URL string } }
				if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
					t.Error(err)
				}
				var answers, items []string
				for _, one := range batch.Requests {
					item, _, _ := strings.Cut(strings.TrimPrefix(one.URL, "/drives/d/items/"), "?")
					items = append(items, item)
					if throttled[item]--; throttled[item] >= 0 {
						answers = append(answers,
							fmt.Sprintf(
								`{"id":%q,"status":429,"headers":{"Retry-After":"3"},`+
									`"body":{"error":{"code":"TooManyRequests"}}}`, one.ID))
					} else {
						answers = append(answers,
							fmt.Sprintf(
								`{"id":%q,"status":200,"body":{"id":%q,"name":"n","file":{"mimeType":"image/jpeg"},`+
									`"cTag":"t","size":1}}`, one.ID, item))
					}
				}
				*asked = append(*asked, strings.Join(items, " "))
				return answered(r, 200, `{"responses":[`+strings.Join(answers, ",")+`]}`), nil
			}),
		})
	if err != nil {
		t.Fatal(err)
	}
	return client, asked
}

func TestOneThrottledAnswerOfABatchIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, asked := batches(t, map[string]int{"b": 1})
		began := time.Now()
		refs := []library.Ref{{Drive: "d", Item: "a"}, {Drive: "d", Item: "b"}, {Drive: "d", Item: "c"}}
		visible, err := client.Visible(context.Background(), caller.Away("t", "u"), refs)
		if err != nil || len(visible) != 3 || strings.Join(*asked, ", ") != "a b c, b" {
			t.Errorf("%d visible, %v; asked for %q", len(visible), err, *asked)
		}
		if gone := time.Since(began); gone < 3*time.Second || gone > 4*time.Second {
			t.Errorf("asked again after %v", gone)
		}
	})
}

func TestWhatStaysThrottledInABatchIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, asked := batches(t, map[string]int{"b": 99})
		_, err := client.Visible(context.Background(), caller.Away("t", "u"),
			[]library.Ref{{Drive: "d", Item: "a"}, {Drive: "d", Item: "b"}})
		f := wantFault(t, err, fault.Busy, isBusy)
		if f.RetryAfter != 3*time.Second || strings.Join(*asked, ", ") != "a b, b, b, b" {
			t.Errorf("come again after %v; asked for %q", f.RetryAfter, *asked)
		}
	})
}

// sharing is a budget that so many processes share.
type sharing struct {
	n     int
	asked int
	until time.Time // of the latest pause
}

func (s *sharing) Here(_ context.Context, _ string, _, pause time.Time) (int, time.Time, error) {
	s.asked++
	if pause.After(s.until) {
		s.until = pause
	}
	return s.n, s.until, nil
}

func TestAPauseThatOneProcessWasAskedForIsKeptByItsPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBusyService()
		peers := &sharing{n: 2}
		one, other := throttledBeside(t, b, 600, peers), throttledBeside(t, b, 600, peers)
		for _, call := range []func(string) error{one, other} {
			if err := call("a"); err != nil {
				t.Fatal(err)
			}
		}
		b.status["a"], b.after["a"] = 429, "600"
		wantFault(t, one("a"), fault.Busy, isBusy)
		before := b.calls["a"]
		time.Sleep(31 * time.Second) // the time at which they hear of each other
		_ = one("a")
		f := wantFault(t, other("a"), fault.Busy, "SharePoint is busy with your organization's requests.")
		if f.RetryAfter != 569*time.Second || b.calls["a"] != before {
			t.Errorf("come again after %v, %d calls in the pause", f.RetryAfter, b.calls["a"]-before)
		}
		delete(b.status, "a")
		time.Sleep(570 * time.Second)
		if err := other("a"); err != nil {
			t.Errorf("after the pause: %v", err)
		}
	})
}

func TestAPauseOfAPeerIsNotBelievedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := throttledBeside(t, newBusyService(), 600, &sharing{n: 2, until: time.Now().Add(48 * time.Hour)})
		if err := call("a"); err != nil {
			t.Error(err)
		}
	})
}

func TestABudgetIsSharedByTheProcessesThatUseIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for processes, want := range map[int]time.Duration{1: time.Minute, 3: 3 * time.Minute} {
			b, peers := newBusyService(), &sharing{n: processes}
			client, err := graph.NewClient(graph.Options{
				BaseURL:   "https://graph.example/v1.0",
				Tokens:    &canned{},
				Now:       time.Now,
				Transport: b,
				Units:     60,
				Peers:     peers,
			})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			for range 60 + 60 { // the first minute's worth is there at once
				if _, err := client.Item(context.Background(), caller.Away("a", "u"),
					library.Ref{Drive: "a", Item: "i"}); err != nil {
					t.Fatal(err)
				}
			}
			took := time.Since(began)
			if took < want-5*time.Second || took > want+5*time.Second+time.Minute*time.Duration(processes-1) {
				t.Errorf("%d processes: 60 requests beyond the first minute's took %v, want about %v", processes, took,
					want)
			}
			if most := int(took/(30*time.Second)) + 1; peers.asked > most || peers.asked < most-1 {
				t.Errorf("%d processes: asked %d times in %v", processes, peers.asked, took)
			}
		}
	})
}
