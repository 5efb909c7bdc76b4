-- The epoch in which a revision was recorded, so that what a restore or a failover kept can be told from what came after it without
-- any clock. Null: recorded by a program before this one. It is not the epoch that devices are told: that is the installation's.
alter table policy_revisions add column recorded_epoch bigint;
-- Only its beginnings were known from the clocks of two machines. A program before this one needs the table only while an epoch grows.
drop table epochs;

alter table lost_revisions
    -- Whose word it is that the device had them: a node had sent them to it, or only the device says so.
    add column said_by text not null default 'device' check (said_by in ('node', 'device')),
    -- The epoch that had come when it was found. For each, the first word counts, and a node's before a device's.
    add column into_epoch bigint not null default 0,
    -- When a guardian first read it.
    add column seen_at timestamptz;
