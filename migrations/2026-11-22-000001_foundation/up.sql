-- The foundation: who there is, who is paired with whom, what is wanted, what devices said.
-- Ids are UUIDv7 made by the server. Instants named *_at come from the server's clock; recorded_at comes from the
-- database's, because the sweep compares it with the database's now().

create table installation (
    only_row boolean primary key default true check (only_row),
    epoch bigint not null check (epoch > 0),
    system_identifier text not null,
    timeline bigint not null
);

create table signing_keys (
    key_id text primary key,
    seed_sealed bytea not null,
    not_before timestamptz not null
);

create table accounts (
    id uuid primary key,
    role text not null check (role in ('guardian', 'teen', 'agent')),
    email_index bytea not null unique,
    email_sealed bytea not null,
    password_hash text not null,
    display_name text not null,
    birth_date_sealed bytea,
    locale text not null,
    time_zone text not null,
    region text not null,
    created_at timestamptz not null,
    constraint families_have_birth_dates check (role = 'agent' or birth_date_sealed is not null)
);

create table sessions (
    id uuid primary key,
    account_id uuid not null references accounts on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    ended_because text,
    ended_recorded_at timestamptz
);
create index sessions_of_account on sessions (account_id) where ended_at is null;
create index sessions_ended on sessions (ended_recorded_at) where ended_recorded_at is not null;

create table session_tokens (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    session_id uuid not null references sessions on delete cascade,
    kind text not null check (kind in ('session', 'refresh')),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index session_tokens_of_session on session_tokens (session_id);

create table teens (
    account_id uuid primary key references accounts on delete cascade,
    revision bigint not null check (revision > 0),
    home_zone text not null,
    day_start_minute smallint not null default 0 check (day_start_minute between 0 and 1439),
    settings jsonb not null
);

-- What each revision wanted, whole, so that any node encodes the same bytes; and who made it, when and why.
create table policy_revisions (
    teen_id uuid not null references teens on delete cascade,
    revision bigint not null check (revision > 0),
    kind text not null check (kind in ('created', 'guardian', 'teen', 'undo', 'unlinked', 'home')),
    controls text not null,
    home_zone text not null,
    day_start_minute smallint not null,
    changes jsonb not null,
    undo jsonb,
    made_by uuid references accounts on delete set null,
    reason text,
    made_at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (teen_id, revision)
);
create index policy_revisions_recorded on policy_revisions (recorded_at);

create table pairings (
    id uuid primary key,
    teen_id uuid not null references teens on delete cascade,
    guardian_id uuid references accounts on delete cascade,
    state text not null check (state in ('offered', 'claimed', 'active', 'refused', 'expired', 'cancelled', 'burned', 'ended')),
    relationship text,
    locator text not null check (length(locator) = 4),
    typed_mac bytea not null,
    linked_mac bytea not null,
    wrong_tries smallint not null default 0,
    deadline timestamptz not null,
    offered_at timestamptz not null,
    claimed_at timestamptz,
    answered_at timestamptz,
    ended_at timestamptz,
    ended_by uuid references accounts on delete set null,
    moved_recorded_at timestamptz not null default clock_timestamp(),
    constraint claimed_by_somebody check (state in ('offered', 'expired', 'cancelled', 'burned') or guardian_id is not null)
);
create unique index pairings_open_locator on pairings (locator) where state = 'offered';
-- One guardian per teen until co-guardians arrive.
create unique index pairings_one_guardian on pairings (teen_id) where state = 'active';
create index pairings_of_teen on pairings (teen_id, id);
create index pairings_of_guardian on pairings (guardian_id, id) where guardian_id is not null;
create index pairings_moved on pairings (moved_recorded_at);

create table devices (
    id uuid primary key,
    teen_id uuid not null references teens on delete cascade,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    name text not null,
    platform text not null,
    install_id text not null,
    app_version text not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    revoked_recorded_at timestamptz
);
create index devices_of_teen on devices (teen_id, id);
create index devices_revoked on devices (revoked_recorded_at) where revoked_recorded_at is not null;

-- Apart from devices: rewritten with every heartbeat, so the rows stay narrow and no index is touched.
create table device_reports (
    device_id uuid primary key references devices on delete cascade,
    last_seen_at timestamptz,
    applied_epoch bigint,
    applied_revision bigint,
    applied_sha256 text,
    applied_issues jsonb not null default '[]',
    confirmed_at timestamptz,
    first_confirmed_at timestamptz,
    rejected_epoch bigint,
    rejected_revision bigint,
    rejected_code text,
    rejected_at timestamptz,
    reported_recorded_at timestamptz
) with (fillfactor = 70);

create table usage_slots (
    device_id uuid not null references devices on delete cascade,
    slot bigint not null,
    item text not null,
    seconds smallint not null check (seconds between 0 and 300),
    primary key (device_id, slot, item)
);

create table audit (
    id uuid primary key,
    at timestamptz not null,
    actor_id uuid,
    action text not null,
    teen_id uuid,
    subject_id uuid,
    detail jsonb not null default '{}'
);
create index audit_of_teen on audit (teen_id, id) where teen_id is not null;

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'audit rows are never changed or removed';
end $$;
create trigger audit_append_only before update or delete on audit
    for each row execute function audit_is_append_only();

-- Answers of requests that carried an Idempotency-Key, sealed, for a day.
create table idempotency (
    scope bytea primary key check (octet_length(scope) = 32),
    body_hash bytea not null check (octet_length(body_hash) = 32),
    answer_sealed bytea,
    created_at timestamptz not null
);
create index idempotency_age on idempotency (created_at);

-- A browser's way to a socket: single use, thirty seconds. Here rather than in Redis, so that there is one way and it
-- works without Redis.
create table sync_tickets (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    session_id uuid references sessions on delete cascade,
    device_id uuid references devices on delete cascade,
    expires_at timestamptz not null,
    constraint one_party check ((session_id is null) <> (device_id is null))
);
create index sync_tickets_age on sync_tickets (expires_at);
