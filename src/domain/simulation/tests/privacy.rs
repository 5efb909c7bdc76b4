//! What an answer must not tell.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Two teens of the same age band, far from the next one, look the same at all times: no answer tells a birth date.
    #[test]
    fn no_answer_tells_a_birth_date(one in 0_i64..300, two in 0_i64..300, layers in any_layers(at("2026-11-22T12:00:00Z"))) {
        let now = "2026-11-22T12:00:00Z";
        // 14 years old; the next band is at 16, a year or more ahead.
        let born = |days: i64| Teen::born(days_after(date(2012, 1, 10), days), now);
        let (one, two) = (born(one).with(layers.clone()), born(two).with(layers));
        let week = span("2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z");
        prop_assert_eq!(timeline(&one.present(), week, None), timeline(&two.present(), week, None));
        let within_a_year = at("2027-10-01T00:00:00Z");
        let (one, two) = (moment(&one.present(), within_a_year, None), moment(&two.present(), within_a_year, None));
        // When the next band begins is told to both sides anyway.
        let without_next = |moment: Moment| {
            let controls = moment.controls.into_values().map(|then| ControlThen { changes_at: None, ..then });
            (moment.age_band, moment.changes, moment.usable, controls.collect::<Vec<_>>())
        };
        prop_assert_eq!(without_next(one), without_next(two));
    }
}

#[test]
fn a_birthday_that_changes_nothing_leaves_no_trace() {
    let teen = Teen::born(date(2011, 11, 24), "2026-11-22T12:00:00Z");
    let week = timeline(&teen.present(), span("2026-11-22T23:00:00Z", "2026-11-29T23:00:00Z"), None);
    assert!(week.controls.values().all(|row| row.spans.len() == 1), "15 is no other age band");
    assert!(week.usable.windows(2).all(|pair| pair[0].outcome != pair[1].outcome));
    assert_eq!(week.controls["time.daily_minutes"].budget.as_ref().unwrap().len(), 7);
}
