package graph

import "net/http"

// checkOut answers POST checkout (row 18).
func (c *call) checkOut(t target) (answer, *failure) {
	if t.item.isFolder {
		return answer{}, errInvalid("A folder cannot be checked out.")
	}
	if f := c.checkWrite(t.item); f != nil {
		return answer{}, f
	}
	if t.item.out == nil {
		t.item.out = &checkout{by: c.who.User, base: len(t.item.versions) - 1}
		t.item.etag++
		c.noted(t.item)
	}
	return empty(http.StatusNoContent)
}

// checkinBody is the body of checkin.
type checkinBody struct {
	Comment string `json:"comment"`
	As      string `json:"checkInAs"`
}

// checkIn answers POST checkin: others see what was written since the checkout.
func (c *call) checkIn(t target) (answer, *failure) {
	var body checkinBody
	if f := c.parse(&body); f != nil {
		return answer{}, f
	}
	if f := c.checkOwnCheckout(t); f != nil {
		return answer{}, f
	}
	t.item.out = nil
	v := t.item.current()
	v.comment = body.Comment
	if t.drive.minor && body.As == "published" {
		v.major, v.minor = v.major+1, 0
	}
	c.touched(t.item, c.who.User)
	return empty(http.StatusNoContent)
}

// discardCheckOut answers POST discardCheckout: what was written since the checkout is gone.
func (c *call) discardCheckOut(t target) (answer, *failure) {
	if f := c.checkOwnCheckout(t); f != nil {
		return answer{}, f
	}
	base := t.item.out.base
	if base < 0 {
		return answer{}, errInvalid("The file has never been checked in.")
	}
	for _, v := range t.item.versions[base+1:] {
		t.drive.used -= v.blob.size
	}
	t.item.versions, t.item.out = t.item.versions[:base+1], nil
	t.item.etag++
	c.noted(t.item)
	return empty(http.StatusNoContent)
}

func (c *call) checkOwnCheckout(t target) *failure {
	if t.item.isFolder {
		return errInvalid("A folder cannot be checked out.")
	}
	if f := c.checkWrite(t.item); f != nil {
		return f
	}
	if t.item.out == nil {
		return errInvalid("The file is not checked out.").within("notCheckedOut")
	}
	return nil
}
