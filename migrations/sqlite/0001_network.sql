-- The first schema, for SQLite. Its twin for PostgreSQL has the same tables,
-- columns and named constraints; a test compares them, and its comments say what each is for.

-- +goose Up
CREATE TABLE operators (
    id          TEXT NOT NULL CONSTRAINT operators_pkey PRIMARY KEY,
    slug        TEXT NOT NULL CONSTRAINT operators_slug_unique UNIQUE,
    legal_name  TEXT NOT NULL,
    address     TEXT NOT NULL DEFAULT '',
    email       TEXT NOT NULL DEFAULT '',
    phone       TEXT NOT NULL DEFAULT '',
    tax_numbers TEXT NOT NULL DEFAULT '{}',
    version     INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE regions (
    id      TEXT NOT NULL CONSTRAINT regions_pkey PRIMARY KEY,
    slug    TEXT NOT NULL CONSTRAINT regions_slug_unique UNIQUE,
    name    TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE hubs (
    id               TEXT NOT NULL CONSTRAINT hubs_pkey PRIMARY KEY,
    slug             TEXT NOT NULL CONSTRAINT hubs_slug_unique UNIQUE,
    region_id        TEXT NOT NULL CONSTRAINT hubs_region_fkey REFERENCES regions (id),
    operator_id      TEXT NOT NULL CONSTRAINT hubs_operator_fkey REFERENCES operators (id),
    name             TEXT NOT NULL,
    town             TEXT NOT NULL DEFAULT '',
    province         TEXT NOT NULL DEFAULT '',
    address          TEXT NOT NULL DEFAULT '',
    latitude         REAL NOT NULL,
    longitude        REAL NOT NULL,
    time_zone        TEXT NOT NULL,
    languages        TEXT NOT NULL DEFAULT '["fr"]',
    currency         TEXT NOT NULL DEFAULT 'CAD',
    tax_jurisdiction TEXT NOT NULL DEFAULT '',
    phone            TEXT NOT NULL DEFAULT '',
    email            TEXT NOT NULL DEFAULT '',
    access           TEXT NOT NULL DEFAULT '{}',
    wheelchair       TEXT NOT NULL DEFAULT 'unknown' CONSTRAINT hubs_wheelchair_check CHECK (wheelchair IN ('yes', 'no', 'limited', 'unknown')),
    accessibility    TEXT NOT NULL DEFAULT '{}',
    photos           TEXT NOT NULL DEFAULT '[]',
    search           TEXT NOT NULL DEFAULT '',
    version          INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX hubs_region ON hubs (region_id);

CREATE TABLE categories (
    id      TEXT NOT NULL CONSTRAINT categories_pkey PRIMARY KEY,
    slug    TEXT NOT NULL CONSTRAINT categories_slug_unique UNIQUE,
    name    TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
);

-- version rises with every booking or change of the resource: it is the row that
-- a booking locks, and what calendars add up for their stamp.
-- rules_version rises only when hours, closures, policy or units change: it is
-- what keeps a remembered policy honest.
CREATE TABLE resources (
    id                   TEXT NOT NULL CONSTRAINT resources_pkey PRIMARY KEY,
    slug                 TEXT NOT NULL CONSTRAINT resources_slug_unique UNIQUE,
    hub_id               TEXT NOT NULL CONSTRAINT resources_hub_fkey REFERENCES hubs (id),
    kind                 TEXT NOT NULL CONSTRAINT resources_kind_check CHECK (kind IN ('space', 'machine', 'equipment', 'guide')),
    category_id          TEXT NOT NULL CONSTRAINT resources_category_fkey REFERENCES categories (id),
    name                 TEXT NOT NULL,
    name_key             TEXT NOT NULL,
    description          TEXT NOT NULL DEFAULT '{}',
    notes                TEXT NOT NULL DEFAULT '',
    capacity             INTEGER NOT NULL DEFAULT 0,
    floor                TEXT NOT NULL DEFAULT '',
    accessibility        TEXT NOT NULL DEFAULT '{}',
    photos               TEXT NOT NULL DEFAULT '[]',
    certification        TEXT NOT NULL DEFAULT '',
    price_cents_per_hour INTEGER NOT NULL DEFAULT 0 CONSTRAINT resources_price_check CHECK (price_cents_per_hour >= 0),
    grain_min            INTEGER NOT NULL CONSTRAINT resources_grain_check CHECK (grain_min > 0),
    shortest_min         INTEGER NOT NULL CONSTRAINT resources_shortest_check CHECK (shortest_min > 0),
    longest_min          INTEGER NOT NULL,
    notice_min           INTEGER NOT NULL DEFAULT 0 CONSTRAINT resources_notice_check CHECK (notice_min >= 0),
    horizon_days         INTEGER NOT NULL DEFAULT 180 CONSTRAINT resources_horizon_check CHECK (horizon_days > 0),
    buffer_before_min    INTEGER NOT NULL DEFAULT 0 CONSTRAINT resources_buffer_before_check CHECK (buffer_before_min >= 0),
    buffer_after_min     INTEGER NOT NULL DEFAULT 0 CONSTRAINT resources_buffer_after_check CHECK (buffer_after_min >= 0),
    cancel_cutoff_min    INTEGER NOT NULL DEFAULT 0 CONSTRAINT resources_cutoff_check CHECK (cancel_cutoff_min >= 0),
    within               TEXT NOT NULL CONSTRAINT resources_within_check CHECK (within IN ('inside', 'ends_inside', 'any')),
    approval             BOOLEAN NOT NULL DEFAULT false,
    competing            BOOLEAN NOT NULL DEFAULT false,
    archived             BOOLEAN NOT NULL DEFAULT false,
    search               TEXT NOT NULL DEFAULT '',
    version              INTEGER NOT NULL DEFAULT 1,
    rules_version        INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT resources_longest_check CHECK (longest_min >= shortest_min),
    CONSTRAINT resources_name_unique UNIQUE (hub_id, name_key)
);
CREATE INDEX resources_hub ON resources (hub_id);
CREATE INDEX resources_category ON resources (category_id);

CREATE TABLE resource_tags (
    resource_id TEXT NOT NULL CONSTRAINT resource_tags_resource_fkey REFERENCES resources (id),
    tag         TEXT NOT NULL,
    CONSTRAINT resource_tags_pkey PRIMARY KEY (resource_id, tag)
);
CREATE INDEX resource_tags_tag ON resource_tags (tag);

-- version rises with every change of the unit's occupancies, by trigger.
CREATE TABLE units (
    id             TEXT NOT NULL CONSTRAINT units_pkey PRIMARY KEY,
    resource_id    TEXT NOT NULL CONSTRAINT units_resource_fkey REFERENCES resources (id),
    home_hub_id    TEXT NOT NULL CONSTRAINT units_home_hub_fkey REFERENCES hubs (id),
    current_hub_id TEXT NOT NULL CONSTRAINT units_current_hub_fkey REFERENCES hubs (id),
    code           TEXT NOT NULL CONSTRAINT units_code_unique UNIQUE,
    serial         TEXT NOT NULL DEFAULT '',
    condition      TEXT NOT NULL DEFAULT '',
    status         TEXT NOT NULL DEFAULT 'in_service' CONSTRAINT units_status_check CHECK (status IN ('in_service', 'retired')),
    version        INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX units_resource ON units (resource_id);
CREATE INDEX units_home_hub ON units (home_hub_id);

CREATE TABLE components (
    id       TEXT NOT NULL CONSTRAINT components_pkey PRIMARY KEY,
    unit_id  TEXT NOT NULL CONSTRAINT components_unit_fkey REFERENCES units (id),
    name     TEXT NOT NULL,
    quantity INTEGER NOT NULL CONSTRAINT components_quantity_check CHECK (quantity > 0),
    missing  INTEGER NOT NULL DEFAULT 0,
    required BOOLEAN NOT NULL DEFAULT false,
    CONSTRAINT components_missing_check CHECK (missing >= 0 AND missing <= quantity)
);
CREATE INDEX components_unit ON components (unit_id);

-- Weekly hours: minutes of the day in the hub's zone; closes above 1440 is after midnight.
-- resource_id '' is the hub's own week.
CREATE TABLE opening_hours (
    hub_id      TEXT NOT NULL CONSTRAINT opening_hours_hub_fkey REFERENCES hubs (id),
    resource_id TEXT NOT NULL DEFAULT '',
    weekday     INTEGER NOT NULL CONSTRAINT opening_hours_weekday_check CHECK (weekday BETWEEN 0 AND 6),
    opens       INTEGER NOT NULL,
    closes      INTEGER NOT NULL,
    CONSTRAINT opening_hours_pkey PRIMARY KEY (hub_id, resource_id, weekday, opens),
    CONSTRAINT opening_hours_span_check CHECK (opens >= 0 AND opens < 1440 AND closes > opens AND closes <= 2880)
);

-- One day that differs from its week; spans '[]' is closed all day.
CREATE TABLE opening_exceptions (
    hub_id      TEXT NOT NULL CONSTRAINT opening_exceptions_hub_fkey REFERENCES hubs (id),
    resource_id TEXT NOT NULL DEFAULT '',
    date        TEXT NOT NULL,
    spans       TEXT NOT NULL,
    reason      TEXT NOT NULL DEFAULT '{}',
    CONSTRAINT opening_exceptions_pkey PRIMARY KEY (hub_id, resource_id, date)
);

-- A closure keeps wall-clock times of the hub, and no instant.
CREATE TABLE closures (
    id           TEXT NOT NULL CONSTRAINT closures_pkey PRIMARY KEY,
    hub_id       TEXT NOT NULL CONSTRAINT closures_hub_fkey REFERENCES hubs (id),
    resource_id  TEXT NOT NULL DEFAULT '',
    starts_local TEXT NOT NULL,
    ends_local   TEXT NOT NULL,
    reason       TEXT NOT NULL DEFAULT '{}',
    changed_at   TIMESTAMP NOT NULL,
    CONSTRAINT closures_span_check CHECK (ends_local > starts_local)
);
CREATE INDEX closures_hub ON closures (hub_id, ends_local);

CREATE TABLE members (
    id          TEXT NOT NULL CONSTRAINT members_pkey PRIMARY KEY,
    name        TEXT NOT NULL,
    email       TEXT NOT NULL DEFAULT '',
    email_key   TEXT CONSTRAINT members_email_unique UNIQUE,
    language    TEXT NOT NULL DEFAULT 'fr',
    home_hub_id TEXT CONSTRAINT members_home_hub_fkey REFERENCES hubs (id),
    active      BOOLEAN NOT NULL DEFAULT true,
    created_at  TIMESTAMP NOT NULL,
    version     INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX members_home_hub ON members (home_hub_id);

CREATE TABLE grants (
    id         TEXT NOT NULL CONSTRAINT grants_pkey PRIMARY KEY,
    member_id  TEXT NOT NULL CONSTRAINT grants_member_fkey REFERENCES members (id),
    role       TEXT NOT NULL CONSTRAINT grants_role_check CHECK (role IN ('staff', 'manager', 'coordinator', 'administrator')),
    hub_id     TEXT NOT NULL DEFAULT '',
    region_id  TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT grants_once UNIQUE (member_id, role, hub_id, region_id)
);

CREATE TABLE tokens (
    id         TEXT NOT NULL CONSTRAINT tokens_pkey PRIMARY KEY,
    member_id  TEXT NOT NULL CONSTRAINT tokens_member_fkey REFERENCES members (id),
    hash       TEXT NOT NULL CONSTRAINT tokens_hash_unique UNIQUE,
    prefix     TEXT NOT NULL,
    label      TEXT NOT NULL DEFAULT '',
    scopes     TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP
);
CREATE INDEX tokens_member ON tokens (member_id);

-- starts_local and ends_local are the promise in wall-clock time, with the offset
-- it had when made (which tells the two readings of a repeated hour apart).
CREATE TABLE bookings (
    id           TEXT NOT NULL CONSTRAINT bookings_pkey PRIMARY KEY,
    reference    TEXT NOT NULL CONSTRAINT bookings_reference_unique UNIQUE,
    hub_id       TEXT NOT NULL CONSTRAINT bookings_hub_fkey REFERENCES hubs (id),
    member_id    TEXT NOT NULL CONSTRAINT bookings_member_fkey REFERENCES members (id),
    made_by      TEXT NOT NULL,
    status       TEXT NOT NULL CONSTRAINT bookings_status_check CHECK (status IN ('held', 'pending', 'confirmed', 'in_use', 'completed', 'expired', 'declined', 'cancelled', 'no_show')),
    starts_at    TIMESTAMP NOT NULL,
    ends_at      TIMESTAMP NOT NULL,
    starts_local TEXT NOT NULL,
    ends_local   TEXT NOT NULL,
    lapses_at    TIMESTAMP,
    title        TEXT NOT NULL DEFAULT '',
    notes        TEXT NOT NULL DEFAULT '',
    sector       TEXT NOT NULL DEFAULT '',
    visibility   TEXT NOT NULL DEFAULT 'private' CONSTRAINT bookings_visibility_check CHECK (visibility IN ('private', 'members')),
    competes     BOOLEAN NOT NULL DEFAULT false,
    shown        BOOLEAN NOT NULL DEFAULT false,
    sequence     INTEGER NOT NULL DEFAULT 0,
    version      INTEGER NOT NULL DEFAULT 1,
    created_at   TIMESTAMP NOT NULL,
    changed_at   TIMESTAMP NOT NULL,
    CONSTRAINT bookings_span_check CHECK (ends_at > starts_at)
);
CREATE INDEX bookings_hub_ends ON bookings (hub_id, ends_at);
CREATE INDEX bookings_member_ends ON bookings (member_id, ends_at);

CREATE TABLE booking_lines (
    booking_id   TEXT NOT NULL CONSTRAINT booking_lines_booking_fkey REFERENCES bookings (id),
    line         INTEGER NOT NULL,
    resource_id  TEXT NOT NULL CONSTRAINT booking_lines_resource_fkey REFERENCES resources (id),
    quantity     INTEGER NOT NULL CONSTRAINT booking_lines_quantity_check CHECK (quantity > 0),
    without_unit INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT booking_lines_pkey PRIMARY KEY (booking_id, line),
    CONSTRAINT booking_lines_without_unit_check CHECK (without_unit >= 0 AND without_unit <= quantity)
);
CREATE INDEX booking_lines_resource ON booking_lines (resource_id);
CREATE INDEX booking_lines_without_unit ON booking_lines (resource_id) WHERE without_unit > 0;

-- A unit out of service from starts_at, perhaps until ends_at.
CREATE TABLE maintenances (
    id         TEXT NOT NULL CONSTRAINT maintenances_pkey PRIMARY KEY,
    unit_id    TEXT NOT NULL CONSTRAINT maintenances_unit_fkey REFERENCES units (id),
    cause      TEXT NOT NULL CONSTRAINT maintenances_cause_check CHECK (cause IN ('repair', 'incomplete', 'retired')),
    starts_at  TIMESTAMP NOT NULL,
    ends_at    TIMESTAMP,
    reason     TEXT NOT NULL DEFAULT '',
    open       BOOLEAN NOT NULL DEFAULT true,
    made_by    TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX maintenances_unit ON maintenances (unit_id);

-- One row says: this unit is taken from A to B, buffers included, whatever the reason.
-- home_hub_id is the unit's home hub, which never changes: the distribution key of a
-- later, larger network. An end that is not known is the last day of the year 9999.
CREATE TABLE occupancies (
    id             TEXT NOT NULL CONSTRAINT occupancies_pkey PRIMARY KEY,
    home_hub_id    TEXT NOT NULL CONSTRAINT occupancies_home_hub_fkey REFERENCES hubs (id),
    unit_id        TEXT NOT NULL CONSTRAINT occupancies_unit_fkey REFERENCES units (id),
    reason         TEXT NOT NULL CONSTRAINT occupancies_reason_check CHECK (reason IN ('booking', 'maintenance')),
    booking_id     TEXT CONSTRAINT occupancies_booking_fkey REFERENCES bookings (id),
    line           INTEGER,
    maintenance_id TEXT CONSTRAINT occupancies_maintenance_fkey REFERENCES maintenances (id),
    starts_at      TIMESTAMP NOT NULL,
    ends_at        TIMESTAMP NOT NULL,
    lapses_at      TIMESTAMP,
    live           BOOLEAN NOT NULL,
    CONSTRAINT occupancies_span_check CHECK (ends_at > starts_at),
    CONSTRAINT occupancies_source_check CHECK (
        (reason = 'booking' AND booking_id IS NOT NULL AND line IS NOT NULL AND maintenance_id IS NULL) OR
        (reason = 'maintenance' AND maintenance_id IS NOT NULL AND booking_id IS NULL))
);
CREATE INDEX occupancies_unit_starts ON occupancies (unit_id, starts_at) WHERE live;
CREATE INDEX occupancies_booking ON occupancies (booking_id);
CREATE INDEX occupancies_maintenance ON occupancies (maintenance_id) WHERE maintenance_id IS NOT NULL;

-- Invariant 1. Everything else may be wrong; this may not. Live occupancies of a unit do not
-- overlap, so the last one that starts before the new end is the only one that can reach into it.
-- +goose StatementBegin
CREATE TRIGGER occupancies_no_overlap_insert BEFORE INSERT ON occupancies
WHEN NEW.live AND (
    SELECT o.ends_at FROM occupancies o
    WHERE o.unit_id = NEW.unit_id AND o.live AND o.starts_at < NEW.ends_at AND o.id <> NEW.id
    ORDER BY o.starts_at DESC LIMIT 1) > NEW.starts_at
BEGIN
    SELECT RAISE(ABORT, 'occupancies_no_overlap');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER occupancies_no_overlap_update BEFORE UPDATE ON occupancies
WHEN NEW.live AND (
    SELECT o.ends_at FROM occupancies o
    WHERE o.unit_id = NEW.unit_id AND o.live AND o.starts_at < NEW.ends_at AND o.id <> OLD.id
    ORDER BY o.starts_at DESC LIMIT 1) > NEW.starts_at
BEGIN
    SELECT RAISE(ABORT, 'occupancies_no_overlap');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER occupancies_raise_unit_version_insert AFTER INSERT ON occupancies
BEGIN
    UPDATE units SET version = version + 1 WHERE id = NEW.unit_id;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER occupancies_raise_unit_version_update AFTER UPDATE ON occupancies
BEGIN
    UPDATE units SET version = version + 1 WHERE id IN (NEW.unit_id, OLD.unit_id);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER occupancies_raise_unit_version_delete AFTER DELETE ON occupancies
BEGIN
    UPDATE units SET version = version + 1 WHERE id = OLD.unit_id;
END;
-- +goose StatementEnd

-- Invariant 8: append-only.
CREATE TABLE changes (
    seq          INTEGER CONSTRAINT changes_pkey PRIMARY KEY AUTOINCREMENT,
    at           TIMESTAMP NOT NULL,
    actor_id     TEXT NOT NULL,
    request_id   TEXT NOT NULL DEFAULT '',
    action       TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id   TEXT NOT NULL,
    before       TEXT NOT NULL DEFAULT 'null',
    after        TEXT NOT NULL DEFAULT 'null'
);
CREATE INDEX changes_subject ON changes (subject_id);

-- +goose StatementBegin
CREATE TRIGGER changes_append_only_update BEFORE UPDATE ON changes
BEGIN
    SELECT RAISE(ABORT, 'changes_append_only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER changes_append_only_delete BEFORE DELETE ON changes
BEGIN
    SELECT RAISE(ABORT, 'changes_append_only');
END;
-- +goose StatementEnd

CREATE TABLE jobs (
    id           TEXT NOT NULL CONSTRAINT jobs_pkey PRIMARY KEY,
    kind         TEXT NOT NULL,
    args         TEXT NOT NULL,
    state        TEXT NOT NULL DEFAULT 'ready' CONSTRAINT jobs_state_check CHECK (state IN ('ready', 'running', 'given_up')),
    run_at       TIMESTAMP NOT NULL,
    leased_until TIMESTAMP,
    attempts     INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT NOT NULL DEFAULT '',
    created_at   TIMESTAMP NOT NULL
);
CREATE INDEX jobs_due ON jobs (state, run_at);

-- The answer kept under an Idempotency-Key, in the same commit as its effect.
CREATE TABLE idempotency_keys (
    caller     TEXT NOT NULL,
    key        TEXT NOT NULL,
    hash       TEXT NOT NULL,
    answer     TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
