//! The Fluent messages that are built in, read once.
//!
//! Nothing here fails: a text that does not parse is left out, and a test says so before anybody could miss it.

use std::{collections::BTreeMap, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

use super::Language;

/// What a message is about.
pub(super) type Argument<'a> = FluentValue<'a>;

static BUNDLES: LazyLock<BTreeMap<Language, FluentBundle<FluentResource>>> =
    LazyLock::new(|| Language::ALL.into_iter().map(|language| (language, bundle(language))).collect());

/// The files of a language: what is in the catalogue, and how sentences are made.
pub(super) const fn files(language: Language) -> [&'static str; 2] {
    macro_rules! files {
        ($tag:literal) => {
            [
                include_str!(concat!("../../../locales/", $tag, "/catalogue.ftl")),
                include_str!(concat!("../../../locales/", $tag, "/sentences.ftl")),
            ]
        };
    }
    match language {
        Language::English => files!("en"),
        Language::Spanish => files!("es"),
        Language::German => files!("de"),
        Language::French => files!("fr"),
        Language::Portuguese => files!("pt-BR"),
    }
}

/// What presets are called and what they are for. In English their own words say it.
pub(super) const fn presets(language: Language) -> &'static str {
    match language {
        Language::English => "",
        Language::Spanish => include_str!("../../../locales/es/presets.ftl"),
        Language::German => include_str!("../../../locales/de/presets.ftl"),
        Language::French => include_str!("../../../locales/fr/presets.ftl"),
        Language::Portuguese => include_str!("../../../locales/pt-BR/presets.ftl"),
    }
}

impl Language {
    /// The text of a key in this language, if there is one, with its arguments filled in. `day-mon.short` is the attribute
    /// `short` of the message `day-mon`.
    pub(super) fn own(self, key: &str, arguments: &[(&str, Argument)]) -> Option<String> {
        let bundle = BUNDLES.get(&self)?;
        let (name, attribute) = key.split_once('.').map_or((key, None), |(name, attribute)| (name, Some(attribute)));
        let message = bundle.get_message(name)?;
        let pattern = match attribute {
            Some(attribute) => message.get_attribute(attribute)?.value(),
            None => message.value()?,
        };
        let arguments = FluentArgs::from_iter(arguments.iter().cloned());
        Some(bundle.format_pattern(pattern, Some(&arguments), &mut vec![]).into_owned())
    }
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(language.tag().parse().into_iter().collect());
    // The marks around arguments are for texts that run in two directions; all of these run in one.
    bundle.set_use_isolating(false);
    for file in files(language).into_iter().chain([presets(language)]) {
        bundle.add_resource_overriding(FluentResource::try_new(file.to_owned()).unwrap_or_else(|(sound, _)| sound));
    }
    bundle
}
