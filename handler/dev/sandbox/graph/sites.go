package graph

import (
	"net/http"
	"slices"
	"strings"
)

// siteMembers are the members of a site that $select may name.
var siteMembers = []string{
	"id", "name", "displayName", "webUrl", "description", "createdDateTime", "lastModifiedDateTime", "root",
	"siteCollection", "sharepointIds", "eTag", "parentReference", "isPersonalSite", "createdBy", "lastModifiedBy",
	"drive", "drives", "lists",
}

// driveMembers are the members of a drive that $select may name.
var driveMembers = []string{
	"id", "name", "driveType", "webUrl", "owner", "quota", "createdDateTime", "lastModifiedDateTime",
	"createdBy", "lastModifiedBy", "description", "list", "root", "sharePointIds", "system", "eTag",
}

// me answers GET /me (row 1). It needs User.Read and a user.
func (c *call) me(rest []string) (answer, *failure) {
	if len(rest) > 0 {
		return answer{}, errSegment(rest[0])
	}
	if c.r.Method != http.MethodGet {
		return answer{}, errMethod()
	}
	if c.who.User == "" {
		return answer{}, fail(http.StatusBadRequest, "BadRequest",
			"/me request is only valid with delegated authentication flow.")
	}
	if f := c.need("User.Read", "User.ReadWrite", "User.Read.All"); f != nil {
		return answer{}, fail(http.StatusForbidden, "Authorization_RequestDenied",
			"Insufficient privileges to complete the operation.")
	}
	u, err := c.options.Directory.User(c.who.Tenant, c.who.User)
	if err != nil {
		return answer{}, fail(http.StatusNotFound, "Request_ResourceNotFound", "Resource '%s' does not exist.",
			c.who.User)
	}
	given, family, _ := strings.Cut(u.Name, " ")
	m := map[string]any{
		"id": u.ID, "displayName": u.Name, "userPrincipalName": u.UPN, "mail": orNull(u.Mail),
		"givenName": given, "surname": orNull(family), "preferredLanguage": orNull(u.Locale),
		"businessPhones": []any{}, "jobTitle": nil, "mobilePhone": nil, "officeLocation": nil,
	}
	known := []string{
		"id", "displayName", "userPrincipalName", "mail", "givenName", "surname", "preferredLanguage",
		"businessPhones", "jobTitle", "mobilePhone", "officeLocation",
	}
	m, f := c.q.only(m, "user", known)
	if f != nil {
		return answer{}, f
	}
	m["@odata.context"] = c.context("users/$entity")
	return ok(m)
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// routeSites answers below /sites (rows 2 to 4).
func (c *call) routeSites(rest []string) (answer, *failure) {
	if len(rest) == 0 {
		return c.locked(c.searchSites)
	}
	at, rest := takeAddress(rest)
	if len(rest) > 0 {
		// The path is the server's, whatever site stands before it.
		if name, argument, value,
			isCall := function(rest[0]); isCall && strings.EqualFold(name, "getByPath") && argument == "path" {
			at.base, _, _ = strings.Cut(at.base, ",")
			at.path, at.hasPath = strings.Trim(value, "/"), true
			rest = rest[1:]
		}
	}
	c.lock()
	s, f := c.findSite(at)
	c.mu.Unlock()
	if f != nil {
		return answer{}, f
	}
	if len(rest) == 0 {
		return c.locked(func() (answer, *failure) { return c.getSite(s) })
	}
	switch {
	case rest[0] == "drives" && len(rest) == 1:
		return c.locked(func() (answer, *failure) { return c.listDrives(s) })
	case rest[0] == "drives", rest[0] == "drive", rest[0] == "lists" && len(rest) > 1:
		return c.routeSiteDrive(s, rest)
	case rest[0] == "lists":
		return c.locked(func() (answer, *failure) { return c.listLists(s) })
	}
	return answer{}, errSegment(rest[0])
}

// routeSiteDrive answers for one library of a site, named as a drive or as a list.
func (c *call) routeSiteDrive(s *site, rest []string) (answer, *failure) {
	c.lock()
	drives := slices.Clone(s.drives)
	c.mu.Unlock()
	if rest[0] == "drive" {
		return c.routeDrive(drives[0], rest[1:])
	}
	at := slices.IndexFunc(drives, func(d *drive) bool {
		return rest[0] == "drives" && d.id == rest[1] ||
			rest[0] == "lists" && (strings.EqualFold(d.list, rest[1]) || strings.EqualFold(d.name, rest[1]))
	})
	if at < 0 {
		return answer{}, errNoItem()
	}
	if rest[0] == "lists" {
		return c.routeList(drives[at], rest[2:])
	}
	return c.routeDrive(drives[at], rest[2:])
}

// findSite finds a site by id, host name or server-relative path. A site that the user may not open gives
// 403, one that is not there 404, the host of another tenant 400. mu is held.
func (c *call) findSite(at address) (*site, *failure) {
	host, ids, byID := strings.Cut(at.base, ",")
	own := c.hostOf(c.who.Tenant)
	if at.base == "root" {
		host = own
	}
	if !strings.Contains(host, ".") {
		return nil, errInvalid("Malformed site ID").within("invalidSiteId")
	}
	if !strings.EqualFold(host, own) {
		return nil, errInvalid("Invalid hostname for this tenancy")
	}
	path := ""
	if at.path != "" {
		path = "/" + at.path
	}
	if byID && strings.Count(ids, ",") != 1 {
		return nil, errInvalid("Malformed site ID").within("invalidSiteId")
	}
	for _, s := range c.sites {
		same := byID && !at.hasPath && strings.EqualFold(s.collection+","+s.web, ids)
		if s.tenant != c.who.Tenant || !same && (byID || !strings.EqualFold(s.path, path)) {
			continue
		}
		if siteLevel(c.who, s) < Read {
			return nil, errDenied()
		}
		return s, nil
	}
	return nil, fail(http.StatusNotFound, "itemNotFound", "Requested site could not be found")
}

// hostOf gives the name of a tenant's SharePoint as it stands in ids and in URLs for people.
func (g *Graph) hostOf(tenant string) string {
	t, err := g.options.Directory.Tenant(tenant)
	if err != nil {
		return "unknown.sharepoint.com"
	}
	return strings.ToLower(t.Domain) + ".sharepoint.com"
}

func (c *call) siteJSON(s *site) (map[string]any, *failure) {
	m := map[string]any{
		"id": s.id(), "name": s.name, "displayName": s.title, "webUrl": s.webURL(), "description": "",
		"createdDateTime": stamp(s.created), "lastModifiedDateTime": stamp(s.created),
		"root": map[string]any{}, "siteCollection": map[string]any{"hostname": s.host},
	}
	return c.q.only(m, "site", siteMembers)
}

func (c *call) getSite(s *site) (answer, *failure) {
	if c.r.Method != http.MethodGet {
		return answer{}, errMethod()
	}
	m, f := c.siteJSON(s)
	if f != nil {
		return answer{}, f
	}
	m["@odata.context"] = c.context("sites/$entity")
	return ok(m)
}

// searchSites answers GET /sites?search=… from an index that lags behind.
func (c *call) searchSites() (answer, *failure) {
	if c.r.Method != http.MethodGet {
		return answer{}, errMethod()
	}
	if !c.q.has("search") {
		return answer{}, errInvalid("The request is missing the search parameter.")
	}
	if c.q.order != "" && c.q.order != "createdDateTime" {
		return answer{}, errInvalid("Sites can only be sorted by createdDateTime")
	}
	wanted := strings.ToLower(strings.Trim(c.q.option("search"), `"`))
	var found []row
	for _, s := range c.sites {
		hit := wanted == "*" || strings.Contains(strings.ToLower(s.name+"\n"+s.title), strings.TrimSuffix(wanted, "*"))
		if !hit || siteLevel(c.who, s) < Read || s.indexed.After(c.now()) {
			continue
		}
		found = append(found,
			row{stamp(s.created) + s.id(), func() (map[string]any, *failure) { return c.siteJSON(s) }})
	}
	return c.page(c.context("sites"), found)
}

func (c *call) driveJSON(d *drive) (map[string]any, *failure) {
	m := map[string]any{
		"id": d.id, "name": d.name, "driveType": "documentLibrary", "webUrl": d.webURL(), "description": "",
		"createdDateTime": stamp(d.created), "lastModifiedDateTime": stamp(d.created),
		"owner": c.person(d.site.tenant, d.site.owner), "createdBy": c.person(d.site.tenant, d.site.owner),
		"quota": d.quota(),
	}
	if c.q.expanded("list") {
		m["list"] = c.listJSON(d)
	}
	if c.q.expanded("root") {
		m["root"] = c.fullItem(d.root)
	}
	return c.q.only(m, "drive", driveMembers)
}

// quota gives the quota facet (https://learn.microsoft.com/graph/api/resources/quota).
func (d *drive) quota() map[string]any {
	remaining := max(0, d.total-d.used)
	state := "normal"
	switch {
	case remaining == 0:
		state = "exceeded"
	case remaining < d.total/100:
		state = "critical"
	case remaining < d.total/10:
		state = "nearing"
	}
	return map[string]any{
		"total":     d.total,
		"used":      d.used,
		"remaining": remaining,
		"deleted":   d.recycled,
		"state":     state,
	}
}

func (c *call) getDrive(d *drive) (answer, *failure) {
	if c.r.Method != http.MethodGet {
		return answer{}, errMethod()
	}
	if driveLevel(c.who, d) < Read {
		return answer{}, errDenied()
	}
	m, f := c.driveJSON(d)
	if f != nil {
		return answer{}, f
	}
	m["@odata.context"] = c.context("drives/$entity")
	return ok(m)
}

func (c *call) listDrives(s *site) (answer, *failure) {
	if c.r.Method != http.MethodGet {
		return answer{}, errMethod()
	}
	var all []row
	for _, d := range s.drives {
		if driveLevel(c.who, d) < Read {
			continue
		}
		all = append(all, row{strings.ToLower(d.name), func() (map[string]any, *failure) { return c.driveJSON(d) }})
	}
	return c.page(c.context("drives"), all)
}
