//! Looking at what was proposed and at what holds.

use std::{fs, path::PathBuf};

use clap::Args;

use super::AdminError;
use crate::{
    admin::Installation,
    client::terminal::say,
    domain::{
        clock::World,
        law::{LeftOut, RuleId},
    },
    store::{
        Store, StoreError,
        law::{Refusal, RuleSet, Signature},
    },
};

/// Prints a version's files.
#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    installation: Installation,
    /// Which version; without it, the one that holds
    version: Option<i64>,
    /// Write the files into this folder instead, which must be new, to be edited and imported
    #[arg(long)]
    into: Option<PathBuf>,
}

/// Explains one rule.
#[derive(Args)]
pub struct Explain {
    #[command(flatten)]
    installation: Installation,
    /// Which, as a policy names it: us-ca-sb976.feed-minutes
    rule: String,
}

impl Show {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        let store = self.installation.open(world).await?;
        let version = match self.version {
            Some(version) => version,
            None => store.rules_version().await?,
        };
        let files = store.rule_files(version).await?.ok_or(Refusal::NoSuchVersion(version))?;
        let Some(folder) = self.into else {
            files.iter().for_each(|file| println!("# {}\n{}", file.name, file.text));
            return Ok(());
        };
        fs::create_dir(&folder).map_err(|error| AdminError::File(folder.clone(), error))?;
        for file in &files {
            let path = folder.join(&file.name);
            fs::write(&path, &file.text).map_err(|error| AdminError::File(path, error))?;
        }
        say(&format!("The {} files of version {version} are in {}.", files.len(), folder.display()));
        Ok(())
    }
}

impl Explain {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        let store = self.installation.open(world).await?;
        let (book, id) = (store.rules().await?, RuleId::from(self.rule));
        let rule = book.rules.rule(&id).ok_or_else(|| AdminError::NoSuchRule(id.clone()))?;
        say(&format!("{id}, in version {}\n{}\n", book.version, rule.sentence(store.registry())));
        let law = book.rules.law(&rule.law).map(|law| law.said()).unwrap_or_default();
        for (field, words) in rule.said(store.registry()).into_iter().chain([("", Some(String::new()))]).chain(law) {
            if let Some(words) = words {
                say(format!("  {field:<14} {words}").trim_end());
            }
        }
        Ok(())
    }
}

/// Lists every version on standard output, one a line, for people and for `column` and `cut`.
pub(super) async fn list(installation: &Installation, world: World) -> Result<(), AdminError> {
    let store = installation.open(world).await?;
    let sets = store.rule_sets().await?;
    println!("version\tstate\tbased on\tproposed\tby\tapproved\tby\tdigest\tnote");
    let newest = sets.last().map(|set| set.version);
    sets.iter().for_each(|set| println!("{}", line(set, newest)));
    tell_how_it_is_read(&store).await
}

/// What this program cannot apply of the set that holds, on standard error: the table stays a table.
async fn tell_how_it_is_read(store: &Store) -> Result<(), AdminError> {
    match store.rules().await {
        Ok(book) => {
            for LeftOut { rule, control, .. } in &book.left_out {
                eprintln!("Version {} is applied without {rule}: this program has no control {control}.", book.version);
            }
        }
        Err(error @ StoreError::UnreadableRules { .. }) => eprintln!("{error}"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn line(set: &RuleSet, newest: Option<i64>) -> String {
    let state = match (set.holds, &set.approved) {
        (true, _) => "holds",
        (false, Some(_)) => "held",
        (false, None) if Some(set.version) == newest => "waits",
        (false, None) => "overtaken",
    };
    let digest: String = set.sha256.chars().take(12).collect();
    let [proposed, approved] = [Some(&set.proposed), set.approved.as_ref()].map(signed);
    format!("{}\t{state}\t{}\t{proposed}\t{approved}\t{digest}\t{}", set.version, set.based_on, set.note)
}

fn signed(signature: Option<&Signature>) -> String {
    let Some(Signature { by, at }) = signature else { return "-\t-".to_owned() };
    format!("{at:.0}\t{}", by.as_deref().unwrap_or("-"))
}
