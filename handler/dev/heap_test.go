package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"imagepro/handler/app"
	"imagepro/handler/config"
	"imagepro/handler/dev/stack"
)

// heapFile is the variable that makes this test binary the program itself: it serves as the shipped one does, and
// writes its heap to the file, and heapDone when it has, whenever a file of that name with heapNow behind it is there.
const (
	heapFile = "IMAGEPRO_TEST_HEAP"
	heapNow  = ".now"
	heapDone = ".done"
)

// serveAndDump is the program with a look at its heap.
func serveAndDump(path string) error {
	settings, err := config.Read(os.Getenv)
	if err != nil {
		return err
	}
	program, err := app.New(settings)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(settings.Port))))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: program.Handler}
	go func() { _ = server.Serve(listener) }()
	go program.Prefetch(context.Background())
	for {
		for os.Remove(path+heapNow) != nil {
			time.Sleep(10 * time.Millisecond)
		}
		_ = server.Close() // and with it the buffers of connections
		if err := dumpHeap(path); err != nil {
			return err
		}
		if err := os.WriteFile(path+heapDone, nil, 0o600); err != nil {
			return err
		}
		runtime.KeepAlive(program)
	}
}

func dumpHeap(path string) error {
	clearTimers()
	for range 5 { // pools are emptied by the second
		runtime.GC()
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	debug.WriteHeapDump(file.Fd())
	return file.Close()
}

// clearTimers makes the runtime let go of timers that were stopped: one whose time has not come stays in a
// processor's heap of timers, with all that it refers to (a connection that was idle, for one), until a part of
// that heap are stopped ones.
func clearTimers() {
	runtime.GOMAXPROCS(1) // moves all timers to one heap
	for range 20 {
		for range 1000 {
			time.AfterFunc(time.Hour, func() {}).Stop()
		}
		time.Sleep(20 * time.Millisecond) // lets the runtime look at it
	}
}

// TestMemoryHoldsProfilesAndTabsAndNothingElseOfPeople lets people work and then reads the heap of the program:
// what caches are meant to hold is there, and no user id, no channel and nothing of an image.
func TestMemoryHoldsProfilesAndTabsAndNothingElseOfPeople(t *testing.T) {
	t.Parallel()
	root, path := t.TempDir(), filepath.Join(t.TempDir(), "heap")
	if err := os.CopyFS(root, os.DirFS(scriptRoot)); err != nil {
		t.Fatal(err)
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "handler"), binary, 0o755); err != nil {
		t.Fatal(err)
	}
	a := newAuditOn(t, stack.Options{ScriptRoot: root, Kind: true, Settings: map[string]string{
		heapFile: path, "IMAGEPRO_TAB_CACHE": "10m",
		// what is freed is overwritten: memory that is used again may hold what was there before
		"GODEBUG": "clobberfree=1",
	}})
	token, bodies := a.token(a.user), a.bodies()
	a.good("GET /me", "/me", token, "")
	a.good("GET /tabs/{id}", a.good("POST /tabs", "/tabs", token, bodies["POST /tabs"]).place(), token, "")
	a.good("POST /presets", "/presets", token, bodies["POST /presets"])
	job := a.good("POST /bulk-edits", "/bulk-edits", token, bodies["POST /bulk-edits"])
	wait(t, func() bool { return a.good("GET /bulk-edits/{id}", job.place(), token, "").body["state"] == "done" })
	a.good("GET /bulk-edits/{id}/items", job.place()+"/items", token, "")
	a.look(token)
	a.wrongly(token)
	a.good("POST /token", "/token", token, "{}")

	http.DefaultClient.CloseIdleConnections()
	a.Sandbox.Stop() // and with them the program's connections, whose buffers hold what was sent last
	a.Azurite.Stop()
	hidden := map[string]string{
		"the user's object id": a.user.ID, "the user principal name": canaries.upn,
		"the name of an image": canaries.file,
		"the name of a preset": canaries.preset, "the caller's token": token,
		"the title of an image":            canaries.imageTitle,
		"the alternative text of an image": canaries.altText, "a tag of an image": canaries.tag,
	}
	for what, text := range never {
		hidden[what] = text
	}
	// What is kept is in every dump; what only stands in a connection that has not gone yet is not in a later one.
	heap, found := lookAtHeap(t, path, hidden)
	for tries := 1; len(found) > 0 && tries < 5; tries++ {
		heap, found = lookAtHeap(t, path, hidden)
	}
	for _, what := range found {
		at := bytes.Index(heap, []byte(hidden[what]))
		t.Errorf("%s is in memory: %q", what, heap[max(0, at-80):min(len(heap), at+80)])
	}
	for what, text := range map[string]string{
		"the user's name": canaries.name, "the user's mail address": canaries.mail,
		"the title of a tab": canaries.title,
	} {
		if !bytes.Contains(heap, []byte(text)) {
			t.Errorf("%s is not in memory: the caches do not work, or this test does not see them", what)
		}
	}
	if len(heap) < 1<<20 {
		t.Errorf("the heap has only %d bytes", len(heap))
	}
}

// lookAtHeap asks the program for its heap and returns it, with the names of the texts that are in it.
func lookAtHeap(t *testing.T, path string, texts map[string]string) (heap []byte, found []string) {
	t.Helper()
	time.Sleep(time.Second)
	if err := os.WriteFile(path+heapNow, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wait(t, func() bool { return os.Remove(path+heapDone) == nil })
	heap, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range texts {
		if bytes.Contains(heap, []byte(text)) {
			found = append(found, what)
		}
	}
	return heap, found
}
