package graph

import (
	"fmt"
	"net/http"
)

// failure is an answer that is an error, in Graph's terms
// (https://learn.microsoft.com/graph/errors).
type failure struct {
	status  int
	code    string // of the outer error
	inner   string // of the nested error; empty if there is none
	message string
	header  http.Header
}

// Error gives status, code and message.
func (f *failure) Error() string { return fmt.Sprintf("%d %s: %s", f.status, f.code, f.message) }

func fail(status int, code, format string, args ...any) *failure {
	return &failure{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

func (f *failure) within(inner string) *failure {
	f.inner = inner
	return f
}

func (f *failure) with(header, value string) *failure {
	if f.header == nil {
		f.header = http.Header{}
	}
	f.header.Set(header, value)
	return f
}

// The failures that several calls share.

func errInvalid(format string, args ...any) *failure {
	return fail(http.StatusBadRequest, "invalidRequest", format, args...)
}

func errNoItem() *failure {
	return fail(http.StatusNotFound, "itemNotFound", "The resource could not be found.")
}

func errDenied() *failure {
	return fail(http.StatusForbidden, "accessDenied", "Access denied")
}

func errExists() *failure {
	return fail(http.StatusConflict, "nameAlreadyExists", "An item with the same name already exists under the parent")
}

func errFull() *failure {
	return fail(http.StatusInsufficientStorage, "quotaLimitReached",
		"Insufficient Space Available").within("insufficientStorage")
}

func errTooMuch() *failure {
	return fail(http.StatusRequestEntityTooLarge, "invalidRequest",
		"The maximum request size has been exceeded").within("maxRequestLengthExceeded")
}

func errSegment(segment string) *failure {
	return fail(http.StatusBadRequest, "BadRequest", "Resource not found for the segment '%s'.", segment)
}

func errMethod() *failure {
	return fail(http.StatusMethodNotAllowed, "Request_BadRequest",
		"Specified HTTP method is not allowed for the request target.")
}

// errLocked draws one of the three bodies in which 423 was seen; mu is held.
func (g *Graph) errLocked() *failure {
	if g.chance(g.unkind.OtherShape) {
		if g.chance(0.5) {
			return lockedShape(2)
		}
		return lockedShape(1)
	}
	return lockedShape(0)
}

func lockedShape(n int) *failure {
	switch n {
	case 1:
		return fail(http.StatusLocked, "resourceLocked", "The resource you are attempting to access is locked")
	case 2:
		return fail(http.StatusLocked, "accessDenied",
			"The file is currently checked out or locked for editing by another user")
	}
	return fail(http.StatusLocked, "notAllowed",
		"The resource you are attempting to access is locked").within("resourceLocked")
}

func errModified(status int) *failure {
	return fail(status, "resourceModified",
		"The resource has changed since the caller last read it; usually an eTag mismatch")
}

// errChanged draws one of the two bodies in which 412 was seen; mu is held.
func (g *Graph) errChanged() *failure {
	if g.chance(g.unkind.OtherShape) {
		return fail(http.StatusPreconditionFailed, "notAllowed", "ETag does not match current item's value")
	}
	return errModified(http.StatusPreconditionFailed).within("resourceModified")
}
