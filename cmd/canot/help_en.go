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
  --members    N more tokens, of plain members
  --no-limits  rate limits off
  --json       one line for scripts when all is ready`,
	"migrate": `canot migrate up|status [--database URL] [--json]
  Brings the schema up to date, or says how it stands.`,
	"import": `canot import FILE… [--kind hubs|resources|units|members] [--dry-run] [--quiet] [--json]
             [--database URL]
  Puts the lines of CSV files into the network. The kind shows in the header. Every refused
  line says why and the others go in; the exit code is then 1. A file imported before changes
  nothing. “-” reads standard input.
  --dry-run does it all on a temporary copy and writes nothing to the network: the same report.`,
	"export": `canot export hubs|resources|units|members|bookings [--format csv|json] [--out FILE] [--force]
             [--database URL]
  Takes the rows of one kind out; the CSV goes back in as it is, but for that of bookings. That
  of members holds personal data.`,
	"user": `canot user create --name NAME --email ADDRESS [--language fr|en] [--hub HUB]
canot user role   MEMBER ROLE [--hub HUB | --region REGION] [--revoke]
canot user token  MEMBER [--label TEXT] [--scopes read,book,staff,admin] [--days N]
  MEMBER is an e-mail address or an identifier; ROLE: staff, manager (with --hub),
  coordinator (with --region) or administrator. The token is shown once.
  Also: --database URL, --json.`,
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
