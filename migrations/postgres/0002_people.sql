-- People: accounts, organisations, tiers, credits, certifications, privacy. For PostgreSQL.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION refuse_change_of() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0];
END $$;
-- +goose StatementEnd

ALTER TABLE operators ADD COLUMN privacy_name text NOT NULL DEFAULT '';
ALTER TABLE operators ADD COLUMN privacy_email text NOT NULL DEFAULT '';
ALTER TABLE operators ADD COLUMN privacy_phone text NOT NULL DEFAULT '';

-- requirements is what a resource asks of persons, as JSON; policy_own names the parts
-- of policy and requirements that it says itself ('*' is all); the rest comes from
-- policy_defaults, and is written here whenever those change.
ALTER TABLE resources ADD COLUMN requirements text NOT NULL DEFAULT '{}';
ALTER TABLE resources ADD COLUMN policy_own text NOT NULL DEFAULT '*';

-- What the policies of a category, of a hub, or of a category at a hub say, as JSON.
CREATE TABLE policy_defaults (
    hub_id      text COLLATE "C" NOT NULL DEFAULT '',
    category_id text COLLATE "C" NOT NULL DEFAULT '',
    policy      text NOT NULL,
    version     bigint NOT NULL DEFAULT 1,
    CONSTRAINT policy_defaults_pkey PRIMARY KEY (hub_id, category_id)
);

-- Terms that a person accepts; a text once published never changes.
CREATE TABLE conditions (
    id         text COLLATE "C" NOT NULL CONSTRAINT conditions_pkey PRIMARY KEY,
    slug       text COLLATE "C" NOT NULL CONSTRAINT conditions_slug_unique UNIQUE,
    hub_id     text COLLATE "C" NOT NULL DEFAULT '',
    name       text NOT NULL,
    created_at timestamptz NOT NULL,
    version    bigint NOT NULL DEFAULT 1
);
CREATE TABLE condition_texts (
    condition_id text COLLATE "C" NOT NULL CONSTRAINT condition_texts_condition_fkey REFERENCES conditions (id),
    version      bigint NOT NULL,
    text         text NOT NULL,
    created_at   timestamptz NOT NULL,
    made_by      text COLLATE "C" NOT NULL,
    CONSTRAINT condition_texts_pkey PRIMARY KEY (condition_id, version)
);
CREATE TRIGGER condition_texts_append_only_update BEFORE UPDATE ON condition_texts FOR EACH ROW EXECUTE FUNCTION refuse_change_of('condition_texts_append_only');
CREATE TRIGGER condition_texts_append_only_delete BEFORE DELETE ON condition_texts FOR EACH ROW EXECUTE FUNCTION refuse_change_of('condition_texts_append_only');
CREATE TRIGGER condition_texts_append_only_truncate BEFORE TRUNCATE ON condition_texts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of('condition_texts_append_only');

-- standing rises with every change of what a person may book: their memberships,
-- credits, certificates, bookings that count. It is what a booking locks.
ALTER TABLE members ADD COLUMN phone text NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN birth_date text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN clientele text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN email_verified_at timestamptz;
ALTER TABLE members ADD COLUMN guardian_consent_at timestamptz;
ALTER TABLE members ADD COLUMN guardian_consent_by text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN seen_at timestamptz;
ALTER TABLE members ADD COLUMN erased_at timestamptz;
ALTER TABLE members ADD COLUMN standing bigint NOT NULL DEFAULT 1;
UPDATE members SET email_verified_at = created_at WHERE email_key IS NOT NULL;

CREATE TABLE organisations (
    id         text COLLATE "C" NOT NULL CONSTRAINT organisations_pkey PRIMARY KEY,
    name       text NOT NULL,
    name_key   text COLLATE "C" NOT NULL CONSTRAINT organisations_name_unique UNIQUE,
    sector     text COLLATE "C" NOT NULL CONSTRAINT organisations_sector_check CHECK (sector IN ('savoir', 'affaires', 'culture')),
    clientele  text COLLATE "C" NOT NULL DEFAULT '',
    email      text NOT NULL DEFAULT '',
    phone      text NOT NULL DEFAULT '',
    hub_id     text COLLATE "C" CONSTRAINT organisations_hub_fkey REFERENCES hubs (id),
    active     boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    standing   bigint NOT NULL DEFAULT 1,
    version    bigint NOT NULL DEFAULT 1
);
-- Who may act for an organisation; manages: may name others.
CREATE TABLE organisation_members (
    organisation_id text COLLATE "C" NOT NULL CONSTRAINT organisation_members_organisation_fkey REFERENCES organisations (id),
    member_id       text COLLATE "C" NOT NULL CONSTRAINT organisation_members_member_fkey REFERENCES members (id),
    manages         boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL,
    CONSTRAINT organisation_members_pkey PRIMARY KEY (organisation_id, member_id)
);
CREATE INDEX organisation_members_member ON organisation_members (member_id);

-- rights '' means those of the role; else exactly these, separated by spaces.
ALTER TABLE grants ADD COLUMN rights text COLLATE "C" NOT NULL DEFAULT '';

CREATE TABLE sessions (
    id         text COLLATE "C" NOT NULL CONSTRAINT sessions_pkey PRIMARY KEY,
    member_id  text COLLATE "C" NOT NULL CONSTRAINT sessions_member_fkey REFERENCES members (id),
    hash       text COLLATE "C" NOT NULL CONSTRAINT sessions_hash_unique UNIQUE,
    method     text COLLATE "C" NOT NULL,
    factors    bigint NOT NULL CONSTRAINT sessions_factors_check CHECK (factors IN (1, 2)),
    device     text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_member ON sessions (member_id);

-- One request for a link and a code by e-mail. The secrets are made when the message
-- is written, and only their hashes are kept. browser is the hash of what the asking
-- browser holds: the code counts only there.
CREATE TABLE sign_ins (
    id         text COLLATE "C" NOT NULL CONSTRAINT sign_ins_pkey PRIMARY KEY,
    purpose    text COLLATE "C" NOT NULL CONSTRAINT sign_ins_purpose_check CHECK (purpose IN ('sign_in', 'verify')),
    email      text NOT NULL,
    email_key  text COLLATE "C" NOT NULL,
    member_id  text COLLATE "C" CONSTRAINT sign_ins_member_fkey REFERENCES members (id),
    language   text NOT NULL,
    browser    text COLLATE "C" NOT NULL,
    link_hash  text COLLATE "C" NOT NULL DEFAULT '',
    code_hash  text COLLATE "C" NOT NULL DEFAULT '',
    tries      bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    proved_at  timestamptz,
    used_at    timestamptz
);
CREATE INDEX sign_ins_expires ON sign_ins (expires_at);
CREATE INDEX sign_ins_link ON sign_ins (link_hash);

CREATE TABLE passwords (
    member_id  text COLLATE "C" NOT NULL CONSTRAINT passwords_member_fkey REFERENCES members (id) CONSTRAINT passwords_pkey PRIMARY KEY,
    hash       text NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE TABLE passkeys (
    id         text COLLATE "C" NOT NULL CONSTRAINT passkeys_pkey PRIMARY KEY,
    member_id  text COLLATE "C" NOT NULL CONSTRAINT passkeys_member_fkey REFERENCES members (id),
    credential text COLLATE "C" NOT NULL CONSTRAINT passkeys_credential_unique UNIQUE,
    data       text NOT NULL,
    label      text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX passkeys_member ON passkeys (member_id);
CREATE TABLE authenticators (
    member_id    text COLLATE "C" NOT NULL CONSTRAINT authenticators_member_fkey REFERENCES members (id) CONSTRAINT authenticators_pkey PRIMARY KEY,
    secret       text NOT NULL,
    last_step    bigint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    confirmed_at timestamptz
);
CREATE TABLE recovery_codes (
    member_id  text COLLATE "C" NOT NULL CONSTRAINT recovery_codes_member_fkey REFERENCES members (id),
    hash       text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    used_at    timestamptz,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (member_id, hash)
);
-- A passkey or OpenID Connect exchange under way; browser as in sign_ins.
CREATE TABLE ceremonies (
    id         text COLLATE "C" NOT NULL CONSTRAINT ceremonies_pkey PRIMARY KEY,
    kind       text COLLATE "C" NOT NULL,
    member_id  text COLLATE "C" CONSTRAINT ceremonies_member_fkey REFERENCES members (id),
    browser    text COLLATE "C" NOT NULL,
    data       text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ceremonies_expires ON ceremonies (expires_at);
CREATE TABLE external_identities (
    issuer     text COLLATE "C" NOT NULL,
    subject    text COLLATE "C" NOT NULL,
    member_id  text COLLATE "C" NOT NULL CONSTRAINT external_identities_member_fkey REFERENCES members (id),
    created_at timestamptz NOT NULL,
    CONSTRAINT external_identities_pkey PRIMARY KEY (issuer, subject)
);
CREATE INDEX external_identities_member ON external_identities (member_id);
-- How often something was tried; bucket is a hash of what is counted.
CREATE TABLE attempts (
    bucket  text COLLATE "C" NOT NULL CONSTRAINT attempts_pkey PRIMARY KEY,
    count   bigint NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE INDEX attempts_ends ON attempts (ends_at);

-- hub_id '' is a tier of the network. visitor: of persons without a membership.
CREATE TABLE tiers (
    id          text COLLATE "C" NOT NULL CONSTRAINT tiers_pkey PRIMARY KEY,
    slug        text COLLATE "C" NOT NULL CONSTRAINT tiers_slug_unique UNIQUE,
    hub_id      text COLLATE "C" NOT NULL DEFAULT '',
    name        text NOT NULL,
    description text NOT NULL DEFAULT '{}',
    price_cents bigint NOT NULL DEFAULT 0 CONSTRAINT tiers_price_check CHECK (price_cents >= 0),
    currency    text NOT NULL DEFAULT 'CAD',
    period      text COLLATE "C" NOT NULL DEFAULT 'none' CONSTRAINT tiers_period_check CHECK (period IN ('none', 'month', 'year')),
    valid_from  text COLLATE "C" NOT NULL DEFAULT '',
    valid_until text COLLATE "C" NOT NULL DEFAULT '',
    reach       text COLLATE "C" NOT NULL DEFAULT 'network' CONSTRAINT tiers_reach_check CHECK (reach IN ('hub', 'region', 'network')),
    visitor     boolean NOT NULL DEFAULT false,
    archived    boolean NOT NULL DEFAULT false,
    version     bigint NOT NULL DEFAULT 1
);
-- What a tier allows of a category, of a kind, or of everything (both ''). NULL does not say.
CREATE TABLE tier_allowances (
    id             text COLLATE "C" NOT NULL CONSTRAINT tier_allowances_pkey PRIMARY KEY,
    tier_id        text COLLATE "C" NOT NULL CONSTRAINT tier_allowances_tier_fkey REFERENCES tiers (id),
    kind           text COLLATE "C" NOT NULL DEFAULT '',
    category_id    text COLLATE "C" NOT NULL DEFAULT '',
    day_min        bigint,
    week_min       bigint,
    month_min      bigint,
    beyond         text COLLATE "C" NOT NULL DEFAULT 'refused' CONSTRAINT tier_allowances_beyond_check CHECK (beyond IN ('refused', 'charged')),
    horizon_days   bigint,
    longest_min    bigint,
    upcoming       bigint,
    after_hours    boolean NOT NULL DEFAULT false,
    price_percent  bigint NOT NULL DEFAULT 100 CONSTRAINT tier_allowances_percent_check CHECK (price_percent >= 0 AND price_percent <= 1000),
    archived       boolean NOT NULL DEFAULT false
);
CREATE INDEX tier_allowances_tier ON tier_allowances (tier_id);

-- Days are of the hub's calendar; ends_on is the last day, '' for none.
CREATE TABLE memberships (
    id              text COLLATE "C" NOT NULL CONSTRAINT memberships_pkey PRIMARY KEY,
    member_id       text COLLATE "C" CONSTRAINT memberships_member_fkey REFERENCES members (id),
    organisation_id text COLLATE "C" CONSTRAINT memberships_organisation_fkey REFERENCES organisations (id),
    tier_id         text COLLATE "C" NOT NULL CONSTRAINT memberships_tier_fkey REFERENCES tiers (id),
    hub_id          text COLLATE "C" NOT NULL CONSTRAINT memberships_hub_fkey REFERENCES hubs (id),
    starts_on       text COLLATE "C" NOT NULL,
    ends_on         text COLLATE "C" NOT NULL DEFAULT '',
    renews          boolean NOT NULL DEFAULT false,
    made_by         text COLLATE "C" NOT NULL,
    created_at      timestamptz NOT NULL,
    cancelled_at    timestamptz, -- undone before it began: it never counts
    version         bigint NOT NULL DEFAULT 1,
    CONSTRAINT memberships_holder_check CHECK ((member_id IS NULL) <> (organisation_id IS NULL)),
    CONSTRAINT memberships_span_check CHECK (ends_on = '' OR ends_on >= starts_on)
);
CREATE INDEX memberships_member ON memberships (member_id);
CREATE INDEX memberships_organisation ON memberships (organisation_id);
CREATE INDEX memberships_ends ON memberships (ends_on);
CREATE TABLE membership_pauses (
    id            text COLLATE "C" NOT NULL CONSTRAINT membership_pauses_pkey PRIMARY KEY,
    membership_id text COLLATE "C" NOT NULL CONSTRAINT membership_pauses_membership_fkey REFERENCES memberships (id),
    from_on       text COLLATE "C" NOT NULL,
    until_on      text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX membership_pauses_membership ON membership_pauses (membership_id);

-- A carnet of prepaid minutes, for a category, a kind, or everything; hub_id '' is everywhere.
CREATE TABLE packs (
    id              text COLLATE "C" NOT NULL CONSTRAINT packs_pkey PRIMARY KEY,
    member_id       text COLLATE "C" CONSTRAINT packs_member_fkey REFERENCES members (id),
    organisation_id text COLLATE "C" CONSTRAINT packs_organisation_fkey REFERENCES organisations (id),
    hub_id          text COLLATE "C" NOT NULL DEFAULT '',
    kind            text COLLATE "C" NOT NULL DEFAULT '',
    category_id     text COLLATE "C" NOT NULL DEFAULT '',
    minutes         bigint NOT NULL CONSTRAINT packs_minutes_check CHECK (minutes > 0),
    price_cents     bigint NOT NULL DEFAULT 0,
    expires_on      text COLLATE "C" NOT NULL DEFAULT '',
    made_by         text COLLATE "C" NOT NULL,
    created_at      timestamptz NOT NULL,
    CONSTRAINT packs_holder_check CHECK ((member_id IS NULL) <> (organisation_id IS NULL))
);
CREATE INDEX packs_member ON packs (member_id);
CREATE INDEX packs_organisation ON packs (organisation_id);

-- Every use and every return of minutes; a balance is the sum of its rows. A row is of a
-- pack, or of an allowance in one period of one holder.
CREATE TABLE ledger (
    id              text COLLATE "C" NOT NULL CONSTRAINT ledger_pkey PRIMARY KEY,
    at              timestamptz NOT NULL,
    by_id           text COLLATE "C" NOT NULL,
    member_id       text COLLATE "C",
    organisation_id text COLLATE "C",
    pack_id         text COLLATE "C" CONSTRAINT ledger_pack_fkey REFERENCES packs (id),
    allowance_id    text COLLATE "C" CONSTRAINT ledger_allowance_fkey REFERENCES tier_allowances (id),
    period          text COLLATE "C" NOT NULL DEFAULT '' CONSTRAINT ledger_period_check CHECK (period IN ('', 'day', 'week', 'month')),
    period_start    text COLLATE "C" NOT NULL DEFAULT '',
    booking_id      text COLLATE "C" CONSTRAINT ledger_booking_fkey REFERENCES bookings (id),
    minutes         bigint NOT NULL,
    reason          text COLLATE "C" NOT NULL CONSTRAINT ledger_reason_check CHECK (reason IN ('grant', 'use', 'return', 'correction', 'gift', 'damage', 'other')),
    CONSTRAINT ledger_source_check CHECK ((pack_id IS NULL) <> (allowance_id IS NULL))
);
CREATE INDEX ledger_pack ON ledger (pack_id);
CREATE INDEX ledger_member ON ledger (member_id, period_start);
CREATE INDEX ledger_organisation ON ledger (organisation_id, period_start);
CREATE INDEX ledger_booking ON ledger (booking_id);
CREATE TRIGGER ledger_append_only_update BEFORE UPDATE ON ledger FOR EACH ROW EXECUTE FUNCTION refuse_change_of('ledger_append_only');
CREATE TRIGGER ledger_append_only_delete BEFORE DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION refuse_change_of('ledger_append_only');
CREATE TRIGGER ledger_append_only_truncate BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of('ledger_append_only');

-- hub_id '' is a certification of the network, honoured everywhere.
CREATE TABLE certifications (
    id            text COLLATE "C" NOT NULL CONSTRAINT certifications_pkey PRIMARY KEY,
    slug          text COLLATE "C" NOT NULL CONSTRAINT certifications_slug_unique UNIQUE,
    hub_id        text COLLATE "C" NOT NULL DEFAULT '',
    name          text NOT NULL,
    description   text NOT NULL DEFAULT '{}',
    valid_months  bigint NOT NULL DEFAULT 0,
    unused_months bigint NOT NULL DEFAULT 0,
    archived      boolean NOT NULL DEFAULT false,
    version       bigint NOT NULL DEFAULT 1
);
-- One person's certification: history, never deleted.
CREATE TABLE certificates (
    id               text COLLATE "C" NOT NULL CONSTRAINT certificates_pkey PRIMARY KEY,
    member_id        text COLLATE "C" NOT NULL CONSTRAINT certificates_member_fkey REFERENCES members (id),
    certification_id text COLLATE "C" NOT NULL CONSTRAINT certificates_certification_fkey REFERENCES certifications (id),
    hub_id           text COLLATE "C" NOT NULL DEFAULT '',
    given_by         text COLLATE "C" NOT NULL,
    given_at         timestamptz NOT NULL,
    from_on          text COLLATE "C" NOT NULL,
    until_on         text COLLATE "C" NOT NULL DEFAULT '',
    revoked_at       timestamptz,
    revoked_by       text COLLATE "C" NOT NULL DEFAULT '',
    reason           text NOT NULL DEFAULT '',
    version          bigint NOT NULL DEFAULT 1
);
CREATE INDEX certificates_member ON certificates (member_id);
CREATE TRIGGER certificates_kept_delete BEFORE DELETE ON certificates FOR EACH ROW EXECUTE FUNCTION refuse_change_of('certificates_kept');
CREATE TRIGGER certificates_kept_truncate BEFORE TRUNCATE ON certificates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of('certificates_kept');
-- At hub_id, holders of certification accepted_id count as holders of counts_as_id.
CREATE TABLE equivalences (
    id           text COLLATE "C" NOT NULL CONSTRAINT equivalences_pkey PRIMARY KEY,
    hub_id       text COLLATE "C" NOT NULL CONSTRAINT equivalences_hub_fkey REFERENCES hubs (id),
    accepted_id  text COLLATE "C" NOT NULL CONSTRAINT equivalences_accepted_fkey REFERENCES certifications (id),
    counts_as_id text COLLATE "C" NOT NULL CONSTRAINT equivalences_counts_as_fkey REFERENCES certifications (id),
    made_by      text COLLATE "C" NOT NULL,
    created_at   timestamptz NOT NULL,
    ended_at     timestamptz
);
CREATE INDEX equivalences_hub ON equivalences (hub_id);

ALTER TABLE bookings ADD COLUMN organisation_id text COLLATE "C" CONSTRAINT bookings_organisation_fkey REFERENCES organisations (id);
ALTER TABLE bookings ADD COLUMN attendance bigint NOT NULL DEFAULT 1;
ALTER TABLE bookings ADD COLUMN reason text NOT NULL DEFAULT '';
CREATE INDEX bookings_organisation_ends ON bookings (organisation_id, ends_at);

-- A named rule that somebody with the right lifted for one booking.
CREATE TABLE waivers (
    id         text COLLATE "C" NOT NULL CONSTRAINT waivers_pkey PRIMARY KEY,
    booking_id text COLLATE "C" NOT NULL CONSTRAINT waivers_booking_fkey REFERENCES bookings (id),
    rule       text COLLATE "C" NOT NULL,
    reason     text NOT NULL,
    given_by   text COLLATE "C" NOT NULL,
    given_at   timestamptz NOT NULL
);
CREATE INDEX waivers_booking ON waivers (booking_id);
-- The certificates that a booking rests on.
CREATE TABLE booking_certificates (
    booking_id     text COLLATE "C" NOT NULL CONSTRAINT booking_certificates_booking_fkey REFERENCES bookings (id),
    certificate_id text COLLATE "C" NOT NULL CONSTRAINT booking_certificates_certificate_fkey REFERENCES certificates (id),
    CONSTRAINT booking_certificates_pkey PRIMARY KEY (booking_id, certificate_id)
);
CREATE INDEX booking_certificates_certificate ON booking_certificates (certificate_id);
CREATE TABLE acceptances (
    member_id    text COLLATE "C" NOT NULL CONSTRAINT acceptances_member_fkey REFERENCES members (id),
    condition_id text COLLATE "C" NOT NULL,
    version      bigint NOT NULL,
    at           timestamptz NOT NULL,
    by_id        text COLLATE "C" NOT NULL,
    booking_id   text COLLATE "C" NOT NULL DEFAULT '',
    CONSTRAINT acceptances_pkey PRIMARY KEY (member_id, condition_id, version),
    CONSTRAINT acceptances_text_fkey FOREIGN KEY (condition_id, version) REFERENCES condition_texts (condition_id, version)
);
-- What was told once and is not told again.
CREATE TABLE notices_sent (
    subject_id text COLLATE "C" NOT NULL,
    what       text COLLATE "C" NOT NULL,
    at         timestamptz NOT NULL,
    CONSTRAINT notices_sent_pkey PRIMARY KEY (subject_id, what)
);

CREATE TABLE consents (
    id           text COLLATE "C" NOT NULL CONSTRAINT consents_pkey PRIMARY KEY,
    member_id    text COLLATE "C" NOT NULL CONSTRAINT consents_member_fkey REFERENCES members (id),
    purpose      text COLLATE "C" NOT NULL,
    language     text NOT NULL,
    text         text NOT NULL,
    at           timestamptz NOT NULL,
    by_id        text COLLATE "C" NOT NULL,
    withdrawn_at timestamptz
);
CREATE INDEX consents_member ON consents (member_id);
-- Who looked at whose personal data.
CREATE TABLE personal_views (
    id         text COLLATE "C" NOT NULL CONSTRAINT personal_views_pkey PRIMARY KEY,
    at         timestamptz NOT NULL,
    viewer_id  text COLLATE "C" NOT NULL,
    member_id  text COLLATE "C" NOT NULL,
    what       text COLLATE "C" NOT NULL,
    request_id text NOT NULL DEFAULT ''
);
CREATE INDEX personal_views_member ON personal_views (member_id, at);
CREATE INDEX personal_views_at ON personal_views (at);
CREATE TABLE incidents (
    id                    text COLLATE "C" NOT NULL CONSTRAINT incidents_pkey PRIMARY KEY,
    operator_id           text COLLATE "C" NOT NULL CONSTRAINT incidents_operator_fkey REFERENCES operators (id),
    happened_on           text COLLATE "C" NOT NULL DEFAULT '',
    discovered_on         text COLLATE "C" NOT NULL,
    description           text NOT NULL,
    personal_data         text NOT NULL DEFAULT '',
    persons               bigint NOT NULL DEFAULT 0,
    serious_risk          boolean NOT NULL DEFAULT false,
    authority_notified_on text COLLATE "C" NOT NULL DEFAULT '',
    persons_notified_on   text COLLATE "C" NOT NULL DEFAULT '',
    measures              text NOT NULL DEFAULT '',
    closed_on             text COLLATE "C" NOT NULL DEFAULT '',
    made_by               text COLLATE "C" NOT NULL,
    created_at            timestamptz NOT NULL,
    version               bigint NOT NULL DEFAULT 1
);
CREATE INDEX incidents_operator ON incidents (operator_id);
-- How many months each kind of personal data is kept; what is not here takes its default.
CREATE TABLE retention (
    kind   text COLLATE "C" NOT NULL CONSTRAINT retention_pkey PRIMARY KEY,
    months bigint NOT NULL CONSTRAINT retention_months_check CHECK (months > 0)
);

-- What a resource asked for in words becomes a certification that can be given, and is asked for from now on.
INSERT INTO certifications (id, slug, name)
    SELECT substr(md5(certification), 1, 16), certification, '{"fr":"' || replace(replace(certification, '\', '\\'), '"', '\"') || '"}'
    FROM (SELECT DISTINCT certification FROM resources WHERE certification <> '') c;
UPDATE resources SET requirements = '{"certifications":["' || replace(replace(certification, '\', '\\'), '"', '\"') || '"]}'
    WHERE certification <> '';
ALTER TABLE resources DROP COLUMN certification;
