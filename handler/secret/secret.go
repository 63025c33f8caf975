// Package secret holds text that must not be seen: tokens, keys, connection strings. However it is printed,
// logged or marshalled, it shows as ***.
//
// It does not encrypt anything.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Text is a secret text. The zero value is no secret. It holds a pointer because fmt prints the unexported
// fields of foreign structs without asking their methods.
type Text struct{ value *string }

const mask = "***"

// New returns value as a secret.
func New(value string) Text { return Text{&value} }

// Reveal returns the text itself, for the one place that sends or decrypts it.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// Empty reports whether there is no secret.
func (t Text) Empty() bool { return t.Reveal() == "" }

// Format, LogValue and MarshalText hide the text from fmt (every verb), slog and encoding.
func (t Text) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, mask) }
func (t Text) LogValue() slog.Value         { return slog.StringValue(mask) }
func (t Text) MarshalText() ([]byte, error) { return []byte(mask), nil }

// UnmarshalText takes the text as it is.
func (t *Text) UnmarshalText(text []byte) error {
	*t = New(string(text))
	return nil
}
