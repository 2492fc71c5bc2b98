//! What a manifest says beside what the engine works with: on which runtime a network runs, where it comes from, and what it was measured on.
//!
//! In a page JavaScript reads it (www/worker/about.js, models.js): the module only passes over it, and is smaller for that.

#[cfg(not(target_arch = "wasm32"))]
pub use read::{Backend, Protocol, Provenance, RuntimeEntry, Source};

#[cfg(not(target_arch = "wasm32"))]
mod read {
    use serde::{Deserialize, Serialize};
    pub use serde_json::Value as Protocol;

    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Backend {
        #[default]
        Own,
        Tract,
    }

    impl Backend {
        pub fn is_left_out(&self) -> bool {
            *self == Self::Own
        }
    }

    /// A file beside the networks.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct RuntimeEntry {
        pub file: String,
        pub bytes: usize,
        /// Lower-case hexadecimal.
        pub sha256: String,
    }

    /// Where a network comes from, as far as its pack says.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct Provenance {
        pub weights: Vec<Source>,
        /// The pictures that the weights were trained on.
        pub pictures: Vec<Source>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct Source {
        pub name: String,
        /// SPDX's name where it has one, else `own`, `research-only`, `unpublished` or `unstated`. It goes into audit logs, which take
        /// letters, digits, `.`, `+`, `-` and `_`.
        pub licence: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub link: Option<String>,
    }

    impl Provenance {
        pub fn is_left_out(&self) -> bool {
            *self == Self::default()
        }

        pub fn is_sound(&self) -> bool {
            let is_code =
                |text: &str| (1..=40).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || ".+-_".contains(c));
            let is_link = |link: &String| link.starts_with("https://") && link.len() <= 300;
            let sources = || self.weights.iter().chain(&self.pictures);
            sources().all(|s| (1..=200).contains(&s.name.len()) && is_code(&s.licence) && s.link.as_ref().is_none_or(is_link))
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub use passed::{Passed as Backend, Passed as Protocol, Passed as Provenance, Passed as RuntimeEntry};

#[cfg(target_arch = "wasm32")]
mod passed {
    use serde::de::IgnoredAny;
    use serde::{Deserialize, Deserializer, Serialize};

    #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
    pub struct Passed;

    impl<'de> Deserialize<'de> for Passed {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            IgnoredAny::deserialize(deserializer).map(|_| Self)
        }
    }

    impl Passed {
        pub fn is_left_out(&self) -> bool {
            true
        }
    }
}
