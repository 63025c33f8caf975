package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// reporter tells what became of the files, in their order.
type reporter interface {
	add(result) error
	end() error
}

// jsonLines prints a line of JSON for each file.
type jsonLines struct{ out io.Writer }

type jsonLine struct {
	File     string         `json:"file"`
	Format   imaging.Format `json:"format,omitempty"` // of the result; nothing if there is none
	Width    int            `json:"width,omitempty"`
	Height   int            `json:"height,omitempty"`
	Bytes    int64          `json:"bytes,omitempty"`
	Warnings []string       `json:"warnings"`
	Error    string         `json:"error,omitempty"`
	Saved    string         `json:"saved,omitempty"` // below OUT
	Before   jsonPicture    `json:"before"`
	ReadMs   float64        `json:"readMs"`
	EditMs   float64        `json:"editMs"`
	WriteMs  float64        `json:"writeMs"`
}

type jsonPicture struct {
	Format imaging.Format `json:"format,omitempty"`
	Width  int            `json:"width,omitempty"`
	Height int            `json:"height,omitempty"`
	Bytes  int64          `json:"bytes"`
}

func (j jsonLines) add(r result) error {
	line := jsonLine{
		File:     r.file,
		Error:    r.why(),
		Saved:    r.saved,
		Warnings: append([]string{}, r.edited.Warnings...),
		Before:   jsonPicture{r.edited.Before.Format, r.edited.Before.Width, r.edited.Before.Height, r.size},
		ReadMs:   milliseconds(r.reading),
		EditMs:   milliseconds(r.editing),
		WriteMs:  milliseconds(r.writing),
	}
	if r.err == nil {
		line.Format, line.Width, line.Height, line.Bytes = r.edited.Format, r.edited.Width, r.edited.Height, r.bytes
	}
	return json.NewEncoder(j.out).Encode(line)
}

func (jsonLines) end() error { return nil }

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond)) / float64(time.Millisecond)
}

// why says why a file was not edited, or nothing.
func (r result) why() string {
	var f *fault.Fault
	switch {
	case r.err == nil:
		return ""
	case errors.As(r.err, &f) && f.Field != "":
		return f.Field + ": " + f.Message
	case errors.As(r.err, &f):
		return f.Message
	}
	return r.err.Error()
}

// table prints a table when all is done, and how far it is until then.
type table struct {
	out      io.Writer
	terminal bool
	files    int

	rows                   []string
	edited, failed, others int
	warned                 bool
	begin                  time.Time
	tenth                  int
}

func newTable(out io.Writer, files int) *table {
	t := &table{out: out, files: files, begin: time.Now()}
	if file, ok := out.(*os.File); ok {
		info, err := file.Stat()
		t.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return t
}

func (t *table) add(r result) error {
	switch {
	case r.noPicture():
		t.others++
	case r.err != nil:
		t.failed++
		t.rows = append(t.rows,
			row(r.file, dimensions(r.edited.Before.Width, r.edited.Before.Height), "-", size(r.size),
				"FAILED: "+r.why()))
	default:
		t.edited++
		t.warned = t.warned || len(r.edited.Warnings) > 0
		t.rows = append(t.rows, row(r.file, dimensions(r.edited.Before.Width, r.edited.Before.Height),
			dimensions(r.edited.Width, r.edited.Height), size(r.size)+" → "+size(r.bytes),
			strings.Join(r.edited.Warnings, ", ")))
	}
	return t.progress()
}

// progress shows how far it is: one line that moves on a terminal, else a line for each tenth.
func (t *table) progress() error {
	done := t.edited + t.failed + t.others
	tenth := done * 10 / t.files
	line := fmt.Sprintf("%d of %d, %d edited, %d failed, %.1f s", done, t.files, t.edited, t.failed,
		time.Since(t.begin).Seconds())
	var err error
	switch {
	case t.terminal:
		_, err = fmt.Fprint(t.out, "\r\033[K", line)
	case tenth != t.tenth:
		_, err = fmt.Fprintln(t.out, line)
	}
	t.tenth = tenth
	return err
}

func (t *table) end() error {
	if t.terminal {
		fmt.Fprintln(t.out)
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nfile\tbefore\tafter\tbytes\twarnings")
	for _, row := range t.rows {
		fmt.Fprintln(w, row)
	}
	err := w.Flush()
	fmt.Fprintf(t.out, "\n%d edited, %d failed", t.edited, t.failed)
	if t.others > 0 {
		fmt.Fprintf(t.out, ", %d skipped that are not pictures", t.others)
	}
	fmt.Fprintln(t.out)
	if t.warned {
		fmt.Fprintln(t.out, "What the warnings mean: handler/docs/api.md")
	}
	return err
}

func row(cells ...string) string {
	for i, cell := range cells {
		if strings.ContainsFunc(cell, func(r rune) bool { return !unicode.IsPrint(r) }) {
			cells[i] = strconv.Quote(cell)
		}
	}
	return strings.Join(cells, "\t")
}

func dimensions(width, height int) string {
	if width == 0 {
		return "-"
	}
	return fmt.Sprintf("%d×%d", width, height)
}

func size(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d kB", (bytes+1023)>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
}
