package config

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagepro/handler/seal"
	"imagepro/handler/secret"
)

// The types of settings that have a range: reading one checks it.
type (
	Port             int           // 1 to 65535
	Days             int           // 1 to 3650
	GraceDays        int           // 0 to 365
	SessionDays      int           // 1 to 90
	Window           int           // 1 to 1000
	MaxImages        int           // 1 to 1000000
	Open             int           // 1 to 10000
	FileMB           int           // 1 to 200
	Megapixels       int           // 1 to 200
	ResultMegapixels int           // 1 to 400
	Side             int           // 1 to 65535
	Count            int           // 1 to 1000
	MemoryMB         int           // 16 to 8000
	Units            int           // 0 to 100000
	CacheLife        time.Duration // 0 to 10 min
	HTTPDeadline     time.Duration // 1 s to 3 min 45 s
	EventDeadline    time.Duration // 1 s to 9 min 30 s
	EditTime         time.Duration // 1 s to 9 min 30 s
)

func (p *Port) UnmarshalText(text []byte) error             { return number(text, 1, 65535, (*int)(p)) }
func (d *Days) UnmarshalText(text []byte) error             { return number(text, 1, 3650, (*int)(d)) }
func (g *GraceDays) UnmarshalText(text []byte) error        { return number(text, 0, 365, (*int)(g)) }
func (s *SessionDays) UnmarshalText(text []byte) error      { return number(text, 1, 90, (*int)(s)) }
func (w *Window) UnmarshalText(text []byte) error           { return number(text, 1, 1000, (*int)(w)) }
func (m *MaxImages) UnmarshalText(text []byte) error        { return number(text, 1, 1_000_000, (*int)(m)) }
func (o *Open) UnmarshalText(text []byte) error             { return number(text, 1, 10_000, (*int)(o)) }
func (f *FileMB) UnmarshalText(text []byte) error           { return number(text, 1, 200, (*int)(f)) }
func (m *Megapixels) UnmarshalText(text []byte) error       { return number(text, 1, 200, (*int)(m)) }
func (m *ResultMegapixels) UnmarshalText(text []byte) error { return number(text, 1, 400, (*int)(m)) }
func (s *Side) UnmarshalText(text []byte) error             { return number(text, 1, 65535, (*int)(s)) }
func (c *Count) UnmarshalText(text []byte) error            { return number(text, 1, 1000, (*int)(c)) }
func (m *MemoryMB) UnmarshalText(text []byte) error         { return number(text, 16, 8000, (*int)(m)) }
func (u *Units) UnmarshalText(text []byte) error            { return number(text, 0, 100_000, (*int)(u)) }

func (c *CacheLife) UnmarshalText(text []byte) error {
	return duration(text, 0, 10*time.Minute, (*time.Duration)(c))
}

func (d *HTTPDeadline) UnmarshalText(text []byte) error {
	return duration(text, time.Second, 225*time.Second, (*time.Duration)(d))
}

func (d *EventDeadline) UnmarshalText(text []byte) error {
	return duration(text, time.Second, 570*time.Second, (*time.Duration)(d))
}

func (t *EditTime) UnmarshalText(text []byte) error {
	return duration(text, time.Second, 570*time.Second, (*time.Duration)(t))
}

func number(text []byte, least, most int, into *int) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < least || n > most {
		return fmt.Errorf("%q is not a whole number from %d to %d", text, least, most)
	}
	*into = n
	return nil
}

func duration(text []byte, least, most time.Duration, into *time.Duration) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < least || d > most {
		return fmt.Errorf("%q is not a duration from %v to %v, such as 90s", text, least, most)
	}
	*into = d
	return nil
}

// GUID is an id such as f64e410d-2685-4834-8cd1-004fcac3a125, kept in lower case.
type GUID string

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// UnmarshalText takes an id in either case.
func (g *GUID) UnmarshalText(text []byte) error {
	id := strings.ToLower(string(text))
	if !guid.MatchString(id) {
		return fmt.Errorf("%q is not an id such as 00000000-0000-0000-0000-000000000000", text)
	}
	*g = GUID(id)
	return nil
}

// GUIDs is a list of ids, comma-separated.
type GUIDs []string

// UnmarshalText takes at least one id.
func (g *GUIDs) UnmarshalText(text []byte) error {
	var ids []string
	for part := range strings.SplitSeq(string(text), ",") {
		var id GUID
		if err := id.UnmarshalText([]byte(strings.TrimSpace(part))); err != nil {
			return err
		}
		ids = append(ids, string(id))
	}
	*g = ids
	return nil
}

// Names is a list of words, comma-separated.
type Names []string

// UnmarshalText takes words of letters, digits, dots, hyphens and underscores; ids in either case.
func (n *Names) UnmarshalText(text []byte) error {
	var names []string
	for part := range strings.SplitSeq(string(text), ",") {
		name := strings.TrimSpace(part)
		if !word.MatchString(name) {
			return fmt.Errorf("%q is not a word of letters, digits, dots, hyphens and underscores", name)
		}
		if id := strings.ToLower(name); guid.MatchString(id) {
			name = id
		}
		names = append(names, name)
	}
	*n = names
	return nil
}

var word = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// PEM is a text of PEM blocks, which may be given in base64 as a whole: settings often have no line breaks.
type PEM struct{ secret.Text }

// UnmarshalText takes both forms. Its errors never show the text.
func (p *PEM) UnmarshalText(text []byte) error {
	if !bytes.Contains(text, []byte("-----BEGIN ")) {
		decoded, err := base64.StdEncoding.DecodeString(string(text))
		if err != nil || !bytes.Contains(decoded, []byte("-----BEGIN ")) {
			return errors.New("is neither PEM nor the base64 of PEM")
		}
		text = decoded
	}
	p.Text = secret.New(string(text))
	return nil
}

// Identity is a managed identity: system, or the client id of a user-assigned one.
type Identity string

// SystemIdentity is the identity of the function app itself.
const SystemIdentity Identity = "system"

// UnmarshalText takes the word system or an id.
func (i *Identity) UnmarshalText(text []byte) error {
	if Identity(text) == SystemIdentity {
		*i = SystemIdentity
		return nil
	}
	var id GUID
	if err := id.UnmarshalText(text); err != nil {
		return fmt.Errorf("%q is neither system nor a client id", text)
	}
	*i = Identity(id)
	return nil
}

// CloudURL is the https address of a Microsoft cloud service, without a trailing slash.
type CloudURL string

// UnmarshalText takes https addresses; Read checks which they may be.
func (c *CloudURL) UnmarshalText(text []byte) error {
	u, err := url.Parse(strings.TrimSuffix(string(text), "/"))
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is not an https address", text)
	}
	*c = CloudURL(u.String())
	return nil
}

// Loopback reports whether the address is on this machine.
func (c CloudURL) Loopback() bool {
	u, err := url.Parse(string(c))
	return err == nil && loopback(u.Hostname())
}

// SignInPage is an address on this machine, or empty.
type SignInPage string

// UnmarshalText takes addresses on loopback.
func (p *SignInPage) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !loopback(u.Hostname()) || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "" {
		return errors.New("it must be the address of a page on loopback")
	}
	*p = SignInPage(u.String())
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// KeyRing holds the keys that seal refresh tokens and cursors; the first seals, all open.
type KeyRing []seal.Key

var keyID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,32}$`)

// UnmarshalText reads id:base64 pairs. Its errors never show a key.
func (k *KeyRing) UnmarshalText(text []byte) error {
	var ring KeyRing
	for part := range strings.SplitSeq(string(text), ",") {
		id, encoded, ok := strings.Cut(strings.TrimSpace(part), ":")
		if !ok || !keyID.MatchString(id) {
			return errors.New(
				"every key must be written id:base64, the id with 1 to 32 letters, digits, dots, hyphens or " +
					"underscores")
		}
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(raw) != 32 {
			return fmt.Errorf("key %s is not the base64 of 32 bytes (openssl rand -base64 32 makes one)", id)
		}
		if slices.ContainsFunc(ring, func(have seal.Key) bool { return have.ID == id }) {
			return fmt.Errorf("key id %s stands twice", id)
		}
		ring = append(ring, seal.Key{ID: id, Secret: secret.New(string(raw))})
	}
	*k = ring
	return nil
}
