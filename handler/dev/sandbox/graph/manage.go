package graph

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Manage serves the management of the emulator as JSON, below /graph. It is for people, the demo and tests
// on this machine: it asks for no token. Items are named by ?item= with an id or a path.
//
//	GET  /graph/sites                            all sites
//	POST /graph/sites                            {"tenant","name","owner"} makes a site with a library
//	POST /graph/sites/{site}/drives              {"name"} adds a library
//	POST /graph/permissions                      Permission: grant, or take away with level none
//	GET  /graph/unkindness                       what is in force
//	PUT  /graph/unkindness                       changes the members that are given; {"kind":true} clears all
//	GET  /graph/refused                          calls below /teams, /chats, /me/drive and their like
//	PUT  /graph/drives/{drive}/library           Library: quota, minor versions, checkout, columns
//	POST /graph/drives/{drive}/expire-delta      410 for all delta tokens given out so far
//	POST /graph/drives/{drive}/folders?path=&by= makes folders
//	PUT  /graph/drives/{drive}/files?path=&by=   the body becomes a file, or a new version of it
//	GET  /graph/drives/{drive}/items?item=       the entries of a folder
//	GET  /graph/drives/{drive}/item?item=        one item with sizes, hashes, tags and people
//	GET  /graph/drives/{drive}/versions?item=    its versions, newest first
//	GET  /graph/drives/{drive}/content?item=&version=   the bytes of a version
//	POST /graph/drives/{drive}/lock?item=&shape=        423 for every write, in shape 0, 1 or 2
//	POST /graph/drives/{drive}/unlock?item=
//	POST /graph/drives/{drive}/checkout?item=&by=
//	POST /graph/drives/{drive}/checkin?item=
//	POST /graph/drives/{drive}/malware?item=&name=      an empty name cleans the file
//	POST /graph/drives/{drive}/rename?item=&name=&by=
//	POST /graph/drives/{drive}/fields?item=&by=         {"Title":"…"} sets columns
//	POST /graph/drives/{drive}/remove?item=
func (g *Graph) Manage() http.Handler {
	mux := http.NewServeMux()
	g.manageSites(mux)
	g.manageDrives(mux)
	g.manageItems(mux)
	return mux
}

func (g *Graph) manageSites(mux *http.ServeMux) {
	mux.HandleFunc("GET /graph/sites", func(w http.ResponseWriter, _ *http.Request) { show(w, g.Sites(), nil) })
	mux.HandleFunc("POST /graph/sites", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Tenant, Name, Owner string }
		if read(w, r, &body) {
			s, err := g.AddSite(body.Tenant, body.Name, body.Owner)
			show(w, s, err)
		}
	})
	mux.HandleFunc("POST /graph/sites/{site}/drives", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Name string }
		if read(w, r, &body) {
			id, err := g.AddDrive(r.PathValue("site"), body.Name)
			show(w, map[string]string{"driveId": id}, err)
		}
	})
	mux.HandleFunc("POST /graph/permissions", func(w http.ResponseWriter, r *http.Request) {
		var body Permission
		if read(w, r, &body) {
			show(w, body, g.Allow(body))
		}
	})
	mux.HandleFunc("GET /graph/unkindness", func(w http.ResponseWriter, _ *http.Request) {
		show(w, spell(g.Unkindness()), nil)
	})
	mux.HandleFunc("PUT /graph/unkindness", func(w http.ResponseWriter, r *http.Request) {
		body := spell(g.Unkindness())
		body.Kind = false
		if read(w, r, &body) {
			g.SetUnkindness(body.unkindness())
			show(w, spell(g.Unkindness()), nil)
		}
	})
	mux.HandleFunc("GET /graph/refused", func(w http.ResponseWriter, _ *http.Request) {
		show(w, append([]string{}, g.Refused()...), nil)
	})
}

func (g *Graph) manageDrives(mux *http.ServeMux) {
	mux.HandleFunc("PUT /graph/drives/{drive}/library", func(w http.ResponseWriter, r *http.Request) {
		var body Library
		if read(w, r, &body) {
			show(w, body, g.SetLibrary(r.PathValue("drive"), body))
		}
	})
	mux.HandleFunc("POST /graph/drives/{drive}/expire-delta", func(w http.ResponseWriter, r *http.Request) {
		show(w, struct{}{}, g.ExpireDelta(r.PathValue("drive")))
	})
	mux.HandleFunc("POST /graph/drives/{drive}/folders", func(w http.ResponseWriter, r *http.Request) {
		it, err := g.AddFolder(r.PathValue("drive"), r.FormValue("path"), r.FormValue("by"))
		show(w, it, err)
	})
	mux.HandleFunc("PUT /graph/drives/{drive}/files", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		it, err := g.PutFile(r.PathValue("drive"), q.Get("path"), r.Body, q.Get("by"))
		show(w, it, err)
	})
	mux.HandleFunc("GET /graph/drives/{drive}/items", func(w http.ResponseWriter, r *http.Request) {
		all, err := g.Items(r.PathValue("drive"), r.FormValue("item"))
		show(w, all, err)
	})
	mux.HandleFunc("GET /graph/drives/{drive}/versions", func(w http.ResponseWriter, r *http.Request) {
		all, err := g.Versions(r.PathValue("drive"), r.FormValue("item"))
		show(w, all, err)
	})
	mux.HandleFunc("GET /graph/drives/{drive}/content", func(w http.ResponseWriter, r *http.Request) {
		content, err := g.Content(r.PathValue("drive"), r.FormValue("item"), r.FormValue("version"))
		if err != nil {
			show(w, nil, err)
			return
		}
		defer func() { _ = content.Close() }()
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = io.Copy(w, content)
	})
}

// manageItems adds the routes that do one thing to one item and show it.
func (g *Graph) manageItems(mux *http.ServeMux) {
	route := func(pattern string, do func(drive, item string, r *http.Request) (Item, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			it, err := do(r.PathValue("drive"), r.URL.Query().Get("item"), r)
			show(w, it, err)
		})
	}
	route("GET /graph/drives/{drive}/item", func(drive, item string, _ *http.Request) (Item, error) {
		return g.Item(drive, item)
	})
	route("POST /graph/drives/{drive}/lock", func(drive, item string, r *http.Request) (Item, error) {
		shape, err := strconv.Atoi("0" + r.URL.Query().Get("shape"))
		if err != nil {
			return Item{}, err
		}
		return g.Lock(drive, item, shape)
	})
	route("POST /graph/drives/{drive}/unlock", func(drive, item string, _ *http.Request) (Item, error) {
		return g.Unlock(drive, item)
	})
	route("POST /graph/drives/{drive}/checkout", func(drive, item string, r *http.Request) (Item, error) {
		return g.CheckOut(drive, item, r.URL.Query().Get("by"))
	})
	route("POST /graph/drives/{drive}/checkin", func(drive, item string, _ *http.Request) (Item, error) {
		return g.CheckIn(drive, item)
	})
	route("POST /graph/drives/{drive}/malware", func(drive, item string, r *http.Request) (Item, error) {
		return g.MarkMalware(drive, item, r.URL.Query().Get("name"))
	})
	route("POST /graph/drives/{drive}/rename", func(drive, item string, r *http.Request) (Item, error) {
		return g.Rename(drive, item, r.URL.Query().Get("name"), r.URL.Query().Get("by"))
	})
	route("POST /graph/drives/{drive}/fields", func(drive, item string, r *http.Request) (Item, error) {
		var fields map[string]any
		if err := json.NewDecoder(r.Body).Decode(&fields); err != nil {
			return Item{}, err
		}
		return g.SetFields(drive, item, fields, r.URL.Query().Get("by"))
	})
	route("POST /graph/drives/{drive}/remove", func(drive, item string, _ *http.Request) (Item, error) {
		return g.Remove(drive, item)
	})
}

// read reads a JSON body; on a fault it answers 400 and returns false.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return false
	}
	return true
}

func show(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case err == nil:
		writeJSON(w, http.StatusOK, v)
	case errors.Is(err, ErrNotFound):
		writeJSON(w, http.StatusNotFound, map[string]string{"error": err.Error()})
	default:
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
	}
}

// spelled is Unkindness on the wire: durations in milliseconds.
type spelled struct {
	Kind        bool    `json:"kind"` // on input: everything else is cleared
	PromoteMax  int64   `json:"promoteMaxMs"`
	PromoteETag bool    `json:"promoteETag"`
	Thumbnails  int64   `json:"thumbnailsMaxMs"`
	Index       int64   `json:"indexMaxMs"`
	Copy        int64   `json:"copyMaxMs"`
	Rapid       float64 `json:"rapid"`
	SessionTag  float64 `json:"sessionTag"`
	SessionLook float64 `json:"sessionChecks"`
	SessionLost float64 `json:"sessionLost"`
	ShortPage   float64 `json:"shortPage"`
	DeltaTwice  float64 `json:"deltaTwice"`
	WholeRange  float64 `json:"wholeRange"`
	ShortURL    bool    `json:"shortURL"`
	OtherShape  float64 `json:"otherShape"`
}

func spell(u Unkindness) spelled {
	return spelled{
		u == Unkindness{}, u.PromoteMax.Milliseconds(), u.PromoteETag, u.ThumbnailsMax.Milliseconds(),
		u.IndexMax.Milliseconds(),
		u.CopyMax.Milliseconds(), u.Rapid, u.SessionTag, u.SessionChecks, u.SessionLost, u.ShortPage, u.DeltaTwice,
		u.WholeRange, u.ShortURL, u.OtherShape,
	}
}

func (s spelled) unkindness() Unkindness {
	if s.Kind {
		return Unkindness{}
	}
	const ms = time.Millisecond
	return Unkindness{
		time.Duration(s.PromoteMax) * ms, s.PromoteETag, time.Duration(s.Thumbnails) * ms, time.Duration(s.Index) * ms,
		time.Duration(s.Copy) * ms, s.Rapid, s.SessionTag, s.SessionLook, s.SessionLost, s.ShortPage, s.DeltaTwice,
		s.WholeRange, s.ShortURL, s.OtherShape,
	}
}
