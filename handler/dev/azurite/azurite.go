// Package azurite starts the storage emulator of make run and of the tests: real blob, queue and table
// services on free ports of this machine, gone with the process that started them.
//
// It does not know what is stored.
package azurite

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"imagepro/handler/dev/child"
	"imagepro/handler/dev/project"
)

// Account and key are the emulator's published ones
// (https://learn.microsoft.com/azure/storage/common/storage-use-azurite).
const (
	account = "devstoreaccount1"
	key     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// startTimeout is how long the three services may take until they listen; about one second is usual.
const startTimeout = 60 * time.Second

// Server is a running emulator.
type Server struct {
	// ConnectionString names the three services, in the form of AzureWebJobsStorage.
	ConnectionString string
	// Blobs, Queues and Tables are the addresses of the account's services, with its name.
	Blobs, Queues, Tables string
	// Dir is where the emulator keeps its data.
	Dir string

	blobs, queues, tables string // addresses of the services

	node    string
	args    []string
	process *child.Process
	ownDir  bool
	given   atomic.Int64 // further accounts
}

// accounts is how many accounts the emulator has besides the published one.
const accounts = 256

// Account returns the connection string of an account that nobody else was given, until there are none left and the
// first comes again. The emulator looks through a whole table for each query, so tests that share none are quicker, and
// do not see each other's records.
func (s *Server) Account() string {
	return s.connectionString(fmt.Sprint("account", s.given.Add(1)%accounts))
}

func (s *Server) connectionString(account string) string {
	return fmt.Sprintf("DefaultEndpointsProtocol=http;AccountName=%[1]s;AccountKey=%[2]s;"+
		"BlobEndpoint=%[3]s/%[1]s;QueueEndpoint=%[4]s/%[1]s;TableEndpoint=%[5]s/%[1]s;", account, key, s.blobs,
		s.queues, s.tables)
}

// allAccounts is the emulator's setting of accounts and their keys.
func allAccounts() string {
	list := []string{account + ":" + key}
	for n := range accounts {
		list = append(list, fmt.Sprintf("account%d:%s", n, key))
	}
	return "AZURITE_ACCOUNTS=" + strings.Join(list, ";")
}

// Start starts an emulator that keeps its data in dir, or in a folder of its own that Stop removes if dir
// is empty. args are further ones of the emulator's own. It needs Node.js and the packages that `make azurite`
// installs; what is missing is named in the error.
func Start(dir string, args ...string) (*Server, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New(
			"azurite: Node.js is not installed (command node not found): install it, for example with apt-get " +
				"install nodejs npm")
	}
	root, err := project.Root()
	if err != nil {
		return nil, fmt.Errorf("azurite: %w", err)
	}
	home := filepath.Join(root, "handler", "dev", "azurite")
	script := filepath.Join(home, "node_modules", "azurite", "dist", "src", "azurite.js")
	if _, err := os.Stat(script); err != nil {
		return nil, fmt.Errorf("azurite: its npm packages are not installed in %s: run make azurite", home)
	}
	s := &Server{Dir: dir}
	if dir == "" {
		if s.Dir, err = os.MkdirTemp("", "azurite-"); err != nil {
			return nil, fmt.Errorf("azurite: %w", err)
		}
		s.ownDir = true
	}
	s.node, s.args = node, append([]string{script}, args...)
	if err := s.start("0", "0", "0"); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// Restart ends the emulator as Ctrl-C does and starts it again, with what it keeps, on the same ports.
func (s *Server) Restart() error {
	var ports []string
	for _, service := range []string{"Blob", "Queue", "Table"} {
		found := regexp.MustCompile(service + `Endpoint=https?://[^/;]+:(\d+)/`).FindStringSubmatch(s.ConnectionString)
		if found == nil {
			return fmt.Errorf("azurite: the connection string names no port of the %s service", service)
		}
		ports = append(ports, found[1])
	}
	s.process.Signal(os.Interrupt.(syscall.Signal))
	select {
	case <-s.process.Done():
	case <-time.After(startTimeout):
		return fmt.Errorf("azurite: did not end within %v", startTimeout)
	}
	return s.start(ports[0], ports[1], ports[2])
}

func (s *Server) start(blobPort, queuePort, tablePort string) error {
	cmd := exec.Command(s.node, append(slices.Clone(s.args), "--silent", "--location", s.Dir,
		"--blobPort", blobPort, "--queuePort", queuePort, "--tablePort", tablePort, "--skipApiVersionCheck",
		"--disableTelemetry")...)
	cmd.Env = append(os.Environ(), allAccounts())
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	process, err := child.Start(cmd)
	if err != nil {
		return fmt.Errorf("azurite: %w", err)
	}
	s.process = process
	go func() {
		<-process.Done()
		_ = in.Close()
	}()
	endpoints := make(chan map[string]string, 1)
	go func() { endpoints <- readEndpoints(out) }()
	select {
	case found := <-endpoints:
		if len(found) < 3 {
			return fmt.Errorf("azurite: ended before it listened: %v", process.Err())
		}
		s.blobs, s.queues, s.tables = found["Blob"], found["Queue"], found["Table"]
		s.Blobs, s.Queues, s.Tables = s.blobs+"/"+account, s.queues+"/"+account, s.tables+"/"+account
		s.ConnectionString = s.connectionString(account)
		return nil
	case <-time.After(startTimeout):
		return fmt.Errorf("azurite: did not listen within %v", startTimeout)
	}
}

var listening = regexp.MustCompile(`Azurite (Blob|Queue|Table) service is successfully listening at (https?://\S+)`)

// readEndpoints reads the emulator's output until all three services have said where they listen, and
// drains the rest in the background. It returns fewer than three if the output ends before.
func readEndpoints(out io.Reader) map[string]string {
	found := map[string]string{}
	lines := bufio.NewScanner(out)
	for len(found) < 3 && lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			found[m[1]] = m[2]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return found
}

// Stop ends the emulator and removes the folder that Start made.
func (s *Server) Stop() {
	if s.process != nil {
		s.process.Kill()
	}
	if s.ownDir {
		_ = os.RemoveAll(s.Dir)
	}
}
