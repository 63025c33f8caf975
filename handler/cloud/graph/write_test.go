package graph_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/dev/sandbox"
	sandboxgraph "imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
)

func TestReplaceMakesOneNewVersionOfTheContentThatWasRead(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("folder/geheim.jpg", []byte("before"))
	for _, n := range []int{0, 1, 100_000, 5 << 20} {
		content := random(n)
		next, err := w.client.Replace(t.Context(), w.who, f, content)
		if err != nil {
			t.Fatal(err)
		}
		now, err := w.client.File(t.Context(), w.who, f.Drive, f.Item)
		if err != nil || bare(next) != bare(now) || next.Tag == f.Tag || next.Size != int64(n) ||
			next.Fingerprint != w.client.Fingerprint(content) {
			t.Errorf("%d bytes: answered %+v, the file is %+v, %v", n, next, now, err)
		}
		if !bytes.Equal(w.content(f.Item), content) {
			t.Errorf("%d bytes: the library holds something else", n)
		}
		f = next
	}
	if got := w.versions(f.Item); got != 5 {
		t.Errorf("%d versions, want 5", got)
	}
}

func TestReplaceGivesWayToAnotherWriter(t *testing.T) {
	t.Parallel()
	w := open(t)
	stale := w.put("geheim.jpg", []byte("read"))
	w.put("geheim.jpg", []byte("theirs"))
	_, err := w.client.Replace(t.Context(), w.who, stale, []byte("ours"))
	wantFault(t, err, fault.Conflict, changed)
	_, err = w.client.Replace(t.Context(), w.who, bulk.File{Drive: stale.Drive, Item: stale.Item}, []byte("ours"))
	wantFault(t, err, fault.Conflict, "It is not known which content of the file is to be replaced.")
	if string(w.content(stale.Item)) != "theirs" {
		t.Error("their content is lost")
	}
}

func TestReplaceGoesOnWhereOnlyTheETagHasMoved(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := unkind(t, sandbox.Options{Kind: true, Now: func() time.Time { return now }})
	w.Graph.SetUnkindness(sandboxgraph.Unkindness{PromoteMax: time.Second, PromoteETag: true})
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	f := w.put("geheim.png", picture.Bytes())
	before, _ := w.Graph.Item(f.Drive, f.Item)
	now = now.Add(time.Minute)
	if _, err := w.Graph.SetFields(f.Drive, f.Item, map[string]any{"Title": "x"}, w.scene.Adele.ID); err != nil {
		t.Fatal(err)
	}
	after, _ := w.Graph.Item(f.Drive, f.Item)
	if before.ETag == after.ETag || before.CTag != after.CTag {
		t.Fatalf("the tags went from %s %s to %s %s", before.ETag, before.CTag, after.ETag, after.CTag)
	}
	if _, err := w.client.Replace(t.Context(), w.who, f, []byte("new")); err != nil {
		t.Error(err)
	}
}

func TestARefusedWriteSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare  func(w *world, f bulk.File) error
		kind     fault.Kind
		sentence string
	}{
		"locked by an editor": {func(w *world, f bulk.File) error {
			_, err := w.Graph.Lock(f.Drive, f.Item, 0)
			return err
		}, fault.Locked, isLocked},
		"locked in another shape": {func(w *world, f bulk.File) error {
			_, err := w.Graph.Lock(f.Drive, f.Item, 1)
			return err
		}, fault.Locked, isLocked},
		"locked in a third shape": {func(w *world, f bulk.File) error {
			_, err := w.Graph.Lock(f.Drive, f.Item, 2)
			return err
		}, fault.Locked, isLocked},
		"checked out by a coworker": {func(w *world, f bulk.File) error {
			_, err := w.Graph.CheckOut(f.Drive, f.Item, w.scene.Alex.ID)
			return err
		}, fault.Locked, isLocked},
		"no space": {func(w *world, f bulk.File) error {
			return w.Graph.SetLibrary(f.Drive, sandboxgraph.Library{Quota: 8})
		}, fault.Full, noSpace},
		"removed": {func(w *world, f bulk.File) error {
			_, err := w.Graph.Remove(f.Drive, f.Item)
			return err
		}, fault.NotFound, notThere},
		"resourceModified": {func(w *world, _ bulk.File) error {
			w.trouble(trouble.Rule{
				Service: "graph",
				Method:  http.MethodPut,
				Action:  trouble.Fail,
				Status:  409,
				Times:   -1,
			})
			return nil
		}, fault.Busy, justChanging},
		"too much for one request": {func(w *world, _ bulk.File) error {
			w.trouble(trouble.Rule{
				Service: "graph",
				Method:  http.MethodPut,
				Action:  trouble.Fail,
				Status:  413,
				Times:   -1,
			})
			return nil
		}, fault.TooLarge, "The file is too large for SharePoint."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			f := w.put("geheim.jpg", []byte("before"))
			if err := c.prepare(w, f); err != nil {
				t.Fatal(err)
			}
			_, err := w.client.Replace(t.Context(), w.who, f, []byte("ours and longer than before"))
			wantFault(t, err, c.kind, c.sentence)
			if string(w.content(f.Item)) != "before" {
				t.Error("the content was replaced")
			}
			if got := len(w.calls("graph", http.MethodPut, "/content")); got != 1 {
				t.Errorf("tried %d times", got)
			}
		})
	}
}

func TestAWriteSoonAfterAnotherGoesOnIfTheTagStillHolds(t *testing.T) {
	t.Parallel()
	w := unkind(t, sandbox.Options{Kind: true})
	f := w.put("geheim.jpg", []byte("before"))
	w.Graph.SetUnkindness(sandboxgraph.Unkindness{Rapid: 1})
	_, err := w.client.Replace(t.Context(), w.who, f, []byte("ours"))
	wantFault(t, err, fault.Busy, justChanging)
	w.Graph.SetUnkindness(sandboxgraph.Unkindness{})
	if _, err := w.client.Replace(t.Context(), w.who, f, []byte("ours")); err != nil {
		t.Error(err)
	}
}

func TestPassingTroubleOnAWriteIsBorne(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]trouble.Rule{
		"throttled":         {Action: trouble.Fail, Status: 429},
		"away":              {Action: trouble.Fail, Status: 503},
		"failed":            {Action: trouble.Fail, Status: 500},
		"gateway timed out": {Action: trouble.Fail, Status: 504},
		"broken":            {Action: trouble.Break},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			f := w.put("geheim.jpg", []byte("before"))
			rule.Service, rule.Method = "graph", http.MethodPut
			w.trouble(rule)
			content := random(300_000)
			if _, err := w.client.Replace(t.Context(), w.who, f, content); err != nil {
				t.Fatal(err)
			}
			if w.versions(f.Item) != 2 || !bytes.Equal(w.content(f.Item), content) {
				t.Errorf("%d versions, or the wrong content", w.versions(f.Item))
			}
			if got := len(w.calls("graph", http.MethodPut, "/content")); got != 2 {
				t.Errorf("sent %d times", got)
			}
		})
	}
}

func TestAnAnswerThatGotLostIsAConflictAndOneVersion(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("geheim.jpg", []byte("before"))
	w.trouble(trouble.Rule{Service: "graph", Method: http.MethodPut, Action: trouble.Lose})
	_, err := w.client.Replace(t.Context(), w.who, f, []byte("ours"))
	wantFault(t, err, fault.Conflict, changed)
	if string(w.content(f.Item)) != "ours" || w.versions(f.Item) != 2 {
		t.Errorf("%d versions of %q", w.versions(f.Item), w.content(f.Item))
	}
	w.trouble(trouble.Rule{Service: "graph", Method: http.MethodPut, Action: trouble.Lose})
	_, err = w.client.Create(t.Context(), w.who, f, "geheim 2.jpg", []byte("new"))
	wantFault(t, err, fault.Conflict, nameTaken)
	if made, err := w.client.Beside(t.Context(), w.who, f, "geheim 2.jpg"); err != nil ||
		made.Fingerprint != w.client.Fingerprint([]byte("new")) {
		t.Errorf("beside it is %+v, %v", made, err)
	}
}

func TestAnAnswerThatWasCutOffIsBusy(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("geheim.jpg", []byte("before"))
	w.trouble(trouble.Rule{Service: "graph", Method: http.MethodPut, Action: trouble.Truncate, Bytes: 40})
	_, err := w.client.Replace(t.Context(), w.who, f, []byte("ours"))
	wantFault(t, err, fault.Busy, "SharePoint's answer to an upload was cut off.")
}

func TestAWriteThatIsThrottledForLongIsBusyWithItsWait(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("geheim.jpg", []byte("before"))
	for _, status := range []int{429, 503} {
		w.trouble(trouble.Rule{
			Service:    "graph",
			Method:     http.MethodPut,
			Action:     trouble.Fail,
			Status:     status,
			RetryAfter: 90 * time.Second,
		})
		began := time.Now()
		client := w.connect(guard{w.stage, t, w.Client().Transport}) // the tenant waits at the one before
		_, err := client.Replace(t.Context(), w.who, f, []byte("ours"))
		if got := wantFault(t, err, fault.Busy, isBusy); got.RetryAfter != 90*time.Second ||
			time.Since(began) > 10*time.Second {
			t.Errorf("%d: try again after %v, said after %v", status, got.RetryAfter, time.Since(began))
		}
	}
}

func TestARevokedTokenIsExchangedForOneThatAnswersTheChallenge(t *testing.T) {
	t.Parallel()
	w := unkind(t, sandbox.Options{Kind: true})
	f := w.put("geheim.jpg", []byte("before"))
	w.Entra.Challenge(w.who.Tenant, w.who.User)
	if _, err := w.client.Replace(t.Context(), w.who, f, []byte("after")); err != nil {
		t.Fatal(err)
	}
	if w.versions(f.Item) != 2 || string(w.content(f.Item)) != "after" {
		t.Error("the content did not come")
	}
	w.Entra.Challenge(w.who.Tenant, w.who.User)
	if _, err := w.client.File(t.Context(), w.who, f.Drive, f.Item); err != nil {
		t.Error(err)
	}
	w.Entra.Revoke(w.who.Tenant, w.who.User)
	_, err := w.client.File(t.Context(), w.who, f.Drive, f.Item)
	wantFault(t, err, fault.SignIn, "Your session has ended. Open Image Pro again to go on.")
}

// challengeOf is a 401 of Graph's with claims in base64.
func challengeOf(r *http.Request, status int, claims string) *http.Response {
	return answered(r, status, `{"error":{"code":"InvalidAuthenticationToken","message":"adele@example"}}`,
		"WWW-Authenticate",
		`Bearer realm="", authorization_uri="https://login.example/a,b", error="insufficient_claims", claims="`+claims+
			`"`)
}

func TestARefusedTokenIsExchangedOnceAndTheChallengePassedOn(t *testing.T) {
	t.Parallel()
	const claims = `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`
	for name, c := range map[string]struct {
		status  int
		encoded string
		asked   []string // claims of the tokens
	}{
		"base64": {401, "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxIn19fQ==",
			[]string{"", claims}},
		"without padding": {401, "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxIn19fQ",
			[]string{"", claims}},
		"with 403": {403, "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxIn19fQ==",
			[]string{"", claims}},
		"no base64":        {401, "%%%", []string{"", ""}},
		"no JSON":          {401, "aGVsbG8=", []string{"", ""}},
		"no JSON object":   {401, "WzFd", []string{"", ""}},
		"null":             {401, "bnVsbA==", []string{"", ""}},
		"nothing":          {401, "", []string{"", ""}},
		"no such thing":    {401, `x" other="y`, []string{"", ""}},
		"not for a number": {401, "MTI=", []string{"", ""}},
		"nothing with 403": {403, "", []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tokens := &canned{}
			var bodies []string
			client := alone(t, tokens, func(r *http.Request) *http.Response {
				var body bytes.Buffer
				_, _ = body.ReadFrom(r.Body)
				bodies = append(bodies, r.Header.Get("Authorization")+" "+body.String())
				return challengeOf(r, c.status, c.encoded)
			})
			_, err := client.Replace(t.Context(), caller.Away("t", "u"), bulk.File{Drive: "d", Item: "i", Tag: "x"},
				[]byte("content"))
			kind, text, refused := fault.SignIn, notSigned, []string{"token-1"}
			if c.status == http.StatusForbidden { // the token is good
				refused = nil
			}
			if c.status == http.StatusForbidden && c.encoded == "" {
				kind, text = fault.Forbidden, "You may not do this in this library."
			}
			f := wantFault(t, err, kind, text)
			if !slices.Equal(tokens.refused, refused) {
				t.Errorf("refused were %q, want %q", tokens.refused, refused)
			}
			if strings.Join(tokens.claims, "|") != strings.Join(c.asked, "|") || f.Claims != c.asked[len(c.asked)-1] {
				t.Errorf("tokens for %q were asked, the fault passes on %q", tokens.claims, f.Claims)
			}
			want := []string{"Bearer token-1 content", "Bearer token-2 content"}[:len(c.asked)]
			if strings.Join(bodies, "|") != strings.Join(want, "|") {
				t.Errorf("sent %q, want %q", bodies, want)
			}
		})
	}
}

func TestATokenThatCannotBeHadIsTheTokensOwnFault(t *testing.T) {
	t.Parallel()
	refused := fault.New(fault.Consent, "Consent first.", errors.New("cause"))
	client := alone(t, &canned{err: refused}, func(r *http.Request) *http.Response {
		return challengeOf(r, 401, "e30=")
	})
	_, err := client.File(t.Context(), caller.Away("t", "u"), "d", "i")
	if fault.From(err) != refused {
		t.Errorf("got %v, want the fault of the token", err)
	}
}

func TestAContentThatBringsItsTimeKeepsIt(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("folder/geheim.jpg", []byte("before"))
	past := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	f.Dated, f.KeepDate = past, true
	for _, n := range []int{7, 100_000, 9 << 20} {
		content := random(n)
		next, err := w.client.Replace(t.Context(), w.who, f, content)
		if err != nil {
			t.Fatal(err)
		}
		now, err := w.client.File(t.Context(), w.who, f.Drive, f.Item)
		if err != nil || !now.Dated.Equal(past) || now.Tag != next.Tag || !bytes.Equal(w.content(f.Item), content) {
			t.Errorf("%d bytes: the file is %+v, %v; want it dated %v", n, now, err, past)
		}
		if versions, err := w.client.Versions(t.Context(), w.who, f); err != nil || len(versions) == 0 {
			t.Error(err)
		}
		made, err := w.client.Create(t.Context(), w.who, f, fmt.Sprint("copy", n, ".jpg"), content)
		if err != nil {
			t.Fatal(err)
		}
		if beside, err := w.client.File(t.Context(), w.who, made.Drive, made.Item); err != nil ||
			!beside.Dated.Equal(past) {
			t.Errorf("%d bytes: the copy is %+v, %v", n, beside, err)
		}
		f.Tag = next.Tag
	}
	if versions, err := w.client.Versions(t.Context(), w.who, f); err != nil || len(versions) != 4 {
		t.Errorf("%d versions, %v; want one for each content", len(versions), err)
	}
	f.Tag = "old"
	if _, err := w.client.Replace(t.Context(), w.who, f, []byte("ours")); !fault.Is(err, fault.Conflict) {
		t.Errorf("over another content: %v, want a conflict", err)
	}
	f.Tag = ""
	if _, err := w.client.Replace(t.Context(), w.who, f, []byte("ours")); !fault.Is(err, fault.Conflict) {
		t.Errorf("over a content that is not known: %v, want a conflict", err)
	}
}
