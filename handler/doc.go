// Image Pro's backend: one program behind the Azure Functions host that shows and edits the pictures of
// SharePoint libraries, one at a time or thousands at once.
//
// # The tour
//
// Read in this order; every package says in its first lines what it is for and what it does not know.
//
//   - config reads the settings: one table.
//   - app constructs everything and connects it. Its two lists, functions (app.go) and api.install, are all
//     that the host can call.
//   - api takes HTTP triggers, invoke takes queue and timer triggers. They parse, and decide how an error is
//     answered: an HTTP status, or done-or-again. web serves the tab, whose sources are beside it. middleware is
//     what stands before all of them.
//   - org signs people in, notes that organizations are in use, and erases users and organizations; tab keeps
//     what tabs show, and presets; library is what one person does with one picture; bulk edits many images
//     with one recipe, each exactly once. All declare, as interfaces, what they need of the outside. schedule
//     starts bulk edits while nobody is there.
//   - recipe says what to do to a picture, imaging does it, editor makes a recipe of what was done in the
//     tab's editor, naming names its copies. None does any input or output.
//   - ready finds out whether what the program needs can be reached.
//   - privacy is the inventory of all that is kept, which the promise to administrators is made from; erasure
//     is what erasing has in common everywhere.
//   - caller says who asks, fault what went wrong and what may be said of it, secret hides what must not be
//     seen, seal seals what leaves the program and must come back unchanged, invocation carries the host's id
//     to the log, telemetry tells of what happens in OpenTelemetry's terms, telemetry/otlp sends that to a collector.
//   - cloud is all that names Microsoft: entra (tokens), graph (SharePoint), tables, blobs and queue
//     (storage), and what they share: account (the storage account), form (of what bulk edits do), outbound
//     (connections, to public addresses alone) and retry.
//   - dev is never linked into the shipped program: the sandbox that stands for Entra and Graph, the local
//     Functions host, Azurite, and the program behind make run that puts them together.
//
// Imports run downwards only; imports_test.go holds the rules. The design and its reasons are in
// docs/design.md.
package main
