package org_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"imagepro/handler/fault"
	"imagepro/handler/org"
)

const days90 = 90 * 24 * time.Hour

// organization is one whose last sign-in was so long before start.
func organization(tenant string, ago time.Duration) org.Organization {
	return org.Organization{Tenant: tenant, State: org.Active, LastSignIn: start.Add(-ago)}
}

// record returns an eraser that notes its name with the tenant in the list.
func record(calls *[]string, name string, err error) eraser {
	return func(_ context.Context, tenant string) error {
		*calls = append(*calls, name+" "+tenant)
		return err
	}
}

func TestSweepErasesWhatIsOlderThanTheTimeAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newStore(organization("at", days90), organization("fresh", 0), organization("old", days90+1), organization("future", -time.Hour))
	var calls []string
	sweeper := org.NewSweeper(s, days90, record(&calls, "records", nil), record(&calls, "blobs", nil))
	erased, err := sweeper.Sweep(t.Context(), start.In(time.FixedZone("", -5*3600)))
	if err != nil || erased != 1 {
		t.Errorf("Sweep = %d, %v, want 1", erased, err)
	}
	if want := []string{"records old", "blobs old"}; !slices.Equal(calls, want) {
		t.Errorf("erasers ran: %v, want %v", calls, want)
	}
	if _, there := s.organizations["old"]; there || len(s.organizations) != 3 {
		t.Errorf("left: %v", s.organizations)
	}
}

func TestSweepMarksBeforeItErasesAndNamesTheReason(t *testing.T) {
	t.Parallel()
	s := newStore(organization("t", days90+time.Hour))
	var seen org.Organization
	sweeper := org.NewSweeper(s, days90, eraser(func(context.Context, string) error { seen = s.organizations["t"]; return nil }))
	_, err := sweeper.Sweep(t.Context(), start)
	must(t, err)
	if seen.State != org.Erasing || seen.EraseReason != "no sign-in since 2025-12-01" {
		t.Errorf("while it is erased the organization is %+v", seen)
	}
}

func TestFailingEraserStopsNothingElseAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newStore(organization("a", days90+1), organization("b", days90+1))
	broken := errors.New("broken")
	var calls []string
	failing := eraser(func(ctx context.Context, tenant string) error {
		_ = record(&calls, "first", nil)(ctx, tenant)
		if tenant == "a" {
			return broken
		}
		return nil
	})
	erased, err := org.NewSweeper(s, days90, failing, record(&calls, "second", nil)).Sweep(t.Context(), start)
	if erased != 1 || !errors.Is(err, broken) || !strings.Contains(err.Error(), "organization a") {
		t.Errorf("Sweep = %d, %v, want 1 and the error with its organization", erased, err)
	}
	if want := []string{"first a", "second a", "first b", "second b"}; !slices.Equal(calls, want) {
		t.Errorf("erasers ran: %v, want %v", calls, want)
	}
	if s.organizations["a"].State != org.Erasing || len(s.organizations) != 1 {
		t.Errorf("left: %v, want a, still being erased", s.organizations)
	}

	calls = nil
	erased, err = org.NewSweeper(s, days90, record(&calls, "first", nil)).Sweep(t.Context(), start.AddDate(0, 0, -100))
	if err != nil || erased != 1 || len(s.organizations) != 0 || !slices.Equal(calls, []string{"first a"}) {
		t.Errorf("the next Sweep = %d, %v, left %v, want it to end what was begun", erased, err, s.organizations)
	}
}

func TestConflictOfAnEraserIsNoSignIn(t *testing.T) {
	t.Parallel()
	s := newStore(organization("t", days90+1))
	var calls []string
	_, err := org.NewSweeper(s, days90, record(&calls, "x", fault.New(fault.Conflict, "No.", nil))).Sweep(t.Context(), start)
	wantKind(t, "Sweep", err, fault.Conflict)
}

func TestOrganizationThatSignsInDuringTheSweepIsKept(t *testing.T) {
	t.Parallel()
	s := newStore(organization("t", days90+1))
	s.before = func(o org.Organization) {
		o.State, o.LastSignIn = org.Active, start
		s.set(o)
	}
	var calls []string
	erased, err := org.NewSweeper(s, days90, record(&calls, "x", nil)).Sweep(t.Context(), start)
	if err != nil || erased != 0 || len(calls) != 0 {
		t.Errorf("Sweep = %d, %v, erasers ran: %v, want nothing erased", erased, err, calls)
	}
	if o := s.organizations["t"]; o.State != org.Active || !o.LastSignIn.Equal(start) {
		t.Errorf("the organization is %+v, want the sign-in's", o)
	}
}

func TestSweepStopsWithItsContextAndTheNextGoesOn(t *testing.T) {
	t.Parallel()
	s := newStore(organization("a", days90+1), organization("b", days90+1), organization("c", days90+1))
	ctx, cancel := context.WithCancel(t.Context())
	stopping := eraser(func(ctx context.Context, tenant string) error {
		if tenant == "b" {
			cancel()
		}
		return ctx.Err()
	})
	erased, err := org.NewSweeper(s, days90, stopping).Sweep(ctx, start)
	if erased != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("Sweep = %d, %v, want 1 and the end of the context", erased, err)
	}
	if s.organizations["b"].State != org.Erasing || s.organizations["c"].State != org.Active {
		t.Errorf("left: %v, want b half-way and c untouched", s.organizations)
	}
	var calls []string
	erased, err = org.NewSweeper(s, days90, record(&calls, "x", nil)).Sweep(t.Context(), start)
	if err != nil || erased != 2 || len(s.organizations) != 0 {
		t.Errorf("the next Sweep = %d, %v, left %v, want the other two gone", erased, err, s.organizations)
	}
}
