// Package graph is the half of the sandbox that stands for Microsoft Graph and SharePoint: sites, libraries,
// files with versions, uploads, pre-authenticated downloads, with the wire format and the refusals of the
// real services.
//
// It is strict, and unkind unless told otherwise: what Microsoft's documentation allows a service to do, it
// does now and then. It does not know how tokens are made (Tokens reads them), TLS (sandbox adds it) nor
// throttling (trouble adds it). Metadata lives in memory, contents on disk.
package graph

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"imagepro/handler/dev/sandbox/directory"
)

// Tokens reads access tokens.
type Tokens interface {
	// Check returns what the token stands for. An error means 401; if it has a method
	// ClaimsChallenge() string, that string (JSON) goes into the claims challenge of the answer
	// (https://learn.microsoft.com/entra/identity-platform/claims-challenge).
	Check(ctx context.Context, bearer string) (directory.Grant, error)
}

// Options are what New needs. Directory, Tokens, BaseURL and SharePointURL are required.
type Options struct {
	Directory *directory.Directory
	Tokens    Tokens
	// BaseURL is where clients reach Handler: scheme, host and port, no path.
	BaseURL string
	// SharePointURL is where clients reach SharePoint: scheme, host and port, no path. "{tenant}" in it is
	// replaced by the tenant's domain.
	SharePointURL string
	// ContentDir is where contents are kept, by their SHA-256. Empty means a folder of its own that Close
	// removes.
	ContentDir string
	Seed       uint64           // of ids, delays and chances
	Now        func() time.Time // time.Now if nil
	Kind       bool             // switches all unkindness off
	Log        *slog.Logger     // discards if nil
	// Inner, if set, wraps the handler of the single requests inside a $batch, so that trouble can strike
	// there too: the real service throttles each of them on its own.
	Inner func(http.Handler) http.Handler
}

// Graph is the emulator. It is safe for concurrent use.
type Graph struct {
	options Options
	now     func() time.Time
	log     *slog.Logger
	blobs   *blobs
	ownDir  string // to be removed by Close; empty if ContentDir was given
	key     []byte // signs pre-authenticated URLs and skip tokens
	inner   http.Handler

	mu       sync.Mutex // guards everything below
	random   *rand.Rand
	unkind   Unkindness
	sites    []*site
	drives   map[string]*drive
	sessions map[string]*session
	monitors map[string]*monitor
	tasks    []task
	refused  []string
}

// New returns an emulator without any site.
func New(o Options) (*Graph, error) {
	if o.Directory == nil || o.Tokens == nil || o.BaseURL == "" || o.SharePointURL == "" {
		return nil, errors.New("graph: Directory, Tokens, BaseURL and SharePointURL are required")
	}
	o.BaseURL = strings.TrimSuffix(o.BaseURL, "/")
	o.SharePointURL = strings.TrimSuffix(o.SharePointURL, "/")
	g := &Graph{
		options:  o,
		now:      o.Now,
		log:      o.Log,
		random:   rand.New(rand.NewPCG(o.Seed, 0x67726170)),
		drives:   map[string]*drive{},
		sessions: map[string]*session{},
		monitors: map[string]*monitor{},
	}
	if g.now == nil {
		g.now = time.Now
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	if !o.Kind {
		g.unkind = Usual()
	}
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("graph"), o.Seed))
	g.key = sum[:]
	if o.ContentDir == "" {
		dir, err := os.MkdirTemp("", "graph-")
		if err != nil {
			return nil, fmt.Errorf("graph: %w", err)
		}
		g.ownDir, o.ContentDir = dir, dir
	}
	var err error
	if g.blobs, err = openBlobs(o.ContentDir); err != nil {
		return nil, err
	}
	g.inner = g.Handler()
	if o.Inner != nil {
		g.inner = o.Inner(g.inner)
	}
	return g, nil
}

// Close removes the parts of unfinished uploads, and the contents if New made the folder for them.
func (g *Graph) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.sessions {
		s.discard()
	}
	g.sessions = map[string]*session{}
	if g.ownDir == "" {
		return nil
	}
	if err := os.RemoveAll(g.ownDir); err != nil {
		return fmt.Errorf("graph: %w", err)
	}
	return nil
}

// task is something that happens by itself at a time: a picture's properties are read, a copy ends.
type task struct {
	due time.Time
	run func()
}

// later has run called, with mu held, by the first access after the delay.
func (g *Graph) later(delay time.Duration, run func()) {
	g.tasks = append(g.tasks, task{g.now().Add(delay), run})
}

// lock takes mu and lets everything happen that is due.
func (g *Graph) lock() {
	g.mu.Lock()
	if len(g.tasks) == 0 {
		return
	}
	now := g.now()
	waiting := g.tasks
	g.tasks = nil
	for _, t := range waiting {
		if t.due.After(now) {
			g.tasks = append(g.tasks, t)
			continue
		}
		t.run()
	}
}

// sharePoint returns the base URL of a tenant's SharePoint.
func (g *Graph) sharePoint(tenant string) string {
	domain := tenant
	if t, err := g.options.Directory.Tenant(tenant); err == nil {
		domain = t.Domain
	}
	return strings.ReplaceAll(g.options.SharePointURL, "{tenant}", domain)
}
