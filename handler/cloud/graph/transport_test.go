package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/cloud/graph"
	"imagepro/handler/dev/sandbox"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
)

func TestEveryRefusalOfGraphHasItsKind(t *testing.T) {
	t.Parallel()
	nested := func(code, inner string) string {
		return fmt.Sprintf(
			`{"error":{"code":%q,"message":"geheim.jpg of adele@example","innererror":{"date":"x",`+
				`"innerError":{"code":%q}}}}`, code, inner)
	}
	for name, c := range map[string]struct {
		status   int
		body     string
		header   []string
		kind     fault.Kind
		sentence string
		says     string // in the log
	}{
		"bad request": {400, nested("invalidRequest", "badArgument"), nil, fault.Invalid,
			"SharePoint did not understand the request; an id or a name may be wrong.",
			"400 invalidRequest/badArgument"},
		"not signed in": {401, nested("InvalidAuthenticationToken", "x"), nil, fault.SignIn, notSigned, "401"},
		"denied": {403, nested("accessDenied", ""), []string{"request-id", "id-1"}, fault.Forbidden, mayNot,
			"403 accessDenied (request id id-1)"},
		"infected": {403, nested("accessDenied", "malwareDetected"), nil, fault.Forbidden,
			"SharePoint holds this file back because it may contain malware.", "malwareDetected"},
		"infected by header": {403, "", []string{"X-Virus-Infected", "EICAR"}, fault.Forbidden,
			"SharePoint holds this file back because it may contain malware.", "403"},
		"not found":          {404, nested("itemNotFound", ""), nil, fault.NotFound, notThere, "404"},
		"gone":               {410, "", nil, fault.NotFound, notThere, "410"},
		"name taken":         {409, nested("nameAlreadyExists", ""), nil, fault.Conflict, nameTaken, "409"},
		"name taken, inside": {409, nested("conflict", "nameAlreadyExists"), nil, fault.Conflict, nameTaken, "409"},
		"modified":           {409, nested("resourceModified", ""), nil, fault.Busy, justChanging, "409"},
		"conflict":           {409, nested("editConflict", ""), nil, fault.Conflict, changed, "409"},
		"precondition":       {412, nested("notAllowed", ""), nil, fault.Conflict, changed, "412"},
		"too large":          {413, "", nil, fault.TooLarge, "The file is too large for SharePoint.", "413"},
		"locked":             {423, nested("notAllowed", "resourceLocked"), nil, fault.Locked, isLocked, "423"},
		"full":               {507, nested("quotaLimitReached", ""), nil, fault.Full, noSpace, "507"},
		"path too long": {400, nested("invalidRequest", "pathIsTooLong"), nil, fault.Invalid,
			"The path of the file would be longer than SharePoint takes: 400 characters.", "400"},
		"forbidden name": {400, nested("invalidRequest", "invalidResourceId"), nil, fault.Invalid,
			"SharePoint does not take this name.", "400"},
		"suspected virus": {403, nested("accessDenied", "virusSuspicious"), nil, fault.Forbidden,
			"SharePoint holds this file back because it may contain malware.", "403"},
		"throttled": {429, nested("activityLimitReached", ""), []string{"Retry-After", "3600"}, fault.Busy,
			isBusy, "429"},
		"over the bandwidth": {509, "", []string{"Retry-After", "3600"}, fault.Busy, isBusy, "509"},
		"not implemented":    {501, "", nil, fault.Busy, isBusy, "501"},
		"a teapot": {418, "", nil, fault.Internal, "SharePoint gave an answer that Image Pro does not know.",
			"418"},
		"a page":      {403, "<html>geheim.jpg</html>", nil, fault.Forbidden, mayNot, "403"},
		"an odd body": {403, `{"error":"geheim.jpg"}`, nil, fault.Forbidden, mayNot, "403"},
		"a list":      {404, `[]`, nil, fault.NotFound, notThere, "404"},
		"a deep body": {404,
			strings.Repeat(`{"error":{"code":"a","innerError":`, 1) + strings.Repeat(`{"code":"b","innerError":`, 200) +
				"null" + strings.Repeat("}", 202), nil, fault.NotFound, notThere, "404 a/b/b"},
		"a huge body": {404, `{"error":{"code":"` + strings.Repeat("x", 1<<20) + `"}}`, nil, fault.NotFound, notThere,
			"404 "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := alone(t, &canned{}, func(r *http.Request) *http.Response {
				return answered(r, c.status, c.body, c.header...)
			})
			who, f := caller.Away("t", "u"), bulk.File{Drive: "d", Item: "i", Parent: "p", Tag: "x"}
			_, err := client.File(t.Context(), who, "d", "i") // through the SDK
			wantFault(t, err, c.kind, c.sentence)
			if !strings.Contains(err.Error(), c.says) || len(err.Error()) > 1000 {
				t.Errorf("%d characters for the log, without %q: %.300s", len(err.Error()), c.says, err)
			}
			_, err = client.Replace(t.Context(), caller.Away("another", "u"), f, nil) // through net/http
			wantFault(t, err, c.kind, c.sentence)
		})
	}
}

func TestOddAnswersOfGraphAreBusyAndNotRepeatedInTheError(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"cut off": `{"id":"1","name":"geheim`, "a page": "<html>geheim.jpg</html>", "nothing": "",
		"another form": `{"id":{"geheim":1}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := alone(t, &canned{}, func(r *http.Request) *http.Response {
				return answered(r, http.StatusOK, body)
			})
			who := caller.Away("t", "u")
			if _, err := client.File(t.Context(), who, "d", "i"); err == nil || private.MatchString(err.Error()) {
				t.Errorf("File: %v", err)
			}
			_, err := client.Replace(t.Context(), who, bulk.File{Drive: "d", Item: "i", Tag: "x"}, nil)
			wantFault(t, err, fault.Busy, "SharePoint's answer to an upload was cut off.")
			_, _ = client.Children(t.Context(), who, "d", "root", "") // must not panic
			_, _ = client.Profile(t.Context(), who)
			_, _ = client.Versions(t.Context(), who, bulk.File{Drive: "d", Item: "i"})
		})
	}
}

func TestAMetadataCallThatBreaksOffIsBusy(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("geheim.jpg", []byte("content"))
	w.trouble(trouble.Rule{Service: "graph", Method: http.MethodGet, Action: trouble.Truncate, Bytes: 100, Times: -1})
	_, err := w.client.File(t.Context(), w.who, f.Drive, f.Item)
	wantFault(t, err, fault.Busy, oddAnswer)
}

func TestPassingTroubleOnMetadataIsBorne(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]trouble.Rule{
		"throttled": {Action: trouble.Fail, Status: 429},
		"away":      {Action: trouble.Fail, Status: 503},
		"broken":    {Action: trouble.Break},
		"lost":      {Action: trouble.Lose},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			f := w.put("geheim.jpg", []byte("content"))
			rule.Service = "graph"
			w.trouble(rule)
			if got, err := w.client.File(t.Context(), w.who, f.Drive, f.Item); err != nil || bare(got) != f {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestARequestThatEndsIsBusy(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	client, err := graph.NewClient(graph.Options{
		BaseURL: "https://graph.example/v1.0",
		Tokens:  &canned{},
		Now:     time.Now,
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			cancel()
			return nil, r.Context().Err()
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.File(ctx, caller.Away("t", "u"), "d", "i")
	wantFault(t, err, fault.Busy, "SharePoint did not answer in time.")
}

func TestAnAddressThatIsNoneIsRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	if _, err := graph.NewClient(graph.Options{BaseURL: "https://%zz", Tokens: &canned{}, Now: time.Now}); err == nil {
		t.Error("the client was made")
	}
	client, err := graph.NewClient(graph.Options{
		BaseURL:   "http://graph.example/v1.0",
		Tokens:    &canned{},
		Now:       time.Now,
		Transport: roundTrip(func(*http.Request) (*http.Response, error) { panic("a token left unencrypted") }),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Profile(t.Context(), caller.Away("t", "u"))
	wantFault(t, err, fault.Internal, "A request was about to leave without its owner.")
}

// untilNotBusy repeats what a worker would repeat.
func untilNotBusy[T any](t *testing.T, do func() (T, error)) (T, error) {
	t.Helper()
	for range 20 {
		got, err := do()
		if !fault.Is(err, fault.Busy) {
			return got, err
		}
	}
	t.Fatal("busy twenty times")
	panic("unreachable")
}

func TestAWholeRunAgainstUnkindServicesChangesEachFileOnce(t *testing.T) {
	t.Parallel()
	w := unkind(t, sandbox.Options{Seed: 5})
	// throttling waits for whole seconds
	w.Trouble.Set(trouble.Unkindness{Break: 0.02, Lose: 0.02, Delay: 2 * time.Millisecond})
	const count = 95 // more than a page
	for i := range count {
		name := fmt.Sprintf("geheim %d.jpg", i)
		if _, err := w.Graph.PutFile(w.site.DriveID, name, strings.NewReader(name), w.scene.Adele.ID); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string]bulk.File{}
	for cursor := ""; ; {
		page, err := untilNotBusy(t, func() (bulk.Page, error) {
			return w.client.Children(t.Context(), w.who, w.site.DriveID, "root", cursor)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range page.Files {
			files[f.Item] = f
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(files) != count {
		t.Fatalf("%d files, want %d", len(files), count)
	}
	for _, f := range files {
		content, err := untilNotBusy(t, func() ([]byte, error) { return w.client.Read(t.Context(), w.who, f, 100) })
		if err != nil || string(content) != f.Name {
			t.Fatalf("read %q, %v", content, err)
		}
		content = append(content, " edited"...)
		_, err = untilNotBusy(t, func() (bulk.File, error) { return w.client.Replace(t.Context(), w.who, f, content) })
		if err != nil {
			wantFault(t, err, fault.Conflict, changed) // an answer got lost
		}
		if string(w.content(f.Item)) != string(content) || w.versions(f.Item) != 2 {
			t.Errorf("%d versions, the last is %q", w.versions(f.Item), w.content(f.Item))
		}
		versions, err := untilNotBusy(t, func() ([]bulk.Version, error) {
			return w.client.Versions(t.Context(), w.who, f)
		})
		if err != nil || len(versions) != 2 {
			t.Errorf("%+v, %v", versions, err)
		}
	}
}
