-- Minutes that were given beyond a limit, for one local day: a row each, never changed but for being taken back.
create table time_grants (
    id uuid primary key,
    teen_id uuid not null references teens (account_id) on delete cascade,
    day date not null,
    -- Null: the whole day's screen time.
    item text,
    -- Null: the rest of the day.
    minutes smallint check (minutes between 1 and 1440),
    given_by uuid references accounts (id) on delete set null,
    given_at timestamptz not null,
    -- When its day ends.
    until timestamptz not null,
    reason text,
    revoked_at timestamptz,
    revoked_by uuid references accounts (id) on delete set null
);
create index time_grants_of_day on time_grants (teen_id, day);
