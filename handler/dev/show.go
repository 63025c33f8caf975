package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"imagepro/handler/dev/stack"
)

// progress shows how far the bulk edit is: one line that moves on a terminal, else a line for each change of
// a tenth.
type progress struct {
	out      io.Writer
	terminal bool
	begin    time.Time
	shown    int
}

func newProgress(out io.Writer) *progress {
	p := &progress{out: out, begin: time.Now(), shown: -1}
	if file, ok := out.(*os.File); ok {
		info, err := file.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

const barWidth = 32

func (p *progress) show(j stack.Job) {
	planned := max(1, j.Counts.Planned)
	done := j.Counts.Planned - j.Counts.Waiting
	tenth := done * 10 / planned
	if !p.terminal && tenth == p.shown {
		return
	}
	p.shown = tenth
	filled := done * barWidth / planned
	line := fmt.Sprintf("%s%s %d of %d, %d edited, %d failed, %.1f s", strings.Repeat("█", filled),
		strings.Repeat("░", barWidth-filled),
		done, j.Counts.Planned, j.Counts.Edited, j.Counts.Failed+j.Counts.Conflict, time.Since(p.begin).Seconds())
	if p.terminal {
		fmt.Fprint(p.out, "\r\033[K", line)
		return
	}
	fmt.Fprintln(p.out, line)
}

func (p *progress) note(text string) {
	p.end()
	fmt.Fprintln(p.out, text)
}

func (p *progress) end() {
	if p.terminal {
		fmt.Fprintln(p.out)
	}
}

// table prints what became of each photograph.
func (o *outcome) table(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nphotograph\tbefore\tafter\tbytes\tversion\tresult\t")
	for _, r := range o.rows {
		result := r.item.State
		if r.item.Reason != nil {
			result += ": " + r.item.Reason.Detail
		}
		if r.fault != nil {
			result += " — NOT AS IT SHOULD BE: " + r.fault.Error()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t\n", r.name, pixels(r.item.Before), pixels(r.item.After), r.weight(),
			r.version(), result)
	}
	_ = w.Flush()
	fmt.Fprintln(out)
}

func pixels(p *stack.Picture) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprintf("%d×%d", p.Width, p.Height)
}

func (r row) weight() string {
	if r.item.State != "edited" {
		return size(r.before.Size)
	}
	return size(r.before.Size) + " → " + size(r.after.Size)
}

func (r row) version() string {
	if r.versions < 2 {
		return r.before.ID
	}
	return r.before.ID + " → " + r.after.ID
}

func (r row) note() string {
	return fmt.Sprintf("%s → %s, %s, v%s", pixels(r.item.Before), pixels(r.item.After), r.weight(), r.version())
}

func size(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d kB", (bytes+512)>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
}

// line is the demo's last line.
func (o *outcome) line() string {
	return fmt.Sprintf("demo: %d of %d images edited, %d new versions, %.1f s", o.job.Counts.Edited, len(o.rows),
		o.newOnes, o.took.Seconds())
}

// serve keeps everything running and says what can be tried by hand.
func serve(ctx context.Context, s *stack.Stack, o options, result *outcome) error {
	token, err := s.Token(s.Scene.Adele)
	if err != nil {
		return err
	}
	path := filepath.Join(o.out, "token")
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, `
Everything keeps running until Ctrl-C. The tab, in an ordinary browser (choose who you are; no password):

  %[6]s/api/tab/

To try by hand, in another terminal in this folder:

  # a token as Teams gives it to %[1]s's tab; it is good for about an hour
  TOKEN=$(cat %s)
  # a fresh one
  TOKEN=$(curl -s %s/_sandbox/teams-token -H 'Content-Type: application/json' -d '{"tenant":"%s","user":"%s"}' | `+
		`sed 's/.*"token":"\([^"]*\)".*/\1/')

  curl -s %[6]s/api/health
  curl -s %[6]s/api/me -H "Authorization: Bearer $TOKEN"
  curl -s %[6]s/api/bulk-edits/%[7]s -H "Authorization: Bearer $TOKEN"
  curl -s "%[6]s/api/bulk-edits/%[7]s/items?limit=3" -H "Authorization: Bearer $TOKEN"
  # a bulk edit of your own: grey copies beside the photographs
  curl -s -i %[6]s/api/bulk-edits -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{
    "source": {"folder": {"driveId": "%[8]s", "itemId": "root", "recursive": true}},
    "recipe": {"version": 1, "steps": [{"op": "filter", "name": "grayscale"}]},
    "save": {"target": "copy", "name": "{name}-grey"}}'
  # the image configuration of a tab, what it shows; a change (PUT) wants If-Match with its ETag
  curl -s -i %[6]s/api/tabs -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{
    "title": "Summer fair", "siteId": "%[9]s", "driveId": "%[8]s"}'
  # a token for Microsoft Graph
  curl -s %[6]s/api/token -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"scopes": `+
		`["User.Read"]}'
  # what is kept, and how to have all of one's own data erased (it takes some minutes; Location names the receipt)
  curl -s %[6]s/api/privacy
  curl -s -i -X DELETE %[6]s/api/me -H "Authorization: Bearer $TOKEN"
  # what the program asked of Entra and Graph
  curl -s %[3]s/history

The sandbox's management port: %[3]s   the Functions host: %[6]s/admin/functions
`, s.Scene.Adele.Name, path, s.Sandbox.ManagementURL, s.Scene.Contoso.ID, s.Scene.Adele.UPN, s.Host.URL(),
		result.job.ID, result.site.DriveID, result.site.ID)
	select {
	case <-ctx.Done():
		fmt.Fprintln(o.stdout, "\nstopping")
		return nil
	case <-s.Host.Done():
		return fmt.Errorf("the Functions host ended: %w", s.Host.Err())
	}
}

// showLogs returns a log for the host and a sink for the handler's lines, both on stderr.
func showLogs() (*slog.Logger, func(slog.Level, string)) {
	var mu sync.Mutex
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	return log, func(_ slog.Level, line string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(os.Stderr, line)
	}
}
