package bulkbench

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"syscall"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/cloud/graph"
	"imagepro/handler/cloud/queue"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/secret"
)

// Calls says what the bare calls of a bulk edit are made against. It goes to a process of their own, by its standard
// input: the sandbox is in this one, and its work is not to be counted.
type Calls struct {
	Connection, Graph, CA, Token string
	Tenant, User, Job            string
	Drive                        string
	Items                        []string
}

// Measure makes the calls of one image after the other, without editing, and writes what one costs: seconds of CPU.
func Measure(ctx context.Context, in io.Reader, out io.Writer) error {
	var c Calls
	if err := json.NewDecoder(in).Decode(&c); err != nil {
		return err
	}
	ca, err := os.ReadFile(c.CA)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 16}
	library, err := graph.NewClient(graph.Options{
		BaseURL:   c.Graph,
		Tokens:    fixed{secret.New(c.Token)},
		Transport: transport,
		Loopback:  true,
		Now:       time.Now,
	})
	if err != nil {
		return err
	}
	records, err := tables.Open(c.Connection)
	if err != nil {
		return err
	}
	messages, err := queue.Open(c.Connection)
	if err != nil {
		return err
	}
	ref, who := bulk.Ref{Tenant: c.Tenant, Job: c.Job}, caller.Away(c.Tenant, c.User)
	if err := records.CreateJob(ctx, bulk.Job{
		Ref:       ref,
		User:      c.User,
		State:     bulk.Running,
		CreatedAt: time.Now(),
	}); err != nil {
		return err
	}
	job, err := records.Job(ctx, ref)
	if err != nil {
		return err
	}
	for len(c.Items) > job.Planned {
		var portion bulk.Portion
		for n := job.Planned; n < min(len(c.Items), job.Planned+90); n++ {
			portion.Items = append(portion.Items, bulk.Item{
				Ref:   ref,
				N:     n,
				User:  c.User,
				Drive: c.Drive,
				File:  c.Items[n],
				State: bulk.Waiting,
			})
		}
		if job, err = records.RecordPortion(ctx, job, portion); err != nil {
			return err
		}
	}
	warm := len(c.Items) / 5
	var before time.Duration
	for n := range c.Items {
		if n == warm {
			before = cpuOfThis()
		}
		if err := one(ctx, records, messages, library, who, ref, n); err != nil {
			return fmt.Errorf("image %d: %w", n, err)
		}
	}
	_, err = fmt.Fprintln(out, (cpuOfThis()-before).Seconds()/float64(len(c.Items)-warm))
	return err
}

// one makes the calls that the program makes for one image: its message, its record, the file, the content, the intent,
// the upload and the result.
func one(
	ctx context.Context, records *tables.Store, messages *queue.Service, library *graph.Client, who caller.Caller,
	ref bulk.Ref, n int,
) error {
	if err := messages.Send(ctx, "bench-calls",
		fmt.Appendf(nil, `{"tenant":%q,"job":%q,"n":%d}`, ref.Tenant, ref.Job, n), 0); err != nil {
		return err
	}
	item, err := records.Item(ctx, ref, n)
	if err != nil {
		return err
	}
	file, err := library.File(ctx, who, item.Drive, item.File)
	if err != nil {
		return err
	}
	content, err := library.Read(ctx, who, file, 50<<20)
	if err != nil {
		return err
	}
	result := content[:len(content)/4] // about as much as the edit leaves
	item.Intent = &bulk.Intent{At: time.Now(), Source: library.Fingerprint(content),
		Fingerprint: library.Fingerprint(result)}
	if item, err = records.Intend(ctx, item); err != nil {
		return err
	}
	written, err := library.Replace(ctx, who, file, result)
	if err != nil {
		return err
	}
	item.State, item.Saved, item.FinishedAt = bulk.Edited, &bulk.Saved{File: written.Item, Tag: written.Tag}, time.Now()
	_, err = records.FinishItem(ctx, item)
	return err
}

// fixed gives one token.
type fixed struct{ token secret.Text }

func (f fixed) Token(context.Context, caller.Caller, string) (secret.Text, error) {
	return f.token, nil
}
func (fixed) Refused(caller.Caller, secret.Text) {}

// cpuOfThis is what this process has used.
func cpuOfThis() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // never fails for this process
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
