package api

import (
	"encoding/base64"
	"strings"

	"imagepro/handler/fault"
	"imagepro/handler/tab"
)

// Page selects a page of a list. It is exported, as the other types that inputs embed, because huma looks only
// into such.
type Page struct {
	Cursor string `query:"cursor" maxLength:"1024" doc:"next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// RecordID names a record in an address.
type RecordID struct {
	ID string `path:"id" maxLength:"64"`
}

// sealCursor makes the cursor of a next page one that only its owner can come back with: whose list it is, and
// which. Empty stays empty.
func (a *API) sealCursor(cursor string, owner ...string) string {
	if cursor == "" {
		return ""
	}
	return a.options.Cursors.Token(cursor, owner...)
}

// openCursor returns what sealCursor sealed for the owner. Invalid for anything else.
func (a *API) openCursor(token string, owner ...string) (string, error) {
	if token == "" {
		return "", nil
	}
	cursor, err := a.options.Cursors.OpenToken(token, owner...)
	if err != nil {
		return "", fault.New(fault.Invalid, "This is no cursor that Image Pro gave for this list.", err).At("cursor")
	}
	return cursor, nil
}

// entityTag writes a version as a strong entity tag (RFC 9110, 8.8.3).
func entityTag(version string) string {
	return `"` + base64.RawURLEncoding.EncodeToString([]byte(version)) + `"`
}

// matched returns the version that an If-Match header names; of several headers, the first counts. Unconditional
// without a header; Invalid for more than one tag, a weak one, or "*", which would overwrite what nobody has read.
func matched(header string) (string, error) {
	if header == "" {
		return "", fault.New(fault.Unconditional,
			"Say which version the change is for: If-Match with the ETag of what you read.", nil).At("If-Match")
	}
	encoded, begins := strings.CutPrefix(strings.TrimSpace(header), `"`)
	encoded, ends := strings.CutSuffix(encoded, `"`)
	version, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !begins || !ends || err != nil || len(version) == 0 {
		return "", fault.New(fault.Invalid, "This is not one ETag that Image Pro gave.", nil).At("If-Match")
	}
	return string(version), nil
}

// matchedOrAny is matched for deletions, which may be of any version.
func matchedOrAny(header string) (string, error) {
	if strings.TrimSpace(header) == "*" {
		return tab.AnyVersion, nil
	}
	return matched(header)
}
