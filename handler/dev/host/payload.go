package host

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// payload is the body of a call in JSON mode.
type payload struct {
	Data     map[string]json.RawMessage
	Metadata map[string]json.RawMessage
}

// object is a value that goes out as a JSON object, not as text.
type object json.RawMessage

// How .NET writes a DateTime in UTC and a DateTimeOffset.
const (
	dateTime       = "2006-01-02T15:04:05.9999999Z"
	dateTimeOffset = "2006-01-02T15:04:05.9999999-07:00"
)

// encode writes a value as the host does: bytes as base64, times as dates, objects as they are, and
// everything else as JSON text within a JSON string, so that a string is encoded twice and a number arrives
// as a string.
func encode(value any) json.RawMessage {
	switch value := value.(type) {
	case object:
		return json.RawMessage(value)
	case []byte:
		return marshal(value)
	case time.Time:
		return marshal(value.Format(dateTimeOffset))
	}
	return marshal(string(marshal(value)))
}

// marshal is json.Marshal that leaves <, > and & as they are. It is for values that can always be written.
func marshal(value any) json.RawMessage {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(text.Bytes())
}

// metadata is what the host knows about an invocation beside its input. Names are the same in any case.
type metadata map[string]any

func newMetadata(f *function, now time.Time) metadata {
	return metadata{"sys": object(marshal(struct{ MethodName, UtcNow, RandGuid string }{
		f.name, now.UTC().Format(dateTime), newGUID(),
	}))}
}

func (m metadata) set(name string, value any) {
	for existing := range m {
		if strings.EqualFold(existing, name) {
			m[existing] = value
			return
		}
	}
	m[name] = value
}

// merge adds the properties of a text that is a JSON object, arrays and nulls excepted. They override what
// is there: a message with a property id hides the id of the message.
func (m metadata) merge(text string) {
	var properties map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &properties) != nil {
		return
	}
	for name, raw := range properties {
		switch raw[0] {
		case '[', 'n':
		case '{':
			var compact bytes.Buffer
			_ = json.Compact(&compact, raw)
			m.set(name, object(compact.Bytes()))
		default:
			m.set(name, scalar(raw))
		}
	}
}

// scalar returns a JSON string, number or boolean as .NET turns it into a string.
func scalar(raw json.RawMessage) string {
	switch raw[0] {
	case '"':
		var text string
		_ = json.Unmarshal(raw, &text)
		return invariantDate(text)
	case 't':
		return "True"
	case 'f':
		return "False"
	}
	number := string(raw)
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !strings.ContainsAny(number, ".eE") {
		return number
	}
	if size := math.Abs(value); size != 0 && (size < 1e-5 || size >= 1e15) {
		return strconv.FormatFloat(value, 'E', -1, 64)
	}
	return strconv.FormatFloat(value, 'f', -1, 64)
}

// invariantDate rewrites an ISO date and time as Newtonsoft and the invariant culture do, in local time if
// it has an offset, and leaves any other text alone.
func invariantDate(text string) string {
	const invariant = "01/02/2006 15:04:05"
	if len(text) < 19 || text[10] != 'T' {
		return text
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		if !strings.HasSuffix(text, "Z") {
			t = t.Local()
		}
		return t.Format(invariant)
	}
	if t, err := time.Parse("2006-01-02T15:04:05.999999999", text); err == nil {
		return t.Format(invariant)
	}
	return text
}

// encode returns what goes out: nothing under a name that ends in trigger.
func (m metadata) encode() map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	for name, value := range m {
		if !strings.HasSuffix(strings.ToLower(name), "trigger") {
			all[name] = encode(value)
		}
	}
	return all
}
