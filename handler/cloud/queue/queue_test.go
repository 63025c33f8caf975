package queue_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"imagepro/handler/cloud/queue"
	"imagepro/handler/dev/azurite"
	"imagepro/handler/fault"
)

var storage string

func TestMain(m *testing.M) {
	server, err := azurite.Start("")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	storage = server.ConnectionString
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

// open returns the emulator's service and a queue name of the test's own.
func open(t *testing.T) (*queue.Service, string) {
	t.Helper()
	service, err := queue.Open(storage)
	if err != nil {
		t.Fatal(err)
	}
	return service, fmt.Sprintf("q-%d", time.Now().UnixNano())
}

func TestSendCreatesTheQueueAndEncodesTheBody(t *testing.T) {
	t.Parallel()
	service, name := open(t)
	ctx := t.Context()
	if exists, err := service.Exists(ctx, name); err != nil || exists {
		t.Fatalf("Exists before the first message = %v, %v, want false", exists, err)
	}
	body := []byte("{\"id\":\"é\"}")
	if err := service.Send(ctx, name, body, 0); err != nil {
		t.Fatal(err)
	}
	got, err := service.Peek(ctx, name, 1)
	if err != nil || len(got) != 1 {
		t.Fatalf("Peek = %v, %v, want the message", got, err)
	}
	if want := base64.StdEncoding.EncodeToString(body); got[0].Text != want {
		t.Errorf("text on the wire = %q, want %q", got[0].Text, want)
	}
	if decoded, err := got[0].Body(); err != nil || !bytes.Equal(decoded, body) {
		t.Errorf("Body = %q, %v, want what was sent", decoded, err)
	}
	if year := got[0].Expires.Year(); year < 9000 {
		t.Errorf("the message expires in %d, want never", year)
	}
	if err := service.Create(ctx, name); err != nil {
		t.Errorf("Create of a queue that exists = %v, want no error", err)
	}
}

func TestSendTakes48KiBAndNoMore(t *testing.T) {
	t.Parallel()
	service, name := open(t)
	if err := service.Send(t.Context(), name, make([]byte, queue.MaxBody), 0); err != nil {
		t.Errorf("48 KiB: %v", err)
	}
	err := service.Send(t.Context(), name, make([]byte, queue.MaxBody+1), 0)
	if !fault.Is(err, fault.TooLarge) {
		t.Errorf("48 KiB and a byte = %v, want fault.TooLarge", err)
	}
	if n, err := service.ApproximateCount(t.Context(), name); err != nil || n != 1 {
		t.Errorf("the queue holds %d, %v, want the one that fits", n, err)
	}
}

func TestSendDelaysUpToSevenDays(t *testing.T) {
	t.Parallel()
	service, name := open(t)
	for _, delay := range []time.Duration{time.Second, 7 * 24 * time.Hour} {
		if err := service.Send(t.Context(), name, []byte("later"), delay); err != nil {
			t.Errorf("delay %v: %v", delay, err)
		}
	}
	if got, err := service.Peek(t.Context(), name, queue.MaxReceive); err != nil || len(got) != 0 {
		t.Errorf("visible at once: %v, %v, want nothing", got, err)
	}
	for _, delay := range []time.Duration{-time.Second, 7*24*time.Hour + time.Second} {
		if err := service.Send(t.Context(), name, []byte("no"), delay); err == nil {
			t.Errorf("delay %v was taken", delay)
		}
	}
}

func TestRenewKeepsTheTextAndInvalidatesTheOldReceipt(t *testing.T) {
	t.Parallel()
	service, name := open(t)
	ctx := t.Context()
	if err := service.Send(ctx, name, []byte("work"), 0); err != nil {
		t.Fatal(err)
	}
	leased, err := service.Receive(ctx, name, queue.MaxReceive, 10*time.Minute)
	if err != nil || len(leased) != 1 || leased[0].DequeueCount != 1 {
		t.Fatalf("Receive = %+v, %v, want the message, received once", leased, err)
	}
	if left := time.Until(leased[0].NextVisible); left < 9*time.Minute || left > 11*time.Minute {
		t.Errorf("the lease ends in %v, want 10 minutes", left)
	}
	renewed, err := service.Renew(ctx, name, leased[0], 0)
	if err != nil || renewed.PopReceipt == leased[0].PopReceipt {
		t.Fatalf("Renew = %+v, %v, want a new receipt", renewed, err)
	}
	if err := service.Delete(ctx, name, leased[0]); !fault.Is(err, fault.Conflict) {
		t.Errorf("Delete with the old receipt = %v, want fault.Conflict", err)
	}
	again, err := service.Receive(ctx, name, 1, time.Minute)
	if err != nil || len(again) != 1 || again[0].Text != leased[0].Text || again[0].DequeueCount != 2 {
		t.Fatalf("Receive after the release = %+v, %v, want the same text, received twice", again, err)
	}
	if err := service.Delete(ctx, name, again[0]); err != nil {
		t.Fatal(err)
	}
	if err := service.Delete(ctx, name, again[0]); !fault.Is(err, fault.Conflict) {
		t.Errorf("second Delete = %v, want fault.Conflict", err)
	}
}

func TestPutTextCopiesAsItIs(t *testing.T) {
	t.Parallel()
	service, name := open(t)
	if err := service.PutText(t.Context(), name, "not base64 <&>"); err != nil {
		t.Fatal(err)
	}
	got, err := service.Peek(t.Context(), name, 1)
	if err != nil || len(got) != 1 || got[0].Text != "not base64 <&>" {
		t.Fatalf("Peek = %+v, %v, want the text", got, err)
	}
	if _, err := got[0].Body(); err == nil {
		t.Error("Body decodes what is not base64")
	}
	if ttl := got[0].Expires.Sub(got[0].Inserted); ttl != 7*24*time.Hour {
		t.Errorf("time to live = %v, want the service's 7 days", ttl)
	}
}

func TestQueueThatIsMissingIsNotFound(t *testing.T) {
	t.Parallel()
	service, name := open(t)
	if _, err := service.Receive(t.Context(), name, 1, time.Minute); !fault.Is(err, fault.NotFound) {
		t.Errorf("Receive = %v, want fault.NotFound", err)
	}
}

func TestOutagesAreBusyAndRefusalsAreNot(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		answer http.HandlerFunc
		busy   bool
		after  time.Duration
	}{
		{"throttled", refuse(http.StatusTooManyRequests, "1"), true, time.Second},
		{"server busy", refuse(http.StatusServiceUnavailable, "1"), true, time.Second},
		{"connection cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true, 0},
		{"forbidden", refuse(http.StatusForbidden, ""), false, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.answer)
			t.Cleanup(server.Close)
			service, err := queue.Open("AccountName=a;AccountKey=a2V5;QueueEndpoint=" + server.URL + "/a")
			if err != nil {
				t.Fatal(err)
			}
			err = service.Send(t.Context(), "q", []byte("x"), 0)
			if err == nil || fault.Is(err, fault.Busy) != c.busy {
				t.Fatalf("Send = %v, want busy: %v", err, c.busy)
			}
			if got := fault.From(err).RetryAfter; got != c.after {
				t.Errorf("RetryAfter = %v, want %v", got, c.after)
			}
		})
	}
}

func refuse(status int, retryAfter string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(status)
	}
}

func TestEndOfContextIsNoOutage(t *testing.T) {
	t.Parallel()
	service, name := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := service.Send(ctx, name, []byte("x"), 0); !errors.Is(err, context.Canceled) || fault.Is(err, fault.Busy) {
		t.Errorf("Send = %v, want the end of the context", err)
	}
}

// deadIdentity is a credential that cannot get a token.
type deadIdentity struct{}

var errIdentity = errors.New("no managed identity here")

func (deadIdentity) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, errIdentity
}

func TestAccountIsReachedWithTheCredential(t *testing.T) {
	t.Parallel()
	service, err := queue.OpenAccount("https://account.queue.core.windows.net", deadIdentity{})
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Send(t.Context(), "q", []byte("x"), 0); !errors.Is(err, errIdentity) ||
		fault.Is(err, fault.Busy) {
		t.Errorf("Send = %v, want the credential's own error", err)
	}
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	if _, err := queue.Open("UseDevelopmentStorage=true;"); err != nil {
		t.Errorf("UseDevelopmentStorage=true: %v", err)
	}
	for _, bad := range []string{"", "nonsense", "AccountName=a"} {
		if _, err := queue.Open(bad); err == nil || !strings.Contains(err.Error(), "connection string") {
			t.Errorf("Open(%q) = %v, want an error about the connection string", bad, err)
		}
	}
}
