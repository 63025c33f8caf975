package api

import (
	"bytes"
	"encoding/json"
	"strconv"

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
	path := twiceWithin(json.NewDecoder(bytes.NewReader(data)))
	return pointerOf(path), path != nil
}

// twiceWithin reads a value and returns the path in it of a field that is given twice; nil if there is none. The text
// was parsed before: it is valid, and not too deep.
func twiceWithin(d *json.Decoder) []string {
	token, err := d.Token()
	open, ok := token.(json.Delim)
	if err != nil || !ok {
		return nil
	}
	names := map[string]bool{}
	for n := 0; d.More(); n++ {
		name := ""
		if open == '{' {
			key, _ := d.Token()
			name, _ = key.(string)
			if names[name] {
				return []string{name}
			}
			names[name] = true
		}
		if path := twiceWithin(d); path != nil {
			if open == '[' {
				name = strconv.Itoa(n)
			}
			return append([]string{name}, path...)
		}
	}
	_, _ = d.Token() // the closing delimiter
	return nil
}
