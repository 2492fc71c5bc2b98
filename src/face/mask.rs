//! Whether a face wears a mask, and whether it wears it as it should be worn.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum MaskState {
    Bare,
    Masked,
    /// A mask under the nose or under the chin.
    Incorrect,
}

impl MaskState {
    pub const ALL: [Self; 3] = [Self::Bare, Self::Masked, Self::Incorrect];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Masked => "masked",
            Self::Incorrect => "incorrect",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// A mask state and how probable it is, 0..1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Mask {
    pub state: MaskState,
    pub probability: f32,
}

impl Mask {
    /// The most probable state. `probabilities` in the order of [`MaskState::ALL`].
    pub fn most_probable(probabilities: [f32; 3]) -> Self {
        let best = (0..3).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b])).unwrap_or(0);
        Self { state: MaskState::ALL[best], probability: probabilities[best] }
    }
}

/// Softmax of three logits.
pub fn probabilities(logits: [f32; 3]) -> [f32; 3] {
    let top = logits.iter().fold(f32::MIN, |a, b| a.max(*b));
    let e = logits.map(|l| (l - top).exp());
    let sum: f32 = e.iter().sum();
    e.map(|v| v / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up_to_one_and_the_largest_names_the_state() {
        let p = probabilities([1.0, 900.0, -3.0]);
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(Mask::most_probable(p).state, MaskState::Masked);
    }

    #[test]
    fn every_state_is_found_by_its_name() {
        for s in MaskState::ALL {
            assert_eq!(MaskState::parse(s.name()), Some(s));
        }
        assert_eq!(MaskState::parse("scarf"), None);
    }
}
