package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"imagepro/handler/bulk"
	"imagepro/handler/schedule"
)

func (a *API) installSchedules() {
	huma.Register(a.huma, signedIn("schedules", http.MethodGet, "/schedules", "Lists the caller's schedules"),
		a.schedules)
	// A repeat adds another.
	huma.Register(a.huma,
		created(
			signedIn("createSchedule", http.MethodPost, "/schedules",
				"Adds a schedule: a bulk edit that will be started")), a.createSchedule)
	huma.Register(a.huma, signedIn("schedule", http.MethodGet, "/schedules/{id}", "Shows a schedule"), a.schedule)
	// A repeat is refused: the version is another.
	huma.Register(a.huma, signedIn("updateSchedule", http.MethodPut, "/schedules/{id}", "Replaces a schedule"),
		a.updateSchedule)
	// A repeat finds nothing.
	huma.Register(a.huma,
		signedIn("deleteSchedule", http.MethodDelete, "/schedules/{id}",
			"Deletes a schedule; what it has started goes on"), a.deleteSchedule)
}

// ScheduleFields is what a client says of a schedule, and is told.
type ScheduleFields struct {
	Name        string     `json:"name" minLength:"1" maxLength:"128"`
	Edit        EditFields `json:"edit" doc:"As in POST /bulk-edits"`
	Start       string     `json:"start" maxLength:"19" doc:"Local time of the first start, such as 2026-12-24T18:00:00"`
	Rule        string     `json:"rule,omitempty" maxLength:"500" doc:"RRULE of RFC 5545 that begins with start, such as FREQ=WEEKLY;BYDAY=MO; once unless it is said. At most once an hour"`
	Zone        string     `json:"timeZone" minLength:"1" maxLength:"64" doc:"IANA name, such as Europe/Berlin, or that of Windows"`
	OnlyChanged bool       `json:"onlyChanged,omitempty" doc:"Only images that are new or changed since the last one"`
	Paused      bool       `json:"paused,omitempty"`
}

func (f ScheduleFields) plan(me string) schedule.Plan {
	return schedule.Plan{
		Name:        f.Name,
		Edit:        f.Edit.request(me),
		Start:       f.Start,
		Rule:        f.Rule,
		Zone:        f.Zone,
		OnlyChanged: f.OnlyChanged,
		Paused:      f.Paused,
	}
}

type scheduleBody struct {
	ID  string `json:"id"`
	Tag string `json:"etag" doc:"For If-Match"`
	ScheduleFields
	Next      []time.Time  `json:"next" doc:"When it is due: the next times, five at the most"`
	LastDue   *time.Time   `json:"lastDue,omitempty" doc:"When the last one was due"`
	LastJob   string       `json:"lastBulkEdit,omitempty" doc:"Id of the last bulk edit"`
	Problem   *problemNote `json:"problem,omitempty" doc:"Why what was due last was not started"`
	CreatedAt time.Time    `json:"createdAt"`
	ChangedAt time.Time    `json:"changedAt"`
}

type problemNote struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	Detail string    `json:"detail"`
}

// shownTimes is how many of the next times are told.
const shownTimes = 5

func (a *API) scheduleAnswer(s schedule.Schedule) scheduleBody {
	body := scheduleBody{
		ID:        s.ID,
		Tag:       entityTag(s.Version),
		Next:      []time.Time{},
		LastJob:   s.LastJob,
		CreatedAt: s.CreatedAt,
		ChangedAt: s.ChangedAt,
		ScheduleFields: ScheduleFields{
			Name:        s.Name,
			Edit:        editFieldsOf(s.Edit),
			Start:       s.Start,
			Rule:        s.Rule,
			Zone:        s.Zone,
			OnlyChanged: s.OnlyChanged,
			Paused:      s.Paused,
		},
	}
	body.Next = append(body.Next, a.options.Schedules.Upcoming(s, shownTimes)...)
	if !s.LastDue.IsZero() {
		body.LastDue = &s.LastDue
	}
	if p := s.Problem; p != nil {
		body.Problem = &problemNote{p.At, string(p.Kind), p.Message}
	}
	return body
}

// editFieldsOf is the other way of EditFields.request.
func editFieldsOf(r bulk.Request) EditFields {
	fields := EditFields{
		Recipe: json.RawMessage(r.Recipe),
		DryRun: r.DryRun,
		Source: SourceFields{Since: r.Source.Since},
		Save: SaveFields{
			Target:     string(r.Save.Target),
			Name:       r.Save.Name,
			Folder:     r.Save.Folder,
			OnConflict: string(r.Save.OnConflict),
			OnChanged:  string(r.Save.OnChanged),
			KeepDates:  r.Save.KeepDates,
		},
	}
	if f := r.Source.Folder; f != nil {
		fields.Source.Folder = &FolderFields{
			Drive:         f.Drive,
			Item:          f.Item,
			Recursive:     f.Recursive,
			Depth:         f.Depth,
			Names:         f.Names,
			Types:         f.Types,
			ChangedSince:  timeOrNone(f.ChangedSince),
			ChangedBefore: timeOrNone(f.ChangedBefore),
			MinBytes:      f.MinBytes,
			MaxBytes:      f.MaxBytes,
		}
	}
	for _, image := range r.Source.Images {
		fields.Source.Images = append(fields.Source.Images, ImageFields(image))
	}
	if p := r.Source.Properties; p != nil {
		fields.Source.Properties = &PropertyFields{
			Drive:        p.Drive,
			Folder:       p.Folder,
			Tag:          p.Tag,
			MissingAlt:   p.MissingAlt,
			ChangedSince: timeOrNone(p.ChangedSince),
			ChangedBy:    p.ChangedBy,
		}
	}
	if j := r.Source.Job; j != nil {
		fields.Source.Job = &JobFields{ID: j.Job}
		for _, state := range j.States {
			fields.Source.Job.States = append(fields.Source.Job.States, string(state))
		}
	}
	return fields
}

type scheduleOutput struct {
	ETag     string `header:"ETag"`
	Location string `header:"Location" doc:"Of the schedule, when it was created"`
	Body     scheduleBody
}

func (a *API) scheduleOut(ctx context.Context, s schedule.Schedule, err error) (*scheduleOutput, error) {
	if err != nil {
		return nil, failed(ctx, err)
	}
	return &scheduleOutput{ETag: entityTag(s.Version), Body: a.scheduleAnswer(s)}, nil
}

type createScheduleInput struct{ Body ScheduleFields }

func (a *API) createSchedule(ctx context.Context, in *createScheduleInput) (*scheduleOutput, error) {
	who := callerOf(ctx)
	if _, err := a.visit(ctx); err != nil { // leaves the session that the work will use
		return nil, failed(ctx, err)
	}
	s, err := a.options.Schedules.Create(ctx, who, in.Body.plan(who.User))
	out, err := a.scheduleOut(ctx, s, err)
	if err == nil {
		out.Location = Prefix + "/schedules/" + s.ID
	}
	return out, err
}

func (a *API) schedule(ctx context.Context, in *RecordID) (*scheduleOutput, error) {
	s, err := a.options.Schedules.Get(ctx, callerOf(ctx), in.ID)
	return a.scheduleOut(ctx, s, err)
}

type updateScheduleInput struct {
	RecordID
	IfMatch string `header:"If-Match" maxLength:"1024" doc:"ETag of the schedule as it was read"`
	Body    ScheduleFields
}

func (a *API) updateSchedule(ctx context.Context, in *updateScheduleInput) (*scheduleOutput, error) {
	version, err := matched(in.IfMatch)
	if err != nil {
		return nil, failed(ctx, err)
	}
	who := callerOf(ctx)
	s, err := a.options.Schedules.Update(ctx, who, in.ID, version, in.Body.plan(who.User))
	return a.scheduleOut(ctx, s, err)
}

func (a *API) deleteSchedule(ctx context.Context, in *deleteInput) (*struct{}, error) {
	version, err := matchedOrAny(in.IfMatch)
	if err == nil {
		err = a.options.Schedules.Delete(ctx, callerOf(ctx), in.ID, version)
	}
	if err != nil {
		return nil, failed(ctx, err)
	}
	return nil, nil
}

type schedulesOutput struct {
	Body struct {
		Schedules []scheduleBody `json:"schedules"`
	}
}

func (a *API) schedules(ctx context.Context, _ *struct{}) (*schedulesOutput, error) {
	all, err := a.options.Schedules.List(ctx, callerOf(ctx))
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &schedulesOutput{}
	out.Body.Schedules = []scheduleBody{}
	for _, s := range all {
		out.Body.Schedules = append(out.Body.Schedules, a.scheduleAnswer(s))
	}
	return out, nil
}
