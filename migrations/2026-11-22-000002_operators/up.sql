-- Who runs the installation, and the platform's own servers. Neither belongs to a family, so neither is an account.

-- A name is never given twice, not even after a revocation: it says for good who signed for something.
-- Whoever has not taken office holds an invitation alone, which signs for nothing: so whoever makes an operator never sees the token
-- that this operator signs with.
create table operators (
    id uuid primary key,
    name text not null unique,
    token_hash bytea unique check (octet_length(token_hash) = 32),
    invitation_hash bytea unique check (octet_length(invitation_hash) = 32),
    invited_until timestamptz,
    created_at timestamptz not null,
    -- Nobody: the first one, or one who was made when no other lived.
    created_by uuid references operators,
    took_office_at timestamptz,
    revoked_at timestamptz,
    constraint in_office_or_invited check (
        (token_hash is null) = (took_office_at is null)
        and (invitation_hash is null) = (token_hash is not null)
        and (invited_until is null) = (invitation_hash is null)),
    constraint not_made_by_oneself check (created_by <> id)
);
-- Of those whom nobody signed for, one at most lives.
create unique index operators_unsigned on operators ((true)) where created_by is null and revoked_at is null;

-- Two keys may have one name, so that a new one can take over from an old one.
create table platform_keys (
    id uuid primary key,
    name text not null,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    scopes text[] not null check (cardinality(scopes) > 0 and scopes <@ array['decide', 'age', 'assure']),
    created_at timestamptz not null,
    created_by uuid references operators,
    last_used_at timestamptz,
    revoked_at timestamptz
);
