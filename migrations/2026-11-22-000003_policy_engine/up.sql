-- The policy engine: sets of rules by version, and policies that change by themselves.

-- Every set of rules that was ever proposed, whole and as written. Version 1 ships with the program; every later one needs two
-- operators.
create table rule_sets (
    version bigint primary key check (version > 0),
    files jsonb not null,
    sha256 text not null,
    note text not null,
    -- What held when it was proposed: a set is a whole, so one that was written against another must be looked at again.
    based_on bigint not null,
    proposed_by uuid references operators,
    proposed_at timestamptz not null,
    approved_by uuid references operators,
    approved_at timestamptz,
    constraint two_people check (approved_by is null or approved_by <> proposed_by),
    constraint signed check (version = 1 or proposed_by is not null),
    constraint approved_once check (version = 1 or (approved_by is null) = (approved_at is null))
);

-- Which of them holds; 0 before the first start.
alter table installation add column rules_version bigint not null default 0;
-- SHA-256 of the catalogue that every teen's policy was last computed with, or is due to be; null: of a program before this one.
alter table installation add column catalogue bytea;

alter table teens
    -- The band that the policy was last computed for; null: not yet by this program. The birth date stays sealed.
    add column age_band text check (age_band in ('under_13', '13_15', '16_17', 'adult')),
    -- When the policy may change without anybody's doing. A worker looks then; an import of rules sets it to now.
    add column due_at timestamptz default now();
alter table teens alter column due_at drop default;
create index teens_due on teens (due_at) where due_at is not null;

alter table policy_revisions drop constraint policy_revisions_kind_check;
alter table policy_revisions add constraint policy_revisions_kind_check check (kind in (
    'created', 'guardian', 'teen', 'undo', 'unlinked', 'home', 'grant', 'hold', 'revoked', 'over', 'birthday', 'age', 'law',
    'catalogue', 'assurance'));
-- Where a change came from: {"from": "session"}, {"from": "device", "device_id": …}, {"from": "platform"}, "operator", "server".
alter table policy_revisions add column origin jsonb not null default '{"from": "session"}';

-- What guardians see of it, where that is less than the whole: {"changes": […], "hides_reason": …}.
alter table policy_revisions add column seen jsonb;

-- What a teen answers to a change. One answer, which can be replaced.
create table revision_replies (
    teen_id uuid not null,
    revision bigint not null,
    text text not null,
    made_at timestamptz not null,
    -- Whether it replaced an earlier one.
    edited boolean not null default false,
    primary key (teen_id, revision),
    foreign key (teen_id, revision) references policy_revisions on delete cascade
);
