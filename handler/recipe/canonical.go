package recipe

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// appendCanonical appends the RFC 8785 form of what the readers wrote down: objects, lists, strings, finite
// numbers and booleans. Keys are our own ASCII names, so sorting by bytes is sorting by UTF-16 units.
func appendCanonical(to []byte, value any) []byte {
	switch v := value.(type) {
	case map[string]any:
		to = append(to, '{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				to = append(to, ',')
			}
			to = appendString(to, key)
			to = append(to, ':')
			to = appendCanonical(to, v[key])
		}
		return append(to, '}')
	case []any:
		to = append(to, '[')
		for i, item := range v {
			if i > 0 {
				to = append(to, ',')
			}
			to = appendCanonical(to, item)
		}
		return append(to, ']')
	case string:
		return appendString(to, v)
	case bool:
		return fmt.Appendf(to, "%t", v)
	case float64:
		// encoding/json writes finite numbers as ECMAScript does (see its floatEncoder), as RFC 8785 asks.
		number, err := json.Marshal(v)
		if err != nil {
			panic("recipe: the readers let a number through that is not finite")
		}
		return append(to, number...)
	}
	panic(fmt.Sprintf("recipe: the canonical form has no %T", value))
}

// appendString appends a string with the escapes of RFC 8785 section 3.2.2.2 and no others.
func appendString(to []byte, s string) []byte {
	const short = "\b\t\n\f\r\"\\"
	const letters = "btnfr\"\\"
	to = append(to, '"')
	for _, r := range s {
		switch i := slices.Index([]rune(short), r); {
		case i >= 0:
			to = append(to, '\\', letters[i])
		case r < 0x20:
			to = fmt.Appendf(to, `\u%04x`, r)
		default:
			to = append(to, string(r)...)
		}
	}
	return append(to, '"')
}
