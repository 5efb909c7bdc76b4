-- What is said of a teen's age, what was decided, what was announced and what was objected to.

-- One row for each thing that somebody said: its outcome, never its evidence. The birth date that a person declares is not here, it
-- stays sealed in accounts; a declared signal has a row of the teen's own id, without ages, only once it was found wrong.
create table age_signals (
    id uuid primary key,
    teen_id uuid not null references teens on delete cascade,
    received_at timestamptz not null,
    channel text not null check (channel in ('declared', 'guardian', 'apple', 'google', 'provider', 'appeal')),
    level text not null check (level in ('asserted', 'standard', 'enhanced', 'strict')),
    -- Completed years on the day of receipt, both included; hi is null for "or over".
    lo smallint check (lo between 0 and 120),
    hi smallint check (hi between lo and 120),
    source text not null,
    valid_until timestamptz,
    provider text,
    transaction_sha256 bytea check (octet_length(transaction_sha256) = 32),
    withdrawn_at timestamptz,
    -- Whose word it is, where a guardian said it: it ends with their pairing.
    said_by uuid references accounts on delete cascade,
    constraint no_birth_date_here check ((channel = 'declared') = (lo is null)),
    constraint guardians_words_are_theirs check ((channel = 'guardian') = (said_by is not null))
);
create index age_signals_of_teen on age_signals (teen_id, received_at);
-- One outcome of one check is taken once, for one person.
create unique index age_signals_transaction on age_signals (transaction_sha256) where transaction_sha256 is not null;

-- How decisions changed: only ever added to, and never how old, only which band.
create table age_decisions (
    id uuid primary key,
    teen_id uuid not null references teens on delete cascade,
    band text not null check (band in ('under_13', '13_15', '16_17', 'adult')),
    level text not null check (level in ('asserted', 'standard', 'enhanced', 'strict')),
    reason text not null check (reason in ('interval', 'higher_level', 'younger_on_tie', 'declared_only', 'nothing_known')),
    decided_at timestamptz not null
);
create index age_decisions_of_teen on age_decisions (teen_id, decided_at);

-- Each announcement of a band change, made once by whichever node came first. The day of a change is as exact as a birth date; who may
-- read the database can tell one from it.
create table transition_notices (
    teen_id uuid not null references teens on delete cascade,
    on_date date not null,
    stage text not null check (stage in ('days_30', 'days_7', 'on_the_day')),
    from_band text not null,
    to_band text not null,
    made_at timestamptz not null,
    -- What was told to change on that day.
    changes jsonb not null,
    made_recorded_at timestamptz not null default clock_timestamp(),
    primary key (teen_id, on_date, stage)
);
create index transition_notices_lately on transition_notices (made_recorded_at);

-- Objections to a decision, and their answers.
create table age_appeals (
    id uuid primary key,
    teen_id uuid not null references teens on delete cascade,
    against uuid not null references age_decisions on delete cascade,
    side text not null check (side in ('teen', 'guardian')),
    opened_by uuid not null references accounts on delete cascade,
    opened_at timestamptz not null,
    claims text not null check (claims in ('under_13', '13_15', '16_17', 'adult')),
    state text not null check (state in ('open', 'corrected', 'upheld', 'withdrawn')),
    -- {"by": …, "reason": …, "wrong": [ids of signals]}
    answer jsonb,
    answered_at timestamptz,
    answered_recorded_at timestamptz,
    constraint answered_with_reasons check ((state in ('corrected', 'upheld')) = (answer is not null))
);
create index age_appeals_lately on age_appeals (answered_recorded_at) where answered_recorded_at is not null;
-- Who has an open one has no second.
create unique index age_appeals_open on age_appeals (teen_id, opened_by) where state = 'open';

-- Whether age_signals has anything of this teen: few have, and a change of limits need not ask.
alter table teens add column has_age_signals boolean not null default false;
-- When both sides were last to be told that a teen's age moved. The sweep finds who was not.
alter table teens add column age_moved_recorded_at timestamptz;
create index teens_age_moved on teens (age_moved_recorded_at) where age_moved_recorded_at is not null;

-- Announcements of band changes are due from now on, so everybody is looked at again.
update teens set due_at = now();
