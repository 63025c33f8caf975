package host

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// What becomes of the path of a request between the client and the handler. Seen on the real host (4.1037) and on a
// build with later files: Kestrel, the host's web server, decodes a path once and then takes dot segments out. A
// forwarding host builds a System.Uri of the decoded path, which reads a backslash as a slash, decodes dots and takes
// dot segments out once more. So a client of a forwarding host reaches addresses outside of the route that matched. A
// proxying host encodes the decoded path anew.

// decodedPath decodes the path of a request target as Kestrel does. An encoded slash stays encoded, and so does what is
// not UTF-8. It returns false for an encoded NUL, which Kestrel refuses with 400.
func decodedPath(target string) (string, bool) {
	path, _, _ := strings.Cut(target, "?")
	if !strings.HasPrefix(path, "/") { // the absolute form of a target, http://host/path
		if _, rest, found := strings.Cut(path, "://"); found {
			_, path, _ = strings.Cut(rest, "/")
			path = "/" + path
		}
	}
	path = decodePath(path, func(text string) bool { return text != "/" })
	return withoutDotSegments(path), !strings.Contains(path, "\x00")
}

// forwardedPath returns the path, encoded, that a forwarding host asks the handler for.
func forwardedPath(decoded string) string {
	path, _, _ := strings.Cut(decoded, "?")
	path, _, _ = strings.Cut(path, "#")
	path = strings.ReplaceAll(path, `\`, "/")
	path = decodePath(path, func(text string) bool { return len(text) == 1 && isUnreserved(text[0]) })
	return encodePath(withoutDotSegments(path))
}

// proxiedPath returns the path, encoded, that a proxying host asks the handler for.
func proxiedPath(decoded string) string { return encodePath(strings.ReplaceAll(decoded, "%", "%25")) }

// setPath makes a request ask for a path that is encoded already.
func setPath(u *url.URL, encoded string) error {
	path, err := url.PathUnescape(encoded)
	u.Path, u.RawPath = path, encoded
	return err
}

// decodePath replaces each percent-encoded character of a text that wanted takes. What is no UTF-8 stays as it is.
func decodePath(text string, wanted func(character string) bool) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		character, length := encodedCharacter(text[i:])
		if length == 0 || !wanted(character) {
			out.WriteByte(text[i])
			i++
			continue
		}
		out.WriteString(character)
		i += length
	}
	return out.String()
}

// encodedCharacter returns the percent-encoded character at the beginning of a text, and how many bytes stand for it; 0
// if there is none.
func encodedCharacter(text string) (character string, length int) {
	var raw []byte
	for len(raw) < utf8.UTFMax {
		octet, ok := encodedOctet(text[length:])
		if !ok {
			return "", 0
		}
		raw = append(raw, octet)
		length += 3
		if utf8.FullRune(raw) {
			break
		}
	}
	if !utf8.Valid(raw) {
		return "", 0
	}
	return string(raw), length
}

func encodedOctet(text string) (byte, bool) {
	if len(text) < 3 || text[0] != '%' {
		return 0, false
	}
	octet, err := url.PathUnescape(text[:3])
	if err != nil {
		return 0, false
	}
	return octet[0], true
}

// encodePath encodes what must not stand in a path. Characters that are encoded already stay so.
func encodePath(path string) string {
	return percentEncoded(path, func(i int) bool {
		_, encoded := encodedOctet(path[i:])
		return encoded || strings.IndexByte("!$&'()*+,;=:@/", path[i]) >= 0
	})
}

// percentEncoded encodes every byte of a text that is neither unreserved nor allowed. allowed takes its place in the
// text.
func percentEncoded(text string, allowed func(i int) bool) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		if isUnreserved(c) || allowed(i) {
			out.WriteByte(c)
			continue
		}
		out.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return out.String()
}

// isUnreserved is RFC 3986's unreserved.
func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// withoutDotSegments takes dot segments out of a path (RFC 3986, 5.2.4).
func withoutDotSegments(path string) string {
	var kept []string
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case ".", "..":
			if segment == ".." && len(kept) > 1 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, segment)
		}
	}
	return strings.Join(kept, "/")
}
