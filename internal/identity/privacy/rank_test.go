package privacy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
)

func TestNobodyActsOnTheDossierOfWhoIsAboveThem(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for name, do := range map[string]func(by identity.Actor, of string) error{
			"export":   func(by identity.Actor, of string) error { _, err := w.office.Export(ctx, by, of); return err },
			"consents": func(by identity.Actor, of string) error { _, err := w.office.Consents(ctx, by, of); return err },
			"views":    func(by identity.Actor, of string) error { _, _, err := w.office.Views(ctx, by, of, 10, ""); return err },
			"give": func(by identity.Actor, of string) error {
				_, err := w.office.Give(ctx, by, of, "newsletter", "fr", "Oui.", noKey)
				return err
			},
		} {
			if err := do(w.manager, w.admin.ID); !fault.Is(err, "not_allowed") {
				t.Errorf("%s of who is above: %v", name, err)
			}
			for who, of := range map[string]string{"staff": w.staff.ID, "a member": w.mia.ID} {
				if err := do(w.manager, of); err != nil {
					t.Errorf("%s of %s: %v", name, who, err)
				}
			}
		}
		half := w.manager
		half.Grants = []identity.Grant{{Role: identity.Manager, HubID: "amos", Rights: "manage_members view_persons"}}
		_, err := w.office.Export(ctx, half, w.mia.ID)
		wantCode(t, err, "member_not_found") // takes nothing out
		_, err = w.office.Consents(ctx, half, w.mia.ID)
		w.must(err)
	})
}

func TestOthersReceiveWhatIsTheirsToSee(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		secret := privacy.Part{Name: "sign_in", Shown: privacy.Hidden, About: func(database.Reader, string) (any, error) { return "keys", nil }}
		cut := privacy.Part{Name: "bookings", About: func(database.Reader, string) (any, error) { return []string{"amos", "kenora"}, nil },
			Shown: func(by identity.Actor, about any) (any, bool) { return about.([]string)[:1], true }}
		account := accounts
		account.Shown = identity.Shown
		w.session(1)
		office := privacy.New(w.db, w.people, secret, cut, account)
		for _, c := range []struct {
			by   identity.Actor
			want string
		}{
			{w.mia, "sign_in keys bookings [amos kenora] 1 session"},
			{w.manager, "bookings [amos] 0 session"},
		} {
			d, err := office.Export(ctx, c.by, w.mia.ID)
			w.must(err)
			var got []string
			for _, p := range d.Parts {
				switch about := p.About.(type) {
				case identity.Dossier:
					got = append(got, fmt.Sprintf("%d session", len(about.Sessions)+len(about.Tokens)))
				case string, []string:
					got = append(got, p.Name, fmt.Sprint(about))
				}
			}
			if all := strings.Join(got, " "); all != c.want {
				t.Errorf("%s, want %s", all, c.want)
			}
		}
	})
}

// session signs Mia in with so many factors.
func (w *town) session(factors int) identity.Actor {
	w.t.Helper()
	var s identity.Session
	w.must(w.db.In(ctx, func(tx *database.Tx) (err error) {
		_, s, err = w.people.OpenSession(tx, w.mia.ID, "link", factors, "a browser")
		return err
	}))
	return identity.Actor{ID: w.mia.ID, SessionID: s.ID}
}

func TestWhoHasTwoFactorsTakesOutAndErasesByBoth(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.exec(`INSERT INTO authenticators (member_id, secret, last_step, created_at, confirmed_at) VALUES ($1, 's', 0, $2, $2)`, w.mia.ID, w.db.Now())
		one, both := w.session(1), w.session(2)
		_, err := w.office.Export(ctx, one, w.mia.ID)
		wantCode(t, err, "second_factor_needed")
		wantCode(t, w.office.Erase(ctx, one, w.mia.ID, noKey), "second_factor_needed")
		_, err = w.office.Export(ctx, both, w.mia.ID)
		w.must(err)
		w.must(w.office.Erase(ctx, both, w.mia.ID, noKey))
	})
}

func TestSomeConsentsArePersonal(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		give := func(of, purpose string) error {
			_, err := w.office.Give(ctx, w.staff, of, purpose, "fr", "Oui.", noKey)
			return err
		}
		for _, purpose := range []string{privacy.PurposeAccount, privacy.PurposePhotos} {
			wantCode(t, give(w.mia.ID, purpose), "consent_is_personal")
		}
		w.must(give(w.mia.ID, "newsletter"))
		m, err := w.people.CreateMember(ctx, w.staff, identity.NewMember{Name: "Sans adresse", HomeHubID: "amos"})
		w.must(err)
		w.must(give(m.ID, privacy.PurposeAccount))
	})
}

// An account is closed before anything of it ends, and open again when it is not erased after all.
func TestNothingBeginsWhileAnAccountIsErased(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		open := func() int { return w.count(`SELECT COUNT(*) FROM members WHERE id = $1 AND active`, w.mia.ID) }
		var during []int
		failing := errors.New("no")
		ends := privacy.Part{Name: "ends", End: func(context.Context, identity.Actor, string) error {
			during = append(during, open())
			return failing
		}}
		office := privacy.New(w.db, w.people, ends, accounts)
		if office.Erase(ctx, w.mia, w.mia.ID, noKey) == nil || open() != 1 {
			t.Error("not erased, and not open")
		}
		w.exec(`INSERT INTO bookings (id, reference, hub_id, member_id, made_by, status, starts_at, ends_at, starts_local, ends_local, created_at, changed_at)
			VALUES ('b', 'b', 'amos', $1, $1, 'in_use', $2, $3, '', '', $2, $2)`, w.mia.ID, w.db.Now(), w.db.Now().Add(time.Hour))
		wantCode(t, office.Erase(ctx, w.mia, w.mia.ID, noKey), "bookings_left")
		if open() != 1 {
			t.Error("refused, and closed")
		}
		w.exec(`UPDATE bookings SET status = 'completed'`)
		failing = nil
		w.must(office.Erase(ctx, w.mia, w.mia.ID, noKey))
		if fmt.Sprint(during) != "[0 0]" {
			t.Errorf("open while it is erased: %v", during)
		}
	})
}
