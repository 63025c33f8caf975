package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"imagepro/handler/cloud/queue"
	"imagepro/handler/fault"
)

// listener invokes a function for each message of a queue.
type listener struct {
	host    *Host
	f       *function
	service *queue.Service
	config  queueConfig
	poison  string // "" if the queue has no poison queue
	log     *slog.Logger

	running sync.WaitGroup
	places  *places
}

const (
	poisonSuffix = "-poison"
	longestQueue = 63
	firstPause   = 100 * time.Millisecond
	renewalFloor = time.Minute
)

func newListener(h *Host, f *function) (*listener, error) {
	open := f.queue.identity.open
	if f.queue.connection != "" {
		open = func() (*queue.Service, error) { return queue.Open(f.queue.connection) }
	}
	service, err := open()
	if err != nil {
		return nil, fmt.Errorf("host: function %s: %w", f.name, err)
	}
	l := &listener{
		host:    h,
		f:       f,
		service: service,
		config:  h.app.config.queues,
		places:  newPlaces(),
		log:     h.log.With("function", f.name, "queue", f.queue.queue),
	}
	if name := f.queue.queue; !strings.HasSuffix(name, poisonSuffix) && len(name)+len(poisonSuffix) <= longestQueue {
		l.poison = name + poisonSuffix
	}
	return l, nil
}

// run polls until polling ends and waits for the messages that are being worked on.
func (l *listener) run(polling, working context.Context) {
	defer l.running.Wait()
	pauses := backoff{max: l.config.maxPolling, random: rand.Float64}
	exists := false
	for polling.Err() == nil {
		found := false
		messages, err := l.receive(polling, &exists)
		if err != nil {
			l.log.Error("Polling failed", "error", err)
		}
		for _, m := range messages {
			found = true
			l.places.take()
			l.running.Go(func() {
				defer l.places.release()
				l.work(working, m)
			})
		}
		if found {
			pauses.reset()
			l.places.wait(polling, l.config.newBatchThreshold)
			continue
		}
		select {
		case <-polling.Done():
		case <-time.After(pauses.next()):
		}
	}
}

// receive leases the next batch. A queue that does not exist is empty: the trigger does not create it. A
// request under way is not cut off when polling ends, or else its messages would be leased by nobody.
func (l *listener) receive(polling context.Context, exists *bool) ([]queue.Message, error) {
	ctx, cancel := detached(polling)
	defer cancel()
	if !*exists {
		found, err := l.service.Exists(ctx, l.f.queue.queue)
		if err != nil || !found {
			return nil, err
		}
		*exists = true
	}
	messages, err := l.service.Receive(ctx, l.f.queue.queue, l.config.batchSize, l.host.options.Lease)
	if fault.Is(err, fault.NotFound) {
		*exists = false
		return nil, nil
	}
	return messages, err
}

// work handles one message: to the poison queue if it came too often or cannot be decoded, and else to the
// function. Afterwards the message is deleted, released or poisoned even if the host is stopping, except if
// that stop cut the invocation off: then it is left to its lease.
func (l *listener) work(working context.Context, m queue.Message) {
	if m.DequeueCount > l.config.maxDequeue && l.poison != "" {
		l.log.Error("The message came too often", "message", m.ID, "dequeue_count", m.DequeueCount)
		l.settle(working, m, l.toPoison)
		return
	}
	body, err := l.decode(m)
	if err != nil {
		l.log.Error("The message cannot be decoded", "message", m.ID, "error", err)
		l.settle(working, m, l.toPoison)
		return
	}
	lease := l.keep(m)
	err = l.host.invoke(working, l.f, func(ctx context.Context, in invocation) error {
		_, err := l.host.call(ctx, in, queuePayload(l.f, body, messageMetadata(l.f, m)), "")
		return err
	})
	m = lease.stop()
	switch {
	case err == nil:
		l.settle(working, m, l.delete)
	case working.Err() != nil, errors.Is(err, errStopping), l.poison == "":
	case m.DequeueCount < l.config.maxDequeue:
		l.settle(working, m, l.release)
	default:
		l.log.Error("The message failed too often", "message", m.ID, "dequeue_count", m.DequeueCount)
		l.settle(working, m, l.toPoison)
	}
}

func (l *listener) decode(m queue.Message) ([]byte, error) {
	if !l.config.base64 {
		return []byte(m.Text), nil
	}
	return m.Body()
}

// toPoison copies the message as it is to the poison queue, as a new message, and deletes it.
func (l *listener) toPoison(ctx context.Context, m queue.Message) error {
	if l.poison == "" {
		return nil
	}
	if err := l.service.PutText(ctx, l.poison, m.Text); err != nil {
		return err
	}
	return l.delete(ctx, m)
}

func (l *listener) delete(ctx context.Context, m queue.Message) error {
	return l.service.Delete(ctx, l.f.queue.queue, m)
}

// release makes the message visible again after visibilityTimeout.
func (l *listener) release(ctx context.Context, m queue.Message) error {
	_, err := l.service.Renew(ctx, l.f.queue.queue, m, l.config.visibility)
	return err
}

// settle deletes, releases or moves a message, even if the host is stopping. If that fails, the message
// comes again when its lease ends.
func (l *listener) settle(working context.Context, m queue.Message, how func(context.Context, queue.Message) error) {
	ctx, cancel := detached(working)
	defer cancel()
	if err := how(ctx, m); err != nil {
		l.log.Error("The message could not be settled", "message", m.ID, "error", err)
	}
}

// detached returns a context for one request to the service that has to be answered whether ctx ends or
// not, within ten seconds.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
}

// lease keeps a message invisible while its invocation runs.
type lease struct {
	end     context.CancelFunc
	message chan queue.Message
}

// keep starts to renew the lease of a message.
func (l *listener) keep(m queue.Message) lease {
	ctx, cancel := context.WithCancel(context.Background())
	kept := lease{end: cancel, message: make(chan queue.Message, 1)}
	go func() { kept.message <- l.renew(ctx, m) }()
	return kept
}

// stop ends the renewal and returns the message with its present pop receipt.
func (k lease) stop() queue.Message {
	k.end()
	return <-k.message
}

// renew renews until ctx ends or the message is in other hands. After an outage it tries again sooner.
func (l *listener) renew(ctx context.Context, m queue.Message) queue.Message {
	usual := l.host.options.Renewal
	wait := usual
	for {
		select {
		case <-ctx.Done():
			return m
		case <-time.After(wait):
		}
		// A renewal that is cut off would leave the receipt unknown.
		request, cancel := detached(ctx)
		renewed, err := l.service.Renew(request, l.f.queue.queue, m, l.host.options.Lease)
		cancel()
		switch {
		case err == nil:
			m, wait = renewed, usual
			l.log.Debug("Lease renewed", "message", m.ID)
		case fault.Is(err, fault.Busy):
			wait = min(wait, max(wait/2, renewalFloor))
			l.log.Warn("Lease not renewed", "message", m.ID, "error", err)
		default:
			l.log.Error("The lease is lost", "message", m.ID, "error", err)
			return m
		}
	}
}

// queuePayload is the JSON call for a message. Its body is text, or base64 if the binding asks for bytes.
func queuePayload(f *function, body []byte, m metadata) payload {
	text := strings.ToValidUTF8(string(body), "\uFFFD")
	m.merge(text)
	data := encode(text)
	if f.queue.binary {
		data = encode(body)
	}
	return payload{Data: map[string]json.RawMessage{f.binding: data}, Metadata: m.encode()}
}

func messageMetadata(f *function, m queue.Message) metadata {
	data := newMetadata(f, time.Now())
	data.set("Id", m.ID)
	data.set("PopReceipt", m.PopReceipt)
	data.set("DequeueCount", m.DequeueCount)
	data.set("InsertionTime", m.Inserted.UTC())
	data.set("ExpirationTime", m.Expires.UTC())
	data.set("NextVisibleTime", m.NextVisible.UTC())
	return data
}

// backoff is the pause between polls of an empty queue: 100 ms at first, then about twice as much with
// every poll, up to max.
type backoff struct {
	max    time.Duration
	random func() float64 // from 0 to 1

	current time.Duration
	tries   int
}

// reset begins anew after a poll that found messages.
func (b *backoff) reset() { b.current, b.tries = 0, 0 }

// next returns the next pause.
func (b *backoff) next() time.Duration {
	pause := firstPause
	if b.tries > 0 {
		pause += time.Duration((0.8 + 0.4*b.random()) * float64(firstPause) * math.Pow(2, float64(b.tries-1)))
	}
	if b.current == b.max || pause >= b.max {
		b.current = b.max
		return b.max
	}
	b.current = pause
	b.tries++
	return pause
}

// places counts the messages that are being worked on.
type places struct {
	mu      sync.Mutex
	taken   int
	changed chan struct{} // gets an element after each release, if it has room
}

func newPlaces() *places { return &places{changed: make(chan struct{}, 1)} }

func (p *places) take() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken++
}

func (p *places) release() {
	p.mu.Lock()
	p.taken--
	p.mu.Unlock()
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// wait waits until at most n are taken, or ctx ends.
func (p *places) wait(ctx context.Context, n int) {
	for {
		p.mu.Lock()
		taken := p.taken
		p.mu.Unlock()
		if taken <= n {
			return
		}
		select {
		case <-p.changed:
		case <-ctx.Done():
			return
		}
	}
}
