package library_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/tiff"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/graph"
	"imagepro/handler/dev/sandbox"
	"imagepro/handler/dev/sandbox/directory"
	sandboxgraph "imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sandbox/trouble"
	devstage "imagepro/handler/dev/stage"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/library"
)

// shared is a kind sandbox that most tests use, each with a site of its own.
var shared *stage

func TestMain(m *testing.M) {
	var err error
	if shared, err = newStage(sandbox.Options{Kind: true}); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	code := m.Run()
	for _, call := range shared.Graph.Refused() {
		fmt.Println("a call that is promised never to be made:", call)
		code = 1
	}
	shared.Stop()
	os.Exit(code)
}

// stage is a sandbox with the demo scene and tokens for its people.
type stage struct {
	*devstage.Stage
	scene *sandbox.Scene
}

func newStage(o sandbox.Options) (*stage, error) {
	s, err := devstage.New(o)
	if err != nil {
		return nil, err
	}
	return &stage{s, s.Scene}, nil
}

// world is a site of Adele's and a service that reaches it.
type world struct {
	*stage
	t       *testing.T
	site    sandboxgraph.Site
	service *library.Service
	drawer  *drawer
	later   time.Duration // see now
	adele   caller.Caller // owns the site
	alex    caller.Caller // a colleague who may see nothing of it
	frida   caller.Caller // of another tenant
}

func open(t *testing.T) *world {
	t.Helper()
	return openOn(t, shared)
}

// openAlone is open on a sandbox that no other test uses, so that its calls can be counted and made trouble for.
func openAlone(t *testing.T) *world {
	t.Helper()
	s, err := newStage(sandbox.Options{Kind: true})
	must(t, err)
	t.Cleanup(s.Stop)
	return openOn(t, s)
}

// unkind gives the test a sandbox of its own that is as unkind as it is by default.
func unkind(t *testing.T) *world {
	t.Helper()
	s, err := newStage(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return openOn(t, s)
}

// now is the time for the client, a while after that of the sandbox.
func (w *world) now() time.Time { return time.Now().Add(w.later) }

func openOn(t *testing.T, s *stage) *world {
	t.Helper()
	w := &world{
		stage:  s,
		t:      t,
		drawer: newDrawer(),
		adele:  s.caller(t, s.scene.Adele),
		alex:   s.caller(t, s.scene.Alex),
		frida:  s.caller(t, s.scene.Frida),
	}
	var err error
	if w.site, err = s.Graph.AddSite(s.scene.Contoso.ID, fmt.Sprint("site", rand.Uint64()),
		s.scene.Adele.ID); err != nil {
		t.Fatal(err)
	}
	w.service = w.serve(s.Client().Transport)
	return w
}

func (w *world) serve(transport http.RoundTripper) *library.Service {
	w.t.Helper()
	client, err := graph.NewClient(graph.Options{
		BaseURL:   w.GraphURL,
		Tokens:    w.Tokens,
		Transport: transport,
		Loopback:  true,
		Now:       w.now,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	limits := imaging.DefaultLimits()
	return library.NewService(library.ServiceOptions{
		SharePoint: client,
		Properties: w.drawer,
		Limits:     limits,
		Room:       imaging.NewRoom(2),
		Now:        time.Now,
		Spool:      w.t.TempDir(),
	})
}

func (s *stage) caller(t *testing.T, user directory.User) caller.Caller {
	t.Helper()
	who, err := s.Caller(user)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// put writes a file as Adele and returns it as the service sees it.
func (w *world) put(name string, content []byte) library.Item {
	w.t.Helper()
	made, err := w.Graph.PutFile(w.site.DriveID, name, bytes.NewReader(content), w.scene.Adele.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.item(library.Ref{Drive: w.site.DriveID, Item: made.ID})
}

func (w *world) item(ref library.Ref) library.Item {
	w.t.Helper()
	i, err := w.service.Item(w.t.Context(), w.adele, ref)
	must(w.t, err)
	return i
}

func (w *world) root() library.Ref { return library.Ref{Drive: w.site.DriveID, Item: "root"} }

// content is what the library holds now.
func (w *world) content(ref library.Ref) []byte {
	w.t.Helper()
	r, err := w.Graph.Content(ref.Drive, ref.Item, "")
	must(w.t, err)
	defer func() { _ = r.Close() }()
	raw, err := io.ReadAll(r)
	must(w.t, err)
	return raw
}

func (w *world) versions(ref library.Ref) int {
	w.t.Helper()
	all, err := w.Graph.Versions(ref.Drive, ref.Item)
	must(w.t, err)
	return len(all)
}

// since runs work and returns the calls that the sandbox got from it, apart from Entra's.
func (w *world) since(work func()) (toGraph, toSharePoint []trouble.Call) {
	before := len(w.calls("graph"))
	beforeContent := len(w.calls("sharepoint"))
	work()
	return w.calls("graph")[before:], w.calls("sharepoint")[beforeContent:]
}

// calls are those for this world's library; all calls of a sandbox that is not shared.
func (w *world) calls(service string) []trouble.Call {
	all := w.Trouble.History(trouble.Filter{Service: service})
	if w.stage != shared {
		return all
	}
	site := w.site.WebURL[strings.LastIndex(w.site.WebURL, "/"):] + "/"
	var own []trouble.Call
	for _, call := range all {
		if strings.Contains(call.Path, w.site.DriveID[2:]) || strings.Contains(call.Path, site) {
			own = append(own, call)
		}
	}
	return own
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, what string, err error, kind fault.Kind) *fault.Fault {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: %v, want %s", what, err, kind)
	}
	f := fault.From(err)
	if f == nil {
		f = &fault.Fault{}
	}
	return f
}

// picture draws a picture that is another one for another seed.
func picture(w, h int, seed uint8) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{uint8(x*255/w) ^ seed, uint8(y * 255 / h), seed, 255})
		}
	}
	return m
}

func asJPEG(m image.Image) []byte {
	var to bytes.Buffer
	_ = jpeg.Encode(&to, m, &jpeg.Options{Quality: 90})
	return to.Bytes()
}

func asPNG(m image.Image) []byte {
	var to bytes.Buffer
	_ = png.Encode(&to, m)
	return to.Bytes()
}

func asGIF(m image.Image) []byte {
	var to bytes.Buffer
	_ = gif.Encode(&to, m, nil)
	return to.Bytes()
}

// asTIFF is not compressed, so that its length is known.
func asTIFF(m image.Image) []byte {
	var to bytes.Buffer
	_ = tiff.Encode(&to, m, nil)
	return to.Bytes()
}
