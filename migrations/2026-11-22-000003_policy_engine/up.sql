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

create function rule_sets_are_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'a set of rules is never removed';
    end if;
    if (old.version, old.files, old.sha256, old.note, old.based_on, old.proposed_by, old.proposed_at)
        is distinct from (new.version, new.files, new.sha256, new.note, new.based_on, new.proposed_by, new.proposed_at)
        or old.approved_at is not null then
        raise exception 'a set of rules is never changed, and approved once';
    end if;
    if not exists (select from operators where id = new.approved_by and revoked_at is null and took_office_at < new.proposed_at) then
        raise exception 'whoever approves a set of rules was in office before it was proposed, and is';
    end if;
    return new;
end $$;
create trigger rule_sets_kept before update or delete on rule_sets for each row execute function rule_sets_are_kept();

-- Which of them holds; nothing before the first start.
alter table installation add column rules_version bigint references rule_sets;
create function only_approved_rules_hold() returns trigger language plpgsql as $$
begin
    if not exists (select from rule_sets where version = new.rules_version and approved_at is not null) then
        raise exception 'only an approved set of rules can hold';
    end if;
    return new;
end $$;
create trigger approved_rules_hold before update of rules_version on installation
    for each row when (new.rules_version is distinct from old.rules_version) execute function only_approved_rules_hold();

-- Where everybody has to be looked at again, and up to which teen they were made due: an approval starts a round, and so does a new
-- catalogue. Whichever node has nothing else to do goes on with it, a batch at a time.
create table rounds (
    id bigint generated always as identity primary key,
    reach jsonb not null,
    after uuid not null
);

-- SHA-256 of the catalogue that every teen's policy was last computed with, or is due to be; null: of a program before this one.
alter table installation add column catalogue bytea;

alter table teens
    -- The band that the policy was last computed for; null: not yet by this program. The birth date stays sealed.
    add column age_band text check (age_band in ('under_13', '13_15', '16_17', 'adult')),
    -- When the policy may change without anybody's doing. A worker looks then; a round sets it to now.
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
