-- People: accounts, organisations, tiers, credits, certifications, privacy. For SQLite.
-- Its twin for PostgreSQL says what each table is for.

-- +goose Up
ALTER TABLE operators ADD COLUMN privacy_name TEXT NOT NULL DEFAULT '';
ALTER TABLE operators ADD COLUMN privacy_email TEXT NOT NULL DEFAULT '';
ALTER TABLE operators ADD COLUMN privacy_phone TEXT NOT NULL DEFAULT '';

ALTER TABLE resources ADD COLUMN requirements TEXT NOT NULL DEFAULT '{}';
ALTER TABLE resources ADD COLUMN policy_own TEXT NOT NULL DEFAULT '*';

CREATE TABLE policy_defaults (
    hub_id      TEXT NOT NULL DEFAULT '',
    category_id TEXT NOT NULL DEFAULT '',
    policy      TEXT NOT NULL,
    version     INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT policy_defaults_pkey PRIMARY KEY (hub_id, category_id)
);

CREATE TABLE conditions (
    id         TEXT NOT NULL CONSTRAINT conditions_pkey PRIMARY KEY,
    slug       TEXT NOT NULL CONSTRAINT conditions_slug_unique UNIQUE,
    hub_id     TEXT NOT NULL DEFAULT '',
    name       TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE condition_texts (
    condition_id TEXT NOT NULL CONSTRAINT condition_texts_condition_fkey REFERENCES conditions (id),
    version      INTEGER NOT NULL,
    text         TEXT NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    made_by      TEXT NOT NULL,
    CONSTRAINT condition_texts_pkey PRIMARY KEY (condition_id, version)
);
-- +goose StatementBegin
CREATE TRIGGER condition_texts_append_only_update BEFORE UPDATE ON condition_texts
BEGIN
    SELECT RAISE(ABORT, 'condition_texts_append_only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER condition_texts_append_only_delete BEFORE DELETE ON condition_texts
BEGIN
    SELECT RAISE(ABORT, 'condition_texts_append_only');
END;
-- +goose StatementEnd

ALTER TABLE members ADD COLUMN phone TEXT NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN birth_date TEXT NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN clientele TEXT NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN email_verified_at TIMESTAMP;
ALTER TABLE members ADD COLUMN guardian_consent_at TIMESTAMP;
ALTER TABLE members ADD COLUMN guardian_consent_by TEXT NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN seen_at TIMESTAMP;
ALTER TABLE members ADD COLUMN erased_at TIMESTAMP;
ALTER TABLE members ADD COLUMN standing INTEGER NOT NULL DEFAULT 1;
UPDATE members SET email_verified_at = created_at WHERE email_key IS NOT NULL;

CREATE TABLE organisations (
    id         TEXT NOT NULL CONSTRAINT organisations_pkey PRIMARY KEY,
    name       TEXT NOT NULL,
    name_key   TEXT NOT NULL CONSTRAINT organisations_name_unique UNIQUE,
    sector     TEXT NOT NULL CONSTRAINT organisations_sector_check CHECK (sector IN ('savoir', 'affaires', 'culture')),
    clientele  TEXT NOT NULL DEFAULT '',
    email      TEXT NOT NULL DEFAULT '',
    phone      TEXT NOT NULL DEFAULT '',
    hub_id     TEXT CONSTRAINT organisations_hub_fkey REFERENCES hubs (id),
    active     BOOLEAN NOT NULL DEFAULT true,
    created_at TIMESTAMP NOT NULL,
    standing   INTEGER NOT NULL DEFAULT 1,
    version    INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE organisation_members (
    organisation_id TEXT NOT NULL CONSTRAINT organisation_members_organisation_fkey REFERENCES organisations (id),
    member_id       TEXT NOT NULL CONSTRAINT organisation_members_member_fkey REFERENCES members (id),
    manages         BOOLEAN NOT NULL DEFAULT false,
    created_at      TIMESTAMP NOT NULL,
    CONSTRAINT organisation_members_pkey PRIMARY KEY (organisation_id, member_id)
);
CREATE INDEX organisation_members_member ON organisation_members (member_id);

ALTER TABLE grants ADD COLUMN rights TEXT NOT NULL DEFAULT '';

CREATE TABLE sessions (
    id         TEXT NOT NULL CONSTRAINT sessions_pkey PRIMARY KEY,
    member_id  TEXT NOT NULL CONSTRAINT sessions_member_fkey REFERENCES members (id),
    hash       TEXT NOT NULL CONSTRAINT sessions_hash_unique UNIQUE,
    method     TEXT NOT NULL,
    factors    INTEGER NOT NULL CONSTRAINT sessions_factors_check CHECK (factors IN (1, 2)),
    device     TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    seen_at    TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP
);
CREATE INDEX sessions_member ON sessions (member_id);

CREATE TABLE sign_ins (
    id         TEXT NOT NULL CONSTRAINT sign_ins_pkey PRIMARY KEY,
    purpose    TEXT NOT NULL CONSTRAINT sign_ins_purpose_check CHECK (purpose IN ('sign_in', 'verify')),
    email      TEXT NOT NULL,
    email_key  TEXT NOT NULL,
    member_id  TEXT CONSTRAINT sign_ins_member_fkey REFERENCES members (id),
    language   TEXT NOT NULL,
    browser    TEXT NOT NULL,
    link_hash  TEXT NOT NULL DEFAULT '',
    code_hash  TEXT NOT NULL DEFAULT '',
    tries      INTEGER NOT NULL DEFAULT 0,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    proved_at  TIMESTAMP,
    used_at    TIMESTAMP
);
CREATE INDEX sign_ins_expires ON sign_ins (expires_at);
CREATE INDEX sign_ins_link ON sign_ins (link_hash);

CREATE TABLE passwords (
    member_id  TEXT NOT NULL CONSTRAINT passwords_member_fkey REFERENCES members (id) CONSTRAINT passwords_pkey PRIMARY KEY,
    hash       TEXT NOT NULL,
    changed_at TIMESTAMP NOT NULL
);
CREATE TABLE passkeys (
    id         TEXT NOT NULL CONSTRAINT passkeys_pkey PRIMARY KEY,
    member_id  TEXT NOT NULL CONSTRAINT passkeys_member_fkey REFERENCES members (id),
    credential TEXT NOT NULL CONSTRAINT passkeys_credential_unique UNIQUE,
    data       TEXT NOT NULL,
    label      TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    used_at    TIMESTAMP
);
CREATE INDEX passkeys_member ON passkeys (member_id);
CREATE TABLE authenticators (
    member_id    TEXT NOT NULL CONSTRAINT authenticators_member_fkey REFERENCES members (id) CONSTRAINT authenticators_pkey PRIMARY KEY,
    secret       TEXT NOT NULL,
    last_step    INTEGER NOT NULL DEFAULT 0,
    created_at   TIMESTAMP NOT NULL,
    confirmed_at TIMESTAMP
);
CREATE TABLE recovery_codes (
    member_id  TEXT NOT NULL CONSTRAINT recovery_codes_member_fkey REFERENCES members (id),
    hash       TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    used_at    TIMESTAMP,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (member_id, hash)
);
CREATE TABLE ceremonies (
    id         TEXT NOT NULL CONSTRAINT ceremonies_pkey PRIMARY KEY,
    kind       TEXT NOT NULL,
    member_id  TEXT CONSTRAINT ceremonies_member_fkey REFERENCES members (id),
    browser    TEXT NOT NULL,
    data       TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX ceremonies_expires ON ceremonies (expires_at);
CREATE TABLE external_identities (
    issuer     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    member_id  TEXT NOT NULL CONSTRAINT external_identities_member_fkey REFERENCES members (id),
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT external_identities_pkey PRIMARY KEY (issuer, subject)
);
CREATE INDEX external_identities_member ON external_identities (member_id);
CREATE TABLE attempts (
    bucket  TEXT NOT NULL CONSTRAINT attempts_pkey PRIMARY KEY,
    count   INTEGER NOT NULL,
    ends_at TIMESTAMP NOT NULL
);
CREATE INDEX attempts_ends ON attempts (ends_at);

CREATE TABLE tiers (
    id          TEXT NOT NULL CONSTRAINT tiers_pkey PRIMARY KEY,
    slug        TEXT NOT NULL CONSTRAINT tiers_slug_unique UNIQUE,
    hub_id      TEXT NOT NULL DEFAULT '',
    name        TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '{}',
    price_cents INTEGER NOT NULL DEFAULT 0 CONSTRAINT tiers_price_check CHECK (price_cents >= 0),
    currency    TEXT NOT NULL DEFAULT 'CAD',
    period      TEXT NOT NULL DEFAULT 'none' CONSTRAINT tiers_period_check CHECK (period IN ('none', 'month', 'year')),
    valid_from  TEXT NOT NULL DEFAULT '',
    valid_until TEXT NOT NULL DEFAULT '',
    reach       TEXT NOT NULL DEFAULT 'network' CONSTRAINT tiers_reach_check CHECK (reach IN ('hub', 'region', 'network')),
    visitor     BOOLEAN NOT NULL DEFAULT false,
    archived    BOOLEAN NOT NULL DEFAULT false,
    version     INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE tier_allowances (
    id             TEXT NOT NULL CONSTRAINT tier_allowances_pkey PRIMARY KEY,
    tier_id        TEXT NOT NULL CONSTRAINT tier_allowances_tier_fkey REFERENCES tiers (id),
    kind           TEXT NOT NULL DEFAULT '',
    category_id    TEXT NOT NULL DEFAULT '',
    day_min        INTEGER,
    week_min       INTEGER,
    month_min      INTEGER,
    beyond         TEXT NOT NULL DEFAULT 'refused' CONSTRAINT tier_allowances_beyond_check CHECK (beyond IN ('refused', 'charged')),
    horizon_days   INTEGER,
    longest_min    INTEGER,
    upcoming       INTEGER,
    after_hours    BOOLEAN NOT NULL DEFAULT false,
    price_percent  INTEGER NOT NULL DEFAULT 100 CONSTRAINT tier_allowances_percent_check CHECK (price_percent >= 0 AND price_percent <= 1000),
    archived       BOOLEAN NOT NULL DEFAULT false
);
CREATE INDEX tier_allowances_tier ON tier_allowances (tier_id);

CREATE TABLE memberships (
    id              TEXT NOT NULL CONSTRAINT memberships_pkey PRIMARY KEY,
    member_id       TEXT CONSTRAINT memberships_member_fkey REFERENCES members (id),
    organisation_id TEXT CONSTRAINT memberships_organisation_fkey REFERENCES organisations (id),
    tier_id         TEXT NOT NULL CONSTRAINT memberships_tier_fkey REFERENCES tiers (id),
    hub_id          TEXT NOT NULL CONSTRAINT memberships_hub_fkey REFERENCES hubs (id),
    starts_on       TEXT NOT NULL,
    ends_on         TEXT NOT NULL DEFAULT '',
    renews          BOOLEAN NOT NULL DEFAULT false,
    made_by         TEXT NOT NULL,
    created_at      TIMESTAMP NOT NULL,
    cancelled_at    TIMESTAMP, -- undone before it began: it never counts
    version         INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT memberships_holder_check CHECK ((member_id IS NULL) <> (organisation_id IS NULL)),
    CONSTRAINT memberships_span_check CHECK (ends_on = '' OR ends_on >= starts_on)
);
CREATE INDEX memberships_member ON memberships (member_id);
CREATE INDEX memberships_organisation ON memberships (organisation_id);
CREATE INDEX memberships_ends ON memberships (ends_on);
CREATE TABLE membership_pauses (
    id            TEXT NOT NULL CONSTRAINT membership_pauses_pkey PRIMARY KEY,
    membership_id TEXT NOT NULL CONSTRAINT membership_pauses_membership_fkey REFERENCES memberships (id),
    from_on       TEXT NOT NULL,
    until_on      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX membership_pauses_membership ON membership_pauses (membership_id);

CREATE TABLE packs (
    id              TEXT NOT NULL CONSTRAINT packs_pkey PRIMARY KEY,
    member_id       TEXT CONSTRAINT packs_member_fkey REFERENCES members (id),
    organisation_id TEXT CONSTRAINT packs_organisation_fkey REFERENCES organisations (id),
    hub_id          TEXT NOT NULL DEFAULT '',
    kind            TEXT NOT NULL DEFAULT '',
    category_id     TEXT NOT NULL DEFAULT '',
    minutes         INTEGER NOT NULL CONSTRAINT packs_minutes_check CHECK (minutes > 0),
    price_cents     INTEGER NOT NULL DEFAULT 0,
    expires_on      TEXT NOT NULL DEFAULT '',
    made_by         TEXT NOT NULL,
    created_at      TIMESTAMP NOT NULL,
    CONSTRAINT packs_holder_check CHECK ((member_id IS NULL) <> (organisation_id IS NULL))
);
CREATE INDEX packs_member ON packs (member_id);
CREATE INDEX packs_organisation ON packs (organisation_id);

CREATE TABLE ledger (
    id              TEXT NOT NULL CONSTRAINT ledger_pkey PRIMARY KEY,
    at              TIMESTAMP NOT NULL,
    by_id           TEXT NOT NULL,
    member_id       TEXT,
    organisation_id TEXT,
    pack_id         TEXT CONSTRAINT ledger_pack_fkey REFERENCES packs (id),
    allowance_id    TEXT CONSTRAINT ledger_allowance_fkey REFERENCES tier_allowances (id),
    period          TEXT NOT NULL DEFAULT '' CONSTRAINT ledger_period_check CHECK (period IN ('', 'day', 'week', 'month')),
    period_start    TEXT NOT NULL DEFAULT '',
    booking_id      TEXT CONSTRAINT ledger_booking_fkey REFERENCES bookings (id),
    minutes         INTEGER NOT NULL,
    reason          TEXT NOT NULL CONSTRAINT ledger_reason_check CHECK (reason IN ('grant', 'use', 'return', 'correction', 'gift', 'damage', 'other')),
    CONSTRAINT ledger_source_check CHECK ((pack_id IS NULL) <> (allowance_id IS NULL))
);
CREATE INDEX ledger_pack ON ledger (pack_id);
CREATE INDEX ledger_member ON ledger (member_id, period_start);
CREATE INDEX ledger_organisation ON ledger (organisation_id, period_start);
CREATE INDEX ledger_booking ON ledger (booking_id);
-- +goose StatementBegin
CREATE TRIGGER ledger_append_only_update BEFORE UPDATE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'ledger_append_only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_append_only_delete BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'ledger_append_only');
END;
-- +goose StatementEnd

CREATE TABLE certifications (
    id            TEXT NOT NULL CONSTRAINT certifications_pkey PRIMARY KEY,
    slug          TEXT NOT NULL CONSTRAINT certifications_slug_unique UNIQUE,
    hub_id        TEXT NOT NULL DEFAULT '',
    name          TEXT NOT NULL,
    description   TEXT NOT NULL DEFAULT '{}',
    valid_months  INTEGER NOT NULL DEFAULT 0,
    unused_months INTEGER NOT NULL DEFAULT 0,
    archived      BOOLEAN NOT NULL DEFAULT false,
    version       INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE certificates (
    id               TEXT NOT NULL CONSTRAINT certificates_pkey PRIMARY KEY,
    member_id        TEXT NOT NULL CONSTRAINT certificates_member_fkey REFERENCES members (id),
    certification_id TEXT NOT NULL CONSTRAINT certificates_certification_fkey REFERENCES certifications (id),
    hub_id           TEXT NOT NULL DEFAULT '',
    given_by         TEXT NOT NULL,
    given_at         TIMESTAMP NOT NULL,
    from_on          TEXT NOT NULL,
    until_on         TEXT NOT NULL DEFAULT '',
    revoked_at       TIMESTAMP,
    revoked_by       TEXT NOT NULL DEFAULT '',
    reason           TEXT NOT NULL DEFAULT '',
    version          INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX certificates_member ON certificates (member_id);
-- +goose StatementBegin
CREATE TRIGGER certificates_kept_delete BEFORE DELETE ON certificates
BEGIN
    SELECT RAISE(ABORT, 'certificates_kept');
END;
-- +goose StatementEnd
CREATE TABLE equivalences (
    id           TEXT NOT NULL CONSTRAINT equivalences_pkey PRIMARY KEY,
    hub_id       TEXT NOT NULL CONSTRAINT equivalences_hub_fkey REFERENCES hubs (id),
    accepted_id  TEXT NOT NULL CONSTRAINT equivalences_accepted_fkey REFERENCES certifications (id),
    counts_as_id TEXT NOT NULL CONSTRAINT equivalences_counts_as_fkey REFERENCES certifications (id),
    made_by      TEXT NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    ended_at     TIMESTAMP
);
CREATE INDEX equivalences_hub ON equivalences (hub_id);

ALTER TABLE bookings ADD COLUMN organisation_id TEXT CONSTRAINT bookings_organisation_fkey REFERENCES organisations (id);
ALTER TABLE bookings ADD COLUMN attendance INTEGER NOT NULL DEFAULT 1;
ALTER TABLE bookings ADD COLUMN reason TEXT NOT NULL DEFAULT '';
CREATE INDEX bookings_organisation_ends ON bookings (organisation_id, ends_at);

CREATE TABLE waivers (
    id         TEXT NOT NULL CONSTRAINT waivers_pkey PRIMARY KEY,
    booking_id TEXT NOT NULL CONSTRAINT waivers_booking_fkey REFERENCES bookings (id),
    rule       TEXT NOT NULL,
    reason     TEXT NOT NULL,
    given_by   TEXT NOT NULL,
    given_at   TIMESTAMP NOT NULL
);
CREATE INDEX waivers_booking ON waivers (booking_id);
CREATE TABLE booking_certificates (
    booking_id     TEXT NOT NULL CONSTRAINT booking_certificates_booking_fkey REFERENCES bookings (id),
    certificate_id TEXT NOT NULL CONSTRAINT booking_certificates_certificate_fkey REFERENCES certificates (id),
    CONSTRAINT booking_certificates_pkey PRIMARY KEY (booking_id, certificate_id)
);
CREATE INDEX booking_certificates_certificate ON booking_certificates (certificate_id);
CREATE TABLE acceptances (
    member_id    TEXT NOT NULL CONSTRAINT acceptances_member_fkey REFERENCES members (id),
    condition_id TEXT NOT NULL,
    version      INTEGER NOT NULL,
    at           TIMESTAMP NOT NULL,
    by_id        TEXT NOT NULL,
    booking_id   TEXT NOT NULL DEFAULT '',
    CONSTRAINT acceptances_pkey PRIMARY KEY (member_id, condition_id, version),
    CONSTRAINT acceptances_text_fkey FOREIGN KEY (condition_id, version) REFERENCES condition_texts (condition_id, version)
);
CREATE TABLE notices_sent (
    subject_id TEXT NOT NULL,
    what       TEXT NOT NULL,
    at         TIMESTAMP NOT NULL,
    CONSTRAINT notices_sent_pkey PRIMARY KEY (subject_id, what)
);

CREATE TABLE consents (
    id           TEXT NOT NULL CONSTRAINT consents_pkey PRIMARY KEY,
    member_id    TEXT NOT NULL CONSTRAINT consents_member_fkey REFERENCES members (id),
    purpose      TEXT NOT NULL,
    language     TEXT NOT NULL,
    text         TEXT NOT NULL,
    at           TIMESTAMP NOT NULL,
    by_id        TEXT NOT NULL,
    withdrawn_at TIMESTAMP
);
CREATE INDEX consents_member ON consents (member_id);
CREATE TABLE personal_views (
    id         TEXT NOT NULL CONSTRAINT personal_views_pkey PRIMARY KEY,
    at         TIMESTAMP NOT NULL,
    viewer_id  TEXT NOT NULL,
    member_id  TEXT NOT NULL,
    what       TEXT NOT NULL,
    request_id TEXT NOT NULL DEFAULT ''
);
CREATE INDEX personal_views_member ON personal_views (member_id, at);
CREATE INDEX personal_views_at ON personal_views (at);
CREATE TABLE incidents (
    id                    TEXT NOT NULL CONSTRAINT incidents_pkey PRIMARY KEY,
    operator_id           TEXT NOT NULL CONSTRAINT incidents_operator_fkey REFERENCES operators (id),
    happened_on           TEXT NOT NULL DEFAULT '',
    discovered_on         TEXT NOT NULL,
    description           TEXT NOT NULL,
    personal_data         TEXT NOT NULL DEFAULT '',
    persons               INTEGER NOT NULL DEFAULT 0,
    serious_risk          BOOLEAN NOT NULL DEFAULT false,
    authority_notified_on TEXT NOT NULL DEFAULT '',
    persons_notified_on   TEXT NOT NULL DEFAULT '',
    measures              TEXT NOT NULL DEFAULT '',
    closed_on             TEXT NOT NULL DEFAULT '',
    made_by               TEXT NOT NULL,
    created_at            TIMESTAMP NOT NULL,
    version               INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX incidents_operator ON incidents (operator_id);
CREATE TABLE retention (
    kind   TEXT NOT NULL CONSTRAINT retention_pkey PRIMARY KEY,
    months INTEGER NOT NULL CONSTRAINT retention_months_check CHECK (months > 0)
);

INSERT INTO certifications (id, slug, name)
    SELECT lower(hex(randomblob(8))), certification, '{"fr":"' || replace(replace(certification, '\', '\\'), '"', '\"') || '"}'
    FROM (SELECT DISTINCT certification FROM resources WHERE certification <> '') c;
UPDATE resources SET requirements = '{"certifications":["' || replace(replace(certification, '\', '\\'), '"', '\"') || '"]}'
    WHERE certification <> '';
ALTER TABLE resources DROP COLUMN certification;
