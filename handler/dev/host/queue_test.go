package host_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/cloud/queue"
	"imagepro/handler/dev/host"
)

func TestMessageIsCalledAsRecordedAndDeletedAfterEmptyObject(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	name := s.queue("Ok", "")
	r := s.start(host.Options{})
	r.await("a poll of the queue that is not there yet", func() bool { return r.log.has("Host started") })
	r.send(name, "hello")
	c := r.awaitCalls("/Ok", 1)[0]
	if c.Method != http.MethodPost || !c.Chunked || c.RawQuery != "" {
		t.Errorf("the call was %+v, want a chunked POST without query", c)
	}
	for header, want := range map[string]string{
		"Content-Type":                   `^application/json; charset=utf-8$`,
		"User-Agent":                     `^Azure-Functions-Host/4\.`,
		"X-Azure-Functions-Hostversion":  `^4\.`,
		"X-Azure-Functions-Invocationid": `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		"Traceparent":                    `^00-[0-9a-f]{32}-[0-9a-f]{16}-00$`,
	} {
		if got := c.Header.Get(header); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("header %s = %q, want %s", header, got, want)
		}
	}
	var body struct{ Data, Metadata map[string]json.RawMessage }
	if err := json.Unmarshal([]byte(c.Body), &body); err != nil {
		t.Fatal(err)
	}
	if got := string(body.Data["msg"]); got != `"\"hello\""` {
		t.Errorf("Data.msg = %s, want the text encoded twice", got)
	}
	if got := string(body.Metadata["DequeueCount"]); got != `"1"` {
		t.Errorf("DequeueCount = %s, want a number as text", got)
	}
	var leased time.Time
	if err := json.Unmarshal(body.Metadata["NextVisibleTime"], &leased); err != nil ||
		time.Until(leased) < 9*time.Minute {
		t.Errorf("NextVisibleTime = %v, %v, want the end of a lease of 10 minutes", leased, err)
	}
	r.awaitCount("Ok", host.Count{Started: 1, Succeeded: 1})
	r.await("an empty queue", func() bool { return r.count(name) == 0 })
}

func TestAnswerDecidesWhetherAnInvocationSucceeds(t *testing.T) {
	t.Parallel()
	succeeds := []string{"Ok", "Created", "Logs"}
	fails := []string{"Text", "Fail", "NoContent", "Empty", "Null", "Broken", "List"}
	s := newSite(t, map[string]any{"extensions.queues.visibilityTimeout": "00:05:00"})
	queues := map[string]string{}
	for _, name := range append(succeeds, fails...) {
		queues[name] = s.queue(name, "")
	}
	r := s.start(host.Options{})
	for _, name := range queues {
		r.send(name, "x")
	}
	for _, name := range succeeds {
		r.awaitCount(name, host.Count{Started: 1, Succeeded: 1})
	}
	for _, name := range fails {
		r.awaitCount(name, host.Count{Started: 1, Failed: 1})
		if n := r.count(queues[name]); n != 1 {
			t.Errorf("the message of %s is gone", name)
		}
	}
	for _, name := range []string{"NoContent", "Empty", "Null"} {
		if !regexp.MustCompile(`level=ERROR .*function=` + name +
			` .*NO ANSWER.* waits for functionTimeout`).MatchString(r.log.String()) {
			t.Errorf("no loud error says that %s would hang", name)
		}
	}
	if !regexp.MustCompile(`level=INFO msg="from the answer" function=Logs invocation=`).MatchString(r.log.String()) {
		t.Error("Logs of the answer are not in the log")
	}
}

func TestFailedMessageComesBackAfterVisibilityTimeout(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"extensions.queues.visibilityTimeout": "00:00:02"})
	name := s.queue("Fail", "")
	r := s.start(host.Options{})
	r.send(name, "x")
	calls := r.awaitCalls("/Fail", 2)
	if gap := calls[1].At.Sub(calls[0].At); gap < 1500*time.Millisecond || gap > 10*time.Second {
		t.Errorf("the message came back after %v, want 2 s: neither at once nor after the lease of 10 minutes", gap)
	}
}

func TestFifthFailureMovesTheMessageToPoison(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	name := s.queue("Fail", "")
	r := s.start(host.Options{})
	r.send(name, `{"id":1}`)
	r.await("the poison copy", func() bool { return r.count(name+"-poison") == 1 && r.count(name) == 0 })
	var counts []string
	for _, c := range r.calls("/Fail") {
		counts = append(counts, regexp.MustCompile(`"DequeueCount":"\d+"`).FindString(c.Body))
	}
	want := []string{`"DequeueCount":"1"`, `"DequeueCount":"2"`, `"DequeueCount":"3"`, `"DequeueCount":"4"`,
		`"DequeueCount":"5"`}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("the calls before poison (-want +got):\n%s", diff)
	}
	poison, err := r.service.Peek(t.Context(), name+"-poison", 1)
	if err != nil || len(poison) != 1 {
		t.Fatal(poison, err)
	}
	if body, err := poison[0].Body(); err != nil || string(body) != `{"id":1}` {
		t.Errorf("the poison copy says %q, %v", body, err)
	}
}

func TestMessageThatCameTooOftenIsNotCalled(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"extensions.queues.maxDequeueCount": 2})
	name := s.queue("Ok", "")
	service, err := queue.Open(storage)
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Send(t.Context(), name, []byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := service.Receive(t.Context(), name, 1, time.Minute)
		if err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		if _, err := service.Renew(t.Context(), name, got[0], 0); err != nil {
			t.Fatal(err)
		}
	}
	r := s.start(host.Options{})
	r.await("the poison copy", func() bool { return r.count(name+"-poison") == 1 && r.count(name) == 0 })
	if got := r.Invocations()["Ok"]; got != (host.Count{}) {
		t.Errorf("the function was invoked: %+v", got)
	}
}

func TestMessageThatIsNotBase64GoesToPoisonUncalled(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	name := s.queue("Ok", "")
	r := s.start(host.Options{})
	if err := r.service.PutText(t.Context(), name, "not base64!"); err != nil {
		t.Fatal(err)
	}
	r.await("the poison copy", func() bool { return r.count(name+"-poison") == 1 && r.count(name) == 0 })
	poison, err := r.service.Peek(t.Context(), name+"-poison", 1)
	if err != nil || len(poison) != 1 || poison[0].Text != "not base64!" {
		t.Errorf("the poison copy is %+v, %v, want the text as it was", poison, err)
	}
	if got := r.Invocations()["Ok"]; got != (host.Count{}) {
		t.Errorf("the function was invoked: %+v", got)
	}
}

func TestMessageEncodingNoneTakesTheTextAsItIs(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"extensions.queues.messageEncoding": "none"})
	name := s.queue("Ok", "")
	binary := s.queue("OkBytes", `,"dataType":"binary"`)
	r := s.start(host.Options{})
	for _, name := range []string{name, binary} {
		if err := r.service.PutText(t.Context(), name, "plain!"); err != nil {
			t.Fatal(err)
		}
	}
	if body := r.awaitCalls("/Ok", 1)[0].Body; !strings.Contains(body, `"msg":"\"plain!\""`) {
		t.Errorf("the call has %s, want the text", body)
	}
	if body := r.awaitCalls("/OkBytes", 1)[0].Body; !strings.Contains(body, `"msg":"cGxhaW4h"`) {
		t.Errorf("the call has %s, want base64 in one level of quotes", body)
	}
}

func TestPoisonQueueHasNoPoisonQueueAndNoQuickRetries(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"extensions.queues.maxDequeueCount": 1})
	name := fmt.Sprintf("q%d-poison", time.Now().UnixNano())
	s.function("Fail", fmt.Sprintf(`{"type":"queueTrigger","name":"msg","queueName":%q}`, name))
	r := s.start(host.Options{Lease: 2 * time.Second})
	r.send(name, "x")
	calls := r.awaitCalls("/Fail", 2)
	if gap := calls[1].At.Sub(calls[0].At); gap < 1500*time.Millisecond {
		t.Errorf("the message came back after %v, want only when its lease ended", gap)
	}
	if exists, err := r.service.Exists(t.Context(), name+"-poison"); err != nil || exists {
		t.Errorf("a poison queue of the poison queue exists: %v, %v", exists, err)
	}
}

func TestLeaseIsRenewedWhileTheFunctionRuns(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	name := s.queue("Slow", "")
	r := s.start(host.Options{Lease: 2 * time.Second, Renewal: time.Second})
	r.send(name, "x")
	r.await("three renewals", func() bool { return strings.Count(r.log.String(), "Lease renewed") >= 3 })
	r.do("POST", "/api/release", "")
	r.awaitCount("Slow", host.Count{Started: 1, Succeeded: 1})
	r.await("an empty queue", func() bool { return r.count(name) == 0 })
}

func TestLostLeaseIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	name := s.queue("Slow", "")
	r := s.start(host.Options{Lease: 10 * time.Second, Renewal: time.Second})
	r.send(name, "x")
	var sent struct {
		Metadata struct{ ID, PopReceipt string }
	}
	if err := json.Unmarshal([]byte(r.awaitCalls("/Slow", 1)[0].Body), &sent); err != nil {
		t.Fatal(err)
	}
	stolen := queue.Message{ID: strings.Trim(sent.Metadata.ID, `"`),
		PopReceipt: strings.Trim(sent.Metadata.PopReceipt, `"`)}
	if err := r.service.Delete(t.Context(), name, stolen); err != nil {
		t.Fatal(err)
	}
	r.await("the loss to be seen", func() bool { return r.log.has("The lease is lost") })
	r.do("POST", "/api/release", "")
	r.await("the end of the invocation", func() bool { return r.log.has("The message could not be settled") })
	if got := r.Invocations()["Slow"]; got != (host.Count{Started: 1, Succeeded: 1}) {
		t.Errorf("counts are %+v", got)
	}
}

func TestMessageOfACrashedHandlerIsCalledAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	name := s.queue("Slow", "")
	r := s.start(host.Options{})
	r.send(name, "x")
	first := r.awaitCalls("/Slow", 1)[0]
	if first.PID != r.HandlerPID() {
		t.Fatalf("HandlerPID = %d, want %d", r.HandlerPID(), first.PID)
	}
	if err := syscall.Kill(first.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	second := r.awaitCalls("/Slow", 2)[1]
	if second.PID == first.PID || second.Host != first.Host {
		t.Errorf("called again in process %d at %s, want another process than %d and the same port as %s", second.PID,
			second.Host, first.PID, first.Host)
	}
	r.do("POST", "/api/release", "")
	r.awaitCount("Slow", host.Count{Started: 2, Succeeded: 1, Failed: 1})
}

func TestBatchSizeAndThresholdBoundWhatRunsAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"extensions.queues.batchSize": 2, "extensions.queues.newBatchThreshold": 2})
	s.everything()
	slow, ok := s.queue("Slow", ""), s.queue("Ok", "")
	for range 5 { // before the start, so that each poll finds a full batch
		s.send(slow, "x")
	}
	r := s.start(host.Options{})
	r.awaitCalls("/Slow", 4)
	r.send(ok, "x")
	r.awaitCount("Ok", host.Count{Started: 1, Succeeded: 1})
	if got := r.Invocations()["Slow"].Started; got != 4 {
		t.Errorf("%d run at once, want batchSize + newBatchThreshold", got)
	}
	r.do("POST", "/api/release", "")
	r.awaitCount("Slow", host.Count{Started: 5, Succeeded: 5})
}

func TestStopWaitsForRunningInvocations(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	name := s.queue("Slow", "")
	r := s.start(host.Options{})
	r.send(name, "x")
	c := r.awaitCalls("/Slow", 1)[0]
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		r.Stop()
	}()
	r.await("the public port to close", func() bool {
		_, _, err := r.try("GET", "/", "")
		return err != nil
	})
	select {
	case <-stopped:
		t.Fatal("Stop did not wait")
	default:
	}
	response, err := http.Post("http://"+c.Host+"/api/release", "", nil)
	if err == nil { // or the handler was stopped before it answered this, as the invocation was over
		_ = response.Body.Close()
	}
	<-stopped
	if got := r.Invocations()["Slow"]; got.Succeeded != 1 {
		t.Errorf("counts are %+v, want a success", got)
	}
	if n := r.count(name); n != 0 {
		t.Errorf("the message of the finished invocation is still there")
	}
}

func TestStopCutsOffWhatDoesNotEndAndLeavesItsMessageLeased(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	name := s.queue("Slow", "")
	r := s.start(host.Options{Drain: 100 * time.Millisecond})
	r.send(name, "x")
	r.awaitCalls("/Slow", 1)
	r.Stop()
	if err := r.Err(); err != nil {
		t.Errorf("Err after Stop = %v", err)
	}
	visible, err := r.service.Peek(t.Context(), name, 1)
	if err != nil || len(visible) != 0 || r.count(name) != 1 {
		t.Errorf("visible %v, %v, in all %d, want one message under its lease", visible, err, r.count(name))
	}
}
