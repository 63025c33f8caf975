package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/cloud/retry"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

const (
	// smallUpload is the largest content that one request carries: what breaks off begins again from the start.
	smallUpload = 8 << 20
	// fragment is how much of a larger one a request carries: a multiple of 320 KiB, below 60 MiB
	// (https://learn.microsoft.com/graph/api/driveitem-createuploadsession).
	fragment = 32 * 320 << 10
	// uploadTries is how often in a row a fragment may fail.
	uploadTries = 5
)

// Put makes the content the new version of the item if its tag still stands.
func (c *Client) Put(
	ctx context.Context, who caller.Caller, i library.Item, content library.Content,
) (library.Item, error) {
	if i.Tag == "" { // nothing is ever written unconditionally
		return library.Item{},
			fault.New(fault.Conflict, "It is not known which content of the file is to be replaced.", nil)
	}
	hash, err := c.Hash(content)
	if err != nil {
		return library.Item{}, err
	}
	began := c.options.Now()
	ctx, unanswered := countUnanswered(ctx)
	made, err := c.upload(ctx, who, c.inPlaceOf(i), content)
	if err == nil {
		saved, err := c.verified(ctx, who, made.item(i.Drive), hash)
		saved.Overwrote = made.overwrote
		return saved, err
	}
	if !unclear(err, unanswered) {
		return library.Item{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	now, lookErr := c.Item(ctx, who, i.Ref)
	switch {
	case lookErr != nil || now.Tag == i.Tag:
	case c.holds(ctx, who, now, content.Size, hash):
		return now, nil // the answer was lost
	case c.held(ctx, who, i.Ref, content.Size, hash, began):
		overtaken := fault.New(fault.Stale, "The file was saved, and somebody changed it right after.", err)
		overtaken.Latest = &fault.Latest{Version: now.Tag, At: now.ModifiedAt, By: now.ModifiedBy.Name, Bytes: now.Size}
		return library.Item{}, overtaken
	}
	return library.Item{}, undecided(err, unanswered)
}

// Add makes a file in a folder unless the name is taken.
func (c *Client) Add(
	ctx context.Context, who caller.Caller, folder library.Ref, name string, content library.Content,
) (library.Item, error) {
	address, err := c.named(folder, name)
	if err != nil {
		return library.Item{}, err
	}
	hash, err := c.Hash(content)
	if err != nil {
		return library.Item{}, err
	}
	began := c.options.Now()
	ctx, unanswered := countUnanswered(ctx)
	made, err := c.upload(ctx, who,
		destination{whole: address + addOnly, session: address + ":/createUploadSession", conflict: failIfThere},
		content)
	if err == nil {
		return c.verified(ctx, who, made.item(folder.Drive), hash)
	}
	if !unclear(err, unanswered) {
		return library.Item{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	now, lookErr := c.Named(ctx, who, folder, name)
	if lookErr == nil && now.CreatedBy.ID == who.User && now.CreatedAt.After(began.Add(-clockSkew)) &&
		c.holds(ctx, who, now, content.Size, hash) {
		return now, nil // the answer was lost
	}
	return library.Item{}, undecided(err, unanswered)
}

// destination is where a content goes.
type destination struct {
	whole, session string        // in one request, or by a session
	conflict       string        // what a session does if the file is there
	replaced       *library.Item // the content that is replaced, as it was read; nil for a new file
}

// tag is that of the content that is replaced; empty for a new file.
func (d destination) tag() string {
	if d.replaced == nil {
		return ""
	}
	return d.replaced.Tag
}

// inPlaceOf is where a new version of an item goes.
func (c *Client) inPlaceOf(i library.Item) destination {
	return destination{
		whole:    c.itemURL(i.Ref, "/content"),
		session:  c.itemURL(i.Ref, "/createUploadSession"),
		conflict: replaceIt,
		replaced: &i,
	}
}

// upload sends a content in one request, or in parts if it is large, or if it brings its time: a request has no room
// for that, and to change it afterwards would make a further version.
func (c *Client) upload(
	ctx context.Context, who caller.Caller, to destination, content library.Content,
) (uploaded, error) {
	if content.Size <= smallUpload && (content.Modified.IsZero() || content.Size == 0) { // sessions take no empty file
		return c.put(ctx, who, to.whole, content, to.tag())
	}
	return c.uploadParts(ctx, who, to, content)
}

// unansweredKey marks the context with a count of the requests that have no answer, or one of a server that failed.
type unansweredKey struct{}

func countUnanswered(ctx context.Context) (context.Context, *atomic.Int32) {
	n := new(atomic.Int32)
	return context.WithValue(ctx, unansweredKey{}, n), n
}

// unclear reports whether an upload that failed may have been made all the same: its answer was lost, and what came
// later may be an answer to its repeat.
func unclear(err error, unanswered *atomic.Int32) bool {
	return fault.Is(err, fault.Busy) || unanswered.Load() > 0
}

// landTime is how long a request that was not answered may still be carried out.
const landTime = time.Minute

// undecided is the fault of an upload whose content is not there (yet): a refusal is believed only if every request was
// answered. A conflict is, too: what was read is gone, so that no earlier request can be carried out any more.
func undecided(err error, unanswered *atomic.Int32) error {
	if unanswered.Load() == 0 || fault.Is(err, fault.Busy) || fault.Is(err, fault.Conflict) {
		return err
	}
	f := fault.New(fault.Busy, "SharePoint did not say whether the file was saved. Look at it again in a minute.", err)
	f.RetryAfter = landTime
	return f
}

// holds reports whether an item has a content. SharePoint's hash may come later than the item.
func (c *Client) holds(ctx context.Context, who caller.Caller, i library.Item, size int64, hash string) bool {
	if i.Size != size {
		return false
	}
	if i.Fingerprint != "" {
		return i.Fingerprint == hash
	}
	stream, err := c.Open(ctx, who, i, library.Span{Length: size})
	return err == nil && hashOf(stream) == hash
}

// maxHeld is how many versions are looked at.
const maxHeld = 10

// held reports whether a file had a content since a time: versions have no hashes, so that those of the right size by
// the caller are read.
func (c *Client) held(
	ctx context.Context, who caller.Caller, ref library.Ref, size int64, hash string, since time.Time,
) bool {
	history, err := c.History(ctx, who, ref)
	if err != nil {
		return false
	}
	for _, v := range history[:min(len(history), maxHeld)] {
		if v.Current || v.Size != size || v.ModifiedBy.ID != who.User || v.ModifiedAt.Before(since.Add(-clockSkew)) {
			continue
		}
		if stream, err := c.OpenVersion(ctx, who, ref, v, library.Span{Length: size}); err == nil &&
			hashOf(stream) == hash {
			return true
		}
	}
	return false
}

// hashOf reads a stream to its end and closes it; empty if it breaks off.
func hashOf(stream io.ReadCloser) string {
	defer func() { _ = stream.Close() }()
	var q quickXor
	if _, err := io.Copy(&q, stream); err != nil {
		return ""
	}
	return q.sum()
}

// clockSkew is how far SharePoint's clock, which shows seconds, may be behind ours.
const clockSkew = 10 * time.Second

// lookTime is how long it may take to find out whether an upload arrived, if its time was up.
const lookTime = 10 * time.Second

// verified compares what was stored with what was sent. The hash may come later than the answer.
func (c *Client) verified(
	ctx context.Context, who caller.Caller, made library.Item, hash string,
) (library.Item, error) {
	if made.Fingerprint == "" {
		now, err := c.Item(ctx, who, made.Ref)
		if err != nil || now.Tag != made.Tag {
			return made, nil // it was stored, and nothing says that it is wrong
		}
		if made = now; made.Fingerprint == "" {
			if stream, err := c.Open(ctx, who, made, library.Span{Length: made.Size}); err == nil {
				made.Fingerprint = hashOf(stream)
			}
		}
		if made.Fingerprint == "" {
			return made, nil
		}
	}
	if made.Fingerprint != hash {
		return library.Item{},
			fault.New(fault.Internal,
				"SharePoint stored something else than was sent. The version before is in the file's history.",
				errors.New("graph: the hash of an upload differs"))
	}
	return made, nil
}

// Hash returns the QuickXorHash of a content, base64.
func (c *Client) Hash(content library.Content) (string, error) {
	var q quickXor
	if _, err := io.Copy(&q, io.NewSectionReader(content, 0, content.Size)); err != nil {
		return "", fault.New(fault.Internal, "The content could not be read.", err)
	}
	return q.sum(), nil
}

// uploaded is the item that answers an upload.
type uploaded struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	URL       string    `json:"webUrl"`
	Size      int64     `json:"size"`
	CTag      string    `json:"cTag"`
	Created   time.Time `json:"createdDateTime"`
	Modified  time.Time `json:"lastModifiedDateTime"`
	overwrote bool
	By        struct {
		User struct {
			ID   string `json:"id"`
			Name string `json:"displayName"`
		} `json:"user"`
	} `json:"lastModifiedBy"`
	Parent struct {
		ID string `json:"id"`
	} `json:"parentReference"`
	File struct {
		MIMEType string `json:"mimeType"`
		Hashes   struct {
			QuickXorHash string `json:"quickXorHash"`
		} `json:"hashes"`
	} `json:"file"`
}

func (u uploaded) file(drive string) bulk.File {
	if u.ID == "" {
		return bulk.File{}
	}
	return bulk.File{
		Drive:       drive,
		Item:        u.ID,
		Parent:      u.Parent.ID,
		Name:        u.Name,
		Size:        u.Size,
		Modified:    u.Modified.UTC(),
		Tag:         u.CTag,
		MIME:        u.File.MIMEType,
		Fingerprint: u.File.Hashes.QuickXorHash,
		Overwrote:   u.overwrote,
	}
}

func (u uploaded) item(drive string) library.Item {
	return library.Item{
		Ref:         library.Ref{Drive: drive, Item: u.ID},
		Parent:      u.Parent.ID,
		Name:        u.Name,
		Address:     u.URL,
		Size:        u.Size,
		Tag:         u.CTag,
		MIME:        u.File.MIMEType,
		Fingerprint: u.File.Hashes.QuickXorHash,
		CreatedAt:   u.Created.UTC(),
		ModifiedAt:  u.Modified.UTC(),
		ModifiedBy:  library.Person{ID: u.By.User.ID, Name: u.By.User.Name},
	}
}

func readUploaded(response *http.Response) (uploaded, error) {
	var made uploaded
	err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&made)
	if err != nil || made.ID == "" {
		return uploaded{}, fault.New(fault.Busy, "SharePoint's answer to an upload was cut off.", err)
	}
	return made, nil
}

// bodyOf makes a part of the content the body of a request, with its length, which can be sent again.
func bodyOf(request *http.Request, content library.Content, from, to int64) {
	request.GetBody = func() (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(content, from, to-from)), nil
	}
	request.Body, _ = request.GetBody() // never fails, see above
	if request.ContentLength = to - from; to == from {
		request.Body = http.NoBody
	}
}

// put sends the content in one request, with its length, never chunked and never compressed.
func (c *Client) put(
	ctx context.Context, who caller.Caller, address string, content library.Content, tag string,
) (uploaded, error) {
	request, err := http.NewRequestWithContext(asCaller(ctx, who), http.MethodPut, address, nil)
	if err != nil {
		return uploaded{}, badAddress()
	}
	bodyOf(request, content, 0, content.Size)
	request.Header.Set("Content-Type", "application/octet-stream")
	if tag != "" {
		request.Header.Set("If-Match", tag)
	}
	response, err := c.api.Do(request)
	if err != nil {
		return uploaded{}, foreign(err)
	}
	defer retry.Discard(response)
	return readUploaded(response)
}

// What an upload session does if the file is there. The service was seen to do something else than it documents
// when nothing is said (https://github.com/microsoftgraph/microsoft-graph-docs/issues/19010).
const (
	replaceIt   = "replace"
	failIfThere = "fail"
)

// uploadParts sends the content in parts. What was received is told by SharePoint, so a part that broke off goes on
// where it was. A session that does not come to its end is cancelled.
//
// A session's own condition is only sure to be looked at when it is opened. So the file is looked at before each
// sending of the last part, and afterwards it is looked whether somebody's save came between that and ours.
func (c *Client) uploadParts(
	ctx context.Context, who caller.Caller, to destination, content library.Content,
) (uploaded, error) {
	ctx = asCaller(ctx, who)
	address, err := c.openSession(ctx, who, to, content)
	if err != nil {
		return uploaded{}, err
	}
	u := &session{client: c, address: address, content: content}
	if to.replaced != nil {
		u.check = c.stillThere(who, *to.replaced)
	}
	made, err := u.run(ctx)
	if err != nil {
		u.cancel(ctx)
		return uploaded{}, err
	}
	if to.replaced != nil {
		made.overwrote = c.overwrote(ctx, who, *to.replaced)
	}
	return made, nil
}

// overwrote reports whether the version below the newest is another content than the one that was read. What cannot be
// told is not: a library may keep no versions.
func (c *Client) overwrote(ctx context.Context, who caller.Caller, read library.Item) bool {
	history, err := c.History(ctx, who, read.Ref)
	if err != nil || len(history) < 2 {
		return false
	}
	below := history[1]
	if below.Size != read.Size {
		return true
	}
	old := c.options.Now().Sub(read.ModifiedAt) > clockSkew // SharePoint's times are whole seconds
	if read.Fingerprint == "" || old && below.ModifiedAt.Equal(read.ModifiedAt) {
		return false
	}
	// The columns may have changed meanwhile: then the content is the same.
	stream, err := c.OpenVersion(ctx, who, read.Ref, below, library.Span{Length: below.Size})
	if err != nil {
		return false
	}
	hash := hashOf(stream)
	return hash != "" && hash != read.Fingerprint
}

func (c *Client) openSession(
	ctx context.Context, who caller.Caller, to destination, content library.Content,
) (string, error) {
	// No fileSize: it is for OneDrive Personal, and SharePoint answers it with 400
	// (https://github.com/microsoftgraph/microsoft-graph-docs/issues/10585).
	item := map[string]any{"@microsoft.graph.conflictBehavior": to.conflict}
	if !content.Modified.IsZero() {
		item["fileSystemInfo"] = map[string]any{"lastModifiedDateTime": content.Modified.UTC().Format(time.RFC3339)}
	}
	body := map[string]any{"item": item}
	var answer struct {
		Address string `json:"uploadUrl"`
	}
	if err := c.exchange(ctx, who, http.MethodPost, to.session, to.tag(), body, &answer); err != nil {
		return "", err
	}
	location, err := url.Parse(answer.Address)
	if err != nil || !c.mayFetch(asCaller(ctx, who), location) {
		return "", fault.New(fault.Internal,
			"SharePoint named an address for the upload that Image Pro does not trust.", nil)
	}
	return answer.Address, nil
}

// MayWrite opens an upload session for the file, as only those may who may write it, and cancels it. Graph has no
// request that just tells what the caller may do: the permissions of a file name groups. A session that is open already
// refuses a second one with 409 (https://github.com/OneDrive/onedrive-api-docs/issues/747), which is said to writers
// alone.
func (c *Client) MayWrite(ctx context.Context, who caller.Caller, ref library.Ref) error {
	address, err := c.openSession(ctx, who,
		destination{session: c.itemURL(ref, "/createUploadSession"), conflict: replaceIt}, library.Content{})
	switch {
	case err == nil:
		(&session{client: c, address: address}).cancel(asCaller(ctx, who))
		return nil
	case fault.Is(err, fault.Conflict):
		return nil
	case fault.Is(err, fault.Forbidden):
		return fault.New(fault.Forbidden, "You may see this picture, and not change it.", err)
	}
	return err
}

// session is an upload session.
type session struct {
	client  *Client
	address string // pre-authenticated
	content library.Content
	check   func(context.Context) error
}

// stillThere returns a check that an item has the content that it had when it was read.
func (c *Client) stillThere(who caller.Caller, i library.Item) func(context.Context) error {
	return func(ctx context.Context) error {
		now, err := c.Item(ctx, who, i.Ref)
		if err == nil && now.Tag != i.Tag {
			err = fault.New(fault.Conflict, "The file was changed meanwhile.", nil)
		}
		return err
	}
}

// run sends parts until SharePoint has them all.
func (u *session) run(ctx context.Context) (uploaded, error) {
	at, failures := int64(0), 0
	for {
		if u.check != nil && at+fragment >= u.content.Size {
			if err := u.check(ctx); err != nil {
				return uploaded{}, err
			}
		}
		response, err := u.send(ctx, at)
		if err == nil && (response.StatusCode == http.StatusOK || response.StatusCode == http.StatusCreated) {
			defer retry.Discard(response)
			return readUploaded(response)
		}
		if err == nil && response.StatusCode == http.StatusAccepted {
			var next int64
			if next, err = expected(response); err == nil && next > at {
				at, failures = next, 0
				continue
			}
		}
		if err == nil {
			err = u.refusal(response)
		}
		if final(err) {
			return uploaded{}, err
		}
		if failures++; failures == uploadTries || !pause(ctx, time.Duration(failures)*sessionWait) {
			return uploaded{}, err
		}
		if next, askErr := u.ask(ctx); askErr == nil {
			at = next
		}
	}
}

// sessionWait is what a session that is not found is given to come back, and grows with each failure.
const sessionWait = 500 * time.Millisecond

// pause waits, and reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// final reports whether more of the session would not help.
func final(err error) bool {
	f := fault.From(err)
	return f.Kind != fault.Busy || f.RetryAfter > maxWait
}

// send sends the part that begins at a place.
func (u *session) send(ctx context.Context, at int64) (*http.Response, error) {
	to := min(at+fragment, u.content.Size)
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, u.address, nil)
	if err != nil {
		return nil, badAddress()
	}
	bodyOf(request, u.content, at, to)
	if to == u.content.Size {
		request.GetBody = nil // not to be repeated without another look
	}
	request.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", at, to-1, u.content.Size))
	return u.do(request)
}

// ask returns where SharePoint wants to go on.
func (u *session) ask(ctx context.Context) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.address, nil)
	if err != nil {
		return 0, badAddress()
	}
	response, err := u.do(request)
	if err != nil {
		return 0, err
	}
	if response.StatusCode != http.StatusOK {
		return 0, u.refusal(response)
	}
	return expected(response)
}

func (u *session) do(request *http.Request) (*http.Response, error) {
	request.Header.Set("User-Agent", userAgent)
	response, err := u.client.content.Do(request)
	if err != nil {
		return nil, foreign(err)
	}
	return response, nil
}

// refusal says what an answer means that is not the expected one. A session that is not found may be so in
// passing (https://github.com/rclone/rclone/issues/8545), and a part that is out of place was received before.
func (u *session) refusal(response *http.Response) error {
	defer retry.Discard(response)
	f := faultOf(response, u.client.options.Now())
	switch response.StatusCode {
	case http.StatusNotFound, http.StatusRequestedRangeNotSatisfiable, http.StatusUnauthorized, http.StatusAccepted:
		return fault.New(fault.Busy, "The upload to SharePoint broke off.", f)
	}
	return f
}

// cancel ends a session that did not come to its end, so that nothing of it is left. It does what it can: sessions
// end by themselves after a day or so.
func (u *session) cancel(ctx context.Context) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer done()
	if request, err := http.NewRequestWithContext(ctx, http.MethodDelete, u.address, nil); err == nil {
		if response, err := u.do(request); err == nil {
			retry.Discard(response)
		}
	}
}

// expected returns where the first missing byte is.
func expected(response *http.Response) (int64, error) {
	defer retry.Discard(response)
	var status struct {
		Ranges []string `json:"nextExpectedRanges"`
	}
	err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&status)
	if err == nil && len(status.Ranges) > 0 {
		first, _, _ := strings.Cut(status.Ranges[0], "-")
		var at int64
		if at, err = strconv.ParseInt(first, 10, 64); err == nil && at >= 0 {
			return at, nil
		}
	}
	return 0, fault.New(fault.Busy, oddAnswer, nil)
}
