package host_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/host"
)

const (
	okTrigger = `{"type":"httpTrigger","name":"req"}`
	okOutput  = `{"type":"http","direction":"out","name":"res"}`
)

func TestMistakesInFunctionsAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, bindings, want string }{
		{"1st", okTrigger + "," + okOutput, "1st/function.json: the folder's name is no function name"},
		{"Host", okTrigger + "," + okOutput, "no function name"},
		{"f", `{"type":"httpTrigger","name":"my_req"},` + okOutput, `binding "my_req": the name has to be`},
		{"f", `{"type":"httpTrigger","name":"$return"},` + okOutput, "binding $return: only an output"},
		{"f", `{"type":"httpTrigger","name":"res"},` + okOutput, "another binding has the same name"},
		{"f", okOutput, "0 of the bindings are triggers"},
		{"f", okTrigger + `,{"type":"timerTrigger","name":"t","schedule":"0 0 0 * * *"}`,
			"2 of the bindings are triggers"},
		{"f", okTrigger, "an httpTrigger needs an output"},
		{"f", `{"type":"timerTrigger","name":"t","schedule":"0 0 0 * * *"},` + okOutput,
			"an http output needs an httpTrigger"},
		{"f", okTrigger + "," + okOutput + `,{"type":"queue","direction":"out","name":"q","queueName":"q"}`,
			"write queue messages with the storage API"},
		{"f", okTrigger + "," + okOutput + `,{"type":"blob","direction":"in","name":"b","path":"p"}`,
			"use the storage API"},
		{"f", `{"type":"blobTrigger","name":"b","path":"p"}`, `bindings of type "blobTrigger"`},
		{"f", `{"type":"nonsense","name":"n"},` + okTrigger, `bindings of type "nonsense"`},
		{"f", `{"type":"httpTrigger","name":"req","direction":"out"},` + okOutput, "a trigger's direction is in"},
		{"f", `{"type":"httpTrigger","name":"req","authLevel":"user"},` + okOutput, `authLevel "user"`},
		{"f", `{"type":"httpTrigger","name":"req","route":"/x"},` + okOutput, "starts with a slash"},
		{"f", `{"type":"httpTrigger","name":"req","route":"{x:nonsense}"},` + okOutput,
			"constraint nonsense is not supported"},
		{"f", `{"type":"queueTrigger","name":"m","queueName":"Has_Underscore"}`, "no queue name"},
		{"f", `{"type":"queueTrigger","name":"m","queueName":"%QUEUE%"}`, "%QUEUE% in"},
		{"f", `{"type":"queueTrigger","name":"m","queueName":"jobs","connection":"Elsewhere"}`,
			"setting Elsewhere is missing"},
		{"f", `{"type":"queueTrigger","name":"m","queueName":"jobs","connection":"Identity"}`,
			"uses an identity, and IDENTITY_ENDPOINT is not set"},
		{"f", `{"type":"queueTrigger","name":"m","queueName":"jobs","connection":"Broken"}`,
			"function f: queue: connection string"},
		{"f", `{"type":"timerTrigger","name":"t","schedule":"@daily"}`, `schedule "@daily"`},
		{"f", `{"type":"timerTrigger","name":"t","schedule":"%WHEN%"}`, "%WHEN% in"},
		{"f", `nonsense`, "invalid character"},
		{"f", okTrigger + "," + okOutput + `],"retry":{"strategy":"fixedDelay"},"x":[`, "no retry policies"},
		{"f", okTrigger + "," + okOutput + `],"scriptFile":"missing.js","x":[`, "missing.js"},
	} {
		s := newSite(t, nil)
		s.settings["Identity__queueServiceUri"] = "https://x.queue.core.windows.net"
		s.settings["Broken"] = "nonsense"
		s.function(c.name, c.bindings)
		if _, err := s.tryStart(host.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s:\ngot  %v\nwant %s", c.name, c.bindings, err, c.want)
		}
	}
}

func TestMistakesInHostJSONAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key   string
		value any
		want  string
	}{
		{"version", "1.0", `version: "1.0" is not "2.0"`},
		{"customHandler.description.defaultExecutablePath", "",
			"customhandler.description.defaultexecutablepath: is missing"},
		{"customHandler.enableProxyingHttpRequest", "yes", "neither true nor false"},
		{"customHandler.type", "grpc", `"grpc" is not http`},
		{"extensions.queues.batchSize", 33, "from 1 to 32"},
		{"extensions.queues.maxPollingInterval", "00:00:00.050", "less than 100ms"},
		{"extensions.queues.messageEncoding", "hex", "neither base64 nor none"},
		{"functionTimeout", "5", "not a time span"},
		{"functionTimeout", "00:00:00", "less than 1s"},
		{"retry.strategy", "fixedDelay", "retry.strategy: the local host does not support this"},
		{"concurrency.dynamicConcurrencyEnabled", true, "does not support this"},
		{"configurationProfile", "web-app-custom-handler", "does not support this"},
		{"customHandler.http.routes", []any{map[string]any{"route": "x"}}, "does not support this"},
	} {
		s := newSite(t, map[string]any{c.key: c.value})
		s.everything()
		if _, err := s.tryStart(host.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %v:\ngot  %v\nwant %s", c.key, c.value, err, c.want)
		}
	}
}

func TestAllMistakesAreInOneError(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"version": "3.0", "functionTimeout": "soon"})
	s.settings["FUNCTIONS_WORKER_RUNTIME"] = "node"
	s.settings["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"] = "much"
	s.function("a", okTrigger)
	s.function("b", okOutput)
	_, err := s.tryStart(host.Options{})
	if err == nil {
		t.Fatal("Start took it")
	}
	for _, want := range []string{"version", "functiontimeout", "a/function.json", "b/function.json",
		"FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s:\n%v", want, err)
		}
	}
}

func TestScriptRootWithoutHostJSONOrFunctionsIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	if _, err := s.tryStart(host.Options{}); err == nil || !strings.Contains(err.Error(), "no function to run") {
		t.Errorf("Start without functions = %v", err)
	}
	s.write("deep/er/function.json", `{"bindings":[`+okTrigger+","+okOutput+`]}`)
	if _, err := s.tryStart(host.Options{}); err == nil || !strings.Contains(err.Error(), "no function to run") {
		t.Errorf("Start with a function two levels deep = %v", err)
	}
	if err := os.Remove(filepath.Join(s.root, "host.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.tryStart(host.Options{}); err == nil || !strings.Contains(err.Error(), "has no host.json") {
		t.Errorf("Start without host.json = %v", err)
	}
}

func TestFunctionNamesAreUniqueInAnyCase(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.http("same", "a", "")
	s.http("Same", "b", "")
	if _, err := s.tryStart(host.Options{}); err == nil ||
		!strings.Contains(err.Error(), "functions Same and same have the same name") {
		t.Errorf("Start = %v, want an error about the name", err)
	}
}

func TestSettingsChooseFunctionsAndOverrideHostJSON(t *testing.T) {
	t.Parallel()
	s := newSite(
		t, map[string]any{"functions": []string{"one", "two", "three"}, "surprise": 1,
			"logging.logLevel.default": "Debug"})
	for _, name := range []string{"one", "two", "three", "four"} {
		s.http(name, name, "")
	}
	s.settings["AzureWebJobs.Two.Disabled"] = "0"
	s.settings["AzureWebJobs.three.Disabled"] = "true"
	s.settings["AzureFunctionsJobHost__extensions__http__routePrefix"] = "other"
	r := s.start(host.Options{}).ready()
	want := map[string]host.Count{"one": {}, "two": {}}
	if diff := cmp.Diff(want, r.Invocations()); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
	if response, _ := r.do("GET", "/other/one", ""); response.StatusCode != 200 {
		t.Errorf("under the prefix from the environment: %s", response.Status)
	}
	if !r.log.has("host.json: surprise is unknown") || r.log.has("logging") {
		t.Error("want a warning of the unknown key, and none of logging")
	}
}

func TestLoadSettingsReadsClearOnesOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.settings.json")
	load := func(text string) (host.Settings, error) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return host.LoadSettings(path)
	}
	got, err := load("\xef\xbb\xbf" +
		`{"IsEncrypted":false,"Values":{"A":"1"},"Host":{"LocalHttpPort":7072,"CORS":"*","CORSCredentials":true}}`)
	want := host.Settings{Values: map[string]string{"A": "1"}, CORS: "*", CORSCredentials: true, Addr: "127.0.0.1:7072"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("LoadSettings: %v (-want +got):\n%s", err, diff)
	}
	for text, want := range map[string]string{
		`{"IsEncrypted":true}`:                         "is encrypted",
		`{"Values":{}}`:                                "is encrypted",
		`{"IsEncrypted":false,"Values":{"A":1}}`:       "Values.A is not a string",
		`{"IsEncrypted":false,"Values":{"A":{"B":1}}}`: "Values.A is not a string",
		`nonsense`: "invalid character",
	} {
		if _, err := load(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := host.LoadSettings(path + "-missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}
