package bulk_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/cloud/blobs"
	"imagepro/handler/cloud/entra"
	graphclient "imagepro/handler/cloud/graph"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/dev/azurite"
	"imagepro/handler/dev/sandbox"
	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/imaging"
	"imagepro/handler/org"
	"imagepro/handler/seal"
	"imagepro/handler/secret"

	sandboxentra "imagepro/handler/dev/sandbox/entra"
)

// The stores are real (Azurite), SharePoint is the sandbox behind the real client. Only the queue is a list
// in memory, so that the tests decide which message comes when and how often.

var (
	storage *azurite.Server
	world   *sandbox.Sandbox
	scene   *sandbox.Scene
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (int, error) {
	var err error
	if storage, err = azurite.Start(""); err != nil {
		return 1, err
	}
	defer storage.Stop()
	if world, err = sandbox.Start(sandbox.Options{Kind: true}); err != nil {
		return 1, err
	}
	defer world.Stop()
	if scene, err = sandbox.Demo(world); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// kit is one library with everything that edits it.
type kit struct {
	t        *testing.T
	site     graph.Site
	user     directory.User
	who      caller.Caller
	account  string // of storage
	records  *tables.Store
	specs    *blobs.Store
	library  *graphclient.Client
	sessions bulk.Sessions
	queue    *memoryQueue
	crash    *crasher
	limits   bulk.PlanLimits
	open     atomic.Int64 // further jobs of the tenant, as planners see it
	now      func() time.Time
	service  *bulk.Service
}

var siteNumber atomic.Int64

func newKit(t *testing.T) *kit {
	t.Helper()
	return newKitOf(t, scene.Adele)
}

// newUser is somebody new of Contoso, for tests that end sessions.
func newUser(t *testing.T) directory.User {
	t.Helper()
	n := siteNumber.Add(1)
	user := directory.User{
		Tenant: scene.Contoso.ID,
		ID:     directory.NewID(),
		UPN:    fmt.Sprintf("user%d@contoso.onmicrosoft.com", n),
		Name:   fmt.Sprint("User ", n),
	}
	if err := world.Directory.PutUser(user); err != nil {
		t.Fatal(err)
	}
	return user
}

// newTenantsUser is somebody of an organization without anybody else.
func newTenantsUser(t *testing.T) directory.User {
	t.Helper()
	n := siteNumber.Add(1)
	tenant := directory.Tenant{ID: directory.NewID(), Name: fmt.Sprint("Tenant ", n), Domain: fmt.Sprint("tenant", n)}
	world.Directory.PutTenant(tenant)
	world.Entra.Consent(tenant.ID, "", scene.App.ID, scene.App.Scopes...)
	user := directory.User{
		Tenant: tenant.ID,
		ID:     directory.NewID(),
		UPN:    fmt.Sprintf("user@%s.onmicrosoft.com", tenant.Domain),
		Name:   "User",
	}
	if err := world.Directory.PutUser(user); err != nil {
		t.Fatal(err)
	}
	return user
}

func newKitOf(t *testing.T, user directory.User) *kit {
	t.Helper()
	k := &kit{
		t:      t,
		user:   user,
		queue:  &memoryQueue{},
		crash:  &crasher{},
		now:    time.Now,
		limits: bulk.PlanLimits{Window: 8, MaxImages: 1000, MaxBytes: 50 << 20},
	}
	k.who = caller.Away(k.user.Tenant, k.user.ID)
	var err error
	if k.site, err = world.Graph.AddSite(k.user.Tenant, fmt.Sprint("Site ", siteNumber.Add(1)), k.user.ID); err != nil {
		t.Fatal(err)
	}
	k.account = storage.Account()
	if k.records, err = tables.Open(k.account); err != nil {
		t.Fatal(err)
	}
	if k.specs, err = blobs.Open(k.account); err != nil {
		t.Fatal(err)
	}
	k.library = k.newLibrary()
	k.service = k.newService()
	return k
}

func (k *kit) newService() *bulk.Service {
	return bulk.NewService(bulk.ServiceOptions{
		Jobs:      k.records,
		Items:     k.records,
		Index:     k.records,
		Specs:     k.specs,
		Queue:     k.queue,
		MaxImages: k.limits.MaxImages,
		Now:       k.now,
		Library:   k.library,
		Limits:    imaging.DefaultLimits(),
		Previews:  k.specs,
		MaxOpen:   bulk.MaxOpen{Tenant: 10_000, User: 1000},
		NewID:     func() string { return fmt.Sprintf("job%d", siteNumber.Add(1)) },
	})
}

// newLibrary connects the real client, and signs the user in so that a session is there.
func (k *kit) newLibrary() *graphclient.Client {
	k.t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(world.CAPEM)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 16}
	k.t.Cleanup(transport.CloseIdleConnections)
	ring, err := seal.NewRing([]seal.Key{{ID: "k", Secret: secret.New("0123456789abcdef0123456789abcdef")}})
	if err != nil {
		k.t.Fatal(err)
	}
	sealer, err := ring.For("refresh-token")
	if err != nil {
		k.t.Fatal(err)
	}
	tokens, err := entra.NewTokens(entra.TokensOptions{
		Authority:  world.EntraURL,
		AppID:      sandbox.DemoApp,
		Credential: entra.Credential{Secret: secret.New(scene.Secret)},
		Resource:   "https://graph.microsoft.com",
		Scopes:     org.GraphScopes,
		Transport:  transport,
		Sealer:     sealer,
		Sessions:   k.records,
		Now:        k.now,
	})
	if err != nil {
		k.t.Fatal(err)
	}
	k.sessions = tokens
	library, err := graphclient.NewClient(graphclient.Options{
		BaseURL:   world.GraphURL,
		Tokens:    tokens,
		Transport: transport,
		Loopback:  true,
		Now:       k.now,
	})
	if err != nil {
		k.t.Fatal(err)
	}
	assertion, err := world.Entra.TeamsToken(
		sandboxentra.TeamsTokenRequest{Tenant: k.user.Tenant, User: k.user.ID, App: sandbox.DemoApp})
	if err != nil {
		k.t.Fatal(err)
	}
	here := k.who
	here.Assertion = secret.New(assertion)
	if _, err := library.Profile(k.t.Context(), here); err != nil {
		k.t.Fatal(err)
	}
	return library
}

// neighbours tells how many jobs the tenant has: all tests have the same one.
type neighbours struct {
	bulk.Index
	open *atomic.Int64
}

func (n neighbours) CountOpen(context.Context, string, string) (bulk.OpenCount, error) {
	return bulk.OpenCount{AtWork: 1 + int(n.open.Load())}, nil
}

func (k *kit) planner() *bulk.Planner {
	return bulk.NewPlanner(bulk.PlannerOptions{
		Jobs:     crashingJobs{k.records, k.crash},
		Items:    k.records,
		Specs:    k.specs,
		Queue:    crashingQueue{k.queue, k.crash},
		Sessions: k.sessions,
		Library:  crashingLibrary{k.library, k.crash},
		Index:    neighbours{k.records, &k.open},
		About:    k.records,
		Limits:   k.limits,
		Now:      k.now,
	})
}

func (k *kit) worker() *bulk.Worker {
	return bulk.NewWorker(bulk.WorkerOptions{
		Jobs:     crashingJobs{k.records, k.crash},
		Items:    crashingItems{k.records, k.crash},
		Specs:    k.specs,
		Queue:    crashingQueue{k.queue, k.crash},
		Sessions: k.sessions,
		Library:  crashingLibrary{k.library, k.crash},
		Index:    neighbours{k.records, &k.open},
		Limits:   imaging.DefaultLimits(),
		Window:   k.limits.Window,
		Room:     imaging.NewRoom(2),
		Previews: crashingPreviews{k.specs, k.crash},
		Now:      k.now,
	})
}

// put adds a file to the library.
func (k *kit) put(name string, content []byte) graph.Item {
	k.t.Helper()
	item, err := world.Graph.PutFile(k.site.DriveID, name, bytes.NewReader(content), k.user.ID)
	if err != nil {
		k.t.Fatal(err)
	}
	return item
}

// pictures adds n small JPEG pictures, each different.
func (k *kit) pictures(n int) []graph.Item {
	k.t.Helper()
	var items []graph.Item
	for i := range n {
		items = append(items, k.put(fmt.Sprintf("Photo %02d.jpg", i), jpegPicture(k.t, 60+i, 40)))
	}
	return items
}

func jpegPicture(t *testing.T, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, gradient(width, height), nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func pngPicture(t *testing.T, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, gradient(width, height)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gradient(width, height int) image.Image {
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.SetNRGBA(x, y, color.NRGBA{R: uint8(x * 3), G: uint8(y * 5), B: uint8(x + y), A: 255})
		}
	}
	return picture
}

// halve makes every picture at most 30 pixels wide.
var halve = json.RawMessage(`{"version":1,"steps":[{"op":"resize","fit":"inside","width":30,"height":30}]}`)

func (k *kit) folder() bulk.Source {
	return bulk.Source{Folder: &bulk.FolderSource{Drive: k.site.DriveID, Item: "root", Recursive: true}}
}

func (k *kit) submit(r bulk.Request) bulk.Job {
	k.t.Helper()
	if r.Recipe == nil {
		r.Recipe = halve
	}
	job, err := k.service.Submit(k.t.Context(), k.who, r)
	if err != nil {
		k.t.Fatal(err)
	}
	return job
}

// drive delivers messages, one after the other, until there is none or the job is final, and brings those
// that failed again. Each delivery has a new planner and worker, as after a restart.
func (k *kit) drive(ref bulk.Ref) bulk.Job {
	k.t.Helper()
	for range 2000 {
		message, ok := k.queue.take()
		if !ok {
			break
		}
		if err := k.deliver(message); err != nil {
			k.queue.back(message)
		}
	}
	job, err := k.records.Job(k.t.Context(), ref)
	if err != nil {
		k.t.Fatal(err)
	}
	return job
}

// plan delivers the message that a submitted job has left.
func (k *kit) plan() {
	k.t.Helper()
	message, _ := k.queue.take()
	if err := k.deliver(message); err != nil {
		k.t.Fatal(err)
	}
}

// die delivers the next message to a process that dies over it, and returns the message.
func (k *kit) die() message {
	k.t.Helper()
	message, _ := k.queue.take()
	if err := k.deliver(message); !errors.Is(err, errCrash) {
		k.t.Fatalf("the delivery ended with %v, want the crash", err)
	}
	return message
}

func (k *kit) deliver(m message) error {
	ctx := k.t.Context()
	switch m.queue {
	case bulk.PlanQueue:
		var plan bulk.PlanMessage
		if err := json.Unmarshal(m.body, &plan); err != nil {
			return err
		}
		return k.planner().Plan(ctx, plan)
	case bulk.ItemQueue:
		var item bulk.ItemMessage
		if err := json.Unmarshal(m.body, &item); err != nil {
			return err
		}
		return k.worker().Work(ctx, item)
	}
	return fmt.Errorf("no such queue %q", m.queue)
}

func (k *kit) results(ref bulk.Ref) map[string]bulk.Item {
	k.t.Helper()
	all := map[string]bulk.Item{}
	cursor := ""
	for {
		items, next, err := k.records.ItemsOf(k.t.Context(), ref, cursor, 7)
		if err != nil {
			k.t.Fatal(err)
		}
		for _, item := range items {
			all[item.Name] = item
		}
		if next == "" {
			return all
		}
		cursor = next
	}
}

func (k *kit) versions(item graph.Item) []graph.Version {
	k.t.Helper()
	versions, err := world.Graph.Versions(k.site.DriveID, item.ID)
	if err != nil {
		k.t.Fatal(err)
	}
	return versions
}

// wantVersions checks that every file has so many versions, the newest of which is at most 30 pixels wide if
// there is more than one.
func (k *kit) wantVersions(items []graph.Item, want int) {
	k.t.Helper()
	for _, item := range items {
		versions := k.versions(item)
		if len(versions) != want {
			k.t.Errorf("%s has %d versions, want %d", item.Name, len(versions), want)
			continue
		}
		if want < 2 {
			continue
		}
		config, _, err := image.DecodeConfig(bytes.NewReader(k.content(item, versions[0].ID)))
		if err != nil || config.Width > 30 || config.Height > 30 {
			k.t.Errorf("%s: its newest version has %d×%d pixels (%v), want at most 30", item.Name, config.Width,
				config.Height, err)
		}
	}
}

func (k *kit) content(item graph.Item, version string) []byte {
	k.t.Helper()
	reader, err := world.Graph.Content(k.site.DriveID, item.ID, version)
	if err != nil {
		k.t.Fatal(err)
	}
	defer reader.Close()
	content, err := io.ReadAll(reader)
	if err != nil {
		k.t.Fatal(err)
	}
	return content
}

// memoryQueue keeps messages in order.
type memoryQueue struct {
	mu       sync.Mutex
	messages []message
	delays   []time.Duration
	loses    func() bool // whether the next message is lost; nil for none
}

type message struct {
	queue string
	body  []byte
}

func (q *memoryQueue) Send(_ context.Context, queue string, body []byte, delay time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.loses != nil && q.loses() {
		return nil
	}
	q.messages = append(q.messages, message{queue, bytes.Clone(body)})
	q.delays = append(q.delays, delay)
	return nil
}

func (q *memoryQueue) take() (message, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.messages) == 0 {
		return message{}, false
	}
	m := q.messages[0]
	q.messages = q.messages[1:]
	return m, true
}

func (q *memoryQueue) back(m message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages = append(q.messages, m)
}

// all takes every message.
func (q *memoryQueue) all() []message {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.messages
	q.messages = nil
	return all
}

// errCrash stands for the death of the process at a point: what was called before it has happened.
var errCrash = errors.New("the process died here")

// crasher lets a point crash a number of times, or lets something else happen there first.
type crasher struct {
	mu        sync.Mutex
	points    map[string]int
	meanwhile map[string]func()
	struck    int
}

// first lets something happen when a point is reached the next time.
func (c *crasher) first(point string, happen func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.meanwhile == nil {
		c.meanwhile = map[string]func(){}
	}
	c.meanwhile[point] = happen
}

// take returns what is to happen at a point, once; nil for nothing.
func (c *crasher) take(point string) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	happen := c.meanwhile[point]
	delete(c.meanwhile, point)
	return happen
}

func (c *crasher) at(point string, times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.points = map[string]int{point: times}
}

func (c *crasher) here(point string) error {
	if happen := c.take(point); happen != nil {
		happen()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.points[point] == 0 {
		return nil
	}
	c.points[point]--
	c.struck++
	return errCrash
}

func items(all ...graph.Item) []graph.Item { return all }
