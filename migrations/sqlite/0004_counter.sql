-- The counter: loans, late returns, transfers, tickets and meters, consumables, stock-taking,
-- pictures and documents, and what a device did while the line was down. For SQLite.
-- Its twin for PostgreSQL says what each table is for.

-- +goose Up

ALTER TABLE hubs ADD COLUMN suspend_after INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hubs ADD COLUMN suspend_days INTEGER NOT NULL DEFAULT 14;

ALTER TABLE members ADD COLUMN card TEXT;
CREATE UNIQUE INDEX members_card ON members (card);

ALTER TABLE units ADD COLUMN shelf TEXT NOT NULL DEFAULT '';
ALTER TABLE units ADD COLUMN value_cents INTEGER NOT NULL DEFAULT 0;
ALTER TABLE units ADD COLUMN supplier TEXT NOT NULL DEFAULT '';
ALTER TABLE units ADD COLUMN purchased_on TEXT NOT NULL DEFAULT '';
ALTER TABLE units ADD COLUMN warranty_until TEXT NOT NULL DEFAULT '';
ALTER TABLE units ADD COLUMN notes TEXT NOT NULL DEFAULT '';
ALTER TABLE units ADD COLUMN meter_min INTEGER NOT NULL DEFAULT 0;
ALTER TABLE units ADD COLUMN moved_at TIMESTAMP;
CREATE INDEX units_current_hub ON units (current_hub_id);
CREATE INDEX units_code_folded ON units (upper(code));

ALTER TABLE resources ADD COLUMN awaited BOOLEAN NOT NULL DEFAULT false;

ALTER TABLE bookings ADD COLUMN arrived_at TIMESTAMP;
CREATE INDEX bookings_hub_live ON bookings (hub_id, status, starts_at) WHERE status IN ('held', 'pending', 'confirmed', 'in_use');

CREATE TABLE preventive_rules (
    id            TEXT NOT NULL CONSTRAINT preventive_rules_pkey PRIMARY KEY,
    resource_id   TEXT NOT NULL CONSTRAINT preventive_rules_resource_fkey REFERENCES resources (id),
    name          TEXT NOT NULL,
    every_use_min INTEGER NOT NULL DEFAULT 0,
    every_days    INTEGER NOT NULL DEFAULT 0,
    note          TEXT NOT NULL DEFAULT '',
    blocks        BOOLEAN NOT NULL DEFAULT false,
    active        BOOLEAN NOT NULL DEFAULT true,
    created_at    TIMESTAMP NOT NULL,
    version       INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT preventive_rules_every_check CHECK (every_use_min >= 0 AND every_days >= 0 AND every_use_min + every_days > 0)
);
CREATE INDEX preventive_rules_resource ON preventive_rules (resource_id);

CREATE TABLE preventive_done (
    unit_id   TEXT NOT NULL CONSTRAINT preventive_done_unit_fkey REFERENCES units (id),
    rule_id   TEXT NOT NULL CONSTRAINT preventive_done_rule_fkey REFERENCES preventive_rules (id),
    done_at   TIMESTAMP NOT NULL,
    meter_min INTEGER NOT NULL,
    CONSTRAINT preventive_done_pkey PRIMARY KEY (unit_id, rule_id)
);

CREATE TABLE tickets (
    id          TEXT NOT NULL CONSTRAINT tickets_pkey PRIMARY KEY,
    hub_id      TEXT NOT NULL CONSTRAINT tickets_hub_fkey REFERENCES hubs (id),
    resource_id TEXT NOT NULL CONSTRAINT tickets_resource_fkey REFERENCES resources (id),
    unit_id     TEXT CONSTRAINT tickets_unit_fkey REFERENCES units (id),
    rule_id     TEXT CONSTRAINT tickets_rule_fkey REFERENCES preventive_rules (id),
    kind        TEXT NOT NULL CONSTRAINT tickets_kind_check CHECK (kind IN ('problem', 'damage', 'preventive')),
    state       TEXT NOT NULL DEFAULT 'new' CONSTRAINT tickets_state_check CHECK (state IN ('new', 'in_progress', 'waiting', 'done', 'rejected')),
    urgent      BOOLEAN NOT NULL DEFAULT false,
    description TEXT NOT NULL DEFAULT '',
    reported_by TEXT NOT NULL DEFAULT '',
    contact     TEXT NOT NULL DEFAULT '',
    assigned_to TEXT NOT NULL DEFAULT '',
    cost_cents  INTEGER NOT NULL DEFAULT 0 CONSTRAINT tickets_cost_check CHECK (cost_cents >= 0),
    created_at  TIMESTAMP NOT NULL,
    changed_at  TIMESTAMP NOT NULL,
    closed_at   TIMESTAMP,
    version     INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX tickets_hub ON tickets (hub_id, state, created_at);
CREATE INDEX tickets_unit ON tickets (unit_id, created_at);
CREATE INDEX tickets_reported ON tickets (reported_by) WHERE reported_by <> '';
CREATE INDEX tickets_assigned ON tickets (assigned_to) WHERE assigned_to <> '';
CREATE UNIQUE INDEX tickets_preventive_open ON tickets (unit_id, rule_id) WHERE closed_at IS NULL AND rule_id IS NOT NULL;

CREATE TABLE ticket_notes (
    id        TEXT NOT NULL CONSTRAINT ticket_notes_pkey PRIMARY KEY,
    ticket_id TEXT NOT NULL CONSTRAINT ticket_notes_ticket_fkey REFERENCES tickets (id),
    at        TIMESTAMP NOT NULL,
    by_id     TEXT NOT NULL,
    state     TEXT NOT NULL,
    body      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX ticket_notes_ticket ON ticket_notes (ticket_id, at);
CREATE INDEX ticket_notes_by ON ticket_notes (by_id);

CREATE TABLE transfers (
    id             TEXT NOT NULL CONSTRAINT transfers_pkey PRIMARY KEY,
    unit_id        TEXT NOT NULL CONSTRAINT transfers_unit_fkey REFERENCES units (id),
    from_hub_id    TEXT NOT NULL CONSTRAINT transfers_from_fkey REFERENCES hubs (id),
    to_hub_id      TEXT NOT NULL CONSTRAINT transfers_to_fkey REFERENCES hubs (id),
    to_resource_id TEXT NOT NULL CONSTRAINT transfers_resource_fkey REFERENCES resources (id),
    state          TEXT NOT NULL CONSTRAINT transfers_state_check CHECK (state IN ('planned', 'on_the_road', 'arrived', 'cancelled')),
    leaves_at      TIMESTAMP NOT NULL,
    arrives_at     TIMESTAMP NOT NULL,
    left_at        TIMESTAMP,
    left_by        TEXT NOT NULL DEFAULT '',
    arrived_at     TIMESTAMP,
    arrived_by     TEXT NOT NULL DEFAULT '',
    note           TEXT NOT NULL DEFAULT '',
    made_by        TEXT NOT NULL,
    created_at     TIMESTAMP NOT NULL,
    changed_at     TIMESTAMP NOT NULL,
    version        INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT transfers_span_check CHECK (arrives_at > leaves_at)
);
CREATE UNIQUE INDEX transfers_unit_open ON transfers (unit_id) WHERE state IN ('planned', 'on_the_road');
CREATE INDEX transfers_unit ON transfers (unit_id, created_at);
-- What is on its way is little among all journeys there ever were.
CREATE INDEX transfers_open ON transfers (arrives_at) WHERE state IN ('planned', 'on_the_road');
CREATE INDEX transfers_from ON transfers (from_hub_id, state);
CREATE INDEX transfers_to ON transfers (to_hub_id, state);
CREATE INDEX transfers_made_by ON transfers (made_by);

-- SQLite cannot change a constraint: both tables are made anew, child first away, and named as before.
CREATE TABLE maintenances_new (
    id         TEXT NOT NULL CONSTRAINT maintenances_pkey PRIMARY KEY,
    unit_id    TEXT NOT NULL CONSTRAINT maintenances_unit_fkey REFERENCES units (id),
    cause      TEXT NOT NULL CONSTRAINT maintenances_cause_check CHECK (cause IN ('repair', 'incomplete', 'retired', 'lost', 'preventive')),
    starts_at  TIMESTAMP NOT NULL,
    ends_at    TIMESTAMP,
    reason     TEXT NOT NULL DEFAULT '',
    open       BOOLEAN NOT NULL DEFAULT true,
    made_by    TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1,
    ticket_id  TEXT CONSTRAINT maintenances_ticket_fkey REFERENCES tickets (id)
);
INSERT INTO maintenances_new (id, unit_id, cause, starts_at, ends_at, reason, open, made_by, created_at, version)
SELECT id, unit_id, cause, starts_at, ends_at, reason, open, made_by, created_at, version FROM maintenances;

CREATE TABLE occupancies_new (
    id             TEXT NOT NULL CONSTRAINT occupancies_pkey PRIMARY KEY,
    home_hub_id    TEXT NOT NULL CONSTRAINT occupancies_home_hub_fkey REFERENCES hubs (id),
    unit_id        TEXT NOT NULL CONSTRAINT occupancies_unit_fkey REFERENCES units (id),
    reason         TEXT NOT NULL CONSTRAINT occupancies_reason_check CHECK (reason IN ('booking', 'maintenance', 'transfer')),
    booking_id     TEXT CONSTRAINT occupancies_booking_fkey REFERENCES bookings (id),
    line           INTEGER,
    maintenance_id TEXT CONSTRAINT occupancies_maintenance_fkey REFERENCES maintenances_new (id),
    starts_at      TIMESTAMP NOT NULL,
    ends_at        TIMESTAMP NOT NULL,
    lapses_at      TIMESTAMP,
    live           BOOLEAN NOT NULL,
    transfer_id    TEXT CONSTRAINT occupancies_transfer_fkey REFERENCES transfers (id),
    CONSTRAINT occupancies_span_check CHECK (ends_at > starts_at),
    CONSTRAINT occupancies_source_check CHECK (
        (reason = 'booking' AND booking_id IS NOT NULL AND line IS NOT NULL AND maintenance_id IS NULL AND transfer_id IS NULL) OR
        (reason = 'maintenance' AND maintenance_id IS NOT NULL AND booking_id IS NULL AND transfer_id IS NULL) OR
        (reason = 'transfer' AND transfer_id IS NOT NULL AND booking_id IS NULL AND maintenance_id IS NULL))
);
INSERT INTO occupancies_new (id, home_hub_id, unit_id, reason, booking_id, line, maintenance_id, starts_at, ends_at, lapses_at, live)
SELECT id, home_hub_id, unit_id, reason, booking_id, line, maintenance_id, starts_at, ends_at, lapses_at, live FROM occupancies;

DROP TABLE occupancies;
DROP TABLE maintenances;
ALTER TABLE maintenances_new RENAME TO maintenances;
ALTER TABLE occupancies_new RENAME TO occupancies;

CREATE INDEX maintenances_unit ON maintenances (unit_id);
CREATE INDEX maintenances_open ON maintenances (unit_id) WHERE open;
CREATE INDEX maintenances_ticket ON maintenances (ticket_id) WHERE ticket_id IS NOT NULL;
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
CREATE INDEX occupancies_transfer ON occupancies (transfer_id) WHERE transfer_id IS NOT NULL;

CREATE TABLE files (
    id           TEXT NOT NULL CONSTRAINT files_pkey PRIMARY KEY,
    kind         TEXT NOT NULL CONSTRAINT files_kind_check CHECK (kind IN ('photo', 'document', 'signature')),
    subject_kind TEXT NOT NULL CONSTRAINT files_subject_check CHECK (subject_kind IN ('unit', 'loan', 'ticket')),
    subject_id   TEXT NOT NULL,
    moment       TEXT NOT NULL DEFAULT '',
    media_type   TEXT NOT NULL,
    name         TEXT NOT NULL DEFAULT '',
    size         INTEGER NOT NULL,
    width        INTEGER NOT NULL DEFAULT 0,
    height       INTEGER NOT NULL DEFAULT 0,
    sum          TEXT NOT NULL,
    body         TEXT NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    created_by   TEXT NOT NULL
);
CREATE INDEX files_subject ON files (subject_kind, subject_id, created_at);

CREATE TABLE loans (
    id            TEXT NOT NULL CONSTRAINT loans_pkey PRIMARY KEY,
    booking_id    TEXT NOT NULL CONSTRAINT loans_booking_fkey REFERENCES bookings (id),
    line          INTEGER NOT NULL,
    unit_id       TEXT NOT NULL CONSTRAINT loans_unit_fkey REFERENCES units (id),
    out_at        TIMESTAMP NOT NULL,
    out_by        TEXT NOT NULL,
    out_hub_id    TEXT NOT NULL CONSTRAINT loans_out_hub_fkey REFERENCES hubs (id),
    due_at        TIMESTAMP NOT NULL,
    back_at       TIMESTAMP,
    back_by       TEXT NOT NULL DEFAULT '',
    back_hub_id   TEXT CONSTRAINT loans_back_hub_fkey REFERENCES hubs (id),
    condition_out TEXT NOT NULL DEFAULT '',
    condition_in  TEXT NOT NULL DEFAULT '',
    missing       TEXT NOT NULL DEFAULT '{}',
    damaged       BOOLEAN NOT NULL DEFAULT false,
    signature_id  TEXT CONSTRAINT loans_signature_fkey REFERENCES files (id),
    reminders     INTEGER NOT NULL DEFAULT 0,
    reminded_at   TIMESTAMP,
    doubtful      BOOLEAN NOT NULL DEFAULT false,
    CONSTRAINT loans_span_check CHECK (back_at >= out_at)
);
CREATE UNIQUE INDEX loans_unit_out ON loans (unit_id) WHERE back_at IS NULL;
CREATE INDEX loans_out_due ON loans (due_at) WHERE back_at IS NULL;
CREATE INDEX loans_unit ON loans (unit_id, out_at);
CREATE INDEX loans_booking ON loans (booking_id);
CREATE INDEX loans_out_hub ON loans (out_hub_id) WHERE back_at IS NULL;
CREATE INDEX loans_out_by ON loans (out_by);
CREATE INDEX loans_back_by ON loans (back_by);

CREATE TABLE suspensions (
    id         TEXT NOT NULL CONSTRAINT suspensions_pkey PRIMARY KEY,
    member_id  TEXT NOT NULL CONSTRAINT suspensions_member_fkey REFERENCES members (id),
    hub_id     TEXT NOT NULL CONSTRAINT suspensions_hub_fkey REFERENCES hubs (id),
    cause      TEXT NOT NULL CONSTRAINT suspensions_cause_check CHECK (cause IN ('late', 'staff')),
    booking_id TEXT CONSTRAINT suspensions_booking_fkey REFERENCES bookings (id),
    starts_at  TIMESTAMP NOT NULL,
    ends_at    TIMESTAMP NOT NULL,
    reason     TEXT NOT NULL DEFAULT '',
    made_by    TEXT NOT NULL,
    lifted_at  TIMESTAMP,
    lifted_by  TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT suspensions_span_check CHECK (ends_at > starts_at)
);
CREATE INDEX suspensions_member ON suspensions (member_id, ends_at);

CREATE TABLE consumables (
    id       TEXT NOT NULL CONSTRAINT consumables_pkey PRIMARY KEY,
    hub_id   TEXT NOT NULL CONSTRAINT consumables_hub_fkey REFERENCES hubs (id),
    code     TEXT NOT NULL CONSTRAINT consumables_code_unique UNIQUE,
    name     TEXT NOT NULL,
    measure  TEXT NOT NULL,
    shelf    TEXT NOT NULL DEFAULT '',
    stock    INTEGER NOT NULL DEFAULT 0 CONSTRAINT consumables_stock_check CHECK (stock >= 0),
    low      INTEGER NOT NULL DEFAULT 0 CONSTRAINT consumables_low_check CHECK (low >= 0),
    archived BOOLEAN NOT NULL DEFAULT false,
    version  INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX consumables_hub ON consumables (hub_id);
CREATE INDEX consumables_code_folded ON consumables (upper(code));

CREATE TABLE stock_moves (
    id            TEXT NOT NULL CONSTRAINT stock_moves_pkey PRIMARY KEY,
    consumable_id TEXT NOT NULL CONSTRAINT stock_moves_consumable_fkey REFERENCES consumables (id),
    at            TIMESTAMP NOT NULL,
    by_id         TEXT NOT NULL,
    kind          TEXT NOT NULL CONSTRAINT stock_moves_kind_check CHECK (kind IN ('delivery', 'use', 'count', 'loss')),
    delta         INTEGER NOT NULL,
    stock_after   INTEGER NOT NULL,
    booking_id    TEXT CONSTRAINT stock_moves_booking_fkey REFERENCES bookings (id),
    unit_id       TEXT CONSTRAINT stock_moves_unit_fkey REFERENCES units (id),
    note          TEXT NOT NULL DEFAULT ''
);
CREATE INDEX stock_moves_consumable ON stock_moves (consumable_id, at);
CREATE INDEX stock_moves_unit ON stock_moves (unit_id) WHERE unit_id IS NOT NULL;
CREATE INDEX stock_moves_booking ON stock_moves (booking_id) WHERE booking_id IS NOT NULL;
CREATE INDEX stock_moves_by ON stock_moves (by_id);

CREATE TABLE stocktakes (
    id         TEXT NOT NULL CONSTRAINT stocktakes_pkey PRIMARY KEY,
    hub_id     TEXT NOT NULL CONSTRAINT stocktakes_hub_fkey REFERENCES hubs (id),
    shelf      TEXT NOT NULL DEFAULT '',
    started_at TIMESTAMP NOT NULL,
    started_by TEXT NOT NULL,
    closed_at  TIMESTAMP,
    closed_by  TEXT NOT NULL DEFAULT '',
    version    INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX stocktakes_hub ON stocktakes (hub_id, started_at);
CREATE INDEX stocktakes_started_by ON stocktakes (started_by);

CREATE TABLE stocktake_scans (
    stocktake_id TEXT NOT NULL CONSTRAINT stocktake_scans_stocktake_fkey REFERENCES stocktakes (id),
    code         TEXT NOT NULL,
    unit_id      TEXT CONSTRAINT stocktake_scans_unit_fkey REFERENCES units (id),
    at           TIMESTAMP NOT NULL,
    by_id        TEXT NOT NULL,
    CONSTRAINT stocktake_scans_pkey PRIMARY KEY (stocktake_id, code)
);
CREATE INDEX stocktake_scans_unit ON stocktake_scans (unit_id) WHERE unit_id IS NOT NULL;

CREATE TABLE unsettled_acts (
    id          TEXT NOT NULL CONSTRAINT unsettled_acts_pkey PRIMARY KEY,
    hub_id      TEXT NOT NULL CONSTRAINT unsettled_acts_hub_fkey REFERENCES hubs (id),
    kind        TEXT NOT NULL CONSTRAINT unsettled_acts_kind_check CHECK (kind IN ('check_out', 'check_in', 'arrive')),
    args        TEXT NOT NULL,
    at          TIMESTAMP NOT NULL,
    received_at TIMESTAMP NOT NULL,
    by_id       TEXT NOT NULL,
    code        TEXT NOT NULL,
    unit_id     TEXT CONSTRAINT unsettled_acts_unit_fkey REFERENCES units (id),
    booking_id  TEXT CONSTRAINT unsettled_acts_booking_fkey REFERENCES bookings (id),
    doubtful    BOOLEAN NOT NULL DEFAULT false,
    settled_at  TIMESTAMP,
    settled_by  TEXT NOT NULL DEFAULT '',
    settlement  TEXT NOT NULL DEFAULT '' CONSTRAINT unsettled_acts_settlement_check CHECK (settlement IN ('', 'done', 'by_itself', 'dismissed')),
    note        TEXT NOT NULL DEFAULT ''
);
CREATE INDEX unsettled_acts_open ON unsettled_acts (hub_id, at) WHERE settled_at IS NULL;
CREATE INDEX unsettled_acts_unit ON unsettled_acts (unit_id) WHERE settled_at IS NULL;
CREATE INDEX unsettled_acts_by ON unsettled_acts (by_id);

CREATE TABLE secrets (
    name       TEXT NOT NULL CONSTRAINT secrets_pkey PRIMARY KEY,
    secret     TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
