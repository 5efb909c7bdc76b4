//! Sets limits, and only if nobody changed them in the meantime.

use std::{collections::BTreeMap, str::FromStr};

use clap::Args;
use serde_json::Value;

use super::teens;
use crate::client::{
    ClientError,
    api::{Api, ApiError, ProblemBody},
    bodies::{Changed, Settings, SettingsPatch},
    terminal::say,
    words,
};

/// What `guardian set` needs.
#[derive(Args, Debug)]
pub(super) struct SetArgs {
    /// The teen, if you have several, and then CONTROL=VALUE; `default` as the value takes your own back.
    #[arg(required = true, value_name = "CONTROL=VALUE")]
    words: Vec<String>,
    /// Why. The teen sees it.
    #[arg(long)]
    reason: Option<String>,
}

/// One limit to set.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Which control.
    pub control: String,
    /// To what; null takes it back to the default.
    pub value: Value,
}

impl FromStr for Setting {
    type Err = String;

    /// `CONTROL=VALUE`: JSON where it reads as JSON, else a word.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let told = || format!("“{text}” is not of the form CONTROL=VALUE, as in time.daily_minutes=45.");
        let (control, value) = text.split_once('=').ok_or_else(told)?;
        let sound =
            !control.is_empty() && control.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if !sound || value.is_empty() {
            return Err(told());
        }
        let value = match value {
            "default" => Value::Null,
            "on" => Value::Bool(true),
            "off" => Value::Bool(false),
            other => serde_json::from_str(other).unwrap_or_else(|_| Value::String(other.to_owned())),
        };
        Ok(Self { control: control.to_owned(), value })
    }
}

/// Several limits, each named once.
pub fn settings(words: &[String]) -> Result<BTreeMap<String, Value>, String> {
    let mut settings = BTreeMap::new();
    for word in words {
        let Setting { control, value } = word.parse()?;
        if settings.insert(control, value).is_some() {
            return Err(format!("“{word}”: the same limit is set twice."));
        }
    }
    match settings.is_empty() {
        true => Err("Please say what to set, as in time.daily_minutes=45.".to_owned()),
        false => Ok(settings),
    }
}

pub(super) async fn run(api: &Api, args: SetArgs) -> Result<(), ClientError> {
    let (teen, words) = match args.words.split_first() {
        Some((first, rest)) if !first.contains('=') => (Some(first.as_str()), rest),
        _ => (None, args.words.as_slice()),
    };
    let settings = settings(words).map_err(ClientError::Told)?;
    let teen = teens::pick(api, teen).await?;
    let path = format!("/v1/guardian/teens/{}/settings", teen.teen_id);
    let seen = api.get::<Settings>(&path).await?;
    let etag = seen.etag.unwrap_or_else(|| seen.body.version.etag());
    let patch = SettingsPatch { settings, reason: args.reason };
    match api.patch::<Changed>(&path, &etag, &patch).await {
        Ok(done) => told(&teen.display_name, &done),
        Err(ApiError::Problem(problem)) if problem.status == 412 => {
            changed_meanwhile(&seen.body, &problem);
            return Err(ClientError::told("Nothing was set. Please look and try again."));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn told(name: &str, done: &Changed) {
    if done.changed.is_empty() {
        return say(&format!("Nothing to change: it is like that for {name} already."));
    }
    say(&format!("Saved for {name} (limits {}):", done.version));
    done.changed.iter().for_each(|change| say(&format!("  {}", words::change(change))));
    say("See it arrive: family-pairing guardian watch");
}

/// What somebody else set since we looked. The current document comes with the problem, whatever its field is called.
fn changed_meanwhile(seen: &Settings, problem: &ProblemBody) {
    say("Somebody changed the limits a moment ago:");
    let current = problem.more.values().find_map(|field| serde_json::from_value::<Settings>(field.clone()).ok());
    let Some(current) = current else { return };
    for (control, value) in &current.settings {
        if seen.settings.get(control) != Some(value) {
            say(&format!("  {}: {}", words::control(control), words::value(value)));
        }
    }
    for control in seen.settings.keys().filter(|control| !current.settings.contains_key(*control)) {
        say(&format!("  {}: back to the default", words::control(control)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_json_or_words() {
        let value = |text: &str| text.parse::<Setting>().unwrap().value;
        assert_eq!(value("time.daily_minutes=45"), json!(45));
        assert_eq!(value("dm.from=no_one"), json!("no_one"));
        assert_eq!(value("feed.autoplay=off"), json!(false));
        assert_eq!(value("dm.from=default"), Value::Null);
        assert_eq!(value("a=b=c"), json!("b=c"));
        assert_eq!(value(r#"quiet.access=[{"from":"22:00"}]"#), json!([{"from": "22:00"}]));
        for bad in ["", "45", "=45", "time.daily_minutes=", "a b=1"] {
            assert!(bad.parse::<Setting>().is_err(), "{bad}");
        }
    }

    #[test]
    fn each_limit_once() {
        let words = |words: &[&str]| settings(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(words(&["a=1", "b=2"]).unwrap().len(), 2);
        assert!(words(&["a=1", "a=2"]).is_err() && words(&[]).is_err());
    }
}
