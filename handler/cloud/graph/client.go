// Package graph is all that this program does with Microsoft Graph: the profile of a user, and the folders,
// files and versions of SharePoint libraries. Metadata goes through the SDK's sub-packages, content through
// net/http, both over one transport of our own.
//
// It does not know what the files are for. It never calls anything under /teams, /chats or /me/drive.
package graph

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/microsoft/kiota-abstractions-go/authentication"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go/drives"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/retry"
	"imagepro/handler/secret"
)

// Tokens gives the token for a caller; claims is a challenge that it must answer, or empty.
type Tokens interface {
	Token(ctx context.Context, who caller.Caller, claims string) (secret.Text, error)
	// Refused says that Graph did not take the token: it must not be given again.
	Refused(who caller.Caller, token secret.Text)
}

// Peers are the processes that use Graph for a tenant.
type Peers interface {
	// Here notes that this process does at the time now, and until when SharePoint wants it to pause, which may be over
	// or zero. It returns how many have come in the last minute and a half, this one included, and the latest end of
	// their pauses.
	Here(ctx context.Context, tenant string, now, pause time.Time) (processes int, until time.Time, err error)
}

// Options says where Graph is.
type Options struct {
	BaseURL string // https address with version, no trailing slash: https://graph.microsoft.com/v1.0
	Tokens  Tokens
	// Transport carries every request, those to SharePoint included.
	Transport http.RoundTripper
	// Units is the budget of one tenant in a minute, in SharePoint's resource units: 1 for an item or a content, 2 for
	// lists and changes. 0 is no budget.
	Units int
	// Peers tells how many processes share that budget; nil if there is none but this.
	Peers Peers
	// SharePoint is the end of the hosts that serve content, such as .sharepoint.com; Media that of those that serve
	// small pictures beside it, .svc.ms, or empty.
	SharePoint, Media string
	// Loopback lets content come from this machine, for the sandbox.
	Loopback bool
	Now      func() time.Time
}

// Client reads and writes SharePoint. It is safe for concurrent use.
type Client struct {
	options Options
	api     *http.Client // Graph: authorised, no redirects followed
	content *http.Client // pre-authenticated addresses: never authorised
	drives  *drives.DrivesRequestBuilder
	adapter *core.GraphRequestAdapterBase
	gates   *gates
	hosts   *hosts
}

const (
	serviceName = "SharePoint"
	tries       = 4
	maxWait     = 10 * time.Second // for one try
	maxTotal    = 20 * time.Second // for all tries of one request
	// userAgent follows Microsoft's advice for telling well-behaved applications apart
	// (https://learn.microsoft.com/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online).
	userAgent = "ISV|ImagePro|ImagePro/1.0"
)

// NewClient returns a client. It reaches no network.
func NewClient(o Options) (*Client, error) {
	base, err := url.Parse(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	hosts, err := newHosts()
	if err != nil {
		return nil, err
	}
	gates := newGates(o.Transport, o.Units, o.Peers, o.Now)
	again := &retry.Transport{
		Base:     gates,
		Service:  serviceName,
		Tries:    tries,
		MaxWait:  maxWait,
		MaxTotal: maxTotal,
		Now:      o.Now,
	}
	last := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c := &Client{
		options: o,
		gates:   gates,
		hosts:   hosts,
		api: &http.Client{Transport: &authorized{
			tokens: o.Tokens,
			host:   base.Host,
			base:   again,
			now:    o.Now,
		}, CheckRedirect: last},
		content: &http.Client{Transport: again, CheckRedirect: last},
	}
	// One fixed pipeline of our own: the SDK's default one runs in random order and compresses uploads.
	adapter, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		&authentication.AnonymousAuthenticationProvider{}, core.GraphClientOptions{},
		jsonserialization.NewJsonParseNodeFactory(), jsonserialization.NewJsonSerializationWriterFactory(), c.api)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	adapter.SetBaseUrl(o.BaseURL)
	c.drives = drives.NewDrivesRequestBuilderInternal(map[string]string{"baseurl": o.BaseURL}, adapter)
	c.adapter = adapter
	return c, nil
}
