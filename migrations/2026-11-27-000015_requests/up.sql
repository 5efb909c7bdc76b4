-- What teens ask their guardians for: minutes, a setting, something that a guardian blocked.
create table requests (
    id uuid primary key,
    teen_id uuid not null references teens (account_id) on delete cascade,
    device_id uuid references devices (id) on delete set null,
    asks_for text not null check (asks_for in ('time', 'setting', 'unblock')),
    -- The item (`day`: the whole day), the control, or what is blocked.
    subject text not null,
    -- {"minutes": 30}, {"rest_of_day": true}, {"value": …} or {}.
    wish jsonb not null,
    note text,
    -- The change that this is a proposal against.
    about_revision bigint,
    state text not null check (state in ('pending', 'granted', 'denied', 'cancelled', 'expired')),
    asked_at timestamptz not null,
    expires_at timestamptz not null,
    answered_by uuid references accounts (id) on delete set null,
    answered_at timestamptz,
    -- What was given: of the wish's form, with `until` where it ends.
    answer jsonb,
    answer_note text,
    -- By the database's clock: the sweep compares with it.
    moved_recorded_at timestamptz not null default clock_timestamp()
);
create unique index requests_one_at_a_time on requests (teen_id, asks_for, subject) where state = 'pending';
create index requests_of_teen on requests (teen_id, asked_at desc);
create index requests_pending on requests (expires_at) where state = 'pending';
create index requests_moved on requests (moved_recorded_at);
