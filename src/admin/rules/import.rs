//! Proposing a set of rules.

use clap::Args;

use super::{Source, diff::Outlook};
use crate::{
    admin::{AdminError, Signed},
    client::terminal::say,
    domain::{clock::World, law::RuleBook, text},
    store::law::Proposal,
};

/// Proposes a set of rules.
#[derive(Args)]
pub struct Import {
    #[command(flatten)]
    signed: Signed,
    #[command(flatten)]
    source: Source,
    /// What it changes and why, for whoever approves it
    #[arg(long)]
    note: String,
    /// Propose it although rules contradict each other; the stricter one counts, and note and audit say so
    #[arg(long)]
    accept_contradictions: bool,
}

impl Import {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        let (store, by) = self.signed.open_signed(world).await?;
        let note = text::reason(&self.note).map_err(|error| AdminError::Text("note", error))?;
        let files = self.source.read(&store).await?;
        let outlook = Outlook::of(&store, RuleBook::parse(store.registry(), &files)?).await?;
        let proposal = Proposal { files, note, accept_contradictions: self.accept_contradictions };
        let proposed = store.propose_rules(proposal, by).await??;
        let version = proposed.version;
        say(&format!("Proposed version {version}, against version {}.", proposed.based_on));
        say(&format!("sha256 {}", proposed.sha256));
        outlook.tell(&store);
        say("\nNothing has changed yet. Another operator looks at it and approves it:");
        say(&format!("  family-pairing rules diff {version}\n  family-pairing rules approve {version}"));
        Ok(())
    }
}
