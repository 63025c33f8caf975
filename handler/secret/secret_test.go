package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"imagepro/handler/secret"
)

func TestNoWayOfPrintingShowsTheText(t *testing.T) {
	t.Parallel()
	type holder struct {
		Token secret.Text
		Ptr   *secret.Text
		inner secret.Text
	}
	token := secret.New("hunter2")
	h := holder{Token: token, Ptr: &token, inner: token}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", token)
		fmt.Fprintf(&out, verb+"\n", h)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "token", token, "holder", h)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "token", token, "holder", h)
	if err := json.NewEncoder(&out).Encode(h); err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{"hunter2", fmt.Sprintf("%x", "hunter2"), fmt.Sprintf("%d", []byte("hunter2"))} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("printed %q in:\n%s", leak, out.String())
		}
	}
	if token.Reveal() != "hunter2" || token.Empty() || !secret.New("").Empty() {
		t.Error("Reveal or Empty lies")
	}
}
