//! Apple's Declared Age Range, by the names of its framework.
//!
//! | `ageRangeDeclaration` | since | level |
//! |---|---|---|
//! | `selfDeclared` | 26.0 | asserted |
//! | `guardianDeclared` | 26.0 | standard |
//! | `guardianCheckedByOtherMethod`, `guardianGovernmentIDChecked`, `guardianPaymentChecked` | 26.2 | standard: the check is of the guardian, who then says the age |
//! | `checkedByOtherMethod` | 26.2 | standard: a check of an unknown kind |
//! | `governmentIDChecked` | 26.2 | enhanced: a document, without a look at the person |
//! | `paymentChecked` | 26.2 | enhanced for adults, else asserted: a card says nothing about a minor's age |
//! | `confirmed` | 26.5, instead of those of 26.2 | enhanced |
//! | none, or a word of tomorrow | | asserted |
//!
//! **Both bounds are read as included.** Apple's pages differ: the table of its sandbox gives 12, 15 and 17 as upper bounds,
//! says that the ranges are inclusive, and the guide tests `upperBound < 18`; but the page of `upperBound` says that it is the
//! age gate above the person's age, 13, 16 or 18. Read as included, an answer of the second kind is one year too wide and
//! still true; read the other way, an answer of the first kind would be wrong.
//!
//! A region's law may replace the gates that the app asked with, so no gate is assumed here. An answer may be up to a year old
//! ([`Channel`] knows).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Reading, kept};
use crate::domain::age::{AgeSpan, Channel, Level, NotAges, Stated};

/// What `requestAgeRange` answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AppleAnswer {
    /// The person shares an age range.
    Sharing(AppleAgeRange),
    /// The person does not. That says nothing about an age.
    DeclinedSharing,
}

/// `AgeRangeService.AgeRange`. Fields that Apple adds are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppleAgeRange {
    /// The lowest age; none for "under the lowest gate".
    pub lower_bound: Option<i16>,
    /// The highest age; none for "at or over the highest gate".
    pub upper_bound: Option<i16>,
    /// How the age was set: see the table of levels.
    pub age_range_declaration: Option<String>,
}

impl AppleAnswer {
    /// The reading; none where nothing was said about an age.
    pub fn read(&self) -> Result<Option<Reading>, NotAges> {
        let Self::Sharing(range) = self else { return Ok(None) };
        if range.lower_bound.is_none() && range.upper_bound.is_none() {
            return Ok(None);
        }
        let ages = AgeSpan::new(range.lower_bound.unwrap_or(0), range.upper_bound)?;
        let word = range.age_range_declaration.as_deref();
        let (level, source) = (level(word, ages), kept(word));
        Ok(Some(Reading { channel: Channel::Apple, level, stated: Stated::Aged(ages), source }))
    }
}

fn level(declaration: Option<&str>, ages: AgeSpan) -> Level {
    match declaration {
        Some(
            "guardianDeclared"
            | "guardianCheckedByOtherMethod"
            | "guardianGovernmentIDChecked"
            | "guardianPaymentChecked"
            | "checkedByOtherMethod",
        ) => Level::Standard,
        Some("governmentIDChecked" | "confirmed") => Level::Enhanced,
        Some("paymentChecked") if ages.is_adult() => Level::Enhanced,
        _ => Level::Asserted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(range: serde_json::Value) -> Result<Option<Reading>, NotAges> {
        serde_json::from_value::<AppleAnswer>(json!({ "sharing": range })).unwrap().read()
    }

    #[test]
    fn the_cases_of_apples_own_sandbox_read_as_it_names_them() {
        for (lower, upper, word, ages, level) in [
            (json!(null), json!(12), "guardianDeclared", (0, Some(12)), Level::Standard),
            (json!(13), json!(15), "guardianDeclared", (13, Some(15)), Level::Standard),
            (json!(16), json!(17), "guardianDeclared", (16, Some(17)), Level::Standard),
            (json!(18), json!(null), "selfDeclared", (18, None), Level::Asserted),
            (json!(18), json!(null), "confirmed", (18, None), Level::Enhanced),
        ] {
            let range = json!({"lowerBound": lower, "upperBound": upper, "ageRangeDeclaration": word, "activeParentalControls": []});
            let reading = read(range).unwrap().unwrap();
            assert_eq!(reading.stated, Stated::Aged(AgeSpan::new(ages.0, ages.1).unwrap()), "{word}");
            assert_eq!((reading.level, reading.channel, reading.source.as_str()), (level, Channel::Apple, word));
        }
    }

    #[test]
    fn who_declines_says_nothing() {
        let declined: AppleAnswer = serde_json::from_value(json!("declinedSharing")).unwrap();
        assert_eq!(declined.read(), Ok(None));
        assert_eq!(read(json!({"ageRangeDeclaration": "confirmed"})), Ok(None));
    }

    #[test]
    fn every_declaration_has_its_level_and_a_new_one_the_lowest() {
        for (word, minor, adult) in [
            ("selfDeclared", Level::Asserted, Level::Asserted),
            ("guardianDeclared", Level::Standard, Level::Standard),
            ("checkedByOtherMethod", Level::Standard, Level::Standard),
            ("guardianCheckedByOtherMethod", Level::Standard, Level::Standard),
            ("guardianPaymentChecked", Level::Standard, Level::Standard),
            ("guardianGovernmentIDChecked", Level::Standard, Level::Standard),
            ("governmentIDChecked", Level::Enhanced, Level::Enhanced),
            ("paymentChecked", Level::Asserted, Level::Enhanced),
            ("confirmed", Level::Enhanced, Level::Enhanced),
            ("confirmedByTelepathy", Level::Asserted, Level::Asserted),
        ] {
            let level = |lower, upper| {
                let range = json!({"lowerBound": lower, "upperBound": upper, "ageRangeDeclaration": word});
                read(range).unwrap().unwrap().level
            };
            assert_eq!((level(16, Some(17)), level(18, None)), (minor, adult), "{word}");
        }
        assert_eq!(read(json!({"lowerBound": 13})).unwrap().unwrap().level, Level::Asserted);
    }

    #[test]
    fn bounds_that_are_no_ages_are_refused() {
        assert_eq!(read(json!({"lowerBound": 16, "upperBound": 13})), Err(NotAges));
        assert_eq!(read(json!({"upperBound": -1})), Err(NotAges));
    }
}
