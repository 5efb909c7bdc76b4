//! Screen time: what was used, lent, given and asked for.

diesel::table! {
    budget_leases (teen_id) {
        teen_id -> Uuid,
        leases -> Jsonb,
    }
}

diesel::table! {
    usage_days (teen_id, day, item) {
        teen_id -> Uuid,
        day -> Date,
        item -> Text,
        seconds -> Integer,
    }
}

diesel::table! {
    usage_slots (device_id, slot, item) {
        device_id -> Uuid,
        slot -> BigInt,
        item -> Text,
        seconds -> SmallInt,
    }
}

diesel::table! {
    time_grants (id) {
        id -> Uuid,
        teen_id -> Uuid,
        day -> Date,
        item -> Nullable<Text>,
        minutes -> Nullable<SmallInt>,
        given_by -> Nullable<Uuid>,
        given_at -> Timestamptz,
        until -> Timestamptz,
        reason -> Nullable<Text>,
        revoked_at -> Nullable<Timestamptz>,
        revoked_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    offline_codes (device_id, number) {
        device_id -> Uuid,
        number -> Integer,
        teen_id -> Uuid,
        minutes -> SmallInt,
        given_by -> Nullable<Uuid>,
        made_at -> Nullable<Timestamptz>,
        reason -> Nullable<Text>,
        typed_on -> Nullable<Date>,
        told_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    requests (id) {
        id -> Uuid,
        teen_id -> Uuid,
        device_id -> Nullable<Uuid>,
        asks_for -> Text,
        subject -> Text,
        wish -> Jsonb,
        note -> Nullable<Text>,
        about_revision -> Nullable<BigInt>,
        state -> Text,
        asked_at -> Timestamptz,
        expires_at -> Timestamptz,
        answered_by -> Nullable<Uuid>,
        answered_at -> Nullable<Timestamptz>,
        answer -> Nullable<Jsonb>,
        answer_note -> Nullable<Text>,
        moved_recorded_at -> Timestamptz,
    }
}
