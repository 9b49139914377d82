-- The first schema, for PostgreSQL. Its twin for SQLite has the same tables,
-- columns and named constraints; a test compares them.
-- Identifiers and other texts that are ordered or compared by machines are in
-- collation "C", so that both engines order them alike.

-- +goose Up
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE operators (
    id          text COLLATE "C" NOT NULL CONSTRAINT operators_pkey PRIMARY KEY,
    slug        text COLLATE "C" NOT NULL CONSTRAINT operators_slug_unique UNIQUE,
    legal_name  text NOT NULL,
    address     text NOT NULL DEFAULT '',
    email       text NOT NULL DEFAULT '',
    phone       text NOT NULL DEFAULT '',
    tax_numbers text NOT NULL DEFAULT '{}',
    version     bigint NOT NULL DEFAULT 1
);

CREATE TABLE regions (
    id      text COLLATE "C" NOT NULL CONSTRAINT regions_pkey PRIMARY KEY,
    slug    text COLLATE "C" NOT NULL CONSTRAINT regions_slug_unique UNIQUE,
    name    text NOT NULL,
    version bigint NOT NULL DEFAULT 1
);

CREATE TABLE hubs (
    id               text COLLATE "C" NOT NULL CONSTRAINT hubs_pkey PRIMARY KEY,
    slug             text COLLATE "C" NOT NULL CONSTRAINT hubs_slug_unique UNIQUE,
    region_id        text COLLATE "C" NOT NULL CONSTRAINT hubs_region_fkey REFERENCES regions (id),
    operator_id      text COLLATE "C" NOT NULL CONSTRAINT hubs_operator_fkey REFERENCES operators (id),
    name             text NOT NULL,
    town             text NOT NULL DEFAULT '',
    province         text NOT NULL DEFAULT '',
    address          text NOT NULL DEFAULT '',
    latitude         double precision NOT NULL,
    longitude        double precision NOT NULL,
    time_zone        text NOT NULL,
    languages        text NOT NULL DEFAULT '["fr"]',
    currency         text NOT NULL DEFAULT 'CAD',
    tax_jurisdiction text NOT NULL DEFAULT '',
    phone            text NOT NULL DEFAULT '',
    email            text NOT NULL DEFAULT '',
    access           text NOT NULL DEFAULT '{}',
    wheelchair       text NOT NULL DEFAULT 'unknown' CONSTRAINT hubs_wheelchair_check CHECK (wheelchair IN ('yes', 'no', 'limited', 'unknown')),
    accessibility    text NOT NULL DEFAULT '{}',
    photos           text NOT NULL DEFAULT '[]',
    search           text NOT NULL DEFAULT '',
    version          bigint NOT NULL DEFAULT 1
);
CREATE INDEX hubs_region ON hubs (region_id);

CREATE TABLE categories (
    id      text COLLATE "C" NOT NULL CONSTRAINT categories_pkey PRIMARY KEY,
    slug    text COLLATE "C" NOT NULL CONSTRAINT categories_slug_unique UNIQUE,
    name    text NOT NULL,
    version bigint NOT NULL DEFAULT 1
);

-- version rises with every booking or change of the resource: it is the row that
-- a booking locks, and what calendars add up for their stamp.
-- rules_version rises only when hours, closures, policy or units change: it is
-- what keeps a remembered policy honest.
CREATE TABLE resources (
    id                   text COLLATE "C" NOT NULL CONSTRAINT resources_pkey PRIMARY KEY,
    slug                 text COLLATE "C" NOT NULL CONSTRAINT resources_slug_unique UNIQUE,
    hub_id               text COLLATE "C" NOT NULL CONSTRAINT resources_hub_fkey REFERENCES hubs (id),
    kind                 text COLLATE "C" NOT NULL CONSTRAINT resources_kind_check CHECK (kind IN ('space', 'machine', 'equipment', 'guide')),
    category_id          text COLLATE "C" NOT NULL CONSTRAINT resources_category_fkey REFERENCES categories (id),
    name                 text NOT NULL,
    name_key             text COLLATE "C" NOT NULL,
    description          text NOT NULL DEFAULT '{}',
    notes                text NOT NULL DEFAULT '',
    capacity             bigint NOT NULL DEFAULT 0,
    floor                text NOT NULL DEFAULT '',
    accessibility        text NOT NULL DEFAULT '{}',
    photos               text NOT NULL DEFAULT '[]',
    certification        text NOT NULL DEFAULT '',
    price_cents_per_hour bigint NOT NULL DEFAULT 0 CONSTRAINT resources_price_check CHECK (price_cents_per_hour >= 0),
    grain_min            bigint NOT NULL CONSTRAINT resources_grain_check CHECK (grain_min > 0),
    shortest_min         bigint NOT NULL CONSTRAINT resources_shortest_check CHECK (shortest_min > 0),
    longest_min          bigint NOT NULL,
    notice_min           bigint NOT NULL DEFAULT 0 CONSTRAINT resources_notice_check CHECK (notice_min >= 0),
    horizon_days         bigint NOT NULL DEFAULT 180 CONSTRAINT resources_horizon_check CHECK (horizon_days > 0),
    buffer_before_min    bigint NOT NULL DEFAULT 0 CONSTRAINT resources_buffer_before_check CHECK (buffer_before_min >= 0),
    buffer_after_min     bigint NOT NULL DEFAULT 0 CONSTRAINT resources_buffer_after_check CHECK (buffer_after_min >= 0),
    cancel_cutoff_min    bigint NOT NULL DEFAULT 0 CONSTRAINT resources_cutoff_check CHECK (cancel_cutoff_min >= 0),
    within               text COLLATE "C" NOT NULL CONSTRAINT resources_within_check CHECK (within IN ('inside', 'ends_inside', 'any')),
    approval             boolean NOT NULL DEFAULT false,
    competing            boolean NOT NULL DEFAULT false,
    archived             boolean NOT NULL DEFAULT false,
    search               text NOT NULL DEFAULT '',
    version              bigint NOT NULL DEFAULT 1,
    rules_version        bigint NOT NULL DEFAULT 1,
    CONSTRAINT resources_longest_check CHECK (longest_min >= shortest_min),
    CONSTRAINT resources_name_unique UNIQUE (hub_id, name_key)
);
CREATE INDEX resources_hub ON resources (hub_id);
CREATE INDEX resources_category ON resources (category_id);

CREATE TABLE resource_tags (
    resource_id text COLLATE "C" NOT NULL CONSTRAINT resource_tags_resource_fkey REFERENCES resources (id),
    tag         text COLLATE "C" NOT NULL,
    CONSTRAINT resource_tags_pkey PRIMARY KEY (resource_id, tag)
);
CREATE INDEX resource_tags_tag ON resource_tags (tag);

-- version rises with every change of the unit's occupancies, by trigger.
CREATE TABLE units (
    id             text COLLATE "C" NOT NULL CONSTRAINT units_pkey PRIMARY KEY,
    resource_id    text COLLATE "C" NOT NULL CONSTRAINT units_resource_fkey REFERENCES resources (id),
    home_hub_id    text COLLATE "C" NOT NULL CONSTRAINT units_home_hub_fkey REFERENCES hubs (id),
    current_hub_id text COLLATE "C" NOT NULL CONSTRAINT units_current_hub_fkey REFERENCES hubs (id),
    code           text COLLATE "C" NOT NULL CONSTRAINT units_code_unique UNIQUE,
    serial         text NOT NULL DEFAULT '',
    condition      text NOT NULL DEFAULT '',
    status         text COLLATE "C" NOT NULL DEFAULT 'in_service' CONSTRAINT units_status_check CHECK (status IN ('in_service', 'retired')),
    version        bigint NOT NULL DEFAULT 1
);
CREATE INDEX units_resource ON units (resource_id);
CREATE INDEX units_home_hub ON units (home_hub_id);

CREATE TABLE components (
    id       text COLLATE "C" NOT NULL CONSTRAINT components_pkey PRIMARY KEY,
    unit_id  text COLLATE "C" NOT NULL CONSTRAINT components_unit_fkey REFERENCES units (id),
    name     text NOT NULL,
    quantity bigint NOT NULL CONSTRAINT components_quantity_check CHECK (quantity > 0),
    missing  bigint NOT NULL DEFAULT 0,
    required boolean NOT NULL DEFAULT false,
    CONSTRAINT components_missing_check CHECK (missing >= 0 AND missing <= quantity)
);
CREATE INDEX components_unit ON components (unit_id);

-- Weekly hours: minutes of the day in the hub's zone; closes above 1440 is after midnight.
-- resource_id '' is the hub's own week.
CREATE TABLE opening_hours (
    hub_id      text COLLATE "C" NOT NULL CONSTRAINT opening_hours_hub_fkey REFERENCES hubs (id),
    resource_id text COLLATE "C" NOT NULL DEFAULT '',
    weekday     bigint NOT NULL CONSTRAINT opening_hours_weekday_check CHECK (weekday BETWEEN 0 AND 6),
    opens       bigint NOT NULL,
    closes      bigint NOT NULL,
    CONSTRAINT opening_hours_pkey PRIMARY KEY (hub_id, resource_id, weekday, opens),
    CONSTRAINT opening_hours_span_check CHECK (opens >= 0 AND opens < 1440 AND closes > opens AND closes <= 2880)
);

-- One day that differs from its week; spans '[]' is closed all day.
CREATE TABLE opening_exceptions (
    hub_id      text COLLATE "C" NOT NULL CONSTRAINT opening_exceptions_hub_fkey REFERENCES hubs (id),
    resource_id text COLLATE "C" NOT NULL DEFAULT '',
    date        text COLLATE "C" NOT NULL,
    spans       text NOT NULL,
    reason      text NOT NULL DEFAULT '{}',
    CONSTRAINT opening_exceptions_pkey PRIMARY KEY (hub_id, resource_id, date)
);

-- A closure keeps wall-clock times of the hub, and no instant.
CREATE TABLE closures (
    id           text COLLATE "C" NOT NULL CONSTRAINT closures_pkey PRIMARY KEY,
    hub_id       text COLLATE "C" NOT NULL CONSTRAINT closures_hub_fkey REFERENCES hubs (id),
    resource_id  text COLLATE "C" NOT NULL DEFAULT '',
    starts_local text COLLATE "C" NOT NULL,
    ends_local   text COLLATE "C" NOT NULL,
    reason       text NOT NULL DEFAULT '{}',
    changed_at   timestamptz NOT NULL,
    CONSTRAINT closures_span_check CHECK (ends_local > starts_local)
);
CREATE INDEX closures_hub ON closures (hub_id, ends_local);

CREATE TABLE members (
    id          text COLLATE "C" NOT NULL CONSTRAINT members_pkey PRIMARY KEY,
    name        text NOT NULL,
    email       text NOT NULL DEFAULT '',
    email_key   text COLLATE "C" CONSTRAINT members_email_unique UNIQUE,
    language    text NOT NULL DEFAULT 'fr',
    home_hub_id text COLLATE "C" CONSTRAINT members_home_hub_fkey REFERENCES hubs (id),
    active      boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL,
    version     bigint NOT NULL DEFAULT 1
);
CREATE INDEX members_home_hub ON members (home_hub_id);

CREATE TABLE grants (
    id         text COLLATE "C" NOT NULL CONSTRAINT grants_pkey PRIMARY KEY,
    member_id  text COLLATE "C" NOT NULL CONSTRAINT grants_member_fkey REFERENCES members (id),
    role       text COLLATE "C" NOT NULL CONSTRAINT grants_role_check CHECK (role IN ('staff', 'manager', 'coordinator', 'administrator')),
    hub_id     text COLLATE "C" NOT NULL DEFAULT '',
    region_id  text COLLATE "C" NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    CONSTRAINT grants_once UNIQUE (member_id, role, hub_id, region_id)
);

CREATE TABLE tokens (
    id         text COLLATE "C" NOT NULL CONSTRAINT tokens_pkey PRIMARY KEY,
    member_id  text COLLATE "C" NOT NULL CONSTRAINT tokens_member_fkey REFERENCES members (id),
    hash       text COLLATE "C" NOT NULL CONSTRAINT tokens_hash_unique UNIQUE,
    prefix     text NOT NULL,
    label      text NOT NULL DEFAULT '',
    scopes     text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX tokens_member ON tokens (member_id);

-- starts_local and ends_local are the promise in wall-clock time, with the offset
-- it had when made (which tells the two readings of a repeated hour apart).
CREATE TABLE bookings (
    id           text COLLATE "C" NOT NULL CONSTRAINT bookings_pkey PRIMARY KEY,
    reference    text COLLATE "C" NOT NULL CONSTRAINT bookings_reference_unique UNIQUE,
    hub_id       text COLLATE "C" NOT NULL CONSTRAINT bookings_hub_fkey REFERENCES hubs (id),
    member_id    text COLLATE "C" NOT NULL CONSTRAINT bookings_member_fkey REFERENCES members (id),
    made_by      text COLLATE "C" NOT NULL,
    status       text COLLATE "C" NOT NULL CONSTRAINT bookings_status_check CHECK (status IN ('held', 'pending', 'confirmed', 'in_use', 'completed', 'expired', 'declined', 'cancelled', 'no_show')),
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    starts_local text COLLATE "C" NOT NULL,
    ends_local   text COLLATE "C" NOT NULL,
    lapses_at    timestamptz,
    title        text NOT NULL DEFAULT '',
    notes        text NOT NULL DEFAULT '',
    sector       text NOT NULL DEFAULT '',
    visibility   text COLLATE "C" NOT NULL DEFAULT 'private' CONSTRAINT bookings_visibility_check CHECK (visibility IN ('private', 'members')),
    competes     boolean NOT NULL DEFAULT false,
    shown        boolean NOT NULL DEFAULT false,
    sequence     bigint NOT NULL DEFAULT 0,
    version      bigint NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL,
    CONSTRAINT bookings_span_check CHECK (ends_at > starts_at)
);
CREATE INDEX bookings_hub_ends ON bookings (hub_id, ends_at);
CREATE INDEX bookings_member_ends ON bookings (member_id, ends_at);

CREATE TABLE booking_lines (
    booking_id   text COLLATE "C" NOT NULL CONSTRAINT booking_lines_booking_fkey REFERENCES bookings (id),
    line         bigint NOT NULL,
    resource_id  text COLLATE "C" NOT NULL CONSTRAINT booking_lines_resource_fkey REFERENCES resources (id),
    quantity     bigint NOT NULL CONSTRAINT booking_lines_quantity_check CHECK (quantity > 0),
    without_unit bigint NOT NULL DEFAULT 0,
    CONSTRAINT booking_lines_pkey PRIMARY KEY (booking_id, line),
    CONSTRAINT booking_lines_without_unit_check CHECK (without_unit >= 0 AND without_unit <= quantity)
);
CREATE INDEX booking_lines_resource ON booking_lines (resource_id);
CREATE INDEX booking_lines_without_unit ON booking_lines (resource_id) WHERE without_unit > 0;

-- A unit out of service from starts_at, perhaps until ends_at.
CREATE TABLE maintenances (
    id         text COLLATE "C" NOT NULL CONSTRAINT maintenances_pkey PRIMARY KEY,
    unit_id    text COLLATE "C" NOT NULL CONSTRAINT maintenances_unit_fkey REFERENCES units (id),
    cause      text COLLATE "C" NOT NULL CONSTRAINT maintenances_cause_check CHECK (cause IN ('repair', 'incomplete', 'retired')),
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz,
    reason     text NOT NULL DEFAULT '',
    open       boolean NOT NULL DEFAULT true,
    made_by    text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    version    bigint NOT NULL DEFAULT 1
);
CREATE INDEX maintenances_unit ON maintenances (unit_id);

-- One row says: this unit is taken from A to B, buffers included, whatever the reason.
-- home_hub_id is the unit's home hub, which never changes: the distribution key of a
-- later, larger network. An end that is not known is the last day of the year 9999.
CREATE TABLE occupancies (
    id             text COLLATE "C" NOT NULL CONSTRAINT occupancies_pkey PRIMARY KEY,
    home_hub_id    text COLLATE "C" NOT NULL CONSTRAINT occupancies_home_hub_fkey REFERENCES hubs (id),
    unit_id        text COLLATE "C" NOT NULL CONSTRAINT occupancies_unit_fkey REFERENCES units (id),
    reason         text COLLATE "C" NOT NULL CONSTRAINT occupancies_reason_check CHECK (reason IN ('booking', 'maintenance')),
    booking_id     text COLLATE "C" CONSTRAINT occupancies_booking_fkey REFERENCES bookings (id),
    line           bigint,
    maintenance_id text COLLATE "C" CONSTRAINT occupancies_maintenance_fkey REFERENCES maintenances (id),
    starts_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL,
    lapses_at      timestamptz,
    live           boolean NOT NULL,
    CONSTRAINT occupancies_span_check CHECK (ends_at > starts_at),
    CONSTRAINT occupancies_source_check CHECK (
        (reason = 'booking' AND booking_id IS NOT NULL AND line IS NOT NULL AND maintenance_id IS NULL) OR
        (reason = 'maintenance' AND maintenance_id IS NOT NULL AND booking_id IS NULL)),
    -- Invariant 1. Everything else may be wrong; this may not.
    CONSTRAINT occupancies_no_overlap EXCLUDE USING gist (unit_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (live)
);
CREATE INDEX occupancies_unit_starts ON occupancies (unit_id, starts_at) WHERE live;
CREATE INDEX occupancies_booking ON occupancies (booking_id);
CREATE INDEX occupancies_maintenance ON occupancies (maintenance_id) WHERE maintenance_id IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION raise_unit_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE units SET version = version + 1 WHERE id = OLD.unit_id;
        RETURN OLD;
    END IF;
    UPDATE units SET version = version + 1 WHERE id = NEW.unit_id;
    IF TG_OP = 'UPDATE' AND OLD.unit_id <> NEW.unit_id THEN
        UPDATE units SET version = version + 1 WHERE id = OLD.unit_id;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER occupancies_raise_unit_version_insert AFTER INSERT ON occupancies FOR EACH ROW EXECUTE FUNCTION raise_unit_version();
CREATE TRIGGER occupancies_raise_unit_version_update AFTER UPDATE ON occupancies FOR EACH ROW EXECUTE FUNCTION raise_unit_version();
CREATE TRIGGER occupancies_raise_unit_version_delete AFTER DELETE ON occupancies FOR EACH ROW EXECUTE FUNCTION raise_unit_version();

-- Invariant 8: append-only.
CREATE TABLE changes (
    seq          bigint GENERATED BY DEFAULT AS IDENTITY CONSTRAINT changes_pkey PRIMARY KEY,
    at           timestamptz NOT NULL,
    actor_id     text COLLATE "C" NOT NULL,
    request_id   text NOT NULL DEFAULT '',
    action       text COLLATE "C" NOT NULL,
    subject_kind text COLLATE "C" NOT NULL,
    subject_id   text COLLATE "C" NOT NULL,
    before       text NOT NULL DEFAULT 'null',
    after        text NOT NULL DEFAULT 'null'
);
CREATE INDEX changes_subject ON changes (subject_id);

-- +goose StatementBegin
CREATE FUNCTION refuse_change_of_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'changes_append_only' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'changes_append_only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER changes_append_only_update BEFORE UPDATE ON changes FOR EACH ROW EXECUTE FUNCTION refuse_change_of_log();
CREATE TRIGGER changes_append_only_delete BEFORE DELETE ON changes FOR EACH ROW EXECUTE FUNCTION refuse_change_of_log();
CREATE TRIGGER changes_append_only_truncate BEFORE TRUNCATE ON changes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_log();

CREATE TABLE jobs (
    id           text COLLATE "C" NOT NULL CONSTRAINT jobs_pkey PRIMARY KEY,
    kind         text COLLATE "C" NOT NULL,
    args         text NOT NULL,
    state        text COLLATE "C" NOT NULL DEFAULT 'ready' CONSTRAINT jobs_state_check CHECK (state IN ('ready', 'running', 'given_up')),
    run_at       timestamptz NOT NULL,
    leased_until timestamptz,
    attempts     bigint NOT NULL DEFAULT 0,
    last_error   text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL
);
CREATE INDEX jobs_due ON jobs (state, run_at);

-- The answer kept under an Idempotency-Key, in the same commit as its effect.
CREATE TABLE idempotency_keys (
    caller     text COLLATE "C" NOT NULL,
    key        text COLLATE "C" NOT NULL,
    hash       text COLLATE "C" NOT NULL,
    answer     text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
