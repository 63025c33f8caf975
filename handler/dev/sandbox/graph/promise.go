package graph

import (
	"slices"
	"strings"
)

// promisedNever records and reports a call that Image Pro promises its customers never to make: Teams
// conversations, and files in a person's or a group's drive.
func (c *call) promisedNever(segments []string) bool {
	first := strings.ToLower(segments[0])
	second, third := "", ""
	if len(segments) > 1 {
		second = strings.ToLower(segments[1])
	}
	if len(segments) > 2 {
		third = strings.ToLower(segments[2])
	}
	private := []string{"drive", "drives", "chats", "joinedteams", "teamwork", "messages", "mailfolders", "onenote"}
	never := first == "teams" || first == "chats" || first == "teamwork" ||
		first == "me" && slices.Contains(private, second) ||
		(first == "users" || first == "groups") && slices.Contains(private, third)
	if never {
		c.mu.Lock()
		c.refused = append(c.refused, c.r.Method+" "+c.r.URL.Path)
		c.mu.Unlock()
	}
	return never
}

// Refused returns the calls (method and path) that reached for what the product promises never to touch:
// below /teams, /chats, /me/drive and their like. They were answered with 403.
func (g *Graph) Refused() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.refused)
}
