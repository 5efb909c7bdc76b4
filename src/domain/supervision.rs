//! What a guardian will see and may set: one list, shown to both sides before and during a pairing.
//!
//! Promise 8, no covert monitoring: a guardian's endpoint that reads something about a teen must be named here, or a
//! test over the OpenAPI document fails. The teen reads the same list at `GET /v1/teen/supervision` and on the consent screen.

pub mod seen;

use serde::Serialize;
use utoipa::ToSchema;

/// One thing that a guardian can see, or set, or never can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Visible {
    /// Stable name, for clients that bring their own words.
    pub id: &'static str,
    /// The same in plain English.
    pub sentence: &'static str,
    /// The operations that it covers, by their OpenAPI ids. Not part of the answer.
    #[serde(skip)]
    pub operations: &'static [&'static str],
}

/// What a guardian of a teen can read.
pub const WILL_SEE: &[Visible] = &[
    Visible {
        id: "profile",
        sentence: "Your name, your age band (not your birth date), your home time zone and since when you are paired.",
        operations: &["guardian_teens", "guardian_teen", "guardian_pairings"],
    },
    Visible {
        id: "age",
        sentence: "How old you are taken to be (a band, and how sure it is), when that changes and what the change does; what they objected to it, and how each objection was answered, yours too. Not how it was shown.",
        operations: &["guardian_age", "guardian_transitions", "guardian_age_appeals"],
    },
    Visible {
        id: "limits",
        sentence: "Your limits: what they set, what you set yourself and why, what the platform or the law sets, and which of them counts, now and later. A change that comes with a birthday shows on which day that is. Of your block list they see how many entries you added, not which and not why.",
        operations: &[
            "guardian_settings",
            "guardian_policy",
            "guardian_grants",
            "guardian_time_grants",
            "guardian_codes",
            "guardian_simulate",
            "guardian_presets",
        ],
    },
    Visible {
        id: "devices",
        sentence: "The names of your devices, whether they are connected, when they were last heard, whether their clock and time zone are right (not which zone they are set to) or were wrong within the last week, whether one came back without limits that it had, and whether they apply the limits. When one is silent for long or you take it off the list: since when, how full its battery was, whether it was on WLAN or a mobile network, and whether anybody was signed in with your account. You see the same.",
        operations: &["guardian_devices", "guardian_silences"],
    },
    Visible {
        id: "usage",
        sentence: "How long you used each part of the app, day by day, and whether your limits and nights were kept. Only where your limits say that guardians may see how long you use the app. You see the same numbers.",
        operations: &["guardian_usage"],
    },
    Visible {
        id: "requests",
        sentence: "What you ask them for, what you say to it, and what they or another guardian answered.",
        operations: &["guardian_requests"],
    },
    Visible {
        id: "history",
        sentence: "Every change of your limits since you are paired: what, when, who, why, from which of your devices, and what you answered.",
        operations: &["guardian_history"],
    },
];

/// What a guardian of a teen can change.
pub const MAY_SET: &[Visible] = &[
    Visible {
        id: "limits",
        sentence: "Your limits, within what the law and the platform allow for your age. You see each change and the reason that they give.",
        operations: &[
            "guardian_change_settings",
            "guardian_undo",
            "guardian_grant",
            "guardian_hold",
            "guardian_revoke_grant",
            "guardian_give_time",
            "guardian_make_code",
            "guardian_take_time_back",
            "guardian_answer",
            "guardian_pause",
            "guardian_resume",
        ],
    },
    Visible {
        id: "home",
        sentence: "The time zone in which your limits count, and the hour at which your day starts.",
        operations: &["guardian_change_teen"],
    },
    Visible {
        id: "age",
        sentence: "They can say how old you are, and object to the age that you are taken to be of. So can you.",
        operations: &["guardian_attest_age", "guardian_appeal_age", "guardian_withdraw_age_appeal"],
    },
    Visible { id: "pairing", sentence: "They can end the pairing, and so can you.", operations: &["guardian_unlink"] },
];

/// What no guardian can ever see here.
pub const NEVER_SEE: &[Visible] = &[
    Visible { id: "messages", sentence: "Your messages.", operations: &[] },
    Visible { id: "searches", sentence: "What you search for or watch.", operations: &[] },
    Visible { id: "location", sentence: "Where you are.", operations: &[] },
    Visible {
        id: "blocked",
        sentence: "Which accounts, sounds and pages you blocked yourself, and why.",
        operations: &[],
    },
    Visible { id: "birth_date", sentence: "Your birth date, your e-mail or your password.", operations: &[] },
];
