//! The tables as diesel sees them. A test compares this file with a migrated database, column by column.

#![expect(missing_docs, reason = "the columns are described where they are made, in migrations/")]

mod time;

pub use self::time::{budget_leases, offline_codes, requests, time_grants, usage_days, usage_slots};

diesel::table! {
    lost_revisions (device_id) {
        device_id -> Uuid,
        epoch -> BigInt,
        from_revision -> BigInt,
        to_revision -> BigInt,
        found_at -> Timestamptz,
        said_by -> Text,
        into_epoch -> BigInt,
        seen_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    installation (only_row) {
        only_row -> Bool,
        epoch -> BigInt,
        system_identifier -> Text,
        timeline -> BigInt,
        rules_version -> Nullable<BigInt>,
        catalogue -> Nullable<Binary>,
        silences_looked_at -> Nullable<Timestamptz>,
        epoch_since -> Timestamptz,
    }
}

diesel::table! {
    signing_keys (key_id) {
        key_id -> Text,
        seed_sealed -> Binary,
        not_before -> Timestamptz,
    }
}

diesel::table! {
    accounts (id) {
        id -> Uuid,
        role -> Text,
        email_index -> Binary,
        email_sealed -> Binary,
        password_hash -> Text,
        display_name -> Text,
        birth_date_sealed -> Nullable<Binary>,
        locale -> Text,
        time_zone -> Text,
        region -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        account_id -> Uuid,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        ended_because -> Nullable<Text>,
        ended_recorded_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    session_tokens (token_hash) {
        token_hash -> Binary,
        session_id -> Uuid,
        kind -> Text,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    teens (account_id) {
        account_id -> Uuid,
        revision -> BigInt,
        home_zone -> Text,
        day_start_minute -> SmallInt,
        settings -> Jsonb,
        age_band -> Nullable<Text>,
        due_at -> Nullable<Timestamptz>,
        has_age_signals -> Bool,
        age_moved_recorded_at -> Nullable<Timestamptz>,
        looks -> BigInt,
        former_homes -> Jsonb,
        quiet_hours -> Nullable<SmallInt>,
    }
}

diesel::table! {
    age_signals (id) {
        id -> Uuid,
        teen_id -> Uuid,
        received_at -> Timestamptz,
        channel -> Text,
        level -> Text,
        lo -> Nullable<SmallInt>,
        hi -> Nullable<SmallInt>,
        source -> Text,
        valid_until -> Nullable<Timestamptz>,
        provider -> Nullable<Text>,
        transaction_sha256 -> Nullable<Binary>,
        withdrawn_at -> Nullable<Timestamptz>,
        said_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    age_decisions (id) {
        id -> Uuid,
        teen_id -> Uuid,
        band -> Text,
        level -> Text,
        reason -> Text,
        decided_at -> Timestamptz,
    }
}

diesel::table! {
    transition_notices (teen_id, on_date, stage) {
        teen_id -> Uuid,
        on_date -> Date,
        stage -> Text,
        from_band -> Text,
        to_band -> Text,
        made_at -> Timestamptz,
        changes -> Jsonb,
        made_recorded_at -> Timestamptz,
    }
}

diesel::table! {
    age_appeals (id) {
        id -> Uuid,
        teen_id -> Uuid,
        against -> Uuid,
        side -> Text,
        opened_by -> Uuid,
        opened_at -> Timestamptz,
        claims -> Text,
        state -> Text,
        answer -> Nullable<Jsonb>,
        answered_at -> Nullable<Timestamptz>,
        answered_recorded_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    policy_revisions (teen_id, revision) {
        teen_id -> Uuid,
        revision -> BigInt,
        kind -> Text,
        controls -> Text,
        home_zone -> Text,
        day_start_minute -> SmallInt,
        changes -> Jsonb,
        undo -> Nullable<Jsonb>,
        made_by -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        made_at -> Timestamptz,
        recorded_at -> Timestamptz,
        origin -> Jsonb,
        seen -> Nullable<Jsonb>,
        recorded_epoch -> Nullable<BigInt>,
        timeline -> Nullable<Text>,
    }
}

diesel::table! {
    revision_replies (teen_id, revision) {
        teen_id -> Uuid,
        revision -> BigInt,
        text -> Text,
        made_at -> Timestamptz,
        edited -> Bool,
    }
}

diesel::table! {
    rule_sets (version) {
        version -> BigInt,
        files -> Jsonb,
        sha256 -> Text,
        note -> Text,
        based_on -> BigInt,
        proposed_by -> Nullable<Uuid>,
        proposed_at -> Timestamptz,
        approved_by -> Nullable<Uuid>,
        approved_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    pairings (id) {
        id -> Uuid,
        teen_id -> Uuid,
        guardian_id -> Nullable<Uuid>,
        state -> Text,
        relationship -> Nullable<Text>,
        locator -> Text,
        typed_mac -> Binary,
        linked_mac -> Binary,
        wrong_tries -> SmallInt,
        deadline -> Timestamptz,
        offered_at -> Timestamptz,
        claimed_at -> Nullable<Timestamptz>,
        answered_at -> Nullable<Timestamptz>,
        ended_at -> Nullable<Timestamptz>,
        ended_by -> Nullable<Uuid>,
        moved_recorded_at -> Timestamptz,
    }
}

diesel::table! {
    invitations (id) {
        id -> Uuid,
        guardian_id -> Uuid,
        relationship -> Text,
        state -> Text,
        locator -> Text,
        typed_mac -> Binary,
        linked_mac -> Binary,
        wrong_tries -> SmallInt,
        deadline -> Timestamptz,
        made_at -> Timestamptz,
        pairing_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    devices (id) {
        id -> Uuid,
        teen_id -> Uuid,
        token_hash -> Binary,
        name -> Text,
        platform -> Text,
        install_id -> Text,
        app_version -> Text,
        created_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        revoked_recorded_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    device_reports (device_id) {
        device_id -> Uuid,
        last_seen_at -> Nullable<Timestamptz>,
        applied_epoch -> Nullable<BigInt>,
        applied_revision -> Nullable<BigInt>,
        applied_sha256 -> Nullable<Text>,
        applied_issues -> Jsonb,
        confirmed_at -> Nullable<Timestamptz>,
        first_confirmed_at -> Nullable<Timestamptz>,
        rejected_epoch -> Nullable<BigInt>,
        rejected_revision -> Nullable<BigInt>,
        rejected_code -> Nullable<Text>,
        rejected_at -> Nullable<Timestamptz>,
        reported_recorded_at -> Nullable<Timestamptz>,
        status -> Jsonb,
        clock_off_seconds -> Nullable<BigInt>,
        forgot_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    silences (id) {
        id -> Uuid,
        teen_id -> Uuid,
        device_id -> Uuid,
        reason -> Text,
        since -> Timestamptz,
        raised_at -> Timestamptz,
        quiet_hours -> SmallInt,
        last_seen_at -> Nullable<Timestamptz>,
        battery_percent -> Nullable<SmallInt>,
        network -> Nullable<Text>,
        signed_out -> Bool,
        cleared_at -> Nullable<Timestamptz>,
        moved_recorded_at -> Timestamptz,
    }
}

diesel::table! {
    audit (id) {
        id -> Uuid,
        at -> Timestamptz,
        actor_id -> Nullable<Uuid>,
        action -> Text,
        teen_id -> Nullable<Uuid>,
        subject_id -> Nullable<Uuid>,
        detail -> Jsonb,
    }
}

diesel::table! {
    idempotency (scope) {
        scope -> Binary,
        body_hash -> Binary,
        answer_sealed -> Nullable<Binary>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    sync_tickets (token_hash) {
        token_hash -> Binary,
        session_id -> Nullable<Uuid>,
        device_id -> Nullable<Uuid>,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    operators (id) {
        id -> Uuid,
        name -> Text,
        token_hash -> Nullable<Binary>,
        invitation_hash -> Nullable<Binary>,
        invited_until -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        created_by -> Nullable<Uuid>,
        took_office_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    rounds (id) {
        id -> BigInt,
        reach -> Jsonb,
        after -> Uuid,
    }
}

diesel::table! {
    platform_keys (id) {
        id -> Uuid,
        name -> Text,
        token_hash -> Binary,
        scopes -> Array<Text>,
        created_at -> Timestamptz,
        created_by -> Nullable<Uuid>,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    age_appeals,
    age_decisions,
    age_signals,
    audit,
    budget_leases,
    device_reports,
    devices,
    idempotency,
    installation,
    invitations,
    lost_revisions,
    offline_codes,
    operators,
    pairings,
    platform_keys,
    policy_revisions,
    requests,
    revision_replies,
    rounds,
    rule_sets,
    session_tokens,
    sessions,
    signing_keys,
    silences,
    sync_tickets,
    teens,
    time_grants,
    transition_notices,
    usage_days,
    usage_slots
);
diesel::joinable!(installation -> rule_sets (rules_version));
diesel::joinable!(session_tokens -> sessions (session_id));
diesel::joinable!(sessions -> accounts (account_id));
diesel::joinable!(teens -> accounts (account_id));
diesel::joinable!(devices -> teens (teen_id));
diesel::joinable!(device_reports -> devices (device_id));
diesel::joinable!(silences -> devices (device_id));
diesel::joinable!(pairings -> teens (teen_id));
