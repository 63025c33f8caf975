package graph

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/retry"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

const (
	// streamTries is how often a stream may break off.
	streamTries = 4
	// silence is how long a stream may say nothing before it counts as broken off.
	silence = 30 * time.Second
	// thumbnailMax is the longest thumbnail, in bytes.
	thumbnailMax = 8 << 20
)

// Open reads a part of the content that the item had when it was read.
func (c *Client) Open(
	ctx context.Context, who caller.Caller, i library.Item, part library.Span,
) (io.ReadCloser, error) {
	s, err := c.stream(asCaller(ctx, who), i.Source.Reveal(), i.Size, part, func(ctx context.Context) (string, error) {
		now, err := c.Item(ctx, who, i.Ref)
		if err == nil && now.Tag != i.Tag {
			err = changedWhileRead()
		}
		return now.Source.Reveal(), err
	})
	if err != nil {
		return nil, err
	}
	if part.From == 0 && part.Length == i.Size && i.Fingerprint != "" {
		s.hash, s.want = &quickXor{}, i.Fingerprint
	}
	return s, nil
}

// OpenVersion reads a part of an old content.
func (c *Client) OpenVersion(
	ctx context.Context, who caller.Caller, ref library.Ref, v library.Version, part library.Span,
) (io.ReadCloser, error) {
	s, err := c.stream(asCaller(ctx, who), v.Source.Reveal(), v.Size, part, func(ctx context.Context) (string, error) {
		return c.redirect(ctx, who, c.itemURL(ref, "/versions/"+url.PathEscape(v.ID)+"/content"))
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Thumbnail returns a thumbnail as JPEG.
func (c *Client) Thumbnail(ctx context.Context, who caller.Caller, ref library.Ref, size string) ([]byte, error) {
	return c.download(ctx, who, c.itemURL(ref, "/thumbnails/0/"+url.PathEscape(size)+"/content"), thumbnailMax,
		c.mayFetchThumbnail)
}

// redirect returns the pre-authenticated address to which an address of Graph's leads.
func (c *Client) redirect(ctx context.Context, who caller.Caller, address string) (string, error) {
	request, err := http.NewRequestWithContext(asCaller(ctx, who), http.MethodGet, address, nil)
	if err != nil {
		return "", badAddress()
	}
	response, err := c.api.Do(request)
	if err != nil {
		return "", foreign(err)
	}
	defer retry.Discard(response)
	return response.Header.Get("Location"), nil
}

// stream is a part of a content on its way. A connection that breaks off is replaced by one for the rest.
type stream struct {
	client *Client
	size   int64 // of the whole content
	ctx    context.Context
	fresh  func(context.Context) (address string, err error)

	at, left int64
	tries    int // that are left
	body     io.ReadCloser
	hushed   *time.Timer // ends a connection that is silent while somebody reads
	end      context.CancelFunc

	hash *quickXor // of a whole content that has a fingerprint; nil for others
	want string
}

// stream opens a stream at an address, or at a fresh one if there is none or it has expired.
func (c *Client) stream(
	ctx context.Context, address string, size int64, part library.Span, fresh func(context.Context) (string, error),
) (*stream, error) {
	s := &stream{client: c, size: size, ctx: ctx, fresh: fresh, at: part.From, left: part.Length, tries: streamTries}
	if part.Length <= 0 {
		s.left = 0
		return s, nil
	}
	if err := s.connect(address); err != nil {
		return nil, err
	}
	return s, nil
}

// connect opens a connection for what is left, and tries again with fresh addresses.
func (s *stream) connect(address string) error {
	for {
		err := error(brokenDownload{errors.New("there is no address yet")})
		if address != "" {
			s.tries--
			err = s.dial(address)
		}
		var broken brokenDownload
		if err == nil || !errors.As(err, &broken) {
			return err
		}
		if s.tries <= 0 || s.ctx.Err() != nil {
			var refused *fault.Fault
			if errors.As(err, &refused) {
				return refused
			}
			return fault.New(fault.Busy, "The file could not be read to its end.", err)
		}
		if address, err = s.fresh(s.ctx); err != nil {
			return err
		}
		if address == "" {
			return fault.New(fault.Busy, oddAnswer, errors.New("graph: a file without an address"))
		}
	}
}

// dial makes one connection.
func (s *stream) dial(address string) error {
	location, err := url.Parse(address)
	if err != nil || !s.client.mayFetch(s.ctx, location) {
		return fault.New(fault.Internal, "SharePoint named an address for the file that Image Pro does not trust.", nil)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		cancel()
		return badAddress()
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", s.at, s.at+s.left-1))
	response, err := s.client.content.Do(request)
	if err != nil {
		cancel()
		return foreign(err)
	}
	s.hushed = time.AfterFunc(silence, cancel)
	err = s.begin(response)
	s.hushed.Stop()
	if err != nil {
		cancel() // what is left may never come
		_ = response.Body.Close()
		return err
	}
	s.body, s.end = response.Body, cancel
	return nil
}

// begin checks an answer and passes what comes before the part: now and then SharePoint sends everything.
func (s *stream) begin(response *http.Response) error {
	switch response.StatusCode {
	case http.StatusPartialContent:
		part, total, _ := strings.Cut(response.Header.Get("Content-Range"), "/")
		if !strings.HasPrefix(part, fmt.Sprintf("bytes %d-", s.at)) {
			return brokenDownload{errors.New("another part than was asked for")}
		}
		if total != strconv.FormatInt(s.size, 10) && total != "*" {
			return changedWhileRead()
		}
		return nil
	case http.StatusOK:
		if response.ContentLength >= 0 && response.ContentLength != s.size {
			return changedWhileRead()
		}
		return s.skip(response.Body)
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		f := faultOf(response, s.client.options.Now())
		var e graphError
		if errors.As(f, &e) && e.malware {
			return f
		}
		return brokenDownload{f} // the address lives for minutes only
	case http.StatusRequestedRangeNotSatisfiable:
		return changedWhileRead()
	}
	return faultOf(response, s.client.options.Now())
}

func changedWhileRead() *fault.Fault {
	return fault.New(fault.Conflict, "The file was changed while it was read.", nil)
}

// skip passes what comes before the part.
func (s *stream) skip(body io.Reader) error {
	for left := s.at; left > 0; {
		n, err := io.CopyN(io.Discard, body, min(left, 1<<20))
		left -= n
		s.hushed.Reset(silence)
		if err != nil {
			return brokenDownload{fmt.Errorf("before the part: %w", err)}
		}
	}
	return nil
}

// Read reads on. It ends with io.EOF after the whole part and not before, and after a whole content only if that is
// the one that was asked for.
func (s *stream) Read(p []byte) (int, error) {
	for {
		if s.left == 0 && s.hash != nil && s.hash.sum() != s.want {
			return 0, changedWhileRead()
		}
		if s.left == 0 {
			return 0, io.EOF
		}
		if s.body == nil {
			if err := s.connect(""); err != nil {
				return 0, err
			}
		}
		s.hushed.Reset(silence)
		n, err := s.body.Read(p[:min(int64(len(p)), s.left)])
		s.hushed.Stop()
		if s.hash != nil {
			_, _ = s.hash.Write(p[:n]) // never fails
		}
		s.at, s.left = s.at+int64(n), s.left-int64(n)
		if err != nil && s.left > 0 {
			_ = s.Close()
			if s.tries <= 0 || s.ctx.Err() != nil {
				return n, fault.New(fault.Busy, "The file could not be read to its end.",
					fmt.Errorf("after %d bytes: %w", s.at, err))
			}
		}
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
}

// Close ends the connection.
func (s *stream) Close() error {
	if s.body == nil {
		return nil
	}
	s.hushed.Stop()
	s.end()
	err := s.body.Close()
	s.body = nil
	return err
}
