alter table lost_revisions drop column said_by, drop column into_epoch, drop column seen_at;
create table epochs (
    epoch bigint primary key,
    since timestamptz not null default clock_timestamp()
);
alter table policy_revisions drop column recorded_epoch;
