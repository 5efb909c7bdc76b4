//! The platform's own servers: what a key of theirs may be used for.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// One thing that a platform key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Ask what an actor may do.
    Decide,
    /// Report age signals of teens.
    Age,
    /// Say that a guardian's consent was verified.
    Assure,
}

/// The word is none of the scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is not a scope; there are decide, age and assure")]
pub struct UnknownScope;

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Decide, Self::Age, Self::Assure];

    /// The word that table, JSON and command line use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decide => "decide",
            Self::Age => "age",
            Self::Assure => "assure",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word).ok_or(UnknownScope)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one key may be used for: at least one scope, each once, in one order. Cheap to clone: each request has a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Scopes(Arc<[Scope]>);

impl Scopes {
    /// These scopes; `None` if there are none, for such a key would open nothing.
    pub fn of(given: &[Scope]) -> Option<Self> {
        let scopes: Arc<[Scope]> = Scope::ALL.into_iter().filter(|scope| given.contains(scope)).collect();
        (!scopes.is_empty()).then_some(Self(scopes))
    }

    /// The scopes behind words from the table. A word of a newer program opens nothing here.
    pub fn from_words(words: &[String]) -> Option<Self> {
        let known: Vec<Scope> = words.iter().filter_map(|word| word.parse().ok()).collect();
        Self::of(&known)
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// Whether this one is among them.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", "))
    }
}

/// A scope as a type, so that a function can ask for a key that has it, and a forgotten check does not compile.
pub trait Scoped: 'static {
    /// Which.
    const SCOPE: Scope;
}

/// [`Scope::Decide`] as a type.
pub enum Decide {}
/// [`Scope::Age`] as a type.
pub enum Age {}
/// [`Scope::Assure`] as a type.
pub enum Assure {}

impl Scoped for Decide {
    const SCOPE: Scope = Scope::Decide;
}
impl Scoped for Age {
    const SCOPE: Scope = Scope::Age;
}
impl Scoped for Assure {
    const SCOPE: Scope = Scope::Assure;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_has_one_word_everywhere() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
        }
        assert_eq!("Decide".parse::<Scope>(), Err(UnknownScope));
    }

    #[test]
    fn a_key_has_at_least_one_scope_and_each_once() {
        let scopes = Scopes::of(&[Scope::Age, Scope::Decide, Scope::Age]).unwrap();
        assert_eq!(scopes.to_string(), "decide, age");
        assert!(scopes.allow(Scope::Age) && !scopes.allow(Scope::Assure));
        assert_eq!(Scopes::of(&[]), None);
    }

    #[test]
    fn a_word_of_a_newer_program_opens_nothing() {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(Scopes::from_words(&words(&["erase", "age"])), Scopes::of(&[Scope::Age]));
        assert_eq!(Scopes::from_words(&words(&["erase"])), None);
    }
}
