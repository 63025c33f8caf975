package graph

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"sort"
	"strings"
)

// defaultPage is how many entries a page holds if the client does not say; maxPage is the most.
const (
	defaultPage = 200
	maxPageSize = 5000
)

// row is an entry of a collection with the key that it is sorted by. Keys are unique in a collection.
type row struct {
	key    string
	render func() (map[string]any, *failure)
}

// page answers with the page of a collection that the request asks for. A skip token says behind which key
// to go on, as SharePoint's own tokens do: an entry that is renamed or added before that key while a client
// pages is missed, one that is renamed behind it comes twice. mu is held.
func (c *call) page(context string, all []row) (answer, *failure) {
	sort.Slice(all, func(i, j int) bool { return (all[i].key < all[j].key) != c.q.down && all[i].key != all[j].key })
	rest := all
	if token := c.q.option("skiptoken"); token != "" {
		key, f := c.openToken(token)
		if f != nil {
			return answer{}, f
		}
		at := sort.Search(len(all), func(i int) bool { return all[i].key != key && (all[i].key > key) != c.q.down })
		rest = all[at:]
	}
	size := c.pageSize(len(rest))
	values := make([]any, 0, size)
	for _, r := range rest[:size] {
		m, f := r.render()
		if f != nil {
			return answer{}, f
		}
		values = append(values, m)
	}
	body := map[string]any{"@odata.context": context, "value": values}
	if size < len(rest) {
		last := c.q.option("skiptoken")
		if size > 0 {
			last = c.sealToken(rest[size-1].key)
		}
		body["@odata.nextLink"] = c.nextLink("$skiptoken", last)
	}
	return ok(body)
}

// pageSize says how many of the left entries this page holds.
func (c *call) pageSize(left int) int {
	size := c.q.top
	if size == 0 {
		size = defaultPage
	}
	size = min(size, maxPageSize)
	if left <= size || size < 2 {
		return min(left, size)
	}
	if c.chance(c.unkind.ShortPage) {
		if c.q.option("skiptoken") != "" && c.chance(0.25) {
			return 0
		}
		return 1 + c.random.IntN(size)
	}
	return size
}

// nextLink gives the URL of this request with one option set: absolute, and opaque to clients.
func (c *call) nextLink(option, value string) string {
	values := url.Values{}
	for key, v := range c.q.values {
		if name := strings.ToLower(strings.TrimPrefix(key, "$")); name != "skiptoken" && name != "token" {
			values[key] = v
		}
	}
	values.Set(option, value)
	return c.options.BaseURL + c.r.URL.EscapedPath() + "?" + strings.ReplaceAll(values.Encode(), "%24", "$")
}

// sealToken makes a token that only this emulator can have made.
func (g *Graph) sealToken(text string) string {
	return base64.RawURLEncoding.EncodeToString(append(g.mac(text)[:12], text...))
}

func (g *Graph) openToken(token string) (string, *failure) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < 12 || !hmac.Equal(raw[:12], g.mac(string(raw[12:]))[:12]) {
		return "", errInvalid("The provided skip token is invalid.").within("badArgument")
	}
	return string(raw[12:]), nil
}

func (g *Graph) mac(text string) []byte {
	m := hmac.New(sha256.New, g.key)
	m.Write([]byte(text))
	return m.Sum(nil)
}
