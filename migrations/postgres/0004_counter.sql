-- The counter: loans, late returns, transfers, tickets and meters, consumables, stock-taking,
-- pictures and documents, and what a device did while the line was down. For PostgreSQL.

-- +goose Up

-- After so many late returns within ninety days a person may borrow nothing at the hub for so
-- many days; 0 for never.
ALTER TABLE hubs ADD COLUMN suspend_after bigint NOT NULL DEFAULT 0;
ALTER TABLE hubs ADD COLUMN suspend_days bigint NOT NULL DEFAULT 14;

-- What a person shows at a counter, printed or on a phone; none until they ask for one.
ALTER TABLE members ADD COLUMN card text COLLATE "C";
CREATE UNIQUE INDEX members_card ON members (card);

-- shelf is where the unit stands in its hub. meter_min is how long it was used in all.
-- moved_at is when it last changed the resource under which it is booked.
ALTER TABLE units ADD COLUMN shelf text NOT NULL DEFAULT '';
ALTER TABLE units ADD COLUMN value_cents bigint NOT NULL DEFAULT 0;
ALTER TABLE units ADD COLUMN supplier text NOT NULL DEFAULT '';
ALTER TABLE units ADD COLUMN purchased_on text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE units ADD COLUMN warranty_until text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE units ADD COLUMN notes text NOT NULL DEFAULT '';
ALTER TABLE units ADD COLUMN meter_min bigint NOT NULL DEFAULT 0;
ALTER TABLE units ADD COLUMN moved_at timestamptz;
CREATE INDEX units_current_hub ON units (current_hub_id);
-- Codes that differ in their letters only cannot be told apart when they are scanned. Older ones may,
-- so that this is no rule of the data base.
CREATE INDEX units_code_folded ON units (upper(code));

-- awaited is a resource that was made for a unit which is to come by a journey: it is archived, and
-- nobody sees it, until the unit is there.
ALTER TABLE resources ADD COLUMN awaited boolean NOT NULL DEFAULT false;

ALTER TABLE bookings ADD COLUMN arrived_at timestamptz;
-- What a counter looks for among all bookings there ever were: those of its hub that still stand.
CREATE INDEX bookings_hub_live ON bookings (hub_id, status, starts_at) WHERE status IN ('held', 'pending', 'confirmed', 'in_use');

-- What is due by use or by time, for all units of a resource.
CREATE TABLE preventive_rules (
    id            text COLLATE "C" NOT NULL CONSTRAINT preventive_rules_pkey PRIMARY KEY,
    resource_id   text COLLATE "C" NOT NULL CONSTRAINT preventive_rules_resource_fkey REFERENCES resources (id),
    name          text NOT NULL,
    every_use_min bigint NOT NULL DEFAULT 0,
    every_days    bigint NOT NULL DEFAULT 0,
    note          text NOT NULL DEFAULT '',
    blocks        boolean NOT NULL DEFAULT false,
    active        boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL,
    version       bigint NOT NULL DEFAULT 1,
    CONSTRAINT preventive_rules_every_check CHECK (every_use_min >= 0 AND every_days >= 0 AND every_use_min + every_days > 0)
);
CREATE INDEX preventive_rules_resource ON preventive_rules (resource_id);

CREATE TABLE preventive_done (
    unit_id   text COLLATE "C" NOT NULL CONSTRAINT preventive_done_unit_fkey REFERENCES units (id),
    rule_id   text COLLATE "C" NOT NULL CONSTRAINT preventive_done_rule_fkey REFERENCES preventive_rules (id),
    done_at   timestamptz NOT NULL,
    meter_min bigint NOT NULL,
    CONSTRAINT preventive_done_pkey PRIMARY KEY (unit_id, rule_id)
);

-- A problem, a damage or a service that is due, until somebody has dealt with it.
CREATE TABLE tickets (
    id          text COLLATE "C" NOT NULL CONSTRAINT tickets_pkey PRIMARY KEY,
    hub_id      text COLLATE "C" NOT NULL CONSTRAINT tickets_hub_fkey REFERENCES hubs (id),
    resource_id text COLLATE "C" NOT NULL CONSTRAINT tickets_resource_fkey REFERENCES resources (id),
    unit_id     text COLLATE "C" CONSTRAINT tickets_unit_fkey REFERENCES units (id),
    rule_id     text COLLATE "C" CONSTRAINT tickets_rule_fkey REFERENCES preventive_rules (id),
    kind        text COLLATE "C" NOT NULL CONSTRAINT tickets_kind_check CHECK (kind IN ('problem', 'damage', 'preventive')),
    state       text COLLATE "C" NOT NULL DEFAULT 'new' CONSTRAINT tickets_state_check CHECK (state IN ('new', 'in_progress', 'waiting', 'done', 'rejected')),
    urgent      boolean NOT NULL DEFAULT false,
    description text NOT NULL DEFAULT '',
    reported_by text COLLATE "C" NOT NULL DEFAULT '',
    contact     text NOT NULL DEFAULT '',
    assigned_to text COLLATE "C" NOT NULL DEFAULT '',
    cost_cents  bigint NOT NULL DEFAULT 0 CONSTRAINT tickets_cost_check CHECK (cost_cents >= 0),
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    closed_at   timestamptz,
    version     bigint NOT NULL DEFAULT 1
);
CREATE INDEX tickets_hub ON tickets (hub_id, state, created_at);
CREATE INDEX tickets_unit ON tickets (unit_id, created_at);
CREATE INDEX tickets_reported ON tickets (reported_by) WHERE reported_by <> '';
CREATE INDEX tickets_assigned ON tickets (assigned_to) WHERE assigned_to <> '';
CREATE UNIQUE INDEX tickets_preventive_open ON tickets (unit_id, rule_id) WHERE closed_at IS NULL AND rule_id IS NOT NULL;

CREATE TABLE ticket_notes (
    id        text COLLATE "C" NOT NULL CONSTRAINT ticket_notes_pkey PRIMARY KEY,
    ticket_id text COLLATE "C" NOT NULL CONSTRAINT ticket_notes_ticket_fkey REFERENCES tickets (id),
    at        timestamptz NOT NULL,
    by_id     text COLLATE "C" NOT NULL,
    state     text COLLATE "C" NOT NULL,
    body      text NOT NULL DEFAULT ''
);
CREATE INDEX ticket_notes_ticket ON ticket_notes (ticket_id, at);
CREATE INDEX ticket_notes_by ON ticket_notes (by_id);

-- A unit is lost until it is found, and away for a service that was due.
ALTER TABLE maintenances DROP CONSTRAINT maintenances_cause_check;
ALTER TABLE maintenances ADD CONSTRAINT maintenances_cause_check CHECK (cause IN ('repair', 'incomplete', 'retired', 'lost', 'preventive'));
ALTER TABLE maintenances ADD COLUMN ticket_id text COLLATE "C" CONSTRAINT maintenances_ticket_fkey REFERENCES tickets (id);
CREATE INDEX maintenances_open ON maintenances (unit_id) WHERE open;
CREATE INDEX maintenances_ticket ON maintenances (ticket_id) WHERE ticket_id IS NOT NULL;

-- A journey of one unit from hub to hub. to_resource_id is the resource under which it is booked
-- once it is there.
CREATE TABLE transfers (
    id             text COLLATE "C" NOT NULL CONSTRAINT transfers_pkey PRIMARY KEY,
    unit_id        text COLLATE "C" NOT NULL CONSTRAINT transfers_unit_fkey REFERENCES units (id),
    from_hub_id    text COLLATE "C" NOT NULL CONSTRAINT transfers_from_fkey REFERENCES hubs (id),
    to_hub_id      text COLLATE "C" NOT NULL CONSTRAINT transfers_to_fkey REFERENCES hubs (id),
    to_resource_id text COLLATE "C" NOT NULL CONSTRAINT transfers_resource_fkey REFERENCES resources (id),
    state          text COLLATE "C" NOT NULL CONSTRAINT transfers_state_check CHECK (state IN ('planned', 'on_the_road', 'arrived', 'cancelled')),
    leaves_at      timestamptz NOT NULL,
    arrives_at     timestamptz NOT NULL,
    left_at        timestamptz,
    left_by        text COLLATE "C" NOT NULL DEFAULT '',
    arrived_at     timestamptz,
    arrived_by     text COLLATE "C" NOT NULL DEFAULT '',
    note           text NOT NULL DEFAULT '',
    made_by        text COLLATE "C" NOT NULL,
    created_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    version        bigint NOT NULL DEFAULT 1,
    CONSTRAINT transfers_span_check CHECK (arrives_at > leaves_at)
);
CREATE UNIQUE INDEX transfers_unit_open ON transfers (unit_id) WHERE state IN ('planned', 'on_the_road');
CREATE INDEX transfers_unit ON transfers (unit_id, created_at);
-- What is on its way is little among all journeys there ever were.
CREATE INDEX transfers_open ON transfers (arrives_at) WHERE state IN ('planned', 'on_the_road');
CREATE INDEX transfers_from ON transfers (from_hub_id, state);
CREATE INDEX transfers_to ON transfers (to_hub_id, state);
CREATE INDEX transfers_made_by ON transfers (made_by);

ALTER TABLE occupancies ADD COLUMN transfer_id text COLLATE "C" CONSTRAINT occupancies_transfer_fkey REFERENCES transfers (id);
ALTER TABLE occupancies DROP CONSTRAINT occupancies_reason_check;
ALTER TABLE occupancies ADD CONSTRAINT occupancies_reason_check CHECK (reason IN ('booking', 'maintenance', 'transfer'));
ALTER TABLE occupancies DROP CONSTRAINT occupancies_source_check;
ALTER TABLE occupancies ADD CONSTRAINT occupancies_source_check CHECK (
    (reason = 'booking' AND booking_id IS NOT NULL AND line IS NOT NULL AND maintenance_id IS NULL AND transfer_id IS NULL) OR
    (reason = 'maintenance' AND maintenance_id IS NOT NULL AND booking_id IS NULL AND transfer_id IS NULL) OR
    (reason = 'transfer' AND transfer_id IS NOT NULL AND booking_id IS NULL AND maintenance_id IS NULL));
CREATE INDEX occupancies_transfer ON occupancies (transfer_id) WHERE transfer_id IS NOT NULL;

-- Pictures, documents and signatures; body is their bytes in base 64, so that a copy of the data
-- base is a copy of all. subject_kind is unit, loan or ticket; moment is out or in for a loan's.
CREATE TABLE files (
    id           text COLLATE "C" NOT NULL CONSTRAINT files_pkey PRIMARY KEY,
    kind         text COLLATE "C" NOT NULL CONSTRAINT files_kind_check CHECK (kind IN ('photo', 'document', 'signature')),
    subject_kind text COLLATE "C" NOT NULL CONSTRAINT files_subject_check CHECK (subject_kind IN ('unit', 'loan', 'ticket')),
    subject_id   text COLLATE "C" NOT NULL,
    moment       text COLLATE "C" NOT NULL DEFAULT '',
    media_type   text NOT NULL,
    name         text NOT NULL DEFAULT '',
    size         bigint NOT NULL,
    width        bigint NOT NULL DEFAULT 0,
    height       bigint NOT NULL DEFAULT 0,
    sum          text COLLATE "C" NOT NULL,
    body         text NOT NULL,
    created_at   timestamptz NOT NULL,
    created_by   text COLLATE "C" NOT NULL
);
CREATE INDEX files_subject ON files (subject_kind, subject_id, created_at);

-- One stretch in which a unit is out with a person: from the hand-over to the return.
CREATE TABLE loans (
    id            text COLLATE "C" NOT NULL CONSTRAINT loans_pkey PRIMARY KEY,
    booking_id    text COLLATE "C" NOT NULL CONSTRAINT loans_booking_fkey REFERENCES bookings (id),
    line          bigint NOT NULL,
    unit_id       text COLLATE "C" NOT NULL CONSTRAINT loans_unit_fkey REFERENCES units (id),
    out_at        timestamptz NOT NULL,
    out_by        text COLLATE "C" NOT NULL,
    out_hub_id    text COLLATE "C" NOT NULL CONSTRAINT loans_out_hub_fkey REFERENCES hubs (id),
    due_at        timestamptz NOT NULL,
    back_at       timestamptz,
    back_by       text COLLATE "C" NOT NULL DEFAULT '',
    back_hub_id   text COLLATE "C" CONSTRAINT loans_back_hub_fkey REFERENCES hubs (id),
    condition_out text NOT NULL DEFAULT '',
    condition_in  text NOT NULL DEFAULT '',
    missing       text NOT NULL DEFAULT '{}',
    damaged       boolean NOT NULL DEFAULT false,
    signature_id  text COLLATE "C" CONSTRAINT loans_signature_fkey REFERENCES files (id),
    reminders     bigint NOT NULL DEFAULT 0,
    reminded_at   timestamptz,
    doubtful      boolean NOT NULL DEFAULT false,
    CONSTRAINT loans_span_check CHECK (back_at >= out_at)
);
CREATE UNIQUE INDEX loans_unit_out ON loans (unit_id) WHERE back_at IS NULL;
CREATE INDEX loans_out_due ON loans (due_at) WHERE back_at IS NULL;
CREATE INDEX loans_unit ON loans (unit_id, out_at);
CREATE INDEX loans_booking ON loans (booking_id);
CREATE INDEX loans_out_hub ON loans (out_hub_id) WHERE back_at IS NULL;
CREATE INDEX loans_out_by ON loans (out_by);
CREATE INDEX loans_back_by ON loans (back_by);

-- A person borrows nothing at a hub for a while.
CREATE TABLE suspensions (
    id         text COLLATE "C" NOT NULL CONSTRAINT suspensions_pkey PRIMARY KEY,
    member_id  text COLLATE "C" NOT NULL CONSTRAINT suspensions_member_fkey REFERENCES members (id),
    hub_id     text COLLATE "C" NOT NULL CONSTRAINT suspensions_hub_fkey REFERENCES hubs (id),
    cause      text COLLATE "C" NOT NULL CONSTRAINT suspensions_cause_check CHECK (cause IN ('late', 'staff')),
    booking_id text COLLATE "C" CONSTRAINT suspensions_booking_fkey REFERENCES bookings (id),
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    reason     text NOT NULL DEFAULT '',
    made_by    text COLLATE "C" NOT NULL,
    lifted_at  timestamptz,
    lifted_by  text COLLATE "C" NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    CONSTRAINT suspensions_span_check CHECK (ends_at > starts_at)
);
CREATE INDEX suspensions_member ON suspensions (member_id, ends_at);

-- Stock that is used up, in its own measure.
CREATE TABLE consumables (
    id       text COLLATE "C" NOT NULL CONSTRAINT consumables_pkey PRIMARY KEY,
    hub_id   text COLLATE "C" NOT NULL CONSTRAINT consumables_hub_fkey REFERENCES hubs (id),
    code     text COLLATE "C" NOT NULL CONSTRAINT consumables_code_unique UNIQUE,
    name     text NOT NULL,
    measure  text NOT NULL,
    shelf    text NOT NULL DEFAULT '',
    stock    bigint NOT NULL DEFAULT 0 CONSTRAINT consumables_stock_check CHECK (stock >= 0),
    low      bigint NOT NULL DEFAULT 0 CONSTRAINT consumables_low_check CHECK (low >= 0),
    archived boolean NOT NULL DEFAULT false,
    version  bigint NOT NULL DEFAULT 1
);
CREATE INDEX consumables_hub ON consumables (hub_id);
CREATE INDEX consumables_code_folded ON consumables (upper(code));

CREATE TABLE stock_moves (
    id            text COLLATE "C" NOT NULL CONSTRAINT stock_moves_pkey PRIMARY KEY,
    consumable_id text COLLATE "C" NOT NULL CONSTRAINT stock_moves_consumable_fkey REFERENCES consumables (id),
    at            timestamptz NOT NULL,
    by_id         text COLLATE "C" NOT NULL,
    kind          text COLLATE "C" NOT NULL CONSTRAINT stock_moves_kind_check CHECK (kind IN ('delivery', 'use', 'count', 'loss')),
    delta         bigint NOT NULL,
    stock_after   bigint NOT NULL,
    booking_id    text COLLATE "C" CONSTRAINT stock_moves_booking_fkey REFERENCES bookings (id),
    unit_id       text COLLATE "C" CONSTRAINT stock_moves_unit_fkey REFERENCES units (id),
    note          text NOT NULL DEFAULT ''
);
CREATE INDEX stock_moves_consumable ON stock_moves (consumable_id, at);
CREATE INDEX stock_moves_unit ON stock_moves (unit_id) WHERE unit_id IS NOT NULL;
CREATE INDEX stock_moves_booking ON stock_moves (booking_id) WHERE booking_id IS NOT NULL;
CREATE INDEX stock_moves_by ON stock_moves (by_id);

-- Looking what stands on a shelf, '' for the whole hub; and what was found there, by code.
CREATE TABLE stocktakes (
    id         text COLLATE "C" NOT NULL CONSTRAINT stocktakes_pkey PRIMARY KEY,
    hub_id     text COLLATE "C" NOT NULL CONSTRAINT stocktakes_hub_fkey REFERENCES hubs (id),
    shelf      text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL,
    started_by text COLLATE "C" NOT NULL,
    closed_at  timestamptz,
    closed_by  text COLLATE "C" NOT NULL DEFAULT '',
    version    bigint NOT NULL DEFAULT 1
);
CREATE INDEX stocktakes_hub ON stocktakes (hub_id, started_at);
CREATE INDEX stocktakes_started_by ON stocktakes (started_by);

CREATE TABLE stocktake_scans (
    stocktake_id text COLLATE "C" NOT NULL CONSTRAINT stocktake_scans_stocktake_fkey REFERENCES stocktakes (id),
    code         text COLLATE "C" NOT NULL,
    unit_id      text COLLATE "C" CONSTRAINT stocktake_scans_unit_fkey REFERENCES units (id),
    at           timestamptz NOT NULL,
    by_id        text COLLATE "C" NOT NULL,
    CONSTRAINT stocktake_scans_pkey PRIMARY KEY (stocktake_id, code)
);
CREATE INDEX stocktake_scans_unit ON stocktake_scans (unit_id) WHERE unit_id IS NOT NULL;

-- What a device did without a line and what happened meanwhile contradicts: a person settles it.
-- args holds ids and figures. doubtful says that the device's clock told an impossible instant.
CREATE TABLE unsettled_acts (
    id          text COLLATE "C" NOT NULL CONSTRAINT unsettled_acts_pkey PRIMARY KEY,
    hub_id      text COLLATE "C" NOT NULL CONSTRAINT unsettled_acts_hub_fkey REFERENCES hubs (id),
    kind        text COLLATE "C" NOT NULL CONSTRAINT unsettled_acts_kind_check CHECK (kind IN ('check_out', 'check_in', 'arrive')),
    args        text NOT NULL,
    at          timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    by_id       text COLLATE "C" NOT NULL,
    code        text COLLATE "C" NOT NULL,
    unit_id     text COLLATE "C" CONSTRAINT unsettled_acts_unit_fkey REFERENCES units (id),
    booking_id  text COLLATE "C" CONSTRAINT unsettled_acts_booking_fkey REFERENCES bookings (id),
    doubtful    boolean NOT NULL DEFAULT false,
    settled_at  timestamptz,
    settled_by  text COLLATE "C" NOT NULL DEFAULT '',
    settlement  text COLLATE "C" NOT NULL DEFAULT '' CONSTRAINT unsettled_acts_settlement_check CHECK (settlement IN ('', 'done', 'by_itself', 'dismissed')),
    note        text NOT NULL DEFAULT ''
);
CREATE INDEX unsettled_acts_open ON unsettled_acts (hub_id, at) WHERE settled_at IS NULL;
CREATE INDEX unsettled_acts_unit ON unsettled_acts (unit_id) WHERE settled_at IS NULL;
CREATE INDEX unsettled_acts_by ON unsettled_acts (by_id);

-- What the servers of this data base have in common and nobody else knows, by what it is for; made when it is first needed.
CREATE TABLE secrets (
    name       text COLLATE "C" NOT NULL CONSTRAINT secrets_pkey PRIMARY KEY,
    secret     text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL
);
