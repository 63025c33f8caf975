// Package erasure is what the code that erases a user's or an organization's data has in common: of whom, and
// how what goes is counted.
//
// It does not know where the data lies.
package erasure

import "context"

// Scope is whose data is erased.
type Scope struct {
	Tenant string
	User   string // object id; empty for the whole organization
}

// Kind is what a record is, in a word that receipts count by.
type Kind string

// The kinds.
const (
	Sessions    Kind = "sessions"
	Users       Kind = "users"
	Schedules   Kind = "schedules"
	BulkEdits   Kind = "bulkEdits"
	Images      Kind = "images"      // of bulk edits
	Bookkeeping Kind = "bookkeeping" // counts, folders and indexes of bulk edits; names of presets
	Tabs        Kind = "tabs"
	Presets     Kind = "presets"
	Files       Kind = "files" // blobs
	Properties  Kind = "imageProperties"
)

// Record is one that is about to be deleted.
type Record struct {
	Kind Kind
	Key  string // its place in the order of deletion
}

// Ledger counts what is deleted of each place. An error of it stops the erasure, which then goes on at another
// time.
type Ledger interface {
	// Take is told which records are about to be deleted, in ascending order of their keys.
	Take(ctx context.Context, place string, records []Record) error
	// Gone is told that all that was taken of a place is deleted. What is found there from now on is new.
	Gone(ctx context.Context, place string) error
}
