-- Who runs the installation, and the platform's own servers. Neither belongs to a family, so neither is an account.

-- A name is never given twice, not even after a revocation: it says for good who signed for something.
create table operators (
    id uuid primary key,
    name text not null unique,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    created_at timestamptz not null,
    revoked_at timestamptz
);

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
