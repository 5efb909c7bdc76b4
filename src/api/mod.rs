//! HTTP: parse, one verb, answer. A file per resource, a folder per actor. No SQL, no rules.
//!
//! Who may enter: anyone on the network. [`routes`] is the whole list; the OpenAPI document is made from the same handlers,
//! and a test compares the two. `sync` is used for one thing: to hand over a socket, or its fallback ([`live`]).

mod accounts;
mod conformance;
pub mod controls;
mod devices;
pub mod edge;
mod guardian;
mod keys;
pub mod live;
pub mod openapi;
mod ops;
mod platform;
mod presets;
mod sessions;
pub mod shape;
mod shown_code;
mod spoken;
mod teen;
mod unchanging;

use actix_web::web::{self, ServiceConfig};

pub use ops::Scrape;

/// Every route, in the order of a family's journey.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(accounts::sign_up)
        .service(accounts::read_account)
        .service(accounts::change_account)
        .service(accounts::change_password)
        .service(sessions::sign_in)
        .service(sessions::renew)
        .service(sessions::sign_out)
        .service(keys::read_keys)
        .service(controls::read_controls)
        .service(presets::read_presets)
        .service(live::sync_ticket)
        .service(live::open_sync)
        .service(teen::devices::teen_register_device)
        .service(teen::devices::teen_devices)
        .service(teen::devices::teen_revoke_device)
        .service(teen::pairings::teen_offer_pairing)
        .service(teen::pairings::teen_cancel_offer)
        .service(teen::pairings::teen_pairings)
        .service(teen::pairings::teen_use_invitation)
        .service(teen::pairings::teen_confirm_pairing)
        .service(teen::pairings::teen_refuse_pairing)
        .service(teen::pairings::teen_unlink)
        .service(teen::supervision::teen_supervision)
        .service(teen::settings::teen_settings)
        .service(teen::settings::teen_change_settings)
        .service(teen::policy::teen_policy_explained)
        .service(teen::simulation::teen_simulate)
        .service(teen::policy::teen_grants)
        .service(teen::policy::teen_time_grants)
        .service(teen::policy::teen_give_grant_back)
        .service(teen::policy::teen_history)
        .service(teen::policy::teen_reply)
        .service(teen::age::teen_age)
        .service(teen::age::teen_transitions)
        .service(teen::age::teen_appeal_age)
        .service(teen::age::teen_age_appeals)
        .service(teen::age::teen_withdraw_age_appeal)
        .service(teen::requests::teen_ask)
        .service(teen::requests::teen_requests)
        .service(teen::requests::teen_cancel_request)
        .service(teen::devices::teen_silences)
        .service(teen::offline_codes::teen_codes)
        .service(teen::offline_codes::teen_codes_typed)
        .service(teen::usage::teen_usage)
        .service(teen::usage::teen_own_usage)
        .service(live::teen_policy)
        .service(guardian::invitations::guardian_invite)
        .service(guardian::invitations::guardian_cancel_invitation)
        .service(guardian::pairings::guardian_claim_pairing)
        .service(guardian::pairings::guardian_pairings)
        .service(guardian::pairings::guardian_unlink)
        .service(guardian::teens::guardian_teens)
        .service(guardian::teens::guardian_teen)
        .service(guardian::teens::guardian_change_teen)
        .service(guardian::settings::guardian_settings)
        .service(guardian::settings::guardian_change_settings)
        .service(guardian::policy::guardian_policy)
        .service(guardian::simulation::guardian_simulate)
        .service(guardian::presets::guardian_presets)
        .service(guardian::grants::guardian_grant)
        .service(guardian::grants::guardian_hold)
        .service(guardian::grants::guardian_grants)
        .service(guardian::grants::guardian_revoke_grant)
        .service(guardian::requests::guardian_requests)
        .service(guardian::requests::guardian_answer)
        .service(guardian::devices::guardian_silences)
        .service(guardian::offline_codes::guardian_make_code)
        .service(guardian::offline_codes::guardian_codes)
        .service(guardian::time::guardian_give_time)
        .service(guardian::time::guardian_time_grants)
        .service(guardian::time::guardian_take_time_back)
        .service(guardian::time::guardian_pause)
        .service(guardian::time::guardian_resume)
        .service(guardian::devices::guardian_devices)
        .service(guardian::usage::guardian_usage)
        .service(guardian::history::guardian_history)
        .service(guardian::history::guardian_undo)
        .service(guardian::age::guardian_age)
        .service(guardian::age::guardian_transitions)
        .service(guardian::age::guardian_attest_age)
        .service(guardian::age::guardian_appeal_age)
        .service(guardian::age::guardian_age_appeals)
        .service(guardian::age::guardian_withdraw_age_appeal)
        .service(platform::key::platform_key)
        .service(platform::assurances::platform_assure)
        .service(platform::decisions::platform_decisions)
        .service(platform::ages::platform_age_signal)
        .service(conformance::read_conformance)
        .service(ops::healthz)
        .service(ops::readyz)
        .service(ops::read_metrics)
        .service(openapi::openapi_document)
        .service(web::redirect("/docs", "/docs/"))
        .service(openapi::docs())
        .default_service(web::to(ops::nothing_here));
}
