-- What each device of a teen was lent of the day that is open: {day, of: {device: {up_to_seconds, until}}}. One row a teen, so that
-- nobody lends twice.
create table budget_leases (
    teen_id uuid primary key references teens (account_id) on delete cascade,
    leases jsonb not null
);

-- What was used of a day that is over, added up from slots that are gone. Item `day`: what counted towards the day.
create table usage_days (
    teen_id uuid not null references teens (account_id) on delete cascade,
    day date not null,
    item text not null,
    seconds integer not null check (seconds >= 0),
    primary key (teen_id, day, item)
);
