package host

import (
	"fmt"
	"sort"
	"strings"
)

// What this host makes of the keys of host.json. A path stands for itself and all below it.
var (
	// readKeys are read in hostjson.go.
	readKeys = []string{
		"version", "functiontimeout", "functions",
		"extensions:http:routeprefix", "extensions:http:maxoutstandingrequests",
		"extensions:http:maxconcurrentrequests", "extensions:http:customheaders",
		"extensions:queues:batchsize", "extensions:queues:newbatchthreshold",
		"extensions:queues:maxpollinginterval", "extensions:queues:visibilitytimeout",
		"extensions:queues:maxdequeuecount", "extensions:queues:messageencoding",
		"customhandler:type", "customhandler:port", "customhandler:initializationtimeout",
		"customhandler:enableforwardinghttprequest", "customhandler:enableproxyinghttprequest",
		"customhandler:description",
	}
	// idleKeys change nothing on one machine.
	idleKeys = []string{
		"$schema", "logging", "extensionbundle", "healthmonitor", "singleton", "aggregator", "watchdirectories",
		"watchfiles", "telemetrymode", "manageddependencies", "metadataprovidertimeout", "sequentialrestart",
		"sendcanceledinvocationstoworker", "extensions:http:hsts",
	}
	// lackingKeys change what the real host does, unless they are false, and this one cannot follow.
	lackingKeys = []string{
		"retry", "httpworker", "http", "queues", "configurationprofile", "customhandler:http",
		"concurrency:dynamicconcurrencyenabled", "extensions:http:dynamicthrottlesenabled",
		"extensions:http:enablechunkedrequestbinding",
	}
)

// verdicts refuses each key that this host lacks and returns a warning for each that no host knows.
func (r *reader) verdicts() []string {
	var unknown []string
	for path, l := range r.flat {
		switch {
		case covers(readKeys, path), covers(idleKeys, path):
		case covers(lackingKeys, path):
			if !strings.EqualFold(l.value, "false") {
				r.fail(path, "the local host does not support this")
			}
		default:
			unknown = append(unknown,
				fmt.Sprintf("host.json: %s is unknown and has no effect", strings.ReplaceAll(path, ":", ".")))
		}
	}
	sort.Strings(unknown)
	return unknown
}

func covers(keys []string, path string) bool {
	for _, key := range keys {
		if path == key || strings.HasPrefix(path, key+":") {
			return true
		}
	}
	return false
}
