-- Codes that a guardian shows for a teen to use: the other direction of an offer. What comes of one is a pairing that waits for the teen's yes.
create table invitations (
    id uuid primary key,
    guardian_id uuid not null references accounts on delete cascade,
    relationship text not null,
    state text not null check (state in ('offered', 'claimed', 'expired', 'cancelled', 'burned')),
    locator text not null check (length(locator) = 4),
    typed_mac bytea not null,
    linked_mac bytea not null,
    wrong_tries smallint not null default 0,
    deadline timestamptz not null,
    made_at timestamptz not null,
    pairing_id uuid references pairings on delete set null
);
create unique index invitations_open_locator on invitations (locator) where state = 'offered';
create index invitations_of_guardian on invitations (guardian_id, id);
