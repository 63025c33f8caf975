package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/retry"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

// The columns of a library by their internal names.
const (
	titleColumn       = "Title"
	descriptionColumn = "_ExtendedDescription"
)

// SetColumns writes the columns of a file that differ, all at once: each write is a version of the file.
func (c *Client) SetColumns(ctx context.Context, who caller.Caller, ref library.Ref, columns library.Columns) error {
	change, tag, err := c.columns(ctx, who, ref, columns)
	if err != nil || len(change) == 0 {
		return err
	}
	err = c.exchange(ctx, who, http.MethodPatch, c.itemURL(ref, "/listItem/fields"), tag, change, nil)
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Busy) { // its answer may have been lost
		if left, _, lookErr := c.columns(ctx, who, ref, columns); lookErr == nil && len(left) == 0 {
			return nil
		}
	}
	return err
}

// columns returns those that differ from what is wanted, and the version of all of them.
func (c *Client) columns(
	ctx context.Context, who caller.Caller, ref library.Ref, want library.Columns,
) (differ map[string]string, tag string, err error) {
	var have map[string]any
	address := c.itemURL(ref, "/listItem/fields") + "?$select=" + titleColumn + "," + descriptionColumn
	if err := c.exchange(ctx, who, http.MethodGet, address, "", nil, &have); err != nil {
		return nil, "", err
	}
	differ = map[string]string{}
	for name, value := range map[string]*string{titleColumn: want.Title, descriptionColumn: want.Description} {
		if text, _ := have[name].(string); value != nil && text != *value {
			differ[name] = *value
		}
	}
	tag, _ = have["@odata.etag"].(string)
	return differ, tag, nil
}

// maxBatch is how many requests a batch may hold (https://learn.microsoft.com/graph/json-batching).
const maxBatch = 20

// Visible returns those of the files that the caller may see: of twenty with one request. Those of them that are
// throttled or fail on their own are asked for again, with the next ones.
func (c *Client) Visible(
	ctx context.Context, who caller.Caller, refs []library.Ref,
) (map[library.Ref]library.Item, error) {
	visible := map[library.Ref]library.Item{}
	asked := map[library.Ref]int{}
	for len(refs) > 0 {
		now := refs[:min(maxBatch, len(refs))]
		again, failure, err := c.visible(ctx, who, now, visible)
		if err != nil {
			return nil, err
		}
		for _, ref := range again {
			if asked[ref]++; asked[ref] == tries {
				return nil, failure
			}
		}
		refs = append(again, refs[len(now):]...)
	}
	return visible, nil
}

// visible asks with one request. It returns the files that may be asked for again, and why the last of them failed.
func (c *Client) visible(
	ctx context.Context, who caller.Caller, refs []library.Ref, visible map[library.Ref]library.Item,
) (again []library.Ref, failure, err error) {
	type request struct {
		ID     string `json:"id"`
		Method string `json:"method"`
		URL    string `json:"url"`
	}
	var batch struct {
		Requests []request `json:"requests"`
	}
	for n, ref := range refs {
		address := "/drives/" + url.PathEscape(ref.Drive) + "/items/" + url.PathEscape(ref.Item) +
			"?$select=id,name,size,cTag,file,parentReference,webUrl,lastModifiedDateTime"
		batch.Requests = append(batch.Requests, request{strconv.Itoa(n), http.MethodGet, address})
	}
	var answer struct {
		Responses []struct {
			ID      string            `json:"id"`
			Status  int               `json:"status"`
			Headers map[string]string `json:"headers"`
			Body    json.RawMessage   `json:"body"`
		} `json:"responses"`
	}
	if err := c.exchange(ctx, who, http.MethodPost, c.options.BaseURL+"/$batch", "", batch, &answer); err != nil {
		return nil, nil, err
	}
	if len(answer.Responses) != len(refs) {
		return nil, nil, fault.New(fault.Busy, oddAnswer,
			fmt.Errorf("graph: %d answers to a batch of %d", len(answer.Responses), len(refs)))
	}
	for _, one := range answer.Responses {
		n, err := strconv.Atoi(one.ID)
		if err != nil || n < 0 || n >= len(refs) {
			return nil, nil, fault.New(fault.Busy, oddAnswer, nil)
		}
		switch one.Status {
		case http.StatusOK:
			var found uploaded
			if err := json.Unmarshal(one.Body, &found); err != nil || found.ID == "" {
				return nil, nil, fault.New(fault.Busy, oddAnswer, nil)
			}
			visible[refs[n]] = found.item(refs[n].Drive)
		case http.StatusForbidden, http.StatusNotFound, http.StatusBadRequest: // not the caller's to see, or no id
		default:
			header := http.Header{}
			for name, value := range one.Headers {
				header.Set(name, value)
			}
			if header.Get("Retry-After") == "" {
				header.Set("Retry-After", "1")
			}
			inner := &http.Response{StatusCode: one.Status, Header: header,
				Body: io.NopCloser(bytes.NewReader(one.Body))}
			if failure = faultOf(inner, c.options.Now()); !retry.Passing(one.Status) {
				return nil, nil, failure
			}
			c.gates.of(who.Tenant).note(inner, nil, c.options.Now())
			again = append(again, refs[n])
		}
	}
	return again, failure, nil
}

// exchange sends JSON to Graph, if there is any, and reads the answer's, if it is wanted.
func (c *Client) exchange(
	ctx context.Context, who caller.Caller, method, address, tag string, send, receive any,
) error {
	var body io.Reader = http.NoBody
	if send != nil {
		text, err := json.Marshal(send)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(asCaller(ctx, who), method, address, body)
	if err != nil {
		return badAddress()
	}
	if send != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if tag != "" {
		request.Header.Set("If-Match", tag)
	}
	response, err := c.api.Do(request)
	if err != nil {
		return foreign(err)
	}
	defer retry.Discard(response)
	if receive == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 4<<20)).Decode(receive); err != nil {
		return fault.New(fault.Busy, oddAnswer, nil)
	}
	return nil
}
