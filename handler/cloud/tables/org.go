package tables

import (
	"context"
	"fmt"
	"time"

	"imagepro/handler/org"
)

// Table                  PartitionKey  RowKey  one record for
// ImageProOrganizations  org           <tid>   each tenant
// ImageProUsers          <tid>         <oid>   each user
// ImageProSessions       <tid>         <oid>   each user who left a session
//
// Queries: a record by its key; organizations by LastActive or State (the partition is read; it has one
// small record a tenant); all sessions.

var (
	_ org.Organizations = (*Store)(nil)
	_ org.Users         = (*Store)(nil)
	_ org.Sessions      = (*Store)(nil)
)

const organizationPartition = "org"

type organizationRow struct {
	keys
	State      string
	FirstSeen  string
	LastActive string
	EraseAt    string
	ReturnedAt string
	WasDueAt   string
	Erasure    string
}

func (r organizationRow) organization(etag string) org.Organization {
	return org.Organization{
		Tenant:     r.RowKey,
		State:      org.State(r.State),
		FirstSeen:  parseTime(r.FirstSeen),
		LastActive: parseTime(r.LastActive),
		EraseAt:    parseTime(r.EraseAt),
		ReturnedAt: parseTime(r.ReturnedAt),
		WasDueAt:   parseTime(r.WasDueAt),
		Erasure:    r.Erasure,
		Version:    etag,
	}
}

// Organization returns the record of a tenant.
func (s *Store) Organization(ctx context.Context, tenant string) (org.Organization, error) {
	if err := checkKeys(tenant); err != nil {
		return org.Organization{}, err
	}
	var row organizationRow
	etag, err := s.get(ctx, organizationsTable, organizationPartition, tenant, &row)
	if err != nil {
		return org.Organization{}, err
	}
	return row.organization(etag), nil
}

// PutOrganization creates the record or replaces the version that was read.
func (s *Store) PutOrganization(ctx context.Context, o org.Organization) (org.Organization, error) {
	if err := checkKeys(o.Tenant); err != nil {
		return o, err
	}
	etag, err := s.put(ctx, organizationsTable, o.Version, organizationRow{
		keys:       keys{PartitionKey: organizationPartition, RowKey: o.Tenant},
		State:      string(o.State),
		FirstSeen:  formatTime(o.FirstSeen),
		LastActive: formatTime(o.LastActive),
		EraseAt:    formatTime(o.EraseAt),
		ReturnedAt: formatTime(o.ReturnedAt),
		WasDueAt:   formatTime(o.WasDueAt),
		Erasure:    o.Erasure,
	})
	if err == nil {
		o.Version = etag
	}
	return o, err
}

// Idle calls yield for each organization that was last active before the time, or is not active.
func (s *Store) Idle(ctx context.Context, before time.Time, yield func(org.Organization) bool) error {
	filter := fmt.Sprintf("PartitionKey eq '%s' and (LastActive lt '%s' or State ne '%s')", organizationPartition,
		formatTime(before), org.Active)
	return s.list(ctx, organizationsTable, query{filter: filter}, func(entity []byte) (bool, error) {
		var row organizationRow
		if err := decode(entity, &row); err != nil {
			return false, err
		}
		return yield(row.organization(row.ETag)), nil
	})
}

// DeleteOrganization removes the version of the record that was read.
func (s *Store) DeleteOrganization(ctx context.Context, o org.Organization) error {
	if err := checkKeys(o.Tenant); err != nil {
		return err
	}
	return s.remove(ctx, organizationsTable, organizationPartition, o.Tenant, o.Version)
}

type userRow struct {
	keys
	State      string
	Name       string
	UPN        string
	Mail       string
	Locale     string
	LastSignIn string
	Erasure    string
}

// User returns the record of a user.
func (s *Store) User(ctx context.Context, tenant, id string) (org.User, error) {
	if err := checkKeys(tenant, id); err != nil {
		return org.User{}, err
	}
	var row userRow
	etag, err := s.get(ctx, usersTable, tenant, id, &row)
	if err != nil {
		return org.User{}, err
	}
	return row.user(etag), nil
}

func (r userRow) user(etag string) org.User {
	return org.User{
		Tenant:     r.PartitionKey,
		ID:         r.RowKey,
		State:      org.State(r.State),
		Profile:    org.Profile{Name: r.Name, UPN: r.UPN, Mail: r.Mail, Locale: r.Locale},
		LastSignIn: parseTime(r.LastSignIn),
		Erasure:    r.Erasure,
		Version:    etag,
	}
}

// Marked calls yield for every user whose data is being erased.
func (s *Store) Marked(ctx context.Context, yield func(org.User) bool) error {
	filter := fmt.Sprintf("State eq '%s'", org.Erasing)
	return s.list(ctx, usersTable, query{filter: filter}, func(entity []byte) (bool, error) {
		var row userRow
		if err := decode(entity, &row); err != nil {
			return false, err
		}
		return yield(row.user(row.ETag)), nil
	})
}

// PutUser creates the record or replaces the version that was read.
func (s *Store) PutUser(ctx context.Context, u org.User) (org.User, error) {
	if err := checkKeys(u.Tenant, u.ID); err != nil {
		return u, err
	}
	etag, err := s.put(ctx, usersTable, u.Version, userRow{
		keys:       keys{PartitionKey: u.Tenant, RowKey: u.ID},
		State:      string(u.State),
		Name:       u.Profile.Name,
		UPN:        u.Profile.UPN,
		Mail:       u.Profile.Mail,
		Locale:     u.Profile.Locale,
		LastSignIn: formatTime(u.LastSignIn),
		Erasure:    u.Erasure,
	})
	if err == nil {
		u.Version = etag
	}
	return u, err
}

// DeleteUser removes the version of the record that was read.
func (s *Store) DeleteUser(ctx context.Context, u org.User) error {
	if err := checkKeys(u.Tenant, u.ID); err != nil {
		return err
	}
	return s.remove(ctx, usersTable, u.Tenant, u.ID, u.Version)
}

type sessionRow struct {
	keys
	State    string
	Reason   string
	KeyID    string
	Sealed   []byte // base64 text: about 2 KiB of the 64 that a property may have
	SavedAt  string
	ParkedAt string
}

func rowOfSession(session org.Session) sessionRow {
	return sessionRow{
		keys:     keys{PartitionKey: session.Tenant, RowKey: session.User},
		State:    string(session.State),
		Reason:   session.Reason,
		KeyID:    session.KeyID,
		Sealed:   session.Sealed,
		SavedAt:  formatTime(session.SavedAt),
		ParkedAt: formatTime(session.ParkedAt),
	}
}

func (r sessionRow) session(tenant, user, etag string) org.Session {
	return org.Session{
		Tenant:   tenant,
		User:     user,
		State:    org.SessionState(r.State),
		Reason:   r.Reason,
		KeyID:    r.KeyID,
		Sealed:   r.Sealed,
		SavedAt:  parseTime(r.SavedAt),
		ParkedAt: parseTime(r.ParkedAt),
		Version:  etag,
	}
}

// Session returns a user's session.
func (s *Store) Session(ctx context.Context, tenant, user string) (org.Session, error) {
	if err := checkKeys(tenant, user); err != nil {
		return org.Session{}, err
	}
	var row sessionRow
	etag, err := s.get(ctx, sessionsTable, tenant, user, &row)
	if err != nil {
		return org.Session{}, err
	}
	return row.session(tenant, user, etag), nil
}

// PutSession creates or replaces the session of a user.
func (s *Store) PutSession(ctx context.Context, session org.Session) error {
	if err := checkKeys(session.Tenant, session.User); err != nil {
		return err
	}
	return s.upsert(ctx, sessionsTable, rowOfSession(session))
}

// RenewSession replaces the version of a session that was read.
func (s *Store) RenewSession(ctx context.Context, session org.Session) error {
	if err := checkKeys(session.Tenant, session.User); err != nil {
		return err
	}
	_, err := s.update(ctx, sessionsTable, session.Version, rowOfSession(session))
	return err
}

// DeleteSession removes the version of a session that was read.
func (s *Store) DeleteSession(ctx context.Context, session org.Session) error {
	if err := checkKeys(session.Tenant, session.User); err != nil {
		return err
	}
	return s.remove(ctx, sessionsTable, session.Tenant, session.User, session.Version)
}

// EachSession calls yield for every session.
func (s *Store) EachSession(ctx context.Context, yield func(org.Session) bool) error {
	return s.list(ctx, sessionsTable, query{}, func(entity []byte) (bool, error) {
		var row sessionRow
		if err := decode(entity, &row); err != nil {
			return false, err
		}
		return yield(row.session(row.PartitionKey, row.RowKey, row.ETag)), nil
	})
}
