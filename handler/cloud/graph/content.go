package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/cloud/retry"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

// Fingerprint returns the QuickXorHash of a content, base64.
func (c *Client) Fingerprint(content []byte) string { return quickXorHash(content) }

// Read returns the content of a file of at most limit bytes. The content is checked against the
// fingerprint: Busy if it is another, since then the file is just being changed.
func (c *Client) Read(ctx context.Context, who caller.Caller, f bulk.File, limit int64) ([]byte, error) {
	content, err := c.readSource(ctx, who, f, limit)
	var broken brokenDownload
	if errors.As(err, &broken) {
		content, err = c.download(ctx, who, c.itemURL(refOf(f), "/content"), limit, c.mayFetch)
	}
	if err != nil {
		return nil, err
	}
	if f.Fingerprint != "" && quickXorHash(content) != f.Fingerprint {
		return nil, fault.New(fault.Busy, "The file changed while it was read.", nil)
	}
	return content, nil
}

// readSource reads a content from the address that came with the file, which spares Graph a request. It is broken if
// there is none, or if it does not live any more.
func (c *Client) readSource(ctx context.Context, who caller.Caller, f bulk.File, limit int64) ([]byte, error) {
	address, err := url.Parse(f.Source.Reveal())
	if err != nil || !c.mayFetch(asCaller(ctx, who), address) {
		return nil, brokenDownload{errors.New("graph: no address of the content")}
	}
	ctx, cancel := context.WithTimeout(ctx, downloadTime)
	defer cancel()
	return c.fetch(ctx, who, f.Source.Reveal(), limit)
}

// ReadVersion returns the content of a version of at most limit bytes.
func (c *Client) ReadVersion(
	ctx context.Context, who caller.Caller, f bulk.File, version string, limit int64,
) ([]byte, error) {
	return c.download(ctx, who, c.itemURL(refOf(f), "/versions/"+url.PathEscape(version)+"/content"), limit, c.mayFetch)
}

// Replace makes content the new version of the file if its tag is still f's.
func (c *Client) Replace(ctx context.Context, who caller.Caller, f bulk.File, content []byte) (bulk.File, error) {
	if f.Tag == "" { // nothing is ever written unconditionally
		return bulk.File{}, fault.New(fault.Conflict, "It is not known which content of the file is to be replaced.",
			nil)
	}
	read := library.Item{Ref: refOf(f), Tag: f.Tag, Size: f.Size, ModifiedAt: f.Modified, Fingerprint: f.Fingerprint}
	return c.write(ctx, who, c.inPlaceOf(read), f, content)
}

// Create adds a file beside f if the name is free.
func (c *Client) Create(
	ctx context.Context, who caller.Caller, f bulk.File, name string, content []byte,
) (bulk.File, error) {
	address, err := c.named(library.Ref{Drive: f.Drive, Item: f.Parent}, name)
	if err != nil {
		return bulk.File{}, err
	}
	return c.write(ctx, who,
		destination{whole: address + addOnly, session: address + ":/createUploadSession", conflict: failIfThere}, f,
		content)
}

// write uploads a content in place of a file, or beside it.
func (c *Client) write(
	ctx context.Context, who caller.Caller, to destination, f bulk.File, content []byte,
) (bulk.File, error) {
	ctx, unanswered := countUnanswered(ctx)
	made, err := c.upload(ctx, who, to, contentOf(f, content))
	if err != nil {
		return bulk.File{}, undecided(err, unanswered)
	}
	return made.file(f.Drive), nil
}

// addOnly makes a file that is addressed by path, unless it is there.
const addOnly = ":/content?@microsoft.graph.conflictBehavior=fail"

// contentOf is a content that is written in place of a file, or beside it.
func contentOf(f bulk.File, content []byte) library.Content {
	to := library.Content{ReaderAt: bytes.NewReader(content), Size: int64(len(content))}
	if f.KeepDate {
		to.Modified = f.Dated
	}
	return to
}

func (c *Client) itemURL(ref library.Ref, rest string) string {
	return c.options.BaseURL + "/drives/" + url.PathEscape(ref.Drive) + "/items/" + url.PathEscape(ref.Item) + rest
}

// named addresses a name in a folder by path. It refuses names that no library can hold: a colon or a slash in
// them would address something else.
func (c *Client) named(folder library.Ref, name string) (string, error) {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `"*:<>?/\|`) {
		return "", fault.New(fault.Invalid, `A file's name must not be empty and must not contain " * : < > ? / \ |.`,
			nil)
	}
	return c.itemURL(folder, ":/") + url.PathEscape(name), nil
}

// badAddress has no cause, since that would name the file.
func badAddress() *fault.Fault {
	return fault.New(fault.Internal, "The file's address cannot be used.", nil)
}

const (
	downloadTries = 3
	// downloadTime is how long one try may take: a connection that went silent must not hold up a worker.
	downloadTime = 75 * time.Second
)

// download asks Graph for a pre-authenticated address and fetches the content from there, without a token. A
// download that breaks off or whose address has expired starts again with a fresh address; one that is refused
// again and again is refused for good.
func (c *Client) download(
	ctx context.Context, who caller.Caller, address string, limit int64, trusted trust,
) ([]byte, error) {
	var err error
	for range downloadTries {
		var content []byte
		content, err = c.downloadOnce(ctx, who, address, limit, trusted)
		var broken brokenDownload
		if err == nil || !errors.As(err, &broken) {
			return content, err
		}
		if ctx.Err() != nil {
			break
		}
	}
	var refused *fault.Fault
	if errors.As(err, &refused) {
		return nil, refused
	}
	return nil, fault.New(fault.Busy, "The file could not be read to its end.", err)
}

// brokenDownload is worth another try with a fresh address.
type brokenDownload struct{ cause error }

func (b brokenDownload) Error() string { return b.cause.Error() }
func (b brokenDownload) Unwrap() error { return b.cause }

// trust says which addresses Graph may name.
type trust func(context.Context, *url.URL) bool

func (c *Client) downloadOnce(
	ctx context.Context, who caller.Caller, address string, limit int64, trusted trust,
) ([]byte, error) {
	ctx, cancel := context.WithTimeout(asCaller(ctx, who), downloadTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, badAddress()
	}
	response, err := c.api.Do(request)
	if err != nil {
		return nil, foreign(err)
	}
	defer retry.Discard(response)
	if response.StatusCode == http.StatusOK {
		return readLimited(response, limit)
	}
	address = response.Header.Get("Location")
	location, err := url.Parse(address)
	if err != nil || !trusted(ctx, location) {
		return nil, fault.New(fault.Internal, "SharePoint named an address for the file that Image Pro does not trust.",
			nil)
	}
	return c.fetch(ctx, who, address, limit)
}

func (c *Client) fetch(ctx context.Context, who caller.Caller, address string, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(asCaller(ctx, who), http.MethodGet, address, nil)
	if err != nil {
		return nil, badAddress()
	}
	request.Header.Set("User-Agent", userAgent)
	response, err := c.content.Do(request)
	if err != nil {
		return nil, foreign(err)
	}
	defer retry.Discard(response)
	switch response.StatusCode {
	case http.StatusOK:
		return readLimited(response, limit)
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		f := faultOf(response, c.options.Now())
		var e graphError
		if errors.As(f, &e) && e.malware {
			return nil, f
		}
		return nil, brokenDownload{f} // the address lives for minutes only
	default:
		return nil, faultOf(response, c.options.Now())
	}
}

func readLimited(response *http.Response, limit int64) ([]byte, error) {
	tooLarge := fault.Newf(fault.TooLarge, "The file is larger than %d MiB.", limit>>20).Over(fault.LimitFileBytes)
	if response.ContentLength > limit {
		return nil, tooLarge
	}
	content := bytes.NewBuffer(make([]byte, 0, max(0, response.ContentLength)+bytes.MinRead))
	if _, err := content.ReadFrom(io.LimitReader(response.Body, limit+1)); err != nil {
		return nil, brokenDownload{fmt.Errorf("after %d bytes: %w", content.Len(), err)}
	}
	if int64(content.Len()) > limit {
		return nil, tooLarge
	}
	return content.Bytes(), nil
}
