package graph_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/graph"
	"imagepro/handler/fault"
	"imagepro/handler/library"
	"imagepro/handler/secret"
)

const download = "https://x.sharepoint.com/y"

// hundred is a file of a hundred bytes.
var hundred = library.Item{Ref: library.Ref{Drive: "d", Item: "i"}, Tag: "t", Size: 100, Source: secret.New(download)}

// contents returns a client whose SharePoint is a function.
func contents(t *testing.T, serve func(*http.Request) *http.Response) *graph.Client {
	t.Helper()
	return alone(t, &canned{}, func(r *http.Request) *http.Response {
		if r.URL.Host == "graph.example" {
			return answered(r, 200,
				`{"id":"i","name":"n","file":{"mimeType":"image/jpeg"},"cTag":"t","size":100,`+
					`"@microsoft.graph.downloadUrl":"`+download+`"}`)
		}
		return serve(r)
	})
}

// silent is a body that never comes.
type silent struct{ ctx context.Context }

func (s silent) Read([]byte) (int, error) { <-s.ctx.Done(); return 0, s.ctx.Err() }
func (s silent) Close() error             { return nil }

func TestASilentConnectionIsLeftWhereverItFallsSilent(t *testing.T) {
	for _, status := range []int{200, 206, 404, 416} {
		synctest.Test(t, func(t *testing.T) {
			client := contents(t, func(r *http.Request) *http.Response {
				h := http.Header{"Content-Range": {"bytes 10-14/100"}}
				return &http.Response{
					StatusCode:    status,
					Header:        h,
					Body:          silent{r.Context()},
					ContentLength: -1,
					Request:       r,
				}
			})
			began := time.Now()
			stream, err := client.Open(context.Background(), caller.Away("t", "u"), hundred,
				library.Span{From: 10, Length: 5})
			if err == nil {
				_, err = io.ReadAll(stream)
			}
			if took := time.Since(began); err == nil || took > 3*time.Minute {
				t.Errorf("%d: %v after %v", status, err, took)
			}
		})
	}
}

// ones are bytes for as long as somebody may wait for them.
type ones struct {
	ctx  context.Context
	left int
}

func (o *ones) Read(p []byte) (int, error) {
	if o.ctx.Err() != nil {
		return 0, o.ctx.Err()
	}
	if o.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), o.left)
	o.left -= n
	return n, nil
}

func (o *ones) Close() error { return nil }

func TestWhoReadsSlowlyKeepsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		connections := 0
		client := contents(t, func(r *http.Request) *http.Response {
			connections++
			h := http.Header{"Content-Range": {"bytes 0-99/100"}}
			return &http.Response{StatusCode: 206, Header: h, Body: &ones{r.Context(), 100}, Request: r}
		})
		stream, err := client.Open(context.Background(), caller.Away("t", "u"), hundred, library.Span{Length: 100})
		if err != nil {
			t.Fatal(err)
		}
		read := 0
		for buffer := make([]byte, 10); err == nil; time.Sleep(31 * time.Second) {
			var n int
			n, err = stream.Read(buffer)
			read += n
		}
		if _ = stream.Close(); err != io.EOF || read != 100 || connections != 1 {
			t.Errorf("%d bytes over %d connections, %v", read, connections, err)
		}
	})
}

func TestAnotherContentIsNotTakenForTheOneThatWasRead(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(*http.Request) *http.Response{
		"a part of a longer one": func(r *http.Request) *http.Response {
			return &http.Response{
				StatusCode: 206,
				Header:     http.Header{"Content-Range": {"bytes 0-99/101"}},
				Body:       &ones{r.Context(), 100},
				Request:    r,
			}
		},
		"a longer one": func(r *http.Request) *http.Response {
			return &http.Response{
				StatusCode:    200,
				Header:        http.Header{},
				Body:          &ones{r.Context(), 101},
				ContentLength: 101,
				Request:       r,
			}
		},
		"one of another hash": func(r *http.Request) *http.Response {
			return &http.Response{
				StatusCode: 206,
				Header:     http.Header{"Content-Range": {"bytes 0-99/100"}},
				Body:       &ones{r.Context(), 100},
				Request:    r,
			}
		},
	} {
		file := hundred
		file.Fingerprint = "another"
		stream, err := contents(t, serve).Open(t.Context(), caller.Away("t", "u"), file, library.Span{Length: 100})
		if err == nil {
			_, err = io.ReadAll(stream)
			_ = stream.Close()
		}
		if f := wantFault(t, err, fault.Conflict, "The file was changed while it was read."); t.Failed() {
			t.Fatalf("%s: %v", name, f)
		}
	}
}
