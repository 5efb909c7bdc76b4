//! Enums whose values have one word each, the same in JSON and in a column.

/// Writes such an enum: the words are said once, next to the values.
macro_rules! worded {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$means:meta])* $value:ident = $word:tt,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name {
            $($(#[$means])* #[serde(rename = $word)] $value,)+
        }

        impl $name {
            /// Every value, in the order of the words' meaning where they have one.
            pub const ALL: &[Self] = &[$(Self::$value),+];

            /// The word that table and JSON use.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                }
            }

            /// The value behind a word from the table.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }
    };
}

pub(super) use worded;
