//! What the platform's servers ask: "may this be done with this teen now?", a few at a time, about anybody.

use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{
    measure::{Failures, Pace, Spread, Times},
    print,
    town::{Place, Resident},
};
use crate::{
    client::{ClientError, api::Api},
    domain::clock::World,
};

/// What `bench decisions` needs.
#[derive(Args, Debug)]
pub struct DecisionsArgs {
    #[command(flatten)]
    place: Place,
    /// A platform key that may decide (`admin create-platform-key`)
    #[arg(long, env = "FAMILY_PAIRING_PLATFORM_KEY", hide_env_values = true)]
    platform_key: String,
    /// Requests per second
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Seconds of them
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Questions in each, about as many teens: 1–100
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=100))]
    questions: u8,
}

#[derive(Serialize)]
struct Figures {
    teens: usize,
    rate: u32,
    seconds: u32,
    questions: u8,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_failure: Option<String>,
    /// While every policy is asked about for the first time.
    cold: Spread,
    warm: Spread,
}

/// Asks about everybody once, and then at a rate.
pub async fn run(args: DecisionsArgs, world: World) -> Result<(), ClientError> {
    let town = args.place.town(&world).await?;
    let server = town.server(0).ok_or_else(|| ClientError::told("There is no server."))?;
    let server = server.with_token(&args.platform_key);
    let residents = Arc::new(town.residents());
    let questions = usize::from(args.questions);
    let failures = Arc::new(Failures::default());
    let load = async |pace: Pace| {
        let times = Arc::new(Times::new()?);
        pace.keep(|n, planned| {
            let body = body(&residents, n * questions, questions);
            let (server, times, failures) = (server.clone(), times.clone(), failures.clone());
            async move {
                match ask(&server, &body).await {
                    Ok(()) => times.since(planned),
                    Err(error) => failures.add(&error),
                }
            }
        })
        .await;
        Ok::<_, ClientError>(times.spread())
    };
    let once = u32::try_from(residents.len().div_ceil(questions)).unwrap_or(u32::MAX);
    let cold = load(Pace::new(once.min(args.rate), once.div_ceil(args.rate.max(1)))).await?;
    let warm = load(Pace::new(args.rate, args.seconds)).await?;
    print(
        "decisions",
        &Figures {
            teens: residents.len(),
            rate: args.rate,
            seconds: args.seconds,
            questions: args.questions,
            failed: failures.count(),
            first_failure: failures.first(),
            cold,
            warm,
        },
    )?;
    match failures.count() {
        0 => Ok(()),
        failed => Err(ClientError::told(format!("{failed} requests were not answered."))),
    }
}

fn body(residents: &[Arc<Resident>], from: usize, count: usize) -> Json {
    let about = residents.iter().cycle().skip(from % residents.len().max(1)).take(count);
    let items = about.map(|resident| {
        json!({"teen_id": resident.teen, "action": "message", "relationship": "friend", "actor": "acct:8812"})
    });
    json!({ "items": items.collect::<Vec<_>>() })
}

async fn ask(server: &Api, body: &Json) -> Result<(), ClientError> {
    let answer: Json = server.post("/v1/platform/decisions", body).await?;
    let asked = body.get("items").and_then(Json::as_array).map(Vec::len);
    let answered = answer.get("items").and_then(Json::as_array);
    let decided = answered.filter(|items| items.iter().all(|item| item.get("version").is_some_and(Json::is_object)));
    match decided.map(Vec::len) == asked {
        true => Ok(()),
        false => Err(ClientError::told("Some questions were not decided.")),
    }
}
