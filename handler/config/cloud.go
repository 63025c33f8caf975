package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Cloud is one of Microsoft's clouds: public, usgov (US Government, GCC High), usdod (US Government, DoD) or china
// (21Vianet).
type Cloud string

// Hosts are what a cloud's services are called
// (https://learn.microsoft.com/graph/deployments,
// https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure,
// https://learn.microsoft.com/azure/china/resources-developer-guide,
// https://learn.microsoft.com/microsoftteams/platform/tabs/how-to/tab-requirements).
type Hosts struct {
	Authority   CloudURL // Entra ID, also the issuer of v2 tokens
	AuthorityV1 CloudURL // the issuer of v1 tokens
	Graph       CloudURL // Microsoft Graph with its version
	Storage     string   // end of the hosts of storage accounts, after the name of the service
	SharePoint  string   // end of the hosts that serve what is in SharePoint, with its dot
	Media       string   // the same of small pictures that are not served by SharePoint itself; empty where all are
	Frames      []string // origins of the pages that show tabs, in the form of a Content-Security-Policy
}

var clouds = map[Cloud]Hosts{
	"public": {
		Authority:   "https://login.microsoftonline.com",
		AuthorityV1: "https://sts.windows.net",
		Graph:       "https://graph.microsoft.com/v1.0",
		Storage:     "core.windows.net",
		SharePoint:  ".sharepoint.com",
		Media:       ".svc.ms",
		Frames: []string{"https://teams.microsoft.com", "https://*.teams.microsoft.com",
			"https://teams.cloud.microsoft", "https://*.cloud.microsoft",
			"https://*.microsoft365.com", "https://*.office.com", "https://outlook.office365.com",
			"https://outlook-sdf.office365.com"},
	},
	"usgov": {
		Authority:   "https://login.microsoftonline.us",
		AuthorityV1: "https://sts.windows.net",
		Graph:       "https://graph.microsoft.us/v1.0",
		Storage:     "core.usgovcloudapi.net",
		SharePoint:  ".sharepoint.us",
		Frames: []string{"https://gov.teams.microsoft.us", "https://*.gov.teams.microsoft.us",
			"https://*.office365.us"},
	},
	"usdod": {
		Authority:   "https://login.microsoftonline.us",
		AuthorityV1: "https://sts.windows.net",
		Graph:       "https://dod-graph.microsoft.us/v1.0",
		Storage:     "core.usgovcloudapi.net",
		SharePoint:  ".sharepoint-mil.us",
		Frames: []string{"https://dod.teams.microsoft.us", "https://*.dod.teams.microsoft.us",
			"https://*.apps.mil"},
	},
	"china": {
		Authority:   "https://login.partner.microsoftonline.cn",
		AuthorityV1: "https://sts.chinacloudapi.cn",
		Graph:       "https://microsoftgraph.chinacloudapi.cn/v1.0",
		Storage:     "core.chinacloudapi.cn",
		SharePoint:  ".sharepoint.cn",
		Frames: []string{"https://teams.microsoftonline.cn", "https://*.teams.microsoftonline.cn",
			"https://*.partner.outlook.cn"},
	},
}

// UnmarshalText takes the name of a cloud.
func (c *Cloud) UnmarshalText(text []byte) error {
	if _, known := clouds[Cloud(text)]; !known {
		return fmt.Errorf("%q is none of %s", text, strings.Join(cloudNames(), ", "))
	}
	*c = Cloud(text)
	return nil
}

func cloudNames() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(clouds)) {
		names = append(names, string(name))
	}
	return names
}

// Thumbnails are the origins of small pictures, in the form of a Content-Security-Policy.
func (h Hosts) Thumbnails() []string {
	origins := []string{"https://*" + h.SharePoint}
	if h.Media != "" {
		origins = append(origins, "https://*"+h.Media)
	}
	return origins
}

// Hosts returns what the services of the cloud are called; those that stand in for them on this machine are settings of
// their own.
func (c Cloud) Hosts() Hosts { return clouds[c] }

// settleClouds gives the three addresses those of the cloud unless they are set. Tokens and pictures must not go
// elsewhere: set they are to the same, or to something on a developer's machine that stands in for it.
func (c *Config) settleClouds() []error {
	var faults []error
	hosts := c.Cloud.Hosts()
	for _, one := range []struct {
		name string
		url  *CloudURL
		own  CloudURL
	}{
		{"IMAGEPRO_AUTHORITY", &c.Authority, hosts.Authority},
		{"IMAGEPRO_AUTHORITY_V1", &c.AuthorityV1, hosts.AuthorityV1},
		{"IMAGEPRO_GRAPH", &c.Graph, hosts.Graph},
	} {
		if *one.url == "" {
			*one.url = one.own
			continue
		}
		if err := one.url.check(c.Cloud, one.own, c.Development()); err != nil {
			faults = append(faults, fmt.Errorf("setting %s: %w", one.name, err))
		}
	}
	if c.SignInPage != "" && !c.Development() {
		faults = append(faults,
			errors.New(
				"setting IMAGEPRO_SIGN_IN_PAGE: it is taken only when AZURE_FUNCTIONS_ENVIRONMENT is Development"))
	}
	return faults
}

// check refuses an address that is neither the cloud's own nor on a developer's machine, with the same path.
func (c CloudURL) check(cloud Cloud, own CloudURL, development bool) error {
	if c == own {
		return nil
	}
	u, err := url.Parse(string(c))
	ours, _ := url.Parse(string(own)) // of the table above
	switch {
	case err != nil:
		return err
	case !loopback(u.Hostname()):
		return fmt.Errorf("%q is not what IMAGEPRO_CLOUD=%s uses, %s: leave it out, or set IMAGEPRO_CLOUD", c, cloud,
			own)
	case !development:
		return errors.New("a loopback address is taken only when AZURE_FUNCTIONS_ENVIRONMENT is Development")
	case u.Path != ours.Path:
		return fmt.Errorf("the address must end in %q, not %q", u.Host+ours.Path, u.Path)
	}
	return nil
}
