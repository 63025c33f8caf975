package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/fault"
)

func statesOf(names []string) []bulk.ItemState {
	var states []bulk.ItemState
	for _, name := range names {
		states = append(states, bulk.ItemState(name))
	}
	return states
}

type jobsInput struct {
	Page
	Open bool `query:"open" doc:"Only those that are not over"`
}

type jobsOutput struct {
	Body struct {
		BulkEdits []jobBody `json:"bulkEdits"`
		Next      string    `json:"next,omitempty" doc:"Cursor of the next page"`
	}
}

func (a *API) bulkEdits(ctx context.Context, in *jobsInput) (*jobsOutput, error) {
	who := callerOf(ctx)
	list := "bulk-edits open " + strconv.FormatBool(in.Open)
	cursor, err := a.openCursor(in.Cursor, who.Tenant, who.User, list)
	if err != nil {
		return nil, failed(ctx, err)
	}
	jobs, next, err := a.options.Bulk.List(ctx, who, in.Open, cursor, in.Limit)
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &jobsOutput{}
	out.Body.BulkEdits, out.Body.Next = []jobBody{}, a.sealCursor(next, who.Tenant, who.User, list)
	for _, job := range jobs {
		out.Body.BulkEdits = append(out.Body.BulkEdits, jobBodyOf(job, a.options.Now()))
	}
	return out, nil
}

// resumeBulkEdit leaves the session that the work will use. It is the only change of a bulk edit that needs one.
func (a *API) resumeBulkEdit(ctx context.Context, in *RecordID) (*jobOutput, error) {
	if _, err := a.visit(ctx); err != nil {
		return nil, failed(ctx, err)
	}
	return a.changeBulkEdit((*bulk.Service).GoOn)(ctx, in)
}

// changeBulkEdit is an operation that changes how a bulk edit goes on.
func (a *API) changeBulkEdit(
	change func(*bulk.Service, context.Context, caller.Caller, string) (bulk.Job, error),
) func(context.Context, *RecordID) (*jobOutput, error) {
	return func(ctx context.Context, in *RecordID) (*jobOutput, error) {
		job, err := change(a.options.Bulk, ctx, callerOf(ctx), in.ID)
		if err != nil {
			return nil, failed(ctx, err)
		}
		return a.jobAnswer(job), nil
	}
}

type retryInput struct {
	RecordID
	Key    string   `header:"Idempotency-Key" maxLength:"128" doc:"A repeat with the same key returns the same bulk edit"`
	States []string `query:"states" enum:"failed,conflict,skipped" doc:"Which images; failed unless it is said"`
}

func (a *API) retryBulkEdit(ctx context.Context, in *retryInput) (*jobOutput, error) {
	if _, err := a.visit(ctx); err != nil {
		return nil, failed(ctx, err)
	}
	return a.submitted(ctx, func() (bulk.Job, error) {
		return a.options.Bulk.Retry(ctx, callerOf(ctx), in.ID, statesOf(in.States), in.Key)
	})
}

func (a *API) undoBulkEdit(ctx context.Context, in *RecordID) (*jobOutput, error) {
	if _, err := a.visit(ctx); err != nil {
		return nil, failed(ctx, err)
	}
	return a.submitted(ctx, func() (bulk.Job, error) { return a.options.Bulk.Undo(ctx, callerOf(ctx), in.ID) })
}

func (a *API) applyBulkEdit(ctx context.Context, in *RecordID) (*jobOutput, error) {
	if _, err := a.visit(ctx); err != nil {
		return nil, failed(ctx, err)
	}
	return a.submitted(ctx, func() (bulk.Job, error) { return a.options.Bulk.Apply(ctx, callerOf(ctx), in.ID) })
}

// How the stream of events goes on.
const (
	eventEvery = time.Second      // how often the bulk edit is looked at
	aliveEvery = 15 * time.Second // how often something is sent though nothing has changed
	eventLeave = 5 * time.Second  // before the deadline of the request it ends
)

// bulkEditEvents sends the bulk edit as server-sent events whenever it has changed, until it is over or the time of the
// request is: then the client asks again.
func (a *API) bulkEditEvents(ctx context.Context, in *RecordID) (*huma.StreamResponse, error) {
	who := callerOf(ctx)
	job, err := a.options.Bulk.Get(ctx, who, in.ID)
	if err != nil {
		return nil, failed(ctx, err)
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		_, w := humago.Unwrap(c)
		w.Header().Set("Content-Type", "text/event-stream")
		ctx := c.Context()
		boundAnswer(ctx, w)
		if deadline, ok := ctx.Deadline(); ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, deadline.Add(-eventLeave))
			defer cancel()
		}
		events := &eventWriter{w: w}
		events.write("retry: %d\n\n", time.Second.Milliseconds())
		for err == nil && !events.broken {
			body := jobBodyOf(job, a.options.Now())
			if job.Final() {
				events.send("end", body)
				return
			}
			events.send("progress", body)
			select {
			case <-ctx.Done():
				return
			case <-time.After(eventEvery):
			}
			job, err = a.options.Bulk.Get(ctx, who, in.ID)
			if fault.Is(err, fault.Busy) {
				err = nil // the next look may be luckier; job is what the last one saw
			}
		}
		if err != nil && ctx.Err() == nil { // erased, as a rule; the next request tells
			slog.InfoContext(ctx, "events end", "error", fault.From(err))
		}
	}}, nil
}

// eventWriter writes server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
type eventWriter struct {
	w      http.ResponseWriter
	last   string
	sent   time.Time
	broken bool // the client has gone
}

// send sends an event unless it says what the last one said; a sign of life now and then.
func (e *eventWriter) send(name string, body jobBody) {
	shown := body
	shown.Progress = nil // which changes all the time
	text, _ := json.Marshal(shown)
	if name+string(text) == e.last {
		if time.Since(e.sent) >= aliveEvery {
			e.write(": alive\n\n")
		}
		return
	}
	e.last = name + string(text)
	text, _ = json.Marshal(body) // such structs always marshal
	e.write("event: %s\ndata: %s\n\n", name, text)
}

func (e *eventWriter) write(format string, values ...any) {
	_, err := fmt.Fprintf(e.w, format, values...)
	if err == nil {
		err = http.NewResponseController(e.w).Flush()
	}
	e.sent, e.broken = time.Now(), e.broken || err != nil
}

type reportInput struct {
	RecordID
	Format string `query:"format" enum:"csv,json" default:"csv"`
}

// bulkEditReport streams all images, page by page.
func (a *API) bulkEditReport(ctx context.Context, in *reportInput) (*huma.StreamResponse, error) {
	who := callerOf(ctx)
	if _, err := a.options.Bulk.Get(ctx, who, in.ID); err != nil {
		return nil, failed(ctx, err)
	}
	mediaType, write := "text/csv; charset=utf-8", a.writeCSV
	if in.Format == "json" {
		mediaType, write = "application/json", a.writeJSON
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		_, w := humago.Unwrap(c)
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Content-Disposition", disposition("attachment", "bulk-edit-"+in.ID+"."+in.Format))
		boundAnswer(c.Context(), w)
		if err := write(c.Context(), w, who, in.ID); err != nil {
			breakOff(c.Context(), w, err)
		}
	}}, nil
}

var reportColumns = []string{
	"name", "state", "reason", "detail", "driveId", "itemId", "resultItemId", "widthBefore", "heightBefore",
	"bytesBefore", "formatBefore",
	"widthAfter", "heightAfter", "bytesAfter", "formatAfter", "warnings", "finishedAt",
}

func (a *API) writeCSV(ctx context.Context, w io.Writer, who caller.Caller, id string) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(reportColumns); err != nil {
		return err
	}
	err := a.options.Bulk.EachItem(ctx, who, id, func(i bulk.Item) error {
		saved, finished := "", ""
		if i.Saved != nil {
			saved = i.Saved.File
		}
		if !i.FinishedAt.IsZero() {
			finished = i.FinishedAt.Format(time.RFC3339)
		}
		row := []string{i.Name, string(i.State), i.Reason, i.Message, i.Drive, i.File, saved}
		row = append(append(row, pictureCells(i.Before)...), pictureCells(i.After)...)
		row = append(row, strings.Join(i.Warnings, " "), finished)
		for n := range row {
			row[n] = harmless(row[n])
		}
		return out.Write(row)
	})
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	return err
}

func pictureCells(p bulk.Picture) []string {
	if p == (bulk.Picture{}) {
		return make([]string, 4)
	}
	return []string{strconv.Itoa(p.Width), strconv.Itoa(p.Height), strconv.FormatInt(p.Bytes, 10), p.Format}
}

// harmless keeps a spreadsheet from taking a cell for a formula: names of files are anybody's
// (https://owasp.org/www-community/attacks/CSV_Injection).
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func (a *API) writeJSON(ctx context.Context, w io.Writer, who caller.Caller, id string) error {
	if _, err := io.WriteString(w, `{"items":[`); err != nil {
		return err
	}
	separator := ""
	err := a.options.Bulk.EachItem(ctx, who, id, func(i bulk.Item) error {
		text, err := json.Marshal(itemAnswer(i))
		if err == nil {
			_, err = fmt.Fprintf(w, "%s\n%s", separator, text)
			separator = ","
		}
		return err
	})
	if err == nil {
		_, err = io.WriteString(w, "\n]}\n")
	}
	return err
}

type previewsOutput struct {
	Body struct {
		Previews []previewBody `json:"previews"`
	}
}

type previewBody struct {
	N      int       `json:"n" doc:"Number of the image"`
	Until  time.Time `json:"until" doc:"When the previews go"`
	Before string    `json:"beforeUrl" doc:"Of a JPEG of at most 512 pixels"`
	After  string    `json:"afterUrl"`
	Image  itemBody  `json:"image"`
}

func (a *API) bulkEditPreviews(ctx context.Context, in *RecordID) (*previewsOutput, error) {
	samples, err := a.options.Bulk.Samples(ctx, callerOf(ctx), in.ID)
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &previewsOutput{}
	out.Body.Previews = []previewBody{}
	for _, s := range samples {
		address := fmt.Sprintf("%s/bulk-edits/%s/previews/%d/", Prefix, in.ID, s.Item.N)
		out.Body.Previews = append(out.Body.Previews, previewBody{
			N:      s.Item.N,
			Until:  s.Until,
			Before: address + string(bulk.Before),
			After:  address + string(bulk.After),
			Image:  itemAnswer(s.Item),
		})
	}
	return out, nil
}

type samplePreviewInput struct {
	RecordID
	N    int    `path:"n" minimum:"0"`
	Side string `path:"side" enum:"before,after"`
}

func (a *API) bulkEditPreview(ctx context.Context, in *samplePreviewInput) (*pictureOutput, error) {
	data, err := a.options.Bulk.Preview(ctx, callerOf(ctx), in.ID, in.N, bulk.Side(in.Side))
	if err != nil {
		return nil, failed(ctx, err)
	}
	return &pictureOutput{jpegType, data}, nil
}
