package library_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

// roundTrip is a function as a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// losing returns a transport that loses the answer to the first PUT, after which something happens.
func (w *world) losing(then func()) http.RoundTripper {
	var once sync.Once
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		response, err := w.Client().Transport.RoundTrip(r)
		lost := false
		if r.Method == http.MethodPut && err == nil {
			once.Do(func() {
				lost = true
				_ = response.Body.Close()
				then()
			})
		}
		if lost {
			return nil, errors.New("the connection was reset")
		}
		return response, err
	})
}

func TestASaveWhoseAnswerIsLostIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	for name, content := range map[string][]byte{"small.jpg": asJPEG(picture(50, 40, 2)),
		"large.tiff": asTIFF(picture(2500, 1000, 2))} {
		first := asJPEG(picture(40, 30, 1))
		declared := "image/jpeg"
		if strings.HasSuffix(name, "tiff") {
			first, declared = asTIFF(picture(40, 30, 1)), "image/tiff"
		}
		i := w.put(name, first)
		saved, err := w.serve(w.losing(func() {})).Replace(t.Context(), w.adele, i.Ref, i.Tag, declared, -1,
			bytes.NewReader(content))
		if err != nil || saved.Tag != w.item(i.Ref).Tag || w.versions(i.Ref) != 2 {
			t.Errorf("%s: %+v, %v; %d versions", name, saved, err, w.versions(i.Ref))
		}
	}
}

func TestASaveThatWasOvertakenBeforeItsAnswerSaysSo(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	s := w.serve(w.losing(func() { w.put("a.jpg", asJPEG(picture(44, 33, 9))) }))
	_, err := s.Edit(t.Context(), w.adele, i.Ref, i.Tag, small, library.Save{})
	f := wantKind(t, "an edit that was saved and overtaken", err, fault.Stale)
	if now := w.item(i.Ref); !strings.Contains(f.Message, "was saved") || f.Latest == nil ||
		f.Latest.Version != now.Tag || w.versions(i.Ref) != 3 {
		t.Errorf("it says %q, %+v; %d versions", f.Message, f.Latest, w.versions(i.Ref))
	}
}

// The hash of a new file may come later than the file.
func TestACopyWhoseAnswerIsLostIsMadeOnceThoughItsHashIsLate(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	losing := w.losing(func() {})
	s := w.serve(roundTrip(func(r *http.Request) (*http.Response, error) {
		response, err := losing.RoundTrip(r)
		if err == nil && r.Method == http.MethodGet && strings.Contains(r.URL.Path, ":/a-edited") {
			raw, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			response.Body = io.NopCloser(
				bytes.NewReader(bytes.ReplaceAll(raw, []byte("quickXorHash"), []byte("otherHash"))))
		}
		return response, err
	}))
	made, err := s.Edit(t.Context(), w.adele, i.Ref, i.Tag, small,
		library.Save{Target: library.Copy, OnConflict: library.Rename})
	if there := names(w.list(library.Query{})); err != nil || made.Item.Name != "a-edited.jpg" ||
		there != "a-edited.jpg a.jpg" {
		t.Errorf("made %s, %v; there are %s", made.Item.Name, err, there)
	}
}

func TestWhatPeopleWroteIntoColumnsStays(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	_, err := w.Graph.SetFields(i.Drive, i.Ref.Item,
		map[string]any{"Title": "theirs", "_ExtendedDescription": "theirs too"}, w.scene.Adele.ID)
	must(t, err)
	p, err := w.service.Describe(t.Context(), w.adele, i.Ref, "", library.Changes{AltText: ptr("ours"), Columns: true})
	must(t, err)
	_, err = w.service.Describe(t.Context(), w.adele, i.Ref, p.Version,
		library.Changes{Title: ptr("ours"), Columns: true})
	must(t, err)
	if now, err := w.Graph.Item(i.Drive, i.Ref.Item); err != nil || now.Fields["Title"] != "ours" ||
		now.Fields["_ExtendedDescription"] != "theirs too" {
		t.Errorf("the columns are %v, %v", now.Fields, err)
	}
}

func TestColumnsThatAreBusyAreARepeatAway(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	first, err := w.service.Describe(t.Context(), w.adele, i.Ref, "", library.Changes{AltText: ptr("alt")})
	must(t, err)
	busy := true
	s := w.serve(roundTrip(func(r *http.Request) (*http.Response, error) {
		if busy && strings.HasSuffix(r.URL.Path, "/listItem/fields") {
			return &http.Response{StatusCode: 500, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		}
		return w.Client().Transport.RoundTrip(r)
	}))
	change := library.Changes{Title: ptr("new"), Columns: true}
	_, err = s.Describe(t.Context(), w.adele, i.Ref, first.Version, change)
	wantKind(t, "while it is busy", err, fault.Busy)
	if now, err := w.service.Properties(t.Context(), w.adele, i.Ref); err != nil || now.Version != first.Version {
		t.Errorf("the properties moved: %+v, %v", now, err)
	}
	busy = false
	_, err = s.Describe(t.Context(), w.adele, i.Ref, first.Version, change)
	must(t, err)
	_, err = w.Trouble.Add(trouble.Rule{
		Service: "graph",
		Method:  "PATCH",
		Path:    w.site.DriveID[2:] + ".*/listItem/fields",
		Action:  trouble.Lose,
	})
	must(t, err)
	now, err := s.Properties(t.Context(), w.adele, i.Ref)
	must(t, err)
	if now, err = s.Describe(t.Context(), w.adele, i.Ref, now.Version,
		library.Changes{Title: ptr("newer"), Columns: true}); err != nil || now.Title != "newer" {
		t.Errorf("a lost answer: %+v, %v", now, err)
	}
	if there, err := w.Graph.Item(i.Drive, i.Ref.Item); err != nil || there.Fields["Title"] != "newer" ||
		there.Versions != 3 {
		t.Errorf("in SharePoint: %+v, %v", there, err)
	}
}

func TestAContentThatWasChangedIsNotServedUnderTheOldTag(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.tiff", asTIFF(picture(40, 30, 1)))
	for name, content := range map[string][]byte{"longer": append(asTIFF(picture(40, 30, 2)), make([]byte, 1000)...),
		"as long": otherTIFF()} {
		w.put("a.tiff", content)
		got, err := w.read(i, library.Span{Length: i.Size})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("a %s content: %d bytes, %v", name, len(got), err)
		}
	}
}

// otherTIFF is as long as asTIFF(picture(40, 30, 1)) and has another hash, which is less than it seems: QuickXorHash is
// the same for contents that differ by one value at an even number of places.
func otherTIFF() []byte {
	content := asTIFF(picture(40, 30, 1))
	content[100] ^= 1
	return content
}

func TestAContentWithTheSameHashIsNoReasonNotToSave(t *testing.T) {
	t.Parallel()
	w := open(t)
	before, after := asTIFF(picture(40, 30, 1)), asTIFF(picture(40, 30, 3))
	i := w.put("a.tiff", before)
	saved, err := w.replace(i, "image/tiff", after)
	if err != nil || w.versions(i.Ref) != 2 || !bytes.Equal(w.content(i.Ref), after) ||
		w.item(i.Ref).Fingerprint != i.Fingerprint {
		t.Errorf("%+v, %v; %d versions", saved, err, w.versions(i.Ref))
	}
	same, err := w.replace(saved, "image/tiff", after)
	if err != nil || w.versions(i.Ref) != 2 || same.Tag != saved.Tag {
		t.Errorf("the same content made %d versions, %v", w.versions(i.Ref), err)
	}
	restored, err := w.service.Restore(t.Context(), w.adele, i.Ref, saved.Tag, "1.0")
	if err != nil || !bytes.Equal(w.content(i.Ref), before) || restored.Tag == saved.Tag {
		t.Errorf("restored: %v", err)
	}
}

func TestOneTenantsSlowContentsLeaveRoomForAnother(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	site, err := w.Graph.AddSite(w.scene.Fabrikam.ID, fmt.Sprint("f", time.Now().UnixNano()), w.scene.Frida.ID)
	must(t, err)
	made, err := w.Graph.PutFile(site.DriveID, "b.jpg", bytes.NewReader(asJPEG(picture(40, 30, 2))), w.scene.Frida.ID)
	must(t, err)
	stall := make(chan struct{})
	var stalled atomic.Int32
	mine := w.site.WebURL[strings.LastIndex(w.site.WebURL, "/"):] + "/"
	s := w.serve(roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") == "" && strings.Contains(r.URL.Path, mine) {
			stalled.Add(1)
			select {
			case <-stall:
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}
		return w.Client().Transport.RoundTrip(r)
	}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := s.Preview(t.Context(), w.adele, i.Ref, small, 64); err != nil {
				t.Error(err)
			}
		})
	}
	for stalled.Load() < 4 {
		time.Sleep(time.Millisecond)
	}
	if _, err := s.Preview(t.Context(), w.frida, library.Ref{Drive: site.DriveID, Item: made.ID}, small,
		64); err != nil {
		t.Errorf("another tenant: %v", err)
	}
	ended, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = s.Preview(ended, w.adele, i.Ref, small, 64)
	wantKind(t, "one more of the tenant", err, fault.Busy)
	if stalled.Load() != 4 {
		t.Errorf("%d contents are read at once", stalled.Load())
	}
	close(stall)
	wg.Wait()
}

func TestABodyThatBreaksOffIsNoFaultOfOurs(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	_, err := w.service.Replace(t.Context(), w.adele, i.Ref, i.Tag, "image/jpeg", 100,
		io.MultiReader(strings.NewReader("x"), broken{}))
	wantKind(t, "a client that hangs up", err, fault.Busy)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestWhatCannotBeMeasuredIsNotRead(t *testing.T) {
	t.Parallel()
	w := open(t)
	for n := range 5 {
		_, err := w.Graph.PutFile(w.site.DriveID, fmt.Sprintf("%d.svg", n), strings.NewReader("<svg/>"),
			w.scene.Adele.ID)
		must(t, err)
	}
	if _, toSharePoint := w.since(func() { w.list(library.Query{}) }); len(toSharePoint) != 0 {
		t.Errorf("%d contents were read", len(toSharePoint))
	}
}
