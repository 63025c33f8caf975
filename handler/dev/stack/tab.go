package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"imagepro/handler/dev/sandbox/directory"
)

// Tab calls the API as a user's Teams tab does: over the host, with the token that Teams gave it. Its types
// are written from handler/docs/api.md, apart from the program's own.
type Tab struct {
	Base  string // http://127.0.0.1:port
	Token string
}

// Tab returns the tab of a user.
func (s *Stack) Tab(user directory.User) (*Tab, error) {
	token, err := s.Token(user)
	if err != nil {
		return nil, err
	}
	return &Tab{Base: s.Host.URL(), Token: token}, nil
}

// Job is a bulk edit as the API shows it.
type Job struct {
	ID      string
	State   string
	Problem *Reason
	Counts  struct {
		Planned, Waiting, Edited, Unchanged, Skipped, Conflict, Failed int
		BytesBefore, BytesAfter                                        int64
	}
}

// Final reports whether nothing will change any more.
func (j Job) Final() bool { return j.State == "done" || j.State == "failed" || j.State == "cancelled" }

// Item is an image of a bulk edit as the API shows it.
type Item struct {
	DriveID, ItemID, Name, State string
	Reason                       *Reason
	Before, After                *Picture
	Warnings                     []string
}

// Reason says why an image was not edited, or a job failed.
type Reason struct{ Kind, Detail string }

// Picture is an image's content.
type Picture struct {
	Width, Height int
	Bytes         int64
	Format        string
}

// Problem is an error answer.
type Problem struct {
	Type, Title, Detail, Field string
	Status                     int
}

func (p *Problem) Error() string {
	return fmt.Sprintf("%d %s: %s %s", p.Status, p.Type, p.Detail, p.Field)
}

// Me signs the user in.
func (t *Tab) Me(ctx context.Context) error {
	var me struct{}
	return t.call(ctx, http.MethodGet, "/api/me", nil, &me)
}

// GraphToken returns a token of the user's for Graph.
func (t *Tab) GraphToken(ctx context.Context) (string, error) {
	var token struct{ AccessToken string }
	err := t.call(ctx, http.MethodPost, "/api/token", map[string]any{"scopes": []string{"Sites.ReadWrite.All"}}, &token)
	return token.AccessToken, err
}

// Submit starts a bulk edit; the body is that of POST /api/bulk-edits.
func (t *Tab) Submit(ctx context.Context, body any) (Job, error) {
	var job Job
	err := t.call(ctx, http.MethodPost, "/api/bulk-edits", body, &job)
	return job, err
}

// SubmitOnce starts a bulk edit, once for a key.
func (t *Tab) SubmitOnce(ctx context.Context, key string, body any) (Job, error) {
	var job Job
	err := t.call(ctx, http.MethodPost, "/api/bulk-edits", body, &job, "Idempotency-Key", key)
	return job, err
}

// Job returns a bulk edit.
func (t *Tab) Job(ctx context.Context, id string) (Job, error) {
	var job Job
	err := t.call(ctx, http.MethodGet, "/api/bulk-edits/"+url.PathEscape(id), nil, &job)
	return job, err
}

// Undo starts the undo of a bulk edit.
func (t *Tab) Undo(ctx context.Context, id string) (Job, error) {
	var job Job
	err := t.call(ctx, http.MethodPost, "/api/bulk-edits/"+url.PathEscape(id)+"/undo", nil, &job)
	return job, err
}

// Cancel ends a bulk edit.
func (t *Tab) Cancel(ctx context.Context, id string) error {
	var job Job
	return t.call(ctx, http.MethodPost, "/api/bulk-edits/"+url.PathEscape(id)+"/cancel", nil, &job)
}

// Items returns all images of a bulk edit.
func (t *Tab) Items(ctx context.Context, id string) ([]Item, error) {
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var items []Item
	cursor := ""
	for {
		var page struct {
			Items []Item
			Next  string
		}
		path := "/api/bulk-edits/" + url.PathEscape(id) + "/items?limit=200&cursor=" + url.QueryEscape(cursor)
		if err := Again(patient, func() error {
			return t.call(patient, http.MethodGet, path, nil, &page)
		}); err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if page.Next == "" {
			return items, nil
		}
		cursor = page.Next
	}
}

// Wait polls a bulk edit until it is final, and calls show, if there is one, with each state on the way. A
// call that the handler's death interrupts is made again; one that is refused for good ends it.
func (t *Tab) Wait(ctx context.Context, id string, every time.Duration, show func(Job)) (Job, error) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		job, err := t.Job(ctx, id)
		if err == nil && show != nil {
			show(job)
		}
		var refused *Problem
		switch {
		case err == nil && job.Final():
			return job, nil
		case errors.As(err, &refused) && refused.Status < 500:
			return job, fmt.Errorf("asking for bulk edit %s: %w", id, err)
		}
		select {
		case <-ctx.Done():
			return job, fmt.Errorf("waiting for bulk edit %s (%s): %w, last answer: %v", id, job.State, ctx.Err(), err)
		case <-ticker.C:
		}
	}
}

// patience is how long a handler that has died may take until it answers again.
const patience = 30 * time.Second

// Again repeats what the trouble around it lets fail, until ctx ends or it is refused for good.
func Again(ctx context.Context, do func() error) error {
	for {
		err := do()
		var refused *Problem
		if err == nil || errors.As(err, &refused) && refused.Status < 500 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w, last: %w", ctx.Err(), err)
		case <-time.After(300 * time.Millisecond):
		}
	}
}

func (t *Tab) call(ctx context.Context, method, path string, body, into any, header ...string) error {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, t.Base+path, reader)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+t.Token)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		problem := &Problem{Status: response.StatusCode}
		_ = json.NewDecoder(response.Body).Decode(problem) // a body of another form leaves the status
		return problem
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// CreateTab adds the image configuration of a tab, the body of POST /api/tabs, and returns its id.
func (t *Tab) CreateTab(ctx context.Context, body any) (string, error) {
	var created struct{ ID string }
	err := t.call(ctx, http.MethodPost, "/api/tabs", body, &created)
	return created.ID, err
}
