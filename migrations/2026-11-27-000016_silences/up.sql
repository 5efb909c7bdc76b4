-- What a device says of itself beside its policy, with its last heartbeat.
alter table device_reports
    -- {battery_percent, network, utc_offset_minutes}, as far as it says so.
    add column status jsonb not null default '{}',
    -- How far its wall clock is off.
    add column clock_off_seconds bigint,
    -- When it said itself that it does not hold any more what it had confirmed.
    add column forgot_at timestamptz;

-- After how many hours without a word a device is told of: what the teen's newest policy says, so that the look at all devices reads no
-- policies. Null: not known yet, and nothing is told.
alter table teens add column quiet_hours smallint;

-- When silent devices were last looked for, and since when this epoch counts: before that no device could confirm anything of it.
alter table installation
    add column silences_looked_at timestamptz,
    add column epoch_since timestamptz not null default now();

-- Devices that confirmed nothing for too long, or were taken out of the family's hands. One open row a device.
create table silences (
    id uuid primary key,
    teen_id uuid not null references teens (account_id) on delete cascade,
    device_id uuid not null references devices (id) on delete cascade,
    reason text not null check (reason in ('not_heard', 'not_confirmed', 'removed')),
    since timestamptz not null,
    raised_at timestamptz not null,
    -- What it was measured with: where that moves, it is looked at again.
    quiet_hours smallint not null,
    -- What was known when it was raised.
    last_seen_at timestamptz,
    battery_percent smallint,
    network text,
    signed_out boolean not null,
    cleared_at timestamptz,
    -- By the database's clock: the sweep compares with it.
    moved_recorded_at timestamptz not null default clock_timestamp()
);
create unique index silences_open on silences (device_id) where cleared_at is null;
create index silences_of_teen on silences (teen_id, raised_at desc);
create index silences_moved on silences (moved_recorded_at);
