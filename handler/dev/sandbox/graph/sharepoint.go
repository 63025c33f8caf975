package graph

import (
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

var (
	downloadPath  = regexp.MustCompile(`/_layouts/15/download\.aspx$`)
	uploadPath    = regexp.MustCompile(`/_api/v2\.0/drives/[^/]+/items/[^/]+/uploadSession$`)
	monitorPath   = regexp.MustCompile(`/_api/v2\.0/monitor/([^/]+)$`)
	thumbnailPath = regexp.MustCompile(`/transform/thumbnail$`)
)

// SharePoint serves the pre-authenticated URLs: downloads, upload sessions, thumbnails and the monitors of
// copies. It knows nothing else, and no access tokens.
func (g *Graph) SharePoint() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		c := &call{Graph: g, r: r, id: g.newGUID()}
		g.mu.Unlock()
		c.stampHeaders(w.Header())
		var f *failure
		path := r.URL.Path
		switch {
		case downloadPath.MatchString(path):
			f = c.download(w)
		case uploadPath.MatchString(path):
			f = c.uploadSession(w)
		case thumbnailPath.MatchString(path):
			f = c.thumbnail(w)
		case monitorPath.MatchString(path):
			f = c.monitor(w, monitorPath.FindStringSubmatch(path)[1])
		default:
			f = fail(http.StatusNotFound, "itemNotFound", "404 FILE NOT FOUND")
		}
		if f != nil {
			c.refuse(w, f)
		}
	})
}

// enter opens the ticket of the request and takes over the identity in it. A request that carries an
// Authorization header as well is refused.
func (c *call) enter(w http.ResponseWriter, kind string) (ticket, *failure) {
	if c.r.Header.Get("Authorization") != "" {
		return ticket{}, fail(http.StatusUnauthorized, "unauthenticated",
			"Authorization must not be sent to a pre-authenticated URL.")
	}
	t, f := c.open(c.r, kind)
	if f != nil {
		return ticket{}, f
	}
	c.who.Tenant, c.who.User = t.Tenant, t.User
	if known, ok := w.(interface{ Identify(tenant, user string) }); ok {
		known.Identify(t.Tenant, t.User)
	}
	return t, nil
}

// download answers the target of GET content. Range gives 206, or now and then 200 with everything.
func (c *call) download(w http.ResponseWriter) *failure {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return errMethod()
	}
	t, f := c.enter(w, "download")
	if f != nil {
		return f
	}
	c.lock()
	it, v, f := c.ticketItem(t)
	whole := c.chance(c.unkind.WholeRange)
	c.mu.Unlock()
	if f != nil {
		return f
	}
	if it.malware != "" {
		return fail(http.StatusForbidden, "malwareDetected", "Malware detected").with("X-Virus-Infected", it.malware)
	}
	file, err := c.blobs.open(v.blob)
	if err != nil {
		return fail(http.StatusInternalServerError, "generalException", "%s", err.Error())
	}
	defer func() { _ = file.Close() }()
	if whole {
		c.r.Header.Del("Range")
	}
	h := w.Header()
	h.Set("Content-Type", mimeType(it.name))
	h.Set("ETag", it.eTag())
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": it.name}))
	http.ServeContent(w, c.r, "", v.at, file)
	return nil
}

// ticketItem returns copies of what a ticket names, as they are now. mu is held.
func (c *call) ticketItem(t ticket) (item, *version, *failure) {
	d, ok := c.drives[t.Drive]
	if !ok || d.items[t.Item] == nil || !sees(c.who, d.items[t.Item]) {
		return item{}, nil, errNoItem()
	}
	it := d.items[t.Item]
	v := it.view(c.who.User)
	if t.Version != "" {
		if v, _ = it.version(t.Version); v == nil {
			return item{}, nil, errNoItem()
		}
	}
	return *it, v, nil
}

// uploadQuery gives the query of an upload URL as SharePoint writes it: with apostrophes and a tilde that
// are not encoded.
func uploadQuery(guid, name string, on behaviour) string {
	flag := map[bool]string{true: "True", false: "False"}
	return "guid='" + guid + "'&path='~tmp" + strings.ToUpper(guid[:2]) + "_" + url.QueryEscape(name) + "'&overwrite=" +
		flag[on == onConflictReplace] +
		"&rename=" + flag[on == onConflictRename] + "&dc=0"
}
