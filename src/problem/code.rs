//! The codes: each with its status, its title and what to do.

use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

/// The code of a problem. Each has a row in [`Code::about`], and a test that no code is unused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request is not HTTP as it should be.
    BadRequest,
    /// The body is not the JSON that was expected.
    BadJson,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body is larger than 32 KiB.
    BodyTooLarge,
    /// Not `application/json`, or compressed.
    UnsupportedMediaType,
    /// A field has a value that it cannot have.
    Invalid,
    /// There is no such control.
    UnknownControl,
    /// There is no such action to decide.
    UnknownAction,
    /// Looser than the law or the platform allows for this age.
    BelowFloor,
    /// Only platform and law decide this control.
    NotYours,
    /// A grant or hold that is over, too long, or one too many.
    NotNow,
    /// There are as many grants and holds as there can be.
    TooManyGrants,
    /// The settings together are longer than a device can be sent.
    PolicyTooBig,
    /// A teen's own setting that would not make anything stricter.
    AddsNothing,
    /// No token, or one that does not count any more.
    NotSignedIn,
    /// Wrong e-mail or password: nobody is told which.
    WrongCredentials,
    /// The refresh token was used before; the session is over.
    RefreshReused,
    /// This token is not for this kind of request.
    WrongRole,
    /// The platform key does not have the scope that this needs.
    ScopeMissing,
    /// The page that asks may not.
    OriginRefused,
    /// Only adults can guard.
    NotAnAdult,
    /// No such thing, or none that the caller may know of.
    NotFound,
    /// The pairing code does not work: never existed, expired, used, cancelled or mistyped.
    CodeNotValid,
    /// The guardian's code does not work: never existed, expired, used, cancelled or mistyped.
    InvitationNotValid,
    /// The path is there, the method is not.
    MethodNotAllowed,
    /// The e-mail has an account.
    EmailTaken,
    /// These two are paired already.
    AlreadyPaired,
    /// The teen has said no to this guardian, who has to wait.
    AskedTooSoon,
    /// The teen has a guardian, who would have to agree.
    GuardianAgreementNeeded,
    /// Nobody guards an adult.
    TeenIsAdult,
    /// The pairing cannot make this move any more.
    PairingState,
    /// Three codes are open already.
    TooManyCodes,
    /// Twenty devices are registered already.
    TooManyDevices,
    /// Fifty codes were made for a device that has told of none of them.
    TooManyUntold,
    /// This revision is not this guardian's to take back.
    NotUndoable,
    /// The teen's limits do not let guardians see this.
    NotShown,
    /// The request was answered, taken back or is too old.
    RequestOver,
    /// Another wish for the same thing waits already.
    AlreadyAsked,
    /// The teen has no guardian.
    NobodyToAsk,
    /// The settings have changed since they were read.
    Stale,
    /// A change must say which version it is about.
    IfMatchRequired,
    /// The idempotency key was used for another request.
    KeyReused,
    /// A WebSocket was expected.
    UpgradeRequired,
    /// Too many requests.
    Throttled,
    /// The address is too long.
    UriTooLong,
    /// The headers are too large.
    HeadersTooLarge,
    /// Too much at once; try again in a moment.
    Overloaded,
    /// A part that is needed does not answer; nothing was changed.
    Unavailable,
    /// Our fault.
    Internal,
}

/// What a code means, for all who meet it.
pub struct About {
    /// HTTP status.
    pub status: u16,
    /// One line for people.
    pub title: &'static str,
    /// What the person or the program can do.
    pub what_to_do: &'static str,
}

impl Code {
    /// Every code.
    pub const ALL: &'static [Self] = &[
        Self::BadRequest,
        Self::BadJson,
        Self::BodyTimeout,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::UnknownControl,
        Self::UnknownAction,
        Self::BelowFloor,
        Self::NotYours,
        Self::NotNow,
        Self::TooManyGrants,
        Self::PolicyTooBig,
        Self::AddsNothing,
        Self::NotSignedIn,
        Self::WrongCredentials,
        Self::RefreshReused,
        Self::WrongRole,
        Self::ScopeMissing,
        Self::OriginRefused,
        Self::NotAnAdult,
        Self::NotFound,
        Self::CodeNotValid,
        Self::InvitationNotValid,
        Self::MethodNotAllowed,
        Self::EmailTaken,
        Self::AlreadyPaired,
        Self::AskedTooSoon,
        Self::GuardianAgreementNeeded,
        Self::TeenIsAdult,
        Self::PairingState,
        Self::TooManyCodes,
        Self::TooManyDevices,
        Self::TooManyUntold,
        Self::NotUndoable,
        Self::NotShown,
        Self::RequestOver,
        Self::AlreadyAsked,
        Self::NobodyToAsk,
        Self::Stale,
        Self::IfMatchRequired,
        Self::KeyReused,
        Self::UpgradeRequired,
        Self::Throttled,
        Self::UriTooLong,
        Self::HeadersTooLarge,
        Self::Overloaded,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Status, title and advice.
    pub const fn about(self) -> About {
        let (status, title, what_to_do) = match self {
            Self::BadRequest => (400, "The request cannot be read", "Check the path, the query and the headers."),
            Self::BadJson => (
                400,
                "The body is not the expected JSON",
                "Check names and types of the fields; unknown fields are refused.",
            ),
            Self::BodyTimeout => (408, "The body did not arrive in time", "Send it again on a better connection."),
            Self::BodyTooLarge => (413, "The body is too large", "Send at most 32 KiB."),
            Self::UnsupportedMediaType => {
                (415, "The body is of a kind that is not read here", "Send application/json in UTF-8, uncompressed.")
            }
            Self::Invalid => (422, "A value is not possible", "See errors for the field and the reason."),
            Self::UnknownControl => (422, "There is no such control", "GET /v1/controls lists the controls."),
            Self::UnknownAction => {
                (422, "There is no such action", "GET /v1/controls says which actions are decided here.")
            }
            Self::BelowFloor => (
                422,
                "Looser than allowed at this age",
                "The bound in this answer is the loosest value that law and platform allow.",
            ),
            Self::NotYours => (
                422,
                "Nobody in a family can set this",
                "The platform and the law decide it. The policy says which rule does.",
            ),
            Self::NotNow => (422, "Not at this time", "A grant or hold must end later than now and within 31 days."),
            Self::TooManyGrants => {
                (409, "Too many grants and holds", "At most 10 for one limit and 50 of each. Take one back.")
            }
            Self::PolicyTooBig => {
                (422, "These limits are too long", "A device gets all in one message. Shorten a list or a reason.")
            }
            Self::AddsNothing => {
                (422, "This would not make anything stricter", "A teen's own setting only adds to what is set already.")
            }
            Self::NotSignedIn => {
                (401, "Please sign in", "The token is missing, has run out or was ended. Sign in again or renew it.")
            }
            Self::WrongCredentials => (401, "E-mail or password is not right", "Check both and try again."),
            Self::RefreshReused => {
                (401, "This session was ended", "A token was used twice, so somebody may have a copy. Sign in again.")
            }
            Self::WrongRole => (403, "Not for this kind of account", "Use a token of the kind that the path names."),
            Self::ScopeMissing => {
                (403, "The key is not for this", "Use a platform key with the scope that this answer names.")
            }
            Self::OriginRefused => {
                (403, "Not from this page", "Only pages on the list of allowed origins can connect.")
            }
            Self::NotAnAdult => (403, "Only adults can guard", "A guardian must be 18 or older."),
            Self::NotFound => (
                404,
                "There is no such thing here",
                "Check the address. What is not yours looks the same as what is not there.",
            ),
            Self::CodeNotValid => {
                (404, "This code does not work", "Ask the teen for a new code. A code works once and for ten minutes.")
            }
            Self::InvitationNotValid => (
                404,
                "This code does not work",
                "Ask your guardian for a new code. A code works once and for ten minutes.",
            ),
            Self::MethodNotAllowed => (405, "The path does not have this method", "See /openapi.json."),
            Self::EmailTaken => (409, "This e-mail has an account", "Sign in, or use another address."),
            Self::AlreadyPaired => (409, "You are paired already", "There is nothing left to do."),
            Self::AskedTooSoon => (
                409,
                "The teen has said no",
                "Talk to them first. You can ask again a day after a no, and thirty days after two.",
            ),
            Self::GuardianAgreementNeeded => (
                409,
                "The teen has a guardian already",
                "That guardian would have to agree first, which is not possible yet.",
            ),
            Self::TeenIsAdult => {
                (409, "The teen is an adult by now", "Nobody can guard an adult. A pairing ends at 18.")
            }
            Self::PairingState => {
                (409, "The pairing is past that point", "Read the pairing again to see where it stands.")
            }
            Self::TooManyCodes => (409, "Three codes are open already", "Use one, cancel one, or wait ten minutes."),
            Self::TooManyDevices => {
                (409, "Twenty devices are registered already", "Remove one that is not used any more.")
            }
            Self::TooManyUntold => (
                409,
                "Fifty codes are open on this device already",
                "It takes new ones once it was online and has told which were typed in.",
            ),
            Self::NotUndoable => {
                (409, "This change cannot be taken back by you", "Only your own changes of settings can.")
            }
            Self::NotShown => (
                403,
                "Guardians do not see this",
                "Turn on \"Guardians may see how long they use the app\" first. From 16 on, the teen has to agree.",
            ),
            Self::RequestOver => (409, "This request has come to its end", "It is in this answer, with what was said."),
            Self::AlreadyAsked => {
                (409, "You have asked for this already", "Wait for the answer, or take the request back first.")
            }
            Self::NobodyToAsk => (409, "There is no guardian to ask", "You can change your own limits yourself."),
            Self::Stale => (
                412,
                "The settings have changed in the meantime",
                "The newest are in this answer. Look at them, then try again with their version.",
            ),
            Self::IfMatchRequired => {
                (428, "Say which version you are changing", "Send the ETag of the settings that you read as If-Match.")
            }
            Self::KeyReused => {
                (422, "The Idempotency-Key was used for something else", "Use a new key for a new request.")
            }
            Self::UpgradeRequired => {
                (426, "A WebSocket is expected here", "Connect with the subprotocol family-pairing.v1.")
            }
            Self::Throttled => (429, "Too many tries", "Wait for the time in Retry-After, then try again."),
            Self::UriTooLong => (414, "The address is too long", "Shorten the path or the query."),
            Self::HeadersTooLarge => (431, "The headers are too large", "Send fewer or shorter headers."),
            Self::Overloaded => (503, "Too much at once", "Wait for the time in Retry-After, then try again."),
            Self::Unavailable => (
                503,
                "Not possible at the moment",
                "Nothing was changed. Try again in a moment with the same Idempotency-Key.",
            ),
            Self::Internal => (
                500,
                "Something went wrong on our side",
                "Nothing was changed. If it stays, tell support the request_id.",
            ),
        };
        About { status, title, what_to_do }
    }

    /// The code that fits a status which something below us chose by itself.
    pub fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::NotSignedIn,
            403 => Self::WrongRole,
            404 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            408 => Self::BodyTimeout,
            413 => Self::BodyTooLarge,
            414 => Self::UriTooLong,
            415 => Self::UnsupportedMediaType,
            426 => Self::UpgradeRequired,
            429 => Self::Throttled,
            431 => Self::HeadersTooLarge,
            503 => Self::Unavailable,
            400..=499 => Self::BadRequest,
            _ => Self::Internal,
        }
    }

    /// The word on the wire.
    pub fn word(self) -> String {
        match serde_json::to_value(self) {
            Ok(Json::String(word)) => word,
            _ => "internal".to_owned(),
        }
    }
}
