package main

// english is what the program says in English. It has the keys of words_fr.go.
var english = map[string]string{
	"plain":              "%s",
	"help":               helpEn,
	"unknown_command":    "canot: “%s” is not a command. “canot help” lists them.",
	"failed":             "canot %s: %s",
	"bad_flag":           "%v. See “canot help %s”.",
	"bad_arguments":      "this is not how it is called. See “canot help %s”.",
	"bad_kind":           "“%s” is not a kind of rows. See the command’s help.",
	"bad_format":         "“%s” is not a format: csv or json.",
	"stopped":            "told to stop before the end.",
	"file_exists":        "the file “%s” exists already. Choose another name, or add --force.",
	"file_not_there":     "there is no file “%s”.",
	"file_no_right":      "the file “%s” cannot be opened: you need the right to.",
	"file_is_folder":     "“%s” is a folder, and a file is needed.",
	"file_disk_full":     "there is no room left for “%s”.",
	"binary_to_terminal": "a backup is not for a terminal: give a file name.",

	"config_wrong":       "%s cannot be read: %s",
	"config_needs":       "%s is missing: it is needed with %s.",
	"config_unknown":     "%s is unknown. “canot help config” lists the variables.",
	"config_secret":      "(or %s_FILE, a file)",
	"config_line":        "  %s\n    %s",
	"database_missing":   "a data base is needed: CANOT_DATABASE_URL or --database, for example sqlite:///var/lib/canot/canot.db or postgres://canot@localhost/canot.",
	"database_wrong":     "%s is not the address of a data base: give sqlite:///path/file.db (an absolute path) or postgres://….",
	"database_not_there": "there is no data base at “%s”. Check the address; “canot migrate up” makes a new one.",
	"database_no_folder": "the data base “%s” cannot be made: there is no folder “%s”. Make it, or correct the address.",
	"database_no_file":   "“%s” is not a file, and cannot be a data base. Correct the address.",
	"database_no_right":  "the data base “%s” cannot be opened: this needs the right to write to the file and to its folder.",

	"config.CANOT_DATABASE_URL":         "The data base: sqlite:///path/file.db or postgres://….",
	"config.CANOT_DATABASE_PASSWORD":    "The password of PostgreSQL, when the address does not hold it.",
	"config.CANOT_DATABASE_CONNECTIONS": "How many connections to PostgreSQL, or parallel reads with SQLite; 0: a sensible number.",
	"config.CANOT_DATABASE_WAIT":        "How long to wait at the start for a data base that does not answer yet.",
	"config.CANOT_MIGRATE":              "Bring the schema up to date at the start. With false, run “canot migrate up” yourself.",
	"config.CANOT_ADDR":                 "The address on which the server listens.",
	"config.CANOT_ADMIN_ADDR":           "The address of metrics (/metrics) and profiles (/debug/pprof/), or off. Keep it private.",
	"config.CANOT_PUBLIC_URL":           "The address by which the public reaches the server, for example https://book.example.ca.",
	"config.CANOT_RATE_LIMITS":          "Slow down whoever asks too much in a short time.",
	"config.CANOT_TRUSTED_PROXIES":      "The proxies whose X-Forwarded-For is believed: addresses or networks with commas between.",
	"config.CANOT_STOP_WAIT":            "How long requests in flight may take to end when the server stops.",
	"config.CANOT_LOG_LEVEL":            "What goes to the log: DEBUG, INFO, WARN or ERROR.",
	"config.CANOT_LOG_FORMAT":           "The form of the log: json or text.",
	"config.CANOT_LANGUAGE":             "The language of this command: fr or en. Without it, the system's; else French.",
	"config.CANOT_SMTP_URL":             "The mail server: smtp://name:password@host:587 or smtps://…:465. Without it messages wait, and nobody signs in by a link.",
	"config.CANOT_MAIL_FROM":            "Who messages are from, for example “Canot <canot@example.ca>”. Required with CANOT_SMTP_URL.",
	"config.CANOT_OIDC_ISSUER":          "The OpenID Connect provider of your organisation, for example https://id.example.ca. Without it this way to sign in is not offered.",
	"config.CANOT_OIDC_CLIENT_ID":       "The name by which that provider knows Canot.",
	"config.CANOT_OIDC_CLIENT_SECRET":   "The secret agreed with that provider.",
	"config.CANOT_OIDC_NAME":            "The name of that provider, as people know it.",

	"migration_applied": "%s: applied",
	"migration_pending": "%s: pending",

	"bad_call": "“%s %s” is no request: give for example GET /hubs.",

	"import_line":      "line %d, %s: %s",
	"import_value":     "%s (got “%s”)",
	"import_created":   "created",
	"import_changed":   "changed",
	"import_unchanged": "unchanged",
	"import_refused":   "refused",
	"import_warning":   "note",
	"import_done":      "%s: %d created, %d changed, %d unchanged, %d refused.",
	"import_dry":       "%s, dry run, nothing written: %d created, %d changed, %d unchanged, %d refused.",

	"backup_done":  "The copy is in “%s”. It holds personal data: keep it in a safe place.",
	"restore_done": "The copy is in place. “canot check” verifies it. Every session has ended: everyone signs in again.",
	"restore_age":  "The copy is %d days old (%s). Accounts erased since then are in it again: erase them anew.",

	"check_finding": "invariant %v, %s: %s",
	"check_failed":  "%d rows break a rule that had to hold.",
	"check_clean":   "All holds: no row breaks a rule.",

	"zones_data":     "Zone data: %s (%s).",
	"zones_embedded": "the program's",
	"zones_system":   "the system's",
	"zones_none":     "All bookings to come are at their local time.",
	"zones_moved":    "%s, %s: from %s to %s (promised: %s)",
	"zones_hint":     "%d bookings no longer are at the promised time. “canot zones --apply” sets them right.",
	"zones_applied":  "%d bookings set right, %d in conflict: settle these with the hub.",

	"user_created":       "%s",
	"user_role":          "Done: %s has the role “%s”.",
	"user_revoked":       "Done: %s no longer has the role “%s”.",
	"user_listed":        "%s  %s  %s  %s",
	"user_signed_out":    "Done: %s has no open session any more.",
	"user_factors_reset": "Done: %s has no second factor and no open session any more.",
	"user_unknown":       "nobody has the address or identifier “%s”.",
	"user_token":         "This is the token, shown once; it expires on %s:",

	"version": "canot %s\nrevision   %s\nGo         %s\nschema     %d\nzone data  %s (%s)",

	"demo_temporary":  "The data is in a temporary folder, removed at the end: %s\n  (--data FOLDER to keep it)",
	"demo_folder":     "The data is in %s",
	"demo_reused":     "The demo network that was there is taken up as it is.",
	"demo_port_taken": "The port of %s is taken; here is another.",
	"demo_not_empty":  "this data base holds a network that is not a complete demo: choose another.",
	"demo_ready":      "\nThe demo network is ready: %s\n  Open that address: one button enters it as an artist, as counter staff or as a manager.\n  documentation of the API: %s/api/v1/docs\n\nThree accounts, each with its token for programs:",
	"demo_account":    "  %-13s  %-34s %s\n                 %s",
	"demo_try":        "\nTo try in another terminal:\n",
	"demo_find":       "# find a studio",
	"demo_free":       "# see when it is free",
	"demo_book":       "# book it; the second time it is taken, and you are offered something else",
	"demo_calendar":   "# the hub's calendar, to add to your own",
	"demo_factor":     "                 recovery code for the second step: %s",
	"demo_others":     "  and also: %s (--json tells all)",
	"demo_mail":       "\nA demo sends no mail. What would have been sent can be read here:\n  %s/demo/courriels",
	"demo_stop":       "\nCtrl+C to stop.",
	"demo_hubs":       "hubs and resources",
	"demo_members":    "members",
	"demo_bookings":   "bookings",
	"demo_tokens":     "tokens",

	"role_member":        "artist",
	"role_staff":         "staff",
	"role_manager":       "manager",
	"role_coordinator":   "coordinator",
	"role_administrator": "administrator",
}

const helpEn = `Canot: a network of hubs that takes bookings, and never two for the same time.

  canot demo         a complete network to try, with nothing to install
  canot serve        the server; canot help config lists its settings
  canot migrate      the schema: up, status
  canot import       put hubs, resources, units, members or bookings in from files
  canot export       take them out as CSV or JSON
  canot user         accounts: create, list, role, token, sign-out, factor-reset
  canot call         one operation of the API, from right here: canot call GET /hubs
  canot backup       a consistent copy while the server works
  canot restore      put a copy into an empty data base
  canot check        verify the invariants of the data
  canot zones        the zone data, and the bookings that it moves
  canot version      version, schema, zone data
  canot healthcheck  ask a server whether it is alive
  canot help         this help; canot help COMMAND, canot help config

Exit code: 0 done, 1 failed, 2 wrong usage.`
