package api

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// strictJSON reads bodies as huma does, but for fields that are given twice. Of these encoding/json takes the last, and
// who reads the body before us may take the first.
func strictJSON() huma.Format {
	format := huma.DefaultJSONFormat
	read := format.Unmarshal
	format.Unmarshal = func(data []byte, v any) error {
		if err := read(data, v); err != nil {
			return err
		}
		if _, whole := v.(*any); !whole {
			return nil // what huma validates is read first, into an any
		}
		if field, ok := givenTwice(data); ok {
			return twice(field)
		}
		return nil
	}
	return format
}

// twice is the JSON pointer of a field that is given twice.
type twice string

const saysTwice = "given twice: "

func (t twice) Error() string { return saysTwice + string(t) }

// givenTwice returns the JSON pointer of the first field of a JSON text that its object had before.
func givenTwice(data []byte) (field string, found bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	path, found := twiceWithin(d, nil)
	return "/" + strings.Join(path, "/"), found
}

// twiceWithin reads a value, which lies at a path, and returns the path of a field that is given twice. The text was
// parsed before: it is valid, and not too deep.
func twiceWithin(d *json.Decoder, path []string) (field []string, found bool) {
	token, err := d.Token()
	open, ok := token.(json.Delim)
	if err != nil || !ok {
		return nil, false
	}
	names := map[string]bool{}
	for n := 0; d.More(); n++ {
		name := strconv.Itoa(n)
		if open == '{' {
			key, err := d.Token()
			if err != nil {
				return nil, false
			}
			name = key.(string)
			if names[name] {
				return append(path, pointerPart(name)), true
			}
			names[name] = true
		}
		if field, found = twiceWithin(d, append(path, pointerPart(name))); found {
			return field, true
		}
	}
	_, _ = d.Token() // the closing delimiter
	return nil, false
}
