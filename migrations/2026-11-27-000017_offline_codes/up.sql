-- Codes that guardians read out to a teen whose device cannot reach the server. The code itself is made from the number and is kept nowhere.
create table offline_codes (
    device_id uuid not null references devices (id) on delete cascade,
    number integer not null check (number > 0),
    teen_id uuid not null references teens (account_id) on delete cascade,
    minutes smallint not null check (minutes > 0),
    given_by uuid references accounts (id) on delete set null,
    -- Null: the device tells of a code that nobody made.
    made_at timestamptz,
    reason text,
    -- The local day on which it was typed in, and when the device told of it.
    typed_on date,
    told_at timestamptz,
    primary key (device_id, number)
);
create index offline_codes_of_teen on offline_codes (teen_id);
