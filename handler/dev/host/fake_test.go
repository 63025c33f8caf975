package host_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The fake handler: the test binary itself, started by the host under test. FAKE_BOOT says how it begins;
// afterwards it does what the path says. Whatever it is asked, it prints first, as one line of JSON.

// call is what the handler was asked.
type call struct {
	At       time.Time
	PID      int
	Method   string
	Path     string
	RawQuery string
	Host     string
	Header   http.Header
	Chunked  bool
	Length   int64
	Body     string
}

const callPrefix = "CALL "

// fakeHandler runs the handler until it is killed and returns its exit code.
func fakeHandler(boot string) int {
	fmt.Println("PID", os.Getpid())
	switch boot {
	case "deaf":
		time.Sleep(time.Hour) // a select of nothing is a deadlock that ends the program
	case "exit-3":
		fmt.Fprint(os.Stderr, "one\ntwo\nthree\nfour")
		return 3
	case "exit-0":
		return 0
	case "polite":
		terminated := make(chan os.Signal, 1)
		signal.Notify(terminated, syscall.SIGTERM)
		go func() {
			<-terminated
			fmt.Println("TERMINATED")
			os.Exit(0)
		}()
	case "report":
		sayHowStarted()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	err = http.Serve(listener, &fake{release: make(chan struct{})})
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// sayHowStarted prints how the process was started.
func sayHowStarted() {
	dir, _ := os.Getwd()
	text, _ := json.Marshal(map[string]any{"args": os.Args[1:], "dir": dir, "env": os.Environ()})
	fmt.Println("REPORT " + string(text))
	fmt.Print("LanguageWorkerConsoleLog for the system\nazfuncjsonlog: for tools\nto stdout\n")
	fmt.Fprint(os.Stderr, "to stderr\na Warning\n")
}

type fake struct{ release chan struct{} }

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	text, _ := json.Marshal(call{
		At:       time.Now(),
		PID:      os.Getpid(),
		Method:   r.Method,
		Path:     r.URL.EscapedPath(),
		RawQuery: r.URL.RawQuery,
		Host:     r.Host,
		Header:   r.Header,
		Chunked:  len(r.TransferEncoding) > 0,
		Length:   r.ContentLength,
		Body:     string(body),
	})
	fmt.Println(callPrefix + string(text))
	if rest, ok := strings.CutPrefix(r.URL.Path, "/api/"); ok {
		f.public(w, r, rest, body)
		return
	}
	f.invocation(w, r, strings.TrimPrefix(r.URL.Path, "/"))
}

// public answers HTTP functions: /api/exit/<code>, /api/release, /api/status/<code>, /api/stream, /api/hang,
// /api/hangup and echoes everything else.
func (f *fake) public(w http.ResponseWriter, r *http.Request, path string, body []byte) {
	command, argument, _ := strings.Cut(path, "/")
	number, _ := strconv.Atoi(argument)
	switch command {
	case "exit":
		os.Exit(number)
	case "release":
		close(f.release)
	case "status":
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(number)
	case "stream":
		_, _ = io.WriteString(w, "first\n")
		_ = http.NewResponseController(w).Flush()
		<-f.release
		_, _ = io.WriteString(w, "second\n")
	case "hang":
		<-r.Context().Done()
		fmt.Println("ABORTED")
	case "hangup":
		panic(http.ErrAbortHandler)
	case "foreign":
		w.Header().Set("X-Foreign", "ä")
	case "reset":
		w.WriteHeader(http.StatusResetContent)
		_, _ = io.WriteString(w, "a body")
	default:
		_, _ = w.Write(body)
	}
}

// invocation answers calls in JSON mode; the name of the function says how.
func (f *fake) invocation(w http.ResponseWriter, r *http.Request, name string) {
	kind, status, body := "application/json; charset=utf-8", http.StatusOK, "{}"
	switch {
	case strings.HasPrefix(name, "Text"):
		kind = "text/plain"
	case strings.HasPrefix(name, "Fail"):
		status = http.StatusInternalServerError
	case strings.HasPrefix(name, "Logs"):
		body = `{"outputs":{},"LOGS":["from the answer"]}`
	case strings.HasPrefix(name, "NoContent"):
		w.WriteHeader(http.StatusNoContent)
		return
	case strings.HasPrefix(name, "Empty"):
		body = ""
	case strings.HasPrefix(name, "Null"):
		body = "null"
	case strings.HasPrefix(name, "Broken"):
		body = `{"Outputs":`
	case strings.HasPrefix(name, "List"):
		body = `[]`
	case strings.HasPrefix(name, "Created"):
		status = http.StatusCreated
	case strings.HasPrefix(name, "Output"):
		body = os.Getenv("FAKE_OUTPUT")
	case strings.HasPrefix(name, "Slow"):
		select {
		case <-f.release:
		case <-r.Context().Done():
			fmt.Println("ABORTED")
			return
		}
	case strings.HasPrefix(name, "Second"):
		time.Sleep(1500 * time.Millisecond) // longer than the schedule that is tested
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
