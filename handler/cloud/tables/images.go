package tables

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/library"
)

// Table         PartitionKey  RowKey                           one record for
// ImageProImages  <tid>       <hash of drive>_<hash of item>   each picture of which something is said: a document,
//                                                              with columns to select by
//
// Ids of SharePoint's hold what keys may not, so keys have their hashes. Queries: a record by its key; the records of
// a tenant or of a drive in the order of their keys, by folder, by whether there is an alternative text, by the time of
// the last change and by who made it. Tags are compared here.

var _ library.PropertyStore = (*Store)(nil)

// imageDocument is the stored form of properties.
type imageDocument struct {
	Drive   string         `json:"drive"`
	Item    string         `json:"item"`
	Folder  string         `json:"folder"`
	Title   string         `json:"title,omitempty"`
	AltText string         `json:"altText,omitempty"`
	Caption string         `json:"caption,omitempty"`
	Credit  string         `json:"credit,omitempty"`
	Tags    []string       `json:"tags,omitempty"`
	Focal   *pointDocument `json:"focal,omitempty"`
	Recipes []appliedEntry `json:"recipes,omitempty"`
}

type pointDocument struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

type appliedEntry struct {
	Hash   string `json:"hash"`
	Recipe string `json:"recipe,omitempty"` // canonical JSON
	At     string `json:"at"`
}

// The columns to select by.
const (
	folderColumn  = "Folder"  // hash of the folder's id
	altColumn     = "AltText" // whether there is one: yes, no
	changedColumn = "ChangedAt"
	byColumn      = "ChangedBy" // object id of the user; empty once their data is erased
)

// hashKey is the part of a key for an id of SharePoint's.
func hashKey(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:12])
}

func imageKey(ref library.Ref) string { return hashKey(ref.Drive) + "_" + hashKey(ref.Item) }

func yesOrNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func documentOfImage(p library.Properties) (document, error) {
	if err := checkKeys(p.Tenant); err != nil {
		return document{}, err
	}
	stored := imageDocument{
		Drive:   p.Drive,
		Item:    p.Item,
		Folder:  p.Folder,
		Title:   p.Title,
		AltText: p.AltText,
		Caption: p.Caption,
		Credit:  p.Credit,
		Tags:    p.Tags,
	}
	if p.Focal != nil {
		stored.Focal = &pointDocument{p.Focal.X, p.Focal.Y}
	}
	for _, r := range p.Recipes {
		stored.Recipes = append(stored.Recipes, appliedEntry{r.Hash, string(r.Recipe), formatTime(r.At)})
	}
	return newDocument(p.Tenant, imageKey(p.Ref), map[string]string{
		folderColumn: hashKey(p.Folder), altColumn: yesOrNo(p.AltText != ""), changedColumn: formatTime(p.ChangedAt),
		byColumn: p.ChangedBy,
	}, stored)
}

func imageOf(entity []byte) (library.Properties, error) {
	var stored imageDocument
	row, err := readDocument(entity, &stored)
	if err != nil {
		return library.Properties{}, err
	}
	var columns struct{ ChangedAt, ChangedBy string }
	if err := decode(entity, &columns); err != nil {
		return library.Properties{}, err
	}
	p := library.Properties{
		Tenant:    row.PartitionKey,
		Ref:       library.Ref{Drive: stored.Drive, Item: stored.Item},
		Folder:    stored.Folder,
		Title:     stored.Title,
		AltText:   stored.AltText,
		Caption:   stored.Caption,
		Credit:    stored.Credit,
		Tags:      stored.Tags,
		ChangedAt: parseTime(columns.ChangedAt),
		ChangedBy: columns.ChangedBy,
		Version:   row.ETag,
	}
	if stored.Focal != nil {
		p.Focal = &library.Point{X: stored.Focal.X, Y: stored.Focal.Y}
	}
	for _, r := range stored.Recipes {
		p.Recipes = append(p.Recipes, library.Applied{Hash: r.Hash, Recipe: rawOf(r.Recipe), At: parseTime(r.At)})
	}
	return p, nil
}

// Properties returns those of a picture, or NotFound.
func (s *Store) Properties(ctx context.Context, tenant string, ref library.Ref) (library.Properties, error) {
	if err := checkKeys(tenant); err != nil {
		return library.Properties{}, err
	}
	entity, err := s.entity(ctx, imagesTable, tenant, imageKey(ref))
	if err != nil {
		return library.Properties{}, err
	}
	return imageOf(entity)
}

// PutProperties creates the record if there is no version, else replaces the version that was read.
func (s *Store) PutProperties(ctx context.Context, p library.Properties) (library.Properties, error) {
	record, err := documentOfImage(p)
	if err != nil {
		return p, err
	}
	etag, err := s.put(ctx, imagesTable, p.Version, record)
	if fault.Is(err, fault.Conflict) { // unless an answer was lost and the SDK asked again
		if now, lookErr := s.Properties(ctx, p.Tenant, p.Ref); lookErr == nil && sameText(documentOfImage, now, p) &&
			now.ChangedAt.Equal(p.ChangedAt.Truncate(time.Millisecond)) {
			return now, nil
		}
	}
	if err == nil {
		p.Version = etag
	}
	return p, err
}

// maxScanned is how many records one call looks at, at the most, for those that are wanted.
const maxScanned = 5 * maxPage

var (
	imageCursor = regexp.MustCompile(`^[0-9a-f]{24}_[0-9a-f]{24}$`)
	userID      = regexp.MustCompile(`^[0-9a-zA-Z-]{1,64}$`)
)

// ListProperties returns those that the filter selects. The cursor is the key that was looked at last.
func (s *Store) ListProperties(
	ctx context.Context, tenant string, f library.Filter, cursor string, limit int,
) ([]library.Properties, string, error) {
	if err := checkKeys(tenant); err != nil {
		return nil, "", err
	}
	if cursor != "" && !imageCursor.MatchString(cursor) {
		return nil, "", noCursor()
	}
	if f.ChangedBy != "" && !userID.MatchString(f.ChangedBy) {
		return nil, "", fault.New(fault.Invalid, "This is no id of a user.", nil).At("changedBy")
	}
	filter := filterOf(tenant, f, cursor)
	var found []library.Properties
	var next, last string
	scanned := 0
	err := s.list(ctx, imagesTable, query{filter: filter}, func(entity []byte) (bool, error) {
		if len(found) == limit || scanned == maxScanned {
			next = last
			return false, nil
		}
		p, err := imageOf(entity)
		scanned++
		last = imageKey(p.Ref)
		if err == nil && (f.Tag == "" ||
			slices.ContainsFunc(p.Tags, func(tag string) bool { return strings.EqualFold(tag, f.Tag) })) {
			found = append(found, p)
		}
		return err == nil, err
	})
	if err != nil {
		return nil, "", err
	}
	return found, next, nil
}

// Find returns images of which something is said.
func (s *Store) Find(
	ctx context.Context, tenant string, f bulk.PropertyFilter, cursor string, limit int,
) ([]bulk.ImageRef, string, error) {
	found, next, err := s.ListProperties(ctx, tenant, library.Filter(f), cursor, limit)
	var images []bulk.ImageRef
	for _, p := range found {
		images = append(images, bulk.ImageRef{Drive: p.Ref.Drive, Item: p.Ref.Item})
	}
	return images, next, err
}

func filterOf(tenant string, f library.Filter, cursor string) string {
	after, before := "", "g" // all hashes are before it
	if f.Drive != "" {
		after, before = hashKey(f.Drive)+"_", hashKey(f.Drive)+"_g"
	}
	filter := between(tenant, max(after, cursor), before)
	if f.Folder != "" {
		filter += fmt.Sprintf(" and %s eq '%s'", folderColumn, hashKey(f.Folder))
	}
	if f.MissingAlt {
		filter += fmt.Sprintf(" and %s eq '%s'", altColumn, yesOrNo(false))
	}
	if !f.ChangedSince.IsZero() {
		filter += fmt.Sprintf(" and %s ge '%s'", changedColumn, formatTime(f.ChangedSince))
	}
	if f.ChangedBy != "" {
		filter += fmt.Sprintf(" and %s eq '%s'", byColumn, f.ChangedBy)
	}
	return filter
}

// forget takes a user's id out of the properties that they changed last: those are their organization's. It goes on
// until a pass finds none, and stops with the ledger as deletions do.
func (s *Store) forget(ctx context.Context, tenant, user string, ledger erasure.Ledger) error {
	for {
		found := false
		q := query{filter: filterOf(tenant, library.Filter{ChangedBy: user}, "")}
		err := s.pages(ctx, imagesTable, q, func(entities [][]byte) (bool, error) {
			if len(entities) == 0 {
				return true, nil
			}
			found = true
			if err := ledger.Take(ctx, imagesTable, nil); err != nil {
				return false, err
			}
			return true, s.forgetAll(ctx, entities)
		})
		if err != nil || !found {
			return err
		}
	}
}

func (s *Store) forgetAll(ctx context.Context, entities [][]byte) error {
	for _, entity := range entities {
		p, err := imageOf(entity)
		if err != nil {
			return err
		}
		p.ChangedBy = ""
		// changed just now: the next pass sees it
		if _, err := s.PutProperties(ctx, p); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}
