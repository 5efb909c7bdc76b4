//! The outcome of somebody who checks ages for the platform.
//!
//! | method | level | says |
//! |---|---|---|
//! | `facial_estimation` | enhanced, or asserted where the margin reaches over the border of a band | the ages, widened by the margin |
//! | `credit_card` | enhanced | 18 or over, and nothing else: a card says nothing about a minor |
//! | `id_and_face` | strict | the ages |
//! | `eu_av` | strict | 18 or over, or under 18: `age_over_18` is all that the EU's age verification app proves |

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Reading;
use crate::domain::age::{AgeSpan, Channel, Level, NotAges, Stated};

/// How an age was checked, and what came out. Never what it was checked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProviderOutcome {
    /// A look at the face, with a liveness check. Ages in completed years.
    FacialEstimation {
        /// The lowest age estimated.
        lo: i16,
        /// The highest age estimated; none for "or over".
        hi: Option<i16>,
        /// By how many years it may be wrong at either end: the provider's buffer.
        margin_years: i16,
    },
    /// A payment card in the person's name, of a kind that minors cannot have.
    CreditCard {},
    /// An identity document and a face that matches it.
    IdAndFace {
        /// The lowest age.
        lo: i16,
        /// The highest age; none for "or over".
        hi: Option<i16>,
    },
    /// The age verification app of the EU (`eu.europa.ec.av.1`).
    EuAv {
        /// The claim of that name.
        age_over_18: bool,
    },
}

impl ProviderOutcome {
    /// The reading.
    pub fn read(self) -> Result<Reading, NotAges> {
        let (level, ages) = match self {
            Self::FacialEstimation { lo, hi, margin_years } => estimated(AgeSpan::new(lo, hi)?, margin_years)?,
            Self::CreditCard {} => (Level::Enhanced, AgeSpan::ADULT),
            Self::IdAndFace { lo, hi } => (Level::Strict, AgeSpan::new(lo, hi)?),
            Self::EuAv { age_over_18: true } => (Level::Strict, AgeSpan::ADULT),
            Self::EuAv { age_over_18: false } => (Level::Strict, AgeSpan::MINOR),
        };
        let (stated, source) = (Stated::Aged(ages), self.method().to_owned());
        Ok(Reading { channel: Channel::Provider, level, stated, source })
    }

    /// The method's name in JSON.
    pub const fn method(self) -> &'static str {
        match self {
            Self::FacialEstimation { .. } => "facial_estimation",
            Self::CreditCard {} => "credit_card",
            Self::IdAndFace { .. } => "id_and_face",
            Self::EuAv { .. } => "eu_av",
        }
    }
}

/// An estimate counts as a check only as far as its margin changes no band: near a border it needs a second method.
fn estimated(ages: AgeSpan, margin_years: i16) -> Result<(Level, AgeSpan), NotAges> {
    if margin_years < 0 {
        return Err(NotAges);
    }
    let widened = ages.widened(margin_years);
    let level = if widened.bands() == ages.bands() { Level::Enhanced } else { Level::Asserted };
    Ok((level, widened))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(outcome: serde_json::Value) -> (Level, Stated) {
        let reading = serde_json::from_value::<ProviderOutcome>(outcome.clone()).unwrap().read().unwrap();
        assert_eq!((reading.channel, json!(reading.source)), (Channel::Provider, outcome["method"].clone()));
        (reading.level, reading.stated)
    }

    fn ages(lo: i16, hi: impl Into<Option<i16>>) -> Stated {
        Stated::Aged(AgeSpan::new(lo, hi.into()).unwrap())
    }

    #[test]
    fn an_estimate_near_a_border_proves_nothing() {
        let face = |lo, hi: Option<i16>, margin| {
            read(json!({"method": "facial_estimation", "lo": lo, "hi": hi, "margin_years": margin}))
        };
        assert_eq!(face(14, Some(14), 1), (Level::Enhanced, ages(13, 15)));
        assert_eq!(face(14, Some(15), 0), (Level::Enhanced, ages(14, 15)));
        assert_eq!(face(14, Some(15), 1), (Level::Asserted, ages(13, 16)));
        assert_eq!(face(25, None, 7), (Level::Enhanced, ages(18, None)));
        assert_eq!(face(25, None, 8), (Level::Asserted, ages(17, None)));
        assert_eq!(face(8, Some(10), 2), (Level::Enhanced, ages(6, 12)));
        assert_eq!(face(0, Some(3), 5), (Level::Enhanced, ages(0, 8)));
    }

    #[test]
    fn every_other_method_has_its_level() {
        assert_eq!(read(json!({"method": "credit_card"})), (Level::Enhanced, ages(18, None)));
        assert_eq!(read(json!({"method": "id_and_face", "lo": 16, "hi": 16})), (Level::Strict, ages(16, 16)));
        assert_eq!(read(json!({"method": "eu_av", "age_over_18": true})), (Level::Strict, ages(18, None)));
        assert_eq!(read(json!({"method": "eu_av", "age_over_18": false})), (Level::Strict, ages(0, 17)));
    }

    #[test]
    fn nonsense_and_evidence_are_refused() {
        let wrong = ProviderOutcome::FacialEstimation { lo: 14, hi: Some(14), margin_years: -1 };
        assert_eq!(wrong.read(), Err(NotAges));
        assert_eq!(ProviderOutcome::IdAndFace { lo: 17, hi: Some(16) }.read(), Err(NotAges));
        for evidence in [
            json!({"method": "credit_card", "lo": 16}),
            json!({"method": "id_and_face", "lo": 16, "hi": 16, "document_number": "X1"}),
            json!({"method": "crystal_ball", "lo": 18}),
        ] {
            assert!(serde_json::from_value::<ProviderOutcome>(evidence).is_err());
        }
    }
}
