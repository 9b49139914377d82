-- The public web: what to bring, reminders, private calendars. For PostgreSQL.

-- +goose Up
-- What a person should bring or know before they come, as texts by language.
ALTER TABLE resources ADD COLUMN bring text NOT NULL DEFAULT '{}';

-- What a booking costs before tax, in cents of its hub's currency, as it was told when it was
-- made or moved. NULL where nothing was told: it is older, or came from elsewhere.
ALTER TABLE bookings ADD COLUMN price_cents bigint;

-- That a person was reminded of a booking which begins then: moved to another time it
-- is reminded of again, and never twice of one. Nobody asks for rows of bookings that
-- have begun, but they are few and small.
CREATE TABLE reminders (
    booking_id text COLLATE "C" NOT NULL CONSTRAINT reminders_booking_fkey REFERENCES bookings (id),
    starts_at  timestamptz NOT NULL,
    at         timestamptz NOT NULL,
    CONSTRAINT reminders_pkey PRIMARY KEY (booking_id, starts_at)
);
-- What begins soon, for whoever looks for it every few minutes; and the bookings of all
-- hubs, page by page.
CREATE INDEX bookings_starts ON bookings (starts_at, id);
-- What a certificate counts as elsewhere.
CREATE INDEX equivalences_accepted ON equivalences (accepted_id);

-- The secret addresses of private calendars, of which only a hash is kept: a member's own
-- bookings (hub_id ''), or those of a hub as they may see it. Renewing replaces the row;
-- hub_id is no reference, for '' is none, as in policy_defaults.
CREATE TABLE calendar_addresses (
    id         text COLLATE "C" NOT NULL CONSTRAINT calendar_addresses_pkey PRIMARY KEY,
    member_id  text COLLATE "C" NOT NULL CONSTRAINT calendar_addresses_member_fkey REFERENCES members (id),
    hub_id     text COLLATE "C" NOT NULL DEFAULT '',
    hash       text COLLATE "C" NOT NULL CONSTRAINT calendar_addresses_hash_unique UNIQUE,
    created_at timestamptz NOT NULL,
    CONSTRAINT calendar_addresses_member_hub_unique UNIQUE (member_id, hub_id)
);
