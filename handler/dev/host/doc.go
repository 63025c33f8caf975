// Package host is the Azure Functions host for one machine: it starts the real handler as a child process
// and puts it behind HTTP, queue and timer triggers by the contract of the Functions host (version 4, custom
// handlers), with the same payloads, the same retries and the same unkindness: no SIGTERM, no second chance
// after exit code 0, no answer for an empty one.
//
// It does not know Image Pro. What it knows is the host's source
// (https://github.com/Azure/azure-functions-host, azure-webjobs-sdk, azure-webjobs-sdk-extensions, and the
// queues extension of azure-sdk-for-net); constants and oddities in this package are theirs unless a comment
// says otherwise.
//
// On purpose it differs from the real host in this:
//
//   - A mistake in host.json or a function.json, an executable that cannot be started and a feature that this
//     package lacks (output bindings other than http, retry policies, dynamic concurrency, other triggers)
//     are errors of Start. The real host logs them, or waits for minutes, and goes on with the rest.
//   - An invocation that gets an empty answer or null fails at once with a loud error. The real host hangs
//     until functionTimeout.
//   - A path with a malformed escape (%zz) is 400, since net/http refuses it; the real host encodes the percent sign.
//   - Timer status lives in files and there is one instance, so there are no singleton locks.
//   - Files are not watched: a changed function.json needs a new Start.
package host
