// Package privacy is the inventory of what Image Pro keeps: every table, blob, queue, log, memory and browser with its
// fields, what they are for and when they go. The promise to administrators (handler/docs/privacy.md and
// GET /api/privacy) is made from it, and a test compares it with what is really stored.
//
// It does not keep anything itself.
package privacy

// Place is where something is kept.
type Place string

// The places.
const (
	Table   Place = "table"   // Azure Table Storage
	Blob    Place = "blob"    // Azure Blob Storage
	Queue   Place = "queue"   // Azure Queue Storage; each has a twin for failed messages (see inQueue)
	Log     Place = "log"     // the standard output of the process, which the Functions host collects
	Memory  Place = "memory"  // the process itself; gone with it
	Browser Place = "browser" // the browser of the user, or the one within Teams
)

// Entry is one thing that is kept.
type Entry struct {
	Place Place  `json:"place" enum:"table,blob,queue,log,memory,browser"`
	Name  string `json:"name" doc:"Name of the table or queue, form of the blobs' names, or a word for it"`
	Of    string `json:"of" doc:"Whose data it is" enum:"user,organization,nobody"`
	// Purpose says what it is for, and Kept when it goes.
	Purpose string  `json:"purpose"`
	Kept    string  `json:"kept" doc:"When it goes"`
	Fields  []Field `json:"fields"`
}

// Field is one field of an entry.
type Field struct {
	// Name is that of the property; a field within a JSON text is behind the text's name and a slash.
	Name  string `json:"name"`
	Holds string `json:"holds"`
}

// Never is something that is never kept.
type Never struct {
	What string `json:"what"`
	Rule string `json:"rule"`
}

// NeverKept is what Image Pro meets and does not keep, or does not even ask for.
func NeverKept() []Never {
	return []Never{
		{"Teams channel (name, id)",
			"Used for the answer to the one request that names it, then forgotten; in no store, no cache and no log."},
		{"Teams conversations and files",
			"Never asked for: no call under /teams, /chats, /me/drive or /me/messages is made, and no permission " +
				"for them is requested."},
		{"Pictures", "They stay in SharePoint, but for small ones that somebody put into a recipe itself, which are " +
			"kept where the recipe is, and for the previews of dry runs (at most 512 pixels large, of at most eight " +
			"images), which are kept for a day. One that is edited is in memory while that lasts, one that a bulk " +
			"edit lays on others for up to ten minutes; one that is uploaded or restored passes through a temporary " +
			"file without a name."},
		{"Access tokens of Teams",
			"Used for the request that brings them; only a hash of one is in memory for up to an hour."},
		{"Passwords, and what a user did elsewhere", "Never seen."},
	}
}

// The ends of what is kept.
const (
	whileActive = "While the organization is active: erased after it was not used for IMAGEPRO_INACTIVE_DAYS and " +
		"its grace of IMAGEPRO_GRACE_DAYS, or at once when an administrator asks for it."
	withUser = "Until the user asks for erasure; else while the organization is active."
)

// Inventory is all that Image Pro keeps.
func Inventory() []Entry {
	var all []Entry
	for _, part := range [][]Entry{people(), tabs(), images(), bulkEdits(), erasures(), passing(), browsers()} {
		all = append(all, part...)
	}
	return all
}

func people() []Entry {
	return []Entry{
		{Table, "ImageProOrganizations", "organization",
			"To know which organizations use Image Pro, and which have stopped.", whileActive, []Field{
				{"RowKey", "tenant id"},
				{"State", "active, in its grace, or being erased"},
				{"FirstSeen", "time of the first use"},
				{"LastActive", "time of the last use, to the hour"},
				{"EraseAt", "end of the grace"},
				{"ReturnedAt", "time of the last return during a grace"},
				{"WasDueAt", "when the erasure would have begun then"},
				{"Erasure", "id of the erasure under way"},
			}},
		{Table, "ImageProUsers", "user", "To greet users, and to speak to them in their language.", withUser, []Field{
			{"PartitionKey", "tenant id"},
			{"RowKey", "object id of the user"},
			{"State", "active, or being erased"},
			{"Name", "display name"},
			{"UPN", "user principal name"},
			{"Mail", "mail address"},
			{"Locale", "preferred language"},
			{"LastSignIn", "time at which the profile was read last"},
			{"Erasure", "id of the erasure under way"},
		}},
		{Table, "ImageProSessions", "user", "To finish a bulk edit while its user is away.",
			"Until no bulk edit needs it for IMAGEPRO_SESSION_DAYS, or Entra ID ends it, or the user asks for erasure.",
			[]Field{
				{"PartitionKey", "tenant id"},
				{"RowKey", "object id of the user"},
				{"State", "ready, or waiting for the user's next sign-in"},
				{"Reason", "why it waits"},
				{"KeyID", "name of the key that sealed it"},
				{"Sealed", "refresh token, encrypted with AES-256-GCM for this tenant and user"},
				{"SavedAt", "time of the last renewal"},
				{"ParkedAt", "since when it waits"},
			}},
	}
}

func tabs() []Entry {
	return []Entry{
		{Table, "ImageProTabs", "organization", "To show in a tab what it was set up for (image configuration).",
			whileActive, []Field{
				{"PartitionKey", "tenant id"},
				{"RowKey", "id of the tab"},
				{"D/title", "title"},
				{"D/site", "id of the SharePoint site"},
				{"D/drive", "id of the library"},
				{"D/folder", "id of the folder"},
				{"D/layout", "arrangement of pictures"},
				{"D/sortBy", "order of pictures"},
				{"D/descending", "its direction"},
				{"D/captions", "what stands below pictures"},
				{"D/defaultRecipe", "edits that the editor begins with, as in spec.json of bulk edits"},
				{"D/createdAt", "time"},
				{"D/changedAt", "time"},
			}},
		{Table, "ImageProPresets", "organization", "To apply the same edits again (presets).", whileActive, []Field{
			{"PartitionKey", "tenant id"},
			{"RowKey", "id of the preset, or hash of its name"},
			{"Name", "hash of the name"},
			{"Preset", "id of the preset that has the name"},
			{"D/name", "name"},
			{"D/description", "description"},
			{"D/recipe", "edits, as in spec.json of bulk edits"},
			{"D/createdAt", "time"},
			{"D/changedAt", "time"},
		}},
	}
}

func images() []Entry {
	return []Entry{
		{Table, "ImageProImages", "organization",
			"To describe pictures for people and for those who cannot see them, and to tell what was done to them " +
				"(image properties).",
			whileActive + " The id of a user goes when that user asks for erasure; what they said of a picture stays.",
			[]Field{
				{"PartitionKey", "tenant id"},
				{"RowKey", "hashes of the ids of library and image"},
				{"Folder", "hash of the folder's id"},
				{"AltText", "whether there is an alternative text"},
				{"ChangedAt", "time of the last change"},
				{"ChangedBy", "object id of the user who changed it last"},
				{"D/drive", "id of the library"},
				{"D/item", "id of the image"},
				{"D/folder", "id of the folder"},
				{"D/title", "title"},
				{"D/altText", "alternative text"},
				{"D/caption", "caption"},
				{"D/credit", "credit"},
				{"D/tags", "tags"},
				{"D/focal", "point that should stay in sight"},
				{"D/recipes", "edits that were carried out, as in spec.json of bulk edits, with their " +
					"hashes and times"},
			}},
	}
}

func bulkEdits() []Entry {
	return []Entry{
		{Table, "ImageProBulkEdits", "user", "To edit each image of a bulk edit once, and to tell what became of it.",
			withUser, []Field{
				{"PartitionKey", "tenant id and id of the bulk edit"},
				{"RowKey", "kind and number of the record"},
				{"User", "object id of the user"},
				{"Kind", "whether it edits, tries or undoes"},
				{"Of", "id of the bulk edit that it undoes or repeats"},
				{"State", "how far it is"},
				{"Reason", "kind of what went wrong"},
				{"Message", "sentence for the user"},
				{"CreatedAt", "time"},
				{"FinishedAt", "time"},
				{"RunningAt", "time"},
				{"RunningFrom", "number"},
				{"Folders", "number"},
				{"Folder", "number"},
				{"Cursor", "place in SharePoint's list of a folder"},
				{"End", "whether everything is listed"},
				{"Planned", "number"},
				{"Passed", "number"},
				{"Left", "number"},
				{"Sent", "number"},
				{"Edited", "number"},
				{"Unchanged", "number"},
				{"Skipped", "number"},
				{"Conflict", "number"},
				{"Failed", "number"},
				{"BytesBefore", "number"},
				{"BytesAfter", "number"},
				{"Drive", "id of the library of a folder to look into"},
				{"Item", "id of that folder"},
				{"Depth", "number"},
				{"Facts/number", "number of the image in names of copies"},
				{"Facts/user", "object id of the user"},
				{"Facts/drive", "id of the image's library"},
				{"Facts/file", "id of the image"},
				{"Facts/parent", "id of its folder"},
				{"Facts/name", "its file name"},
				{"Facts/tag", "tag of its content"},
				{"Facts/hash", "hash of its content"},
				{"Facts/size", "number"},
				{"Facts/reason", "kind of what went wrong"},
				{"Facts/message", "sentence for the user"},
				{"Facts/before", "pixels, bytes and format before"},
				{"Facts/after", "pixels, bytes and format after"},
				{"Facts/warnings", "what was lost on the way"},
				{"Facts/finishedAt", "time"},
				{"Facts/tries", "number"},
				{"Facts/intent", "hash, size, name and folder of what is about to be saved, or, of a dry " +
					"run, would be"},
				{"Facts/undoing", "hashes and length of the contents before and after, for undoing"},
				{"Facts/saved", "id of the file that got the result, and tag of its content"},
			}},
		{Table, "ImageProBulkIndex", "user", "To find a user's bulk edits.", withUser, []Field{
			{"PartitionKey", "tenant id"},
			{"RowKey", "object id of the user and id of the bulk edit"},
			{"CreatedAt", "time"},
		}},
		{Table, "ImageProBulkOpen", "user", "To find the bulk edits that go on, and those whose messages were lost.",
			withUser, []Field{
				{"PartitionKey", "tenant id"},
				{"RowKey", "object id of the user and id of the bulk edit"},
				{"CreatedAt", "time"},
				{"Mark", "how far it was"},
				{"MarkAt", "time"},
				{"Nudges", "number"},
				{"Rests", "whether it waits for its user"},
			}},
		{Table, "ImageProPeers", "organization",
			"To share a tenant's budget of requests to SharePoint among the processes that work for it.", whileActive,
			[]Field{
				{"PartitionKey", "tenant id"},
				{"RowKey", "random id of a process"},
				{"At", "time"},
				{"Pause", "time until which SharePoint asked it to wait"},
			}},
		{Blob, "image-pro/<tenant id>/<object id>/bulk-edits/<bulk edit>/spec.json", "user",
			"To know what a bulk edit does.", withUser, []Field{
				{"recipe", "edits, with ids of the pictures of libraries that they need, and small pictures " +
					"that they hold"},
				{"target", "whether to make versions or copies"},
				{"name", "form of the names of copies"},
				{"folder", "id of the folder of copies"},
				{"onConflict", "what to do if such a name is taken"},
				{"onChanged", "what to do with an image that somebody changes meanwhile"},
				{"keepDates", "whether the time of the last change stays"},
				{"called", "name of the recipe, for names of copies"},
				{"images", "ids of the pictures of libraries that the edits need, with length and hash of the content"},
			}},
		{Blob, "image-pro/<tenant id>/<object id>/bulk-edits/<bulk edit>/source.json", "user",
			"To know which images a bulk edit is for.", withUser, []Field{
				{"folder", "ids of library and folder, and which files of it"},
				{"properties", "which images, by what is said of them"},
				{"since", "id of an earlier bulk edit"},
				{"images", "ids of libraries and images"},
				{"job", "id of another bulk edit, and which of its images"},
			}},
		{Blob, "image-pro-previews/<tenant id>/<object id>/bulk-edits/<bulk edit>/<number>-before.jpg", "user",
			"To show what a dry run would make of some of its images.",
			"A day; then they are not shown any more, and the sweep deletes them within a quarter of an hour. At " +
				"once when the user or an administrator asks for erasure.", []Field{
				{"<anything>", "a picture of the user's, at most 512 pixels large, without its metadata"},
			}},
		{Blob, "image-pro-previews/<tenant id>/<object id>/bulk-edits/<bulk edit>/<number>-after.jpg", "user",
			"The same.", "The same.", []Field{
				{"<anything>", "what the recipe makes of it, as small"},
			}},
		{Table, "ImageProSchedules", "user", "To start bulk edits while nobody is there.", withUser, []Field{
			{"PartitionKey", "tenant id"},
			{"RowKey", "object id of the user and id of the schedule"},
			{"Next", "time"},
			{"D/name", "what the user calls it"},
			{"D/recipe", "edits, as in spec.json"},
			{"D/save", "whether to make versions or copies, and how"},
			{"D/source", "which images, as in source.json"},
			{"D/start", "time"},
			{"D/rule", "recurrence rule"},
			{"D/zone", "time zone"},
			{"D/onlyChanged", "whether images count that are as they were"},
			{"D/paused", "whether it rests"},
			{"D/next", "time"},
			{"D/lastDue", "time"},
			{"D/lastJob", "id of a bulk edit"},
			{"D/since", "id of a bulk edit"},
			{"D/problem", "time, kind and sentence of what went wrong"},
			{"D/createdAt", "time"},
			{"D/changedAt", "time"},
		}},
		{Queue, "bulk-plan", "user", "To plan a bulk edit.", inQueue, []Field{
			{"tenant", "tenant id"},
			{"job", "id of the bulk edit"},
			{"resume", "whether it waited for its user"},
			{"again", "whether it was tried too often before"},
			{"waits", "number"},
		}},
		{Queue, "bulk-items", "user", "To edit one image.", inQueue, []Field{
			{"tenant", "tenant id"},
			{"job", "id of the bulk edit"},
			{"n", "number of the image"},
			{"more", "whether its result asks for further messages"},
			{"waits", "number"},
			{"suspect", "whether it came before"},
		}},
	}
}

const inQueue = "Until it is handled: seconds as a rule, longer while a service that it needs is busy or away. One " +
	"that failed five times goes to the queue of the same name with -poison, whose function handles it once more. A " +
	"message whose bulk edit was erased is dropped."

func erasures() []Entry {
	return []Entry{
		{Table, "ImageProErasures", "nobody", "To erase without a gap, and to prove it afterwards (receipt).",
			"The ids until the erasure is done; the rest, which names nobody, for a year.", []Field{
				{"RowKey", "random id of the erasure"},
				{"Tenant", "tenant id, until it is done"},
				{"User", "object id of the user, until it is done"},
				{"Subject", "user or organization"},
				{"Reason", "requested, the day of the last use, or that it is not known"},
				{"Begun", "time"},
				{"Marked", "time"},
				{"Done", "time"},
				{"Counts", "numbers of records by kind"},
				{"Through", "keys of what was counted last, until it is done"},
			}},
		{Queue, "erasures", "nobody", "To go on with an erasure.",
			"Until it is handled: minutes as a rule. One that failed five times goes to erasures-poison and is " +
				"dropped; the daily clean-up sends another.", []Field{
				{"erasure", "random id of the erasure"},
			}},
	}
}

func passing() []Entry {
	return []Entry{
		{Blob, "azure-webjobs-hosts/<anything>", "nobody", "Written by the Functions host: when its timers ran last.",
			"As long as the function app exists.", []Field{
				{"<anything>", "times and schedules; no data of users"},
			}},
		{Log, "standard output", "nobody", "To find out what went wrong.",
			"As long as the operator's log store keeps it.", []Field{
				{"time", "time"},
				{"level", "weight of the event"},
				{"msg", "what happened, in words that are the same each time"},
				{"invocation", "id of the request"},
				{"trace", "id of the trace that it belongs to; only if telemetry is sent"},
				{"method", "HTTP method"},
				{"route", "form of the address, without its values"},
				{"status", "HTTP status"},
				{"ms", "duration"},
				{"kind", "kind of a fault"},
				{"error", "what went wrong: codes and ids, no foreign texts"},
				{"function", "name of the function"},
				{"tenant", "tenant id"},
				{"job", "id of the bulk edit"},
				{"item", "number of the image"},
				{"reason", "kind of a fault, or why an erasure began"},
				{"wait", "duration"},
				{"after", "duration"},
				{"since", "time"},
				{"schedule", "id of a schedule"},
				{"due", "time"},
				{"started", "numbers of bulk edits that a schedule started"},
				{"address", "address that the program listens at"},
				{"version", "version of the program"},
				{"erasure", "random id of an erasure"},
				{"subject", "user or organization"},
				{"counts", "numbers of records by kind"},
				{"swept", "numbers of what a clean-up did"},
				{"complete", "whether a clean-up did everything"},
			}},
		{Log, "telemetry", "nobody",
			"To see how the program does; sent to the operator's collector, if a setting names one.",
			"As long as the collector keeps it.", []Field{
				{"log", "the same as on the standard output"},
				{"span", "a request, a function, a message or a call to another service: form of the address or " +
					"name, status, duration; ids of traces, which are random"},
				{"metric", "numbers and durations by form of the address, status, service, function, result and " +
					"kind of a fault"},
			}},
		{Memory, "Graph tokens", "user", "To call Microsoft Graph on behalf of a user.", "Up to an hour.", []Field{
			{"key", "hash with a random salt"},
			{"token", "access token for Microsoft Graph"},
		}},
		{Memory, "profiles", "user", "To spare Microsoft Graph a call.", "Up to ten minutes.", []Field{
			{"key", "hash with a random salt"},
			{"Name", "display name"},
			{"Mail", "mail address"},
			{"Locale", "preferred language"},
		}},
		{Memory, "tabs", "organization", "To show a tab quickly.", "Up to IMAGEPRO_TAB_CACHE after it was read.",
			[]Field{
				{"key", "tenant id and id of the tab"},
				{"tab", "as in the table ImageProTabs"},
			}},
		{Memory, "pictures of recipes", "user",
			"To lay the same picture on all images of a bulk edit without reading it for each.",
			"Up to ten minutes after it was read; eight at the most.", []Field{
				{"key", "tenant id, id of the bulk edit and hash of the content"},
				{"content", "file of the picture"},
			}},
		{Memory, "bulk edits at work", "user", "To edit each image without reading the bulk edit again.",
			"Up to ten minutes after they were read.", []Field{
				{"key", "tenant id and id of the bulk edit"},
				{"job", "as in the table ImageProBulkEdits, without the user and the results; for two seconds"},
				{"spec", "as in the blob spec.json; sixteen at the most"},
			}},
		{Memory, "shares of bulk edits", "user", "To count results without reading the counts again.",
			"Until the process ends, or a thousand others have come.", []Field{
				{"key", "tenant id, id of the bulk edit and number of the share"},
				{"counts", "numbers"},
			}},
		{Memory, "organizations in use", "organization",
			"To note the use of an organization without a write for each request.", "Up to ten seconds.", []Field{
				{"key", "tenant id"},
			}},
		{Memory, "tenants at work", "organization",
			"To slow down the requests of a tenant that SharePoint throttles, and of no other.",
			"Until the process ends, or ten thousand other tenants have come.", []Field{
				{"key", "tenant id"},
				{"gate", "numbers and times"},
			}},
		{Memory, "Entra ID's documents", "nobody", "To check tokens.",
			"Up to a day; signing keys longer while Entra ID cannot be reached.", []Field{
				{"keys", "public signing keys"},
				{"metadata", "addresses of Entra ID for a tenant"},
			}},
	}
}

func browsers() []Entry {
	return []Entry{
		{Browser, "session storage: image-pro-draft-<id>", "user",
			"To keep a bulk edit that is being put together over a reload, and to come back to it from its dry run.",
			"Until the window or tab is closed, the user signs out or asks for erasure, another user signs " +
				"in there, or " +
				"twenty others have come. It never leaves the browser.", []Field{
				{"owner", "tenant id and object id of the user"},
				{"at", "time"},
				{"draft/chosen", "ids of library and images, or ids of library and folder and the folder's name"},
				{"draft/only", "which files of the folder: form of the names, day of the last change"},
				{"draft/recipe", "edits, as in spec.json of bulk edits"},
				{"draft/save", "whether to make versions or copies, and how"},
				{"draft/begun", "random key of a request that may not have been answered"},
				{"draft/tried", "ids of its dry runs"},
				{"draft/started", "whether it was started"},
			}},
		{Browser, "session storage: msal.<anything>", "user",
			"To sign in, in a browser outside of Teams (Microsoft's library MSAL).",
			"Until the window or tab is closed, or the user signs out.", []Field{
				{"<anything>", "account and tokens of the user"},
			}},
	}
}
