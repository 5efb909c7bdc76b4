//! Plays the whole main job by itself: a family meets, sets limits, and everything that can go wrong for them does.
//!
//! The people are fresh accounts, the devices are real processes of this very program, and every time that is printed
//! was measured here. A step holds or it does not; one that does not ends the story with a failure.

mod cast;
mod devices;
mod limits;
mod log;
mod meeting;
mod parting;
mod score;

use std::time::Duration;

use clap::Args;

use self::{
    cast::{Cast, Gear},
    score::{Fallen, Score},
};
use super::{ClientError, api::Api, people::Server, quit::Quit, terminal::say};
use crate::domain::clock::World;

/// What `story` needs.
#[derive(Args, Clone, Debug)]
pub struct StoryArgs {
    #[command(flatten)]
    server: Server,
    /// Pause between two steps, in milliseconds, so that a person can read along.
    #[arg(long, default_value_t = 400, value_name = "MS")]
    pace: u64,
}

/// Plays the story. Fails unless every step held.
pub async fn run(args: StoryArgs, world: World) -> Result<(), ClientError> {
    let api = Api::new(&args.server.base_url, world)?;
    let stage = std::env::temp_dir().join(format!("family-pairing-story-{}", api.world().uuid()));
    let mut score = Score::new(Duration::from_millis(args.pace));
    say(&format!("A family pairs. Server: {}\n", api.base()));
    let mut quit = Quit::on_signal();
    let played = tokio::select! {
        played = Box::pin(play(&mut score, &api, &stage)) => played,
        () = quit.asked() => Err(Fallen("a wish to stop".to_owned())),
    };
    // Only this story's own directory.
    let _ = std::fs::remove_dir_all(&stage);
    score.summary(played.is_ok());
    played.map_err(|Fallen(title)| ClientError::told(format!("The story stopped at “{title}”.")))
}

async fn play(score: &mut Score, api: &Api, stage: &std::path::Path) -> Result<(), Fallen> {
    let cast: Cast = score.play("Mia (14) and Dana, her mother, make accounts", meeting::sign_up(api)).await?;
    let gear: Gear = score.play("Mia signs in on her phone and her tablet", meeting::register(&cast, stage)).await?;
    let mut both =
        score.play("Both start as real programs and apply the limits for Mia's age", devices::start(&gear)).await?;
    let offer = score.play("Mia's phone shows a pairing code", meeting::offer(&gear, api)).await?;
    let claim = score.play("Dana types the code, and that only asks", meeting::claim(&cast, &offer)).await?;
    score.play("Mia reads who asks, what they will see and may set", meeting::consent(&gear, api, claim)).await?;
    score.play("Mia says yes, and only now they are paired", meeting::confirm(&cast, &gear, api, claim)).await?;
    let mut ear = score.play("Dana's app listens", limits::listen(&cast)).await?;
    let saved = score
        .play("Dana sets 45 minutes a day, with a reason", limits::first_change(&cast, &gear, &mut both, &mut ear))
        .await?;
    let devices::Both { mut phone, tablet } = both;
    score.play("Mia's tablet loses power", devices::lose_power(&cast, &gear, tablet)).await?;
    let newest = score
        .play("Dana changes her mind three times; the phone follows", limits::three_changes(&cast, &gear, &mut phone))
        .await?;
    let tablet =
        score.play("The tablet comes back and gets only the newest", devices::come_back(&gear, saved, newest)).await?;
    score.play("A limit below the law's floor is refused, with words", limits::below_the_floor(&cast)).await?;
    let tablet = score
        .play("A tablet that cannot do one thing says so, and Dana sees it", devices::partly(&cast, &gear, tablet))
        .await?;
    let mut both = devices::Both { phone, tablet };
    score.play("Dana takes her last change back", limits::undo(&cast, &gear, &mut both, newest)).await?;
    score
        .play(
            "Dana ends the pairing; both devices go back to the limits for Mia's age",
            parting::unlink(&cast, &gear, &mut both),
        )
        .await?;
    score.play("Dana sees nothing of Mia any more", parting::walls(&cast)).await?;
    score.play("Everybody signs out", parting::sign_out(cast, both)).await
}
