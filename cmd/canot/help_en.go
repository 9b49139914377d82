package main

// englishHelp is the help of each subcommand in English, and the heading of the configuration's.
var englishHelp = map[string]string{
	"config": "Settings of “canot serve”, by the environment. A CANOT_… variable that is unknown or\ncannot be read is refused by name.\n",
	"serve": `canot serve
  The server, configured by the environment (canot help config). It brings the schema up to
  date unless CANOT_MIGRATE=false, and stops gracefully on SIGTERM.`,
	"demo": `canot demo [--addr HOST:PORT] [--data FOLDER | --database URL] [--scale N]
           [--seed N] [--empty] [--members N] [--no-limits] [--json]
  A complete network on the embedded data base: sixteen towns, their resources, ten weeks of
  bookings. A folder or data base that holds one already is taken up as it is.
  --addr       where to listen (127.0.0.1:8080; another port when it is taken)
  --data       where to keep the data (else a temporary folder, removed at the end)
  --database   a PostgreSQL instead of the embedded data base
  --scale      N times the data
  --seed       another draw
  --empty      no hub: only an administrator's account
  --members    N more tokens, of plain members (with --json)
  --no-limits  rate limits off
  --json       one line for scripts when all is ready`,
	"migrate": `canot migrate up|status [--database URL] [--json]
  Brings the schema up to date, or says how it stands.`,
	"import": `canot import [hubs|resources|units|components|members|bookings] FILE… [--dry-run] [--quiet] [--json]
             [--database URL]
  Puts the lines of files into the network. The kind shows in the header. Every refused line
  says why and the others go in; the exit code is then 1. A file imported before changes
  nothing. “-” reads standard input.
  --dry-run does it all on a temporary copy and writes nothing to the network: the same report.
  CSV with commas or semicolons, in UTF-8. Members and bookings also in Windows-1252, or as a
  JSON list. A workbook must be saved as CSV first.
  members   name, email, language, hub, phone, birth_date, clientele, tier, membership_from,
            membership_until, organisation, sector. Only name must be there. Tiers must be in the
            network first. Somebody who is there is not changed; the report says what differs.
  bookings  reference, hub, resource (short address or name), quantity, member (e-mail, or name
            at the hub), organisation, starts_at, ends_at, title, notes, status, sector,
            visibility, attendance, created_at. A time is 2026-11-22 14:00 on the hub's clocks,
            or has its offset. Past and coming: nothing is booked twice. What is over is not
            judged by today's rules; in_use comes in as confirmed, and holds are left out.
  hub is a short address, a name or a town. Dates also as 26/11/2026 (the day first), times as
  14 h 30; languages and clienteles as they are called in French or English.
  Columns in French: nom, courriel, langue, téléphone, date de naissance, clientèle, forfait,
  adhésion du, adhésion au, organisme, secteur, référence, ressource, quantité, membre, début,
  fin, titre, statut, personnes, visibilité.`,
	"export": `canot export hubs|resources|units|components|members|bookings [--format csv|json] [--out FILE] [--force]
             [--database URL]
  Takes the rows of one kind out; the CSV goes back in. Into another network: hubs, resources and
  units first, then tiers and certifications (they have no file: canot call), members, bookings.
  Certificates, packs and memberships at other hubs than one's own are in no file, nor are the
  bookings of members who have neither an address nor a name of their own at the hub: only
  canot backup takes all. Those of members and bookings hold personal data.`,
	"user": `canot user create --name NAME [--email ADDRESS] [--unverified] [--language fr|en] [--hub HUB]
                  [--phone NUMBER] [--birth-date DATE] [--clientele NAME]
canot user list   [--hub HUB] [--roles]
canot user role   MEMBER ROLE [--hub HUB | --region REGION] [--rights R,R…] [--revoke]
canot user token  MEMBER [--label TEXT] [--scopes read,book,staff,admin] [--days N]
canot user sign-out     MEMBER
canot user factor-reset MEMBER
  MEMBER is an e-mail address or an identifier; ROLE: staff, manager (with --hub),
  coordinator (with --region) or administrator. The token is shown once.
  --unverified  they show that the address is theirs before they book, by a link;
              without it you answer for it
  --roles     only who has a role
  --rights    these rights there and no others: view_bookings, view_persons, book_for_others,
              approve, hand_out, certify, waive, manage_inventory, manage_members,
              manage_tiers, see_money, export
  sign-out ends the sessions of a person; factor-reset takes away the passkeys, the app and
  the recovery codes that they have lost, too.
  Also: --database URL, --json.`,
	"call": `canot call METHOD PATH [JSON|-] [--as MEMBER] [--key TEXT] [--if-match ETAG] [--type TYPE]
           [--database URL]
  Runs one operation of the API in this process, without a server: whatever the API can do, the
  command line can. PATH may leave out /api/v1; “-” reads the body from standard input. It
  speaks as an administrator, or with --as as that person, by e-mail address or identifier.
  The answer goes to standard output as it is, a problem too, and its words to standard error.
  Exit code: 0 done, 2 a request that cannot be read, 1 any other refusal.
  --key       an Idempotency-Key: sent again, the request has its effect once
  --if-match  only if that is the version still
  --type      of the body (application/json); text/csv for POST /import`,
	"backup": `canot backup FILE [--force] [--database URL]
  A consistent copy while the server works, good for both engines.
  “-” writes to standard output.`,
	"restore": `canot restore FILE [--database URL]
  Puts a copy into an empty data base, SQLite or PostgreSQL. “-” reads standard input.`,
	"check": `canot check [--json] [--database URL]
  Verifies the invariants and says which rows break one. Reads only.`,
	"zones": `canot zones [--apply] [--json] [--database URL]
  The zone data, and the bookings to come that no longer are at the local time promised;
  --apply sets them right.`,
	"version": `canot version [--json]
  Version, schema and zone data.`,
	"healthcheck": `canot healthcheck [--url ADDRESS] [--timeout DURATION]
  Asks a server whether it is alive (/healthz); for containers.`,
}
