package web

import (
	"encoding/json"
	"strings"
	"testing"

	"canot/internal/identity/privacy"
	"canot/inventory"
	"canot/inventory/hours"
	"canot/web/locale"
)

// read is a part of a dossier in plain text, one "name: value" to a line.
func read(t *testing.T, l locale.Language, about string) string {
	t.Helper()
	zone, err := hours.LoadZone("America/Toronto")
	must(t, err)
	r := &reading{l: l, names: map[string]inventory.Text{"h1": {"fr": "Hub de Moncton"}, "r1": {"fr": "Nord"}}, zone: zone}
	s, err := r.section(privacy.Section{Name: "account", About: json.RawMessage(about)})
	must(t, err)
	var lines []string
	var walk func(name string, n node)
	walk = func(name string, n node) {
		if n.Text != "" {
			lines = append(lines, name+": "+strings.ReplaceAll(n.Text, "\u00a0", " "))
		}
		for _, f := range n.Fields {
			walk(f.Name, f.Node)
		}
		for _, i := range n.Items {
			walk(name, i)
		}
	}
	walk("", s.Node)
	return strings.Join(lines, "\n")
}

func TestADossierReadsAsPeopleSpeak(t *testing.T) {
	for _, c := range []struct{ about, fr, en string }{
		{`{"hub":"h1","time_zone":"America/Moncton","starts_at":"2026-11-21T15:00:00Z","lines":[{"at":"2026-11-21T15:30:00Z"}]}`,
			"Hub: Hub de Moncton\nDébut: samedi 21 novembre 2026, 11 h (heure du hub)\nQuand: samedi 21 novembre 2026, 11 h 30 (heure du hub)",
			"Hub: Hub de Moncton\nStart: Saturday, November 21, 2026, 11:00 a.m. (the hub’s time)\nWhen: Saturday, November 21, 2026, 11:30 a.m. (the hub’s time)"},
		{`[{"time_zone":"Nowhere/Land","at":"2026-11-21T15:00:00Z"}]`, "Quand: samedi 21 novembre 2026, 10 h", "When: Saturday, November 21, 2026, 10:00 a.m."},
		{`{"tier_name":{"fr":"Créateur","en":"Creator"},"ends_on":"2026-12-31","renews":true}`, "Forfait: Créateur\nDernier jour: en cours, se renouvelle", "Membership: Creator\nLast day: in force, renews itself"},
		{`{"ends_on":"2026-12-31","renews":false}`, "Dernier jour: jeudi 31 décembre 2026\nSe renouvelle: Non", "Last day: Thursday, December 31, 2026\nRenews: No"},
		{`{"active":true,"calendars":["x"],"sessions":[{"factors":2},{"factors":1}]}`,
			"Compte: ouvert\nAdresses de calendrier: x\nConnexion: en 2 étapes\nConnexion: en 1 étape", "Account: open\nCalendar addresses: x\nSign-in: in 2 steps\nSign-in: in 1 step"},
		{`[{"reason":"grant"},{"reason":"other"}]`, "Motif: Octroi\nMotif: Autre motif", "Reason: Grant\nReason: Other reason"},
		{`{"birth_date":"1961-04-02"}`, "Date de naissance: 2 avril 1961", "Date of birth: April 2, 1961"},
		{`{"roles":[{"role":"staff","region":"r1","rights":"approve certify"}]}`, "Rôle: Personnel\nTerritoire: Nord\nDroits: approuver, donner des habilitations", ""},
		{`{"action":"member.sign_out","method":"recovery code","what":"list","scopes":"read book","left_min":90}`,
			"Geste: Sessions fermées\nMoyen: Code de secours\nQuoi: Liste\nPortées: Lire, réserver\nReste: 1 h 30", ""},
		{`{"action":"gizmo.turned","shiny_new_name":"Zoé a écrit ceci"}`, "Geste: autre (voir le fichier)\nAutre renseignement: Zoé a écrit ceci", "Action: other (see the file)\nOther information: Zoé a écrit ceci"},
	} {
		if got := read(t, locale.French, c.about); got != c.fr {
			t.Errorf("in French\n%s\nwant\n%s", got, c.fr)
		}
		if got := read(t, locale.English, c.about); c.en != "" && got != c.en {
			t.Errorf("in English\n%s\nwant\n%s", got, c.en)
		}
	}
}

func TestAnAddressIsSealedForItsBrowser(t *testing.T) {
	sealed := seal("a", "zoe@exemple.example")
	if got := unseal("a", sealed); got != "zoe@exemple.example" {
		t.Errorf("%q", got)
	}
	for browser, text := range map[string]string{"b": sealed, "": seal("", "x"), "a": sealed[:20], "c": "nonsense"} {
		if got := unseal(browser, text); got != "" {
			t.Errorf("%s reads %q", browser, got)
		}
	}
}
