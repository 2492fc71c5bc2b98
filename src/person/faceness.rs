//! Whether what was embedded is a person's face at all.
//!
//! [Note: faceness] An animal, a doll or a hand that both looks take for a face gets a template like anybody else. But the embedders
//! learned what tells people apart, and what is no person lies elsewhere among their templates: one plane through them tells both,
//! at the price of a product of two vectors. `examples/faceness.rs` fits it; it lies in the manifest, and holds for the very embedders that it
//! was fitted to. A pack without one goes by both looks alone.

use serde::{Deserialize, Serialize};

use crate::person::template::Template;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faceness {
    /// The embedders, as templates call them: periocular, and full where the pack has one.
    pub models: Vec<String>,
    /// Log-odds at the middle of all templates.
    pub bias: f32,
    /// Log-odds for each step of a weight and length one along its axis.
    pub step: f32,
    /// A weight for each number of both templates, periocular first.
    pub weights: Vec<i8>,
    /// What has less is no person's.
    pub least: f32,
}

impl Faceness {
    /// Log-odds that this is a template of a person's face, even where as many are as are not. None where the template lacks what
    /// the weights are for, as after a look that left the full embedder out.
    pub fn log_odds(&self, template: &Template) -> Option<f32> {
        if template.numbers().count() != self.weights.len() {
            return None;
        }
        let sum: f32 = template.numbers().zip(&self.weights).map(|(number, weight)| number * f32::from(*weight)).sum();
        Some(self.bias + self.step * sum)
    }

    /// Whether the numbers can be used with embedders of these names, which give so many numbers together.
    pub fn is_sound(&self, models: &[String], dimensions: usize) -> bool {
        let numbers = [self.bias, self.step, self.least];
        self.models == models && self.weights.len() == dimensions && numbers.into_iter().all(f32::is_finite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::template::tests::template;

    #[test]
    fn log_odds_are_of_both_templates_and_of_none_where_one_is_missing() {
        let both = template(1, true);
        let (eyes, face) = (both.periocular.vector.len(), both.full.as_ref().unwrap().vector.len());
        let mut faceness =
            Faceness { models: vec!["eyes".into(), "face".into()], bias: 0.5, step: 0.25, weights: vec![0; eyes + face], least: 0.0 };
        faceness.weights[0] = 4;
        faceness.weights[eyes + 1] = -8;
        let expected = 0.5 + both.periocular.vector[0] - 2.0 * both.full.as_ref().unwrap().vector[1];
        assert!((faceness.log_odds(&both).unwrap() - expected).abs() < 1e-6);
        assert_eq!(faceness.log_odds(&template(1, false)), None);
        let names = faceness.models.clone();
        assert!(faceness.is_sound(&names, eyes + face));
        assert!(!faceness.is_sound(&names, eyes) && !faceness.is_sound(&names[..1], eyes + face));
        faceness.step = f32::NAN;
        assert!(!faceness.is_sound(&names, eyes + face));
    }
}
