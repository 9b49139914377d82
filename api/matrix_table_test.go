package api

// A rule says who may do one operation, in one way of asking for it.
//
// Who may is a list of personas by name and of rights: `hub:approve` is whoever approves at Amos,
// `hub:a+b` whoever has both there; `region:` and `network:` are over its region and over all,
// `anywhere:` at some hub. own is the owner, whether by a token or in a browser; reader is the owner by
// a token that only reads; signed is everybody with an account but the reader; able is who is signed in
// with every factor that their roles ask for; session is who is signed in by a browser, with every factor
// that they have; anyone needs no account.
//
// Where the design is silent the least is listed: what is the network's takes a right over the network,
// and what is one person's takes view_persons at their home hub beside the right itself. One's own
// request is answered by nobody but others: own_request says so, also to who has no right to answer any.
type rule struct {
	op   string
	of   string // what {id} names, and the query
	body string
	may  string

	sees  string // the answer shows this thing to those listed; others may get a list without it
	or    string // others may also be refused by this rule, which tells them nothing
	gets  int    // what those listed get, where no 2xx can be had without a device or a secret
	twin  bool   // the persona does not survive it, and is made for each
	coded bool   // everybody in a browser has an authenticator
}

const (
	inPrivate = "own reader "
	persons   = "hub:view_persons+manage_members "
)

var table = []rule{
	// Bookings.
	{op: "GET /bookings", of: "?limit=200&hub=amos", may: "own reader hub:view_bookings", sees: "booking"},
	{op: "GET /bookings", of: "?limit=200&hub=amos", may: "chief delegate hub:view_bookings", sees: "booking of the troupe"},
	{op: "GET /bookings", of: "?limit=200&mine=true", may: inPrivate, sees: "booking"},
	{op: "GET /bookings/{id}", of: "<booking>", may: "own reader hub:view_bookings"},
	{op: "GET /bookings/{id}", of: "<booking of the troupe>", may: "chief delegate hub:view_bookings"},
	{op: "GET /approvals", may: "anywhere:approve"},
	{op: "GET /approvals", may: "hub:approve", sees: "request"},
	{op: "POST /bookings", body: `{"resource":"salle",<slot>}`, may: "signed"},
	{op: "POST /bookings", body: `{"resource":"salle","hold_minutes":1,<slot>}`, may: "signed"},
	{op: "POST /bookings", body: `{"resource":"salle","member":"<own>",<slot>}`, may: "own hub:book_for_others"},
	{op: "POST /bookings", body: `{"resource":"salle","organisation":"<troupe>",<slot>}`, may: "chief delegate", or: "unknown_organisation"},
	{op: "POST /bookings", body: `{"resource":"salle","member":"<own>","waive":[{"rule":"too_long","reason":"x"}],<slot>}`, may: "hub:book_for_others+waive"},
	{op: "POST /bookings/preview", body: `{"resource":"salle",<slot>}`, may: "anyone"},
	{op: "POST /bookings/preview", body: `{"resource":"salle","member":"<own>",<slot>}`, may: "own reader hub:book_for_others"},
	{op: "PATCH /bookings/{id}", of: "<booking>", body: `{"title":"<n>"}`, may: "own hub:book_for_others"},
	{op: "PATCH /bookings/{id}", of: "<booking>", body: `{<slot>}`, may: "own hub:book_for_others"},
	{op: "PATCH /bookings/{id}", of: "<booking of the troupe>", body: `{"title":"<n>"}`, may: "chief delegate hub:book_for_others"},
	{op: "POST /bookings/{id}/confirm", of: "<hold>", may: "own hub:book_for_others"},
	{op: "POST /bookings/{id}/approve", of: "<request>", may: "hub:approve", or: "own_request"},
	{op: "POST /bookings/{id}/approve", of: "<request of the troupe>", may: "hub:approve", or: "own_request"},
	{op: "POST /bookings/{id}/decline", of: "<request>", body: `{"reason":"x"}`, may: "hub:approve", or: "own_request"},
	{op: "POST /bookings/{id}/cancel", of: "<booking>", may: "own hub:book_for_others"},
	{op: "POST /bookings/{id}/check-out", of: "<loan>", may: "hub:hand_out", or: "own_request"},
	{op: "GET /bookings/{id}/waivers", of: "<booking>", may: "own reader hub:view_bookings hub:waive"},
	{op: "POST /bookings/{id}/waivers", of: "<booking>", body: `{"rule":"too_long","reason":"x"}`, may: "hub:waive"},

	// What everybody may read, for bookings cannot be planned without it.
	{op: "GET ", may: "anyone"}, {op: "GET /availability", of: "?hub=amos&from=2026-11-17T00:00:00Z&to=2026-11-18T00:00:00Z", may: "anyone"},
	{op: "GET /hubs", may: "anyone"}, {op: "GET /hubs/{id}", of: "amos", may: "anyone"}, {op: "GET /hubs/{id}/opening", of: "amos", may: "anyone"},
	{op: "GET /resources", may: "anyone"}, {op: "GET /resources/{id}", of: "salle", may: "anyone"}, {op: "GET /resources/{id}/policy", of: "salle", may: "anyone"},
	{op: "GET /regions", may: "anyone"}, {op: "GET /regions/{id}", of: "at", may: "anyone"}, {op: "GET /tags", may: "anyone"},
	{op: "GET /categories", may: "anyone"}, {op: "GET /categories/{id}", of: "desk", may: "anyone"}, {op: "GET /categories/{id}/policy", of: "desk", may: "anyone"},
	{op: "GET /operators", may: "anyone"}, {op: "GET /operators/{id}", of: "op", may: "anyone"}, {op: "GET /privacy", may: "anyone"}, {op: "GET /retention", may: "anyone"},
	{op: "GET /policies", may: "anyone"}, {op: "GET /hubs/{id}/policy", of: "amos", may: "anyone"},
	{op: "GET /conditions", may: "anyone"}, {op: "GET /conditions/{id}", of: "regles", may: "anyone"},
	{op: "GET /tiers", may: "anyone"}, {op: "GET /tiers/{id}", of: "libre", may: "anyone"},
	{op: "GET /certifications", may: "anyone"}, {op: "GET /certifications/{id}", of: "laser", may: "anyone"}, {op: "GET /hubs/{id}/equivalences", of: "amos", may: "anyone"},

	// The hub's inventory.
	{op: "POST /hubs", body: `{"slug":"<n>","region":"at","operator":"op","name":{"fr":"<n>"},"latitude":48,"longitude":-78,"time_zone":"America/Toronto"}`, may: "region:manage_inventory"},
	{op: "PATCH /hubs/{id}", of: "amos", body: `{"town":"<n>"}`, may: "hub:manage_inventory"},
	{op: "PATCH /hubs/{id}", of: "amos", body: `{"operator":"<another operator>"}`, may: "region:manage_inventory"},
	{op: "PUT /hubs/{id}/opening", of: "amos", body: `{"week":"Mo-Su 00:00-24:00"}`, may: "hub:manage_inventory"},
	{op: "PUT /hubs/{id}/exceptions/{date}", of: "amos", body: `{"hours":""}`, may: "hub:manage_inventory"},
	{op: "DELETE /hubs/{id}/exceptions/{date}", of: "amos", may: "hub:manage_inventory"},
	{op: "POST /hubs/{id}/closures", of: "amos", body: `{"starts_local":"2029-01-01T00:00","ends_local":"2029-01-02T00:00"}`, may: "hub:manage_inventory"},
	{op: "DELETE /closures/{id}", of: "<closure>", may: "hub:manage_inventory"},
	{op: "GET /hubs/{id}/outside", of: "amos", may: "hub:view_bookings"},
	{op: "GET /hubs/{id}/maintenances", of: "amos", may: "hub:view_bookings"},
	{op: "POST /resources", body: `{"slug":"<n>","hub":"amos","category":"desk","kind":"space","name":{"fr":"<n>"}}`, may: "hub:manage_inventory"},
	{op: "PATCH /resources/{id}", of: "amos-desk", body: `{"floor":"<n>"}`, may: "hub:manage_inventory"},
	{op: "GET /resources/{id}/units", of: "amos-desk", may: "signed reader"},
	{op: "POST /resources/{id}/units", of: "amos-desk", body: `{}`, may: "hub:manage_inventory"},
	{op: "GET /units/{id}", of: "<amos-desk-unit>", may: "signed reader"},
	{op: "PATCH /units/{id}", of: "<amos-desk-unit>", body: `{"serial":"<n>"}`, may: "hub:manage_inventory"},
	{op: "PUT /units/{id}/components", of: "<amos-desk-unit>", body: `{"components":[]}`, may: "hub:manage_inventory"},
	{op: "POST /units/{id}/retire", of: "<new unit>", may: "hub:manage_inventory"},
	{op: "POST /units/{id}/count", of: "<amos-desk-unit>", body: `{"missing":{}}`, may: "hub:hand_out"},
	{op: "POST /units/{id}/maintenances", of: "<new unit>", body: `{"starts_at":"2026-11-16T13:00:00Z"}`, may: "hub:hand_out"},
	{op: "POST /maintenances/{id}/end", of: "<maintenance>", may: "hub:hand_out"},
	{op: "PUT /hubs/{id}/policy", of: "amos?category=studio", body: `{"policy":{"notice_min":0}}`, may: "hub:manage_inventory"},
	{op: "POST /conditions", body: `{"slug":"<n>","hub":"amos","name":{"fr":"x"},"text":{"fr":"y"}}`, may: "hub:manage_inventory"},
	{op: "POST /conditions/{id}/versions", of: "regles", body: `{"text":{"fr":"<n>"}}`, may: "hub:manage_inventory"},
	{op: "POST /import", of: "?dry_run=true", body: "resource,code\nsalle,x\n", may: "anywhere:manage_inventory"},

	// The network's.
	{op: "POST /regions", body: `{"slug":"<n>","name":{"fr":"x"}}`, may: "network:manage_network"},
	{op: "PATCH /regions/{id}", of: "at", body: `{"name":{"fr":"<n>"}}`, may: "network:manage_network"},
	{op: "POST /categories", body: `{"slug":"<n>","name":{"fr":"x"}}`, may: "network:manage_network"},
	{op: "PATCH /categories/{id}", of: "desk", body: `{"name":{"fr":"<n>"}}`, may: "network:manage_network"},
	{op: "PUT /categories/{id}/policy", of: "studio", body: `{"policy":{"notice_min":0}}`, may: "network:manage_network"},
	{op: "POST /conditions", body: `{"slug":"<n>","name":{"fr":"x"},"text":{"fr":"y"}}`, may: "network:manage_network"},
	{op: "POST /operators", body: `{"slug":"<n>","legal_name":"x"}`, may: "network:manage_network"},
	{op: "PATCH /operators/{id}", of: "op", body: `{"phone":"<n>"}`, may: "network:manage_network"},
	{op: "GET /jobs", may: "network:manage_network"},
	{op: "POST /jobs/{id}/retry", of: "<job>", may: "network:manage_network"},
	{op: "PUT /retention/{id}", of: "views", body: `{"months":24}`, may: "network:manage_network"},

	// Persons.
	{op: "GET /me", may: "signed reader"},
	{op: "PATCH /me", body: `{"phone":"<n>"}`, may: "signed"},
	{op: "GET /members", of: "?hub=amos", may: "hub:view_persons"},
	{op: "GET /members", may: "network:view_persons"},
	{op: "GET /members/{id}", of: "<own>", may: "own reader hub:view_persons"},
	{op: "POST /members", body: `{"name":"x","home_hub":"amos"}`, may: "hub:book_for_others hub:manage_members"},
	{op: "POST /members", body: `{"name":"x","email":"<n>@example.ca","home_hub":"amos"}`, may: "hub:manage_members"},
	{op: "PATCH /members/{id}", of: "<own>", body: `{"phone":"<n>"}`, may: "own " + persons},
	{op: "PATCH /members/{id}", of: "<assisted>", body: `{"phone":"<n>"}`, may: persons + "hub:view_persons+book_for_others"},
	{op: "PATCH /members/{id}", of: "<member>", body: `{"guardian_consent":true}`, may: "hub:view_persons+book_for_others"},
	{op: "POST /members/{id}/close", of: "<member>", may: persons},
	{op: "POST /members/{id}/reopen", of: "<member>", may: persons},
	{op: "DELETE /members/{id}/sessions", of: "<member>", may: persons},
	{op: "DELETE /members/{id}/sessions", of: "<me>", may: "signed", twin: true},
	{op: "POST /members/{id}/factors/reset", of: "<member>", may: persons},
	{op: "POST /members/{id}/email/restore", of: "<member>", may: persons, gets: 422},
	{op: "POST /members/{id}/roles", of: "<member>", body: `{"role":"staff","hub":"amos"}`, may: "manager proved coordinator administrator"},
	{op: "POST /members/{id}/roles", of: "<member>", body: `{"role":"staff","hub":"amos","rights":["manage_members"]}`, may: "hub:manage_members"},
	{op: "POST /members/{id}/roles", of: "<member>", body: `{"role":"staff","hub":"amos","rights":["export"]}`, may: "hub:manage_members+export"},
	{op: "POST /members/{id}/roles", of: "<member>", body: `{"role":"manager","hub":"amos"}`, may: "manager proved coordinator administrator"},
	{op: "POST /members/{id}/roles", of: "<member>", body: `{"role":"coordinator","region":"at"}`, may: "coordinator administrator"},
	{op: "POST /members/{id}/roles", of: "<member>", body: `{"role":"administrator"}`, may: "administrator"},
	{op: "POST /members/{id}/roles", of: "<me>", body: `{"role":"manager","hub":"amos"}`, may: "manager proved coordinator administrator", twin: true},
	{op: "DELETE /members/{id}/roles", of: "<staffed>?role=staff&hub=amos", may: "manager proved coordinator administrator"},
	{op: "GET /members/{id}/tokens", of: "<own>", may: "own reader network:manage_network"},
	{op: "POST /members/{id}/tokens", of: "<own>", body: `{"scopes":["read"]}`, may: "own network:manage_network"},
	{op: "DELETE /tokens/{id}", of: "<token>", may: "own network:manage_network"},
	{op: "GET /members/{id}/calendars", of: "<own>", may: "own reader network:manage_network"},
	{op: "POST /me/calendars", body: `{}`, may: "able"},
	{op: "POST /me/calendars", body: `{"hub":"amos"}`, may: "hub:view_bookings"},
	{op: "DELETE /calendars/{id}", of: "<calendar>", may: "own network:manage_network"},
	{op: "GET /members/{id}/personal-data", of: "<own>", may: "own hub:view_persons+manage_members+export"},
	{op: "DELETE /members/{id}", of: "<member>", may: "network:manage_network"},
	{op: "GET /members/{id}/consents", of: "<own>", may: "own reader " + persons},
	{op: "POST /members/{id}/consents", of: "<own>", body: `{"purpose":"statistics"}`, may: "own hub:view_persons+book_for_others"},
	{op: "DELETE /consents/{id}", of: "<consent>", may: "own hub:view_persons+book_for_others"},
	{op: "GET /members/{id}/views", of: "<own>", may: "own reader " + persons},
	{op: "GET /operators/{id}/incidents", of: "op", may: "hub:manage_members"},
	{op: "POST /operators/{id}/incidents", of: "op", body: `{"discovered_on":"2026-11-10","description":"x"}`, may: "hub:manage_members"},
	{op: "GET /incidents/{id}", of: "<incident>", may: "hub:manage_members"},
	{op: "PATCH /incidents/{id}", of: "<incident>", body: `{"measures":"<n>"}`, may: "hub:manage_members"},

	// Organisations.
	{op: "GET /organisations", of: "?mine=true", may: "chief delegate", sees: "troupe"},
	{op: "GET /organisations", of: "?hub=amos", may: "hub:view_persons"},
	{op: "GET /organisations", may: "network:view_persons"},
	{op: "POST /organisations", body: `{"name":"<n>","sector":"culture","hub":"amos"}`, may: "hub:manage_members"},
	{op: "GET /organisations/{id}", of: "<troupe>", may: "chief delegate hub:view_persons"},
	{op: "PATCH /organisations/{id}", of: "<troupe>", body: `{"phone":"<n>"}`, may: persons},
	{op: "GET /organisations/{id}/delegates", of: "<troupe>", may: "chief delegate hub:view_persons"},
	{op: "POST /organisations/{id}/delegates", of: "<troupe>", body: `{"member":"<member>"}`, may: "chief " + persons},
	{op: "DELETE /organisations/{id}/delegates", of: "<troupe>?member=<delegated>", may: "chief " + persons},
	{op: "DELETE /organisations/{id}/delegates", of: "<chorale>?member=<the other>", may: "other chief " + persons},

	// Tiers, memberships, credits, certifications.
	{op: "POST /tiers", body: `{"slug":"<n>","hub":"amos","name":{"fr":"x"}}`, may: "hub:manage_tiers"},
	{op: "POST /tiers", body: `{"slug":"<n>","name":{"fr":"x"}}`, may: "network:manage_tiers"},
	{op: "PATCH /tiers/{id}", of: "libre", body: `{"name":{"fr":"<n>"}}`, may: "hub:manage_tiers"},
	{op: "GET /memberships", may: "signed reader"},
	{op: "GET /memberships", of: "?hub=amos", may: "hub:view_persons hub:manage_tiers"},
	{op: "GET /memberships", of: "?member=<own>", may: "own reader hub:view_persons hub:manage_tiers"},
	{op: "GET /memberships", of: "?organisation=<troupe>", may: "chief delegate hub:view_persons hub:manage_tiers"},
	{op: "POST /memberships", body: `{"member":"<member>","tier":"libre","hub":"amos"}`, may: "hub:manage_tiers"},
	{op: "GET /memberships/{id}", of: "<membership>", may: "own reader hub:view_persons hub:manage_tiers"},
	{op: "POST /memberships/{id}/renew", of: "<membership>", body: `{"ends_on":"<day>"}`, may: "hub:manage_tiers"},
	{op: "POST /memberships/{id}/pause", of: "<membership>", body: `{"from_on":"<day>"}`, may: "hub:manage_tiers"},
	{op: "POST /memberships/{id}/resume", of: "<paused>", body: `{"on":"<day>"}`, may: "hub:manage_tiers"},
	{op: "POST /memberships/{id}/end", of: "<membership>", body: `{}`, may: "hub:manage_tiers"},
	{op: "GET /balance", may: "signed reader"},
	{op: "GET /balance", of: "?member=<own>", may: "own reader hub:view_persons hub:manage_tiers"},
	{op: "GET /balance", of: "?organisation=<troupe>", may: "chief delegate hub:view_persons hub:manage_tiers"},
	{op: "POST /balance/adjustments", body: `{"member":"<own>","allowance":"<allowance>","period":"week","minutes":1,"reason":"gift"}`, may: "hub:manage_tiers"},
	{op: "GET /packs", may: "signed reader"},
	{op: "GET /packs", of: "?member=<own>", may: "own reader hub:view_persons hub:manage_tiers"},
	{op: "POST /packs", body: `{"member":"<own>","hub":"amos","minutes":60}`, may: "hub:manage_tiers"},
	{op: "POST /packs", body: `{"member":"<own>","minutes":60}`, may: "network:manage_tiers"},
	{op: "POST /packs/{id}/adjust", of: "<pack>", body: `{"minutes":-1,"reason":"correction"}`, may: "hub:manage_tiers"},
	{op: "POST /certifications", body: `{"slug":"<n>","hub":"amos","name":{"fr":"x"}}`, may: "hub:manage_tiers"},
	{op: "POST /certifications", body: `{"slug":"<n>","name":{"fr":"x"}}`, may: "network:manage_tiers"},
	{op: "PATCH /certifications/{id}", of: "laser", body: `{"name":{"fr":"<n>"}}`, may: "hub:manage_tiers"},
	{op: "GET /members/{id}/certificates", of: "<own>", may: "own reader hub:view_persons hub:manage_tiers hub:certify", sees: "certificate"},
	{op: "POST /members/{id}/certificates", of: "<own>", body: `{"certification":"laser"}`, may: "hub:certify"},
	{op: "POST /members/{id}/certificates", of: "<own>", body: `{"certification":"scie","hub":"amos"}`, may: "hub:certify"},
	{op: "PATCH /certificates/{id}", of: "<certificate>", body: `{"until_on":"2030-01-01"}`, may: "hub:certify"},
	{op: "PATCH /certificates/{id}", of: "<certificate of the network>", body: `{"until_on":"2030-01-01"}`, may: "hub:certify"},
	{op: "POST /certificates/{id}/revoke", of: "<certificate>", body: `{"reason":"x"}`, may: "hub:certify"},
	{op: "POST /hubs/{id}/equivalences", of: "amos", body: `{"accepted":"scie","counts_as":"laser"}`, may: "hub:manage_tiers"},
	{op: "DELETE /equivalences/{id}", of: "<equivalence>", may: "hub:manage_tiers"},
	{op: "POST /conditions/{id}/acceptances", of: "regles", body: `{"version":1}`, may: "signed"},

	// One's account. How one proves who one is takes a browser, and all the factors that one has: a
	// token that somebody found must not be enough to keep the account.
	{op: "GET /account", may: "signed reader"},
	{op: "GET /account/sessions", may: "signed reader"},
	{op: "DELETE /account/sessions/{id}", of: "<session>", may: "own network:manage_network"},
	{op: "DELETE /account/sessions", may: "signed", twin: true},
	{op: "GET /account/personal-data", may: "able"},
	{op: "DELETE /account", of: "?confirm=erase", may: "able", twin: true},
	{op: "PUT /account/password", body: `{"password":"un mot de passe <n>"}`, may: "session", twin: true},
	{op: "POST /account/password/remove", body: `{"old_password":""}`, may: "session"},
	{op: "GET /account/passkeys", may: "signed reader"},
	{op: "POST /account/passkeys/begin", may: "session"},
	{op: "POST /account/passkeys", body: `{"ceremony":"x","response":{}}`, may: "session", gets: 401},
	{op: "DELETE /account/passkeys/{id}", of: "<passkey>", may: "proved", coded: true},
	{op: "POST /account/authenticator", may: "session"},
	{op: "POST /account/authenticator/confirm", body: `{"code":"000000"}`, may: "session", gets: 422},
	{op: "DELETE /account/authenticator", may: "session"},
	{op: "POST /account/recovery-codes", may: "proved", coded: true},
	{op: "POST /account/email", body: `{"email":"<n>@example.ca"}`, may: "session"},
	{op: "POST /account/oidc", may: "session", gets: 422},
	{op: "DELETE /account/oidc", may: "session"},

	// Signing in is for everybody, and what is wrong is said alike to all.
	{op: "POST /sign-in", body: `{"email":"<n>@example.ca"}`, may: "anyone"},
	{op: "POST /sign-in/code", body: `{"flow":"x","code":"000000"}`, may: "anyone", gets: 401},
	{op: "POST /sign-in/link", body: `{"link":"x"}`, may: "anyone", gets: 401},
	{op: "POST /sign-in/sign-up", body: `{"flow":"x","name":"x","consent":true}`, may: "anyone", gets: 401},
	{op: "POST /sign-in/password", body: `{"email":"<n>@example.ca","password":"x"}`, may: "anyone", gets: 401},
	{op: "POST /sign-in/passkey/begin", may: "anyone"},
	{op: "POST /sign-in/passkey/finish", body: `{"ceremony":"x","response":{}}`, may: "anyone", gets: 401},
	{op: "POST /sign-in/oidc", may: "anyone", gets: 422},
	{op: "POST /sign-in/second-factor", body: `{"code":"<code>"}`, may: "browser half proved", coded: true},
	{op: "POST /sign-out", may: "nobody browser half proved"},
}
