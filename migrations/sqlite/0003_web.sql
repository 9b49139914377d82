-- The public web: what to bring, reminders, private calendars. For SQLite.
-- Its twin for PostgreSQL says what each table is for.

-- +goose Up
ALTER TABLE resources ADD COLUMN bring TEXT NOT NULL DEFAULT '{}';

ALTER TABLE bookings ADD COLUMN price_cents INTEGER;

CREATE TABLE reminders (
    booking_id TEXT NOT NULL CONSTRAINT reminders_booking_fkey REFERENCES bookings (id),
    starts_at  TIMESTAMP NOT NULL,
    at         TIMESTAMP NOT NULL,
    CONSTRAINT reminders_pkey PRIMARY KEY (booking_id, starts_at)
);
CREATE INDEX bookings_starts ON bookings (starts_at, id);
CREATE INDEX equivalences_accepted ON equivalences (accepted_id);

CREATE TABLE calendar_addresses (
    id         TEXT NOT NULL CONSTRAINT calendar_addresses_pkey PRIMARY KEY,
    member_id  TEXT NOT NULL CONSTRAINT calendar_addresses_member_fkey REFERENCES members (id),
    hub_id     TEXT NOT NULL DEFAULT '',
    hash       TEXT NOT NULL CONSTRAINT calendar_addresses_hash_unique UNIQUE,
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT calendar_addresses_member_hub_unique UNIQUE (member_id, hub_id)
);
