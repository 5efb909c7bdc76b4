//! Google's Play Age Signals, by the names of its library: those of 0.0.4 and, for old apps, those before.
//!
//! | `ageRangeSource` | before 0.0.4 `userStatus` | level |
//! |---|---|---|
//! | `TIER_A` the person said so | `DECLARED` | asserted |
//! | `TIER_B` a parent manages it | `SUPERVISED`, `SUPERVISED_APPROVAL_PENDING`, `SUPERVISED_APPROVAL_DENIED` | standard |
//! | `TIER_C` card, e-mail, selfie, document or tax number | `VERIFIED` | enhanced |
//! | `TIER_D` document with selfie, or a digital identity | | strict |
//! | a word of tomorrow | `UNKNOWN`, which comes without ages | asserted |
//!
//! Both bounds are included; no `ageUpper` is the highest band. A band may lag a birthday by eight weeks ([`Channel`] knows).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Reading, kept};
use crate::domain::age::{AgeSpan, Channel, Level, NotAges, Stated};

/// What `requestAgeSignalsAccess` and `checkAgeSignals` answered, together. Fields that Google adds are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoogleAgeSignals {
    /// `SHARED`, `NOT_SHARED` or `VERIFICATION_REQUIRED`; before 0.0.4 there was none.
    pub age_signals_status: Option<String>,
    /// The lowest age.
    pub age_lower: Option<i16>,
    /// The highest age; none for the highest band.
    pub age_upper: Option<i16>,
    /// `TIER_A` to `TIER_D`.
    pub age_range_source: Option<String>,
    /// Before 0.0.4: `VERIFIED`, `SUPERVISED` and others.
    pub user_status: Option<String>,
    /// Names a supervised installation in Google's list of withdrawn approvals. It says nothing about an age, may be used for
    /// nothing else, and is no part of the reading.
    pub install_id: Option<String>,
}

impl GoogleAgeSignals {
    /// The reading; none where nothing was said about an age.
    pub fn read(&self) -> Result<Option<Reading>, NotAges> {
        if matches!(self.age_signals_status.as_deref(), Some("NOT_SHARED" | "VERIFICATION_REQUIRED")) {
            return Ok(None);
        }
        let word = self.age_range_source.as_deref().or(self.user_status.as_deref());
        let ages = match (self.age_lower, self.age_upper, word) {
            (None, None, Some("VERIFIED")) => AgeSpan::ADULT,
            (None, None, _) => return Ok(None),
            (lower, upper, _) => AgeSpan::new(lower.unwrap_or(0), upper)?,
        };
        let (level, source) = (level(word), kept(word));
        Ok(Some(Reading { channel: Channel::Google, level, stated: Stated::Aged(ages), source }))
    }
}

fn level(source: Option<&str>) -> Level {
    match source {
        Some("TIER_B" | "SUPERVISED" | "SUPERVISED_APPROVAL_PENDING" | "SUPERVISED_APPROVAL_DENIED") => Level::Standard,
        Some("TIER_C" | "VERIFIED") => Level::Enhanced,
        Some("TIER_D") => Level::Strict,
        _ => Level::Asserted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(answer: serde_json::Value) -> Result<Option<Reading>, NotAges> {
        serde_json::from_value::<GoogleAgeSignals>(answer).unwrap().read()
    }

    #[test]
    fn every_tier_has_its_level_and_a_new_one_the_lowest() {
        for (word, level) in [
            ("TIER_A", Level::Asserted),
            ("TIER_B", Level::Standard),
            ("TIER_C", Level::Enhanced),
            ("TIER_D", Level::Strict),
            ("TIER_E", Level::Asserted),
        ] {
            let answer = json!({"ageSignalsStatus": "SHARED", "ageLower": 13, "ageUpper": 15, "ageRangeSource": word,
                "installId": "a-b-c", "significantChangeStatus": "APPROVED"});
            let reading = read(answer).unwrap().unwrap();
            assert_eq!((reading.level, reading.channel, reading.source.as_str()), (level, Channel::Google, word));
            assert_eq!(reading.stated, Stated::Aged(AgeSpan::new(13, Some(15)).unwrap()));
        }
    }

    #[test]
    fn old_apps_are_still_understood() {
        for (word, lower, upper, says) in [
            ("VERIFIED", None, None, Some((Level::Enhanced, 18, None))),
            ("SUPERVISED", Some(13), Some(15), Some((Level::Standard, 13, Some(15)))),
            ("SUPERVISED", Some(18), None, Some((Level::Standard, 18, None))),
            ("SUPERVISED_APPROVAL_PENDING", Some(0), Some(12), Some((Level::Standard, 0, Some(12)))),
            ("SUPERVISED_APPROVAL_DENIED", Some(16), Some(17), Some((Level::Standard, 16, Some(17)))),
            ("DECLARED", Some(18), None, Some((Level::Asserted, 18, None))),
            ("UNKNOWN", None, None, None),
        ] {
            let reading = read(json!({"userStatus": word, "ageLower": lower, "ageUpper": upper})).unwrap();
            let said = reading.map(|it| (it.level, it.stated));
            let wanted = says.map(|(level, lo, hi)| (level, Stated::Aged(AgeSpan::new(lo, hi).unwrap())));
            assert_eq!(said, wanted, "{word}");
        }
    }

    #[test]
    fn what_is_not_shared_says_nothing() {
        for status in ["NOT_SHARED", "VERIFICATION_REQUIRED"] {
            assert_eq!(read(json!({"ageSignalsStatus": status, "ageLower": 18, "ageRangeSource": "TIER_D"})), Ok(None));
        }
        assert_eq!(read(json!({"ageSignalsStatus": "SHARED"})), Ok(None));
        assert_eq!(read(json!({"ageLower": 18, "ageUpper": 17})), Err(NotAges));
    }
}
