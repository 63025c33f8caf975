package tables

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/cloud/form"
	"imagepro/handler/fault"
	"imagepro/handler/schedule"
)

// Table              PartitionKey  RowKey            one record for
// ImageProSchedules  <tid>         <oid>_<schedule>  each schedule: a document, with the time at which it is due
//
// Queries: a record by its key; those of a user; of all tenants those that are due, which reads the table through. It
// is small: a record for each thing that somebody wants done again and again.

var _ schedule.Store = (*Store)(nil)

// nextColumn holds when a schedule is due; it is empty if it is not, or paused.
const nextColumn = "Next"

// scheduleDocument is the stored form of a schedule.
type scheduleDocument struct {
	Name        string        `json:"name"`
	Recipe      string        `json:"recipe"` // as that of a tab
	Save        form.Save     `json:"save"`
	Source      form.Source   `json:"source"`
	Start       string        `json:"start"`
	Rule        string        `json:"rule"`
	Zone        string        `json:"zone"`
	OnlyChanged bool          `json:"onlyChanged"`
	Paused      bool          `json:"paused"`
	Next        string        `json:"next"`
	LastDue     string        `json:"lastDue"`
	LastJob     string        `json:"lastJob"`
	Since       string        `json:"since"`
	Problem     *problemFacts `json:"problem"`
	CreatedAt   string        `json:"createdAt"`
	ChangedAt   string        `json:"changedAt"`
}

type problemFacts struct {
	At      string `json:"at"`
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

func documentOfSchedule(s schedule.Schedule) (document, error) {
	if err := checkKeys(s.Tenant, s.User, s.ID); err != nil {
		return document{}, err
	}
	stored := scheduleDocument{
		Name:        s.Name,
		Recipe:      string(s.Edit.Recipe),
		Save:        form.OfSave(s.Edit.Save),
		Source:      form.OfSource(s.Edit.Source),
		Start:       s.Start,
		Rule:        s.Rule,
		Zone:        s.Zone,
		OnlyChanged: s.OnlyChanged,
		Paused:      s.Paused,
		Next:        formatTime(s.Next),
		LastDue:     formatTime(s.LastDue),
		LastJob:     s.LastJob,
		Since:       s.Since,
		CreatedAt:   formatTime(s.CreatedAt),
		ChangedAt:   formatTime(s.ChangedAt),
	}
	if p := s.Problem; p != nil {
		stored.Problem = &problemFacts{formatTime(p.At), string(p.Kind), p.Message}
	}
	due := stored.Next
	if s.Paused {
		due = ""
	}
	return newDocument(s.Tenant, s.User+"_"+s.ID, map[string]string{nextColumn: due}, stored)
}

func scheduleOf(entity []byte) (schedule.Schedule, error) {
	var stored scheduleDocument
	row, err := readDocument(entity, &stored)
	user, id, _ := strings.Cut(row.RowKey, "_")
	s := schedule.Schedule{
		Tenant:    row.PartitionKey,
		User:      user,
		ID:        id,
		Next:      parseTime(stored.Next),
		LastDue:   parseTime(stored.LastDue),
		LastJob:   stored.LastJob,
		Since:     stored.Since,
		CreatedAt: parseTime(stored.CreatedAt),
		ChangedAt: parseTime(stored.ChangedAt),
		Version:   row.ETag,
		Plan: schedule.Plan{
			Name:        stored.Name,
			Start:       stored.Start,
			Rule:        stored.Rule,
			Zone:        stored.Zone,
			OnlyChanged: stored.OnlyChanged,
			Paused:      stored.Paused,
			Edit: bulk.Request{Recipe: json.RawMessage(stored.Recipe), Save: stored.Save.Save(),
				Source: stored.Source.Source()},
		},
	}
	if p := stored.Problem; p != nil {
		s.Problem = &schedule.Problem{At: parseTime(p.At), Kind: fault.Kind(p.Kind), Message: p.Message}
	}
	return s, err
}

// CreateSchedule adds a schedule.
func (s *Store) CreateSchedule(ctx context.Context, one schedule.Schedule) (schedule.Schedule, error) {
	record, err := documentOfSchedule(one)
	if err != nil {
		return one, err
	}
	one.Version, err = s.create(ctx, schedulesTable, record)
	if fault.Is(err, fault.Conflict) { // the id is fresh: an answer was lost and the SDK asked again
		return s.Schedule(ctx, one.Tenant, one.User, one.ID)
	}
	return one, err
}

// Schedule returns a schedule of a user.
func (s *Store) Schedule(ctx context.Context, tenant, user, id string) (schedule.Schedule, error) {
	if err := checkKeys(tenant, user, id); err != nil {
		return schedule.Schedule{}, err
	}
	entity, err := s.entity(ctx, schedulesTable, tenant, user+"_"+id)
	if err != nil {
		return schedule.Schedule{}, err
	}
	return scheduleOf(entity)
}

// SchedulesOf returns all schedules of a user.
func (s *Store) SchedulesOf(ctx context.Context, tenant, user string) ([]schedule.Schedule, error) {
	if err := checkKeys(tenant, user); err != nil {
		return nil, err
	}
	var all []schedule.Schedule
	err := s.list(ctx, schedulesTable, query{filter: ofUser(tenant, user)}, func(entity []byte) (bool, error) {
		one, err := scheduleOf(entity)
		all = append(all, one)
		return true, err
	})
	return all, err
}

// UpdateSchedule replaces the version that was read.
func (s *Store) UpdateSchedule(ctx context.Context, one schedule.Schedule) (schedule.Schedule, error) {
	record, err := documentOfSchedule(one)
	if err != nil {
		return one, err
	}
	etag, err := s.update(ctx, schedulesTable, one.Version, record)
	if fault.Is(err, fault.Conflict) { // unless an answer was lost and the SDK asked again
		if now, lookErr := s.Schedule(ctx, one.Tenant, one.User, one.ID); lookErr == nil &&
			sameText(documentOfSchedule, now, one) {
			return now, nil
		}
	}
	if err == nil {
		one.Version = etag
	}
	return one, err
}

// DeleteSchedule deletes a version of a schedule, or any.
func (s *Store) DeleteSchedule(ctx context.Context, tenant, user, id, version string) error {
	if err := checkKeys(tenant, user, id); err != nil {
		return err
	}
	return s.remove(ctx, schedulesTable, tenant, user+"_"+id, version)
}

// Due calls yield with the schedules that are due.
func (s *Store) Due(ctx context.Context, by time.Time, yield func(schedule.Schedule) bool) error {
	filter := fmt.Sprintf("%[1]s gt '' and %[1]s le '%[2]s'", nextColumn, formatTime(by))
	return s.list(ctx, schedulesTable, query{filter: filter}, func(entity []byte) (bool, error) {
		one, err := scheduleOf(entity)
		if err != nil {
			return false, err
		}
		return yield(one), nil
	})
}
