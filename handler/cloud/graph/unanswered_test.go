package graph_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

// hook is a transport that asks before each request what is to become of it.
type hook struct {
	base   http.RoundTripper
	before func(*http.Request) error
}

func (h hook) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := h.before(r); err != nil {
		return nil, err
	}
	return h.base.RoundTrip(r)
}

// isLastPart reports whether a request carries the last part of an upload session of so many bytes.
func isLastPart(r *http.Request, size int) bool {
	return r.Method == http.MethodPut &&
		strings.HasSuffix(r.Header.Get("Content-Range"), fmt.Sprintf("-%d/%d", size-1, size))
}

// large is a content that takes a session of two parts.
const large = 12 << 20

func TestTheLastPartOfAnUploadIsNotRepeatedOverSomebodysSave(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("geheim.jpg", []byte("before"))
	theirs := []byte("somebody else's")
	var sent atomic.Int32
	client := w.connect(hook{guard{w.stage, t, w.Client().Transport}, func(r *http.Request) error {
		if isLastPart(r, large) && sent.Add(1) == 1 {
			w.put("geheim.jpg", theirs)
			return errors.New("the connection broke before the service got it")
		}
		return nil
	}})
	_, err := client.Replace(t.Context(), w.who, f, random(large))
	wantFault(t, err, fault.Conflict, "The file was changed meanwhile.")
	if !bytes.Equal(w.content(f.Item), theirs) || w.versions(f.Item) != 2 || sent.Load() != 1 {
		t.Errorf("%d versions after %d sendings; their content is on top: %v", w.versions(f.Item), sent.Load(),
			bytes.Equal(w.content(f.Item), theirs))
	}
}

func TestASaveThatSlipsInBeforeTheLastPartIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(w *world, f bulk.File)
		want      bool
	}{
		"nothing":               {func(*world, bulk.File) {}, false},
		"somebody's save":       {func(w *world, f bulk.File) { w.put("geheim.jpg", []byte("theirs")) }, true},
		"one of the same size":  {func(w *world, f bulk.File) { w.put("geheim.jpg", []byte("BEFORE")) }, true},
		"a change of its title": {func(w *world, f bulk.File) { w.title(f, "a title") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			f := w.put("geheim.jpg", []byte("before"))
			client := w.connect(hook{guard{w.stage, t, w.Client().Transport}, func(r *http.Request) error {
				if isLastPart(r, large) {
					c.meanwhile(w, f)
				}
				return nil
			}})
			saved, err := client.Replace(t.Context(), w.who, f, random(large))
			if err != nil || saved.Overwrote != c.want {
				t.Errorf("saved over another: %v, %v; want %v", saved.Overwrote, err, c.want)
			}
			item, err := w.client.Item(t.Context(), w.who, library.Ref{Drive: f.Drive, Item: f.Item})
			if err != nil {
				t.Fatal(err)
			}
			if name != "nothing" {
				return
			}
			if put, err := client.Put(t.Context(), w.who, item, contentOf(random(large+1))); err != nil ||
				put.Overwrote {
				t.Errorf("one person's save: %+v, %v", put, err)
			}
		})
	}
}

// title changes a column of a file, which makes a version of it.
func (w *world) title(f bulk.File, text string) {
	w.t.Helper()
	if err := w.client.SetColumns(w.t.Context(), w.who, library.Ref{Drive: f.Drive, Item: f.Item},
		library.Columns{Title: &text}); err != nil {
		w.t.Error(err)
	}
}

func contentOf(content []byte) library.Content {
	return library.Content{ReaderAt: bytes.NewReader(content), Size: int64(len(content))}
}

// refusals are final ones, by their status.
var refusals = map[int]fault.Kind{423: fault.Locked, 403: fault.Forbidden, 507: fault.Full, 400: fault.Invalid}

// lostThenRefused lets the first request that writes end without an answer, done or not, and refuses its repeat.
func (w *world) lostThenRefused(done bool, status int) {
	first := trouble.Break
	if done {
		first = trouble.Lose
	}
	w.trouble(trouble.Rule{Service: "graph", Method: "PUT", Path: "/content", Action: first})
	w.trouble(trouble.Rule{Service: "graph", Method: "PUT", Path: "/content", Action: trouble.Fail, Status: status})
}

const notSaid = "SharePoint did not say whether the file was saved. Look at it again in a minute."

func TestARefusalOfARepeatIsNotBelievedIfTheFirstWasNotAnswered(t *testing.T) {
	t.Parallel()
	for status, kind := range refusals {
		for _, done := range []bool{true, false} {
			t.Run(fmt.Sprint(status, " done ", done), func(t *testing.T) {
				t.Parallel()
				w := open(t)
				f := w.put("geheim.jpg", []byte("before"))
				w.lostThenRefused(done, status)
				_, err := w.client.Replace(t.Context(), w.who, f, []byte("after"))
				if got := wantFault(t, err, fault.Busy, notSaid); got.RetryAfter != time.Minute {
					t.Errorf("it is to come again after %v", got.RetryAfter)
				}
				w.lostThenRefused(done, status)
				_, err = w.client.Create(t.Context(), w.who, f, "copy.jpg", []byte("after"))
				wantFault(t, err, fault.Busy, notSaid)
				w.trouble(trouble.Rule{
					Service: "graph",
					Method:  "PUT",
					Path:    "/content",
					Action:  trouble.Fail,
					Status:  status,
				})
				if _, err = w.client.Create(t.Context(), w.who, f, "other.jpg", []byte("after")); !fault.Is(err, kind) {
					t.Errorf("a refusal with every request answered: %v, want %s", err, kind)
				}
			})
		}
	}
}

func TestOnePersonsSaveIsLookedForAfterALostAnswerAndARefusal(t *testing.T) {
	t.Parallel()
	for status := range refusals {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			w := open(t)
			f := w.put("geheim.jpg", []byte("before"))
			i, err := w.client.Item(t.Context(), w.who, library.Ref{Drive: f.Drive, Item: f.Item})
			if err != nil {
				t.Fatal(err)
			}
			w.lostThenRefused(false, status)
			_, err = w.client.Put(t.Context(), w.who, i, contentOf([]byte("after")))
			wantFault(t, err, fault.Busy, notSaid)
			w.lostThenRefused(true, status)
			if saved, err := w.client.Put(t.Context(), w.who, i, contentOf([]byte("after"))); err != nil ||
				saved.Tag == i.Tag || w.versions(f.Item) != 2 {
				t.Errorf("the save that was made: %+v, %v, %d versions", saved, err, w.versions(f.Item))
			}
			folder := library.Ref{Drive: f.Drive, Item: "root"}
			w.lostThenRefused(true, status)
			if made, err := w.client.Add(t.Context(), w.who, folder, "new.jpg", contentOf([]byte("new"))); err != nil ||
				made.Name != "new.jpg" {
				t.Errorf("the file that was made: %+v, %v", made, err)
			}
			w.lostThenRefused(false, status)
			_, err = w.client.Add(t.Context(), w.who, folder, "other.jpg", contentOf([]byte("new")))
			wantFault(t, err, fault.Busy, notSaid)
		})
	}
}
