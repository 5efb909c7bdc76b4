-- When each epoch after the first began: what was recorded before is what the restore or the failover had kept.
create table epochs (
    epoch bigint primary key,
    since timestamptz not null default clock_timestamp()
);

-- Revisions that a device had and this database has lost, by the device's own word or because a node had sent them.
create table lost_revisions (
    device_id uuid primary key references devices on delete cascade,
    epoch bigint not null,
    from_revision bigint not null,
    to_revision bigint not null check (to_revision >= from_revision),
    found_at timestamptz not null
);
