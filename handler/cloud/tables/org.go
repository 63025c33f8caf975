package tables

import (
	"context"
	"fmt"
	"time"

	"imagepro/handler/org"
)

// Table               PartitionKey  RowKey  one record for
// ImageProOrganizations  org        <tid>   each tenant
// ImageProUsers          <tid>      <oid>   each user
// ImageProSessions       <tid>      <oid>   each user who left a session
//
// Queries: a record by its key; organizations by LastSignIn or State (the partition is read; it has one
// small record a tenant).

var (
	_ org.Store    = (*Store)(nil)
	_ org.Sessions = (*Store)(nil)
)

const organizationPartition = "org"

type organizationRow struct {
	keys
	State       string
	FirstSeen   string
	LastSignIn  string
	EraseReason string
}

func (r organizationRow) organization(etag string) org.Organization {
	return org.Organization{
		Tenant: r.RowKey, State: org.State(r.State), FirstSeen: parseTime(r.FirstSeen),
		LastSignIn: parseTime(r.LastSignIn), EraseReason: r.EraseReason, Version: etag,
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
	row := organizationRow{
		keys:  keys{PartitionKey: organizationPartition, RowKey: o.Tenant},
		State: string(o.State), FirstSeen: formatTime(o.FirstSeen), LastSignIn: formatTime(o.LastSignIn), EraseReason: o.EraseReason,
	}
	var etag string
	var err error
	if o.Version == "" {
		etag, err = s.create(ctx, organizationsTable, row)
	} else {
		etag, err = s.update(ctx, organizationsTable, o.Version, row)
	}
	if err == nil {
		o.Version = etag
	}
	return o, err
}

// Inactive calls yield for each organization that is inactive since before the time, or being erased.
func (s *Store) Inactive(ctx context.Context, before time.Time, yield func(org.Organization) bool) error {
	filter := fmt.Sprintf("PartitionKey eq '%s' and (LastSignIn lt '%s' or State eq '%s')", organizationPartition, formatTime(before), org.Erasing)
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
	Name       string
	UPN        string
	Mail       string
	Locale     string
	LastSignIn string
}

// PutUser creates or replaces a user's record.
func (s *Store) PutUser(ctx context.Context, u org.User) error {
	if err := checkKeys(u.Tenant, u.ID); err != nil {
		return err
	}
	return s.upsert(ctx, usersTable, userRow{
		keys: keys{PartitionKey: u.Tenant, RowKey: u.ID},
		Name: u.Profile.Name, UPN: u.Profile.UPN, Mail: u.Profile.Mail, Locale: u.Profile.Locale,
		LastSignIn: formatTime(u.LastSignIn),
	})
}

type sessionRow struct {
	keys
	KeyID   string
	Sealed  []byte // base64 text: about 2 KiB of the 64 that a property may have
	SavedAt string
}

func rowOfSession(session org.Session) sessionRow {
	return sessionRow{
		keys:  keys{PartitionKey: session.Tenant, RowKey: session.User},
		KeyID: session.KeyID, Sealed: session.Sealed, SavedAt: formatTime(session.SavedAt),
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
	return org.Session{
		Tenant: tenant, User: user, KeyID: row.KeyID, Sealed: row.Sealed, SavedAt: parseTime(row.SavedAt), Version: etag,
	}, nil
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
