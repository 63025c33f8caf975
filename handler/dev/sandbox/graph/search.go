package graph

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// searchItems answers search(q='…') (row 7) from an index that lags behind: names and titles below the
// folder, in this drive.
func (c *call) searchItems(t target) (answer, *failure) {
	if c.args[0] != "q" {
		return answer{}, errInvalid("The function search needs the parameter q.")
	}
	wanted := strings.ToLower(strings.Trim(c.args[1], `"`))
	var rows []row
	for _, it := range t.drive.items {
		title, _ := it.fields["Title"].(string)
		hit := it.parent != nil && it != t.item && it.within(t.item) && !it.indexed.After(c.now()) &&
			strings.Contains(strings.ToLower(it.name+"\n"+title), wanted)
		if hit && sees(c.who, it) {
			rows = append(rows, row{it.id, func() (map[string]any, *failure) { return c.foundJSON(it) }})
		}
	}
	return c.page(c.context("Collection(driveItem)"), rows)
}

// foundJSON renders a search result: an item without what the index does not hold.
func (c *call) foundJSON(it *item) (map[string]any, *failure) {
	m, f := c.itemJSON(it)
	if f != nil {
		return nil, f
	}
	delete(m, "@microsoft.graph.downloadUrl")
	delete(m, "cTag")
	delete(m, "eTag")
	if ref, ok := m["parentReference"].(map[string]any); ok {
		delete(ref, "path")
	}
	m["searchResult"] = map[string]any{}
	return m, nil
}

// delta answers GET delta (row 8), on the root only as in SharePoint. A token is the number of the last
// change that the client knows.
func (c *call) delta(t target) (answer, *failure) {
	if t.item.parent != nil {
		return answer{}, errInvalid("Delta is supported on the root of a drive only.").within("notSupported")
	}
	token := c.q.option("token")
	if token == "" && len(c.args) == 2 && c.args[0] == "token" {
		token = c.args[1]
	}
	d := t.drive
	since, f := c.deltaSince(d, token)
	if f != nil {
		return answer{}, f
	}
	if token == "latest" {
		return c.answerDelta(d, nil, d.seq, false)
	}
	changed := c.changedSince(d, since)
	size := c.pageSize(len(changed))
	if size == 0 {
		return c.answerDelta(d, nil, since, len(changed) > 0)
	}
	last := d.seq
	if size < len(changed) {
		last = changed[size-1].seq
	}
	return c.answerDelta(d, c.withParents(changed[:size], since), last, size < len(changed))
}

// deltaSince reads a token: ours, a time, "latest" or nothing.
func (c *call) deltaSince(d *drive, token string) (int64, *failure) {
	if token == "" || token == "latest" {
		return 0, nil
	}
	if at, err := time.Parse(time.RFC3339, token); err == nil {
		since := d.seq
		for _, it := range d.items {
			if !it.changed.Before(at) {
				since = min(since, it.seq-1)
			}
		}
		return since, nil
	}
	text, f := c.openToken(token)
	if f != nil {
		return 0, errInvalid("The provided token is invalid.")
	}
	id, number, _ := strings.Cut(text, " ")
	since, err := strconv.ParseInt(number, 10, 64)
	if err != nil || id != d.id {
		return 0, errInvalid("The provided token is for another drive.")
	}
	if since < d.oldest {
		return 0, c.errResync(d)
	}
	return since, nil
}

// errResync tells a client to start over, at the URL in Location.
func (c *call) errResync(d *drive) *failure {
	code := "resyncChangesApplyDifferences"
	if c.chance(c.unkind.OtherShape) {
		code = "resyncChangesUploadDifferences"
	}
	fresh := c.options.BaseURL + "/v1.0/drives/" + url.PathEscape(d.id) + "/root/delta"
	return fail(http.StatusGone, code,
		"Resync required. The delta token is no longer valid, and the app must reset the sync state.").
		within("resyncRequired").with("Location", fresh)
}

// changedSince lists what changed, in the order of the last changes.
func (c *call) changedSince(d *drive, since int64) []*item {
	var changed []*item
	for _, it := range d.items {
		if it.seq > since && (since > 0 || !it.deleted) && (it.deleted || sees(c.who, it)) {
			changed = append(changed, it)
		}
	}
	sort.Slice(changed, func(i, j int) bool { return changed[i].seq < changed[j].seq })
	return changed
}

// withParents adds the folders above each item, before it, unless the client asked not to.
func (c *call) withParents(items []*item, since int64) []*item {
	if c.r.Header.Get("deltaExcludeParent") != "" {
		return items
	}
	var all []*item
	for _, it := range items {
		var above []*item
		for p := it.parent; p != nil && !it.deleted; p = p.parent {
			if !slices.Contains(all, p) && sees(c.who, p) {
				above = append(above, p)
			}
		}
		slices.Reverse(above)
		all = append(all, above...)
		if !slices.Contains(above, it) && !slices.Contains(all, it) {
			all = append(all, it)
		}
	}
	if since > 0 && len(all) > 0 && c.chance(c.unkind.DeltaTwice) {
		all = append(all, all[c.random.IntN(len(all))])
	}
	return all
}

func (c *call) answerDelta(d *drive, items []*item, last int64, more bool) (answer, *failure) {
	values := []any{}
	for _, it := range items {
		if it.deleted {
			values = append(values, map[string]any{
				"id": it.id, "deleted": map[string]any{"state": "deleted"},
				"parentReference": map[string]any{"driveId": d.id, "driveType": "documentLibrary", "id": it.parent.id},
			})
			continue
		}
		m, f := c.itemJSON(it)
		if f != nil {
			return answer{}, f
		}
		values = append(values, m)
	}
	body := map[string]any{"@odata.context": c.context("Collection(driveItem)"), "value": values}
	token := c.sealToken(fmt.Sprintf("%s %d", d.id, last))
	if more {
		body["@odata.nextLink"] = c.nextLink("token", token)
	} else {
		body["@odata.deltaLink"] = c.nextLink("token", token)
	}
	return ok(body)
}
