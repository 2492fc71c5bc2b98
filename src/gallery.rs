//! The people who are enrolled, as the engine compares them. Keeping them is the page's business.

use std::collections::BTreeMap;
use std::fmt;

use crate::calibrate::{Calibration, Cell};
use crate::embed::cosine;
use crate::mask::MaskState;
use crate::template::Template;

/// A person and how well a probe agrees with their references.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub person: String,
    /// [Note: score] in calibrate.rs.
    pub score: f32,
}

/// One comparison, like with like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    pub cell: Cell,
    /// Cosine of the full templates, where both faces have one.
    pub full: Option<f32>,
    /// Cosine of the periocular templates.
    pub periocular: f32,
    /// Both together, where there are both: what the calibration's curves are of.
    pub similarity: f32,
    pub score: f32,
}

/// How much of a similarity is the full template's: most of it where both faces are bare, a little where a mask hides half of
/// one, since brow, hair and outline still count (models/training/RESULTS.md has the weights that were tried).
const fn full_share(cell: Cell) -> f32 {
    match cell {
        Cell::BareBare => 0.75,
        Cell::BareMasked | Cell::MaskedMasked => 0.2,
    }
}

/// Why a reference cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignModel {
    /// The model that made the reference.
    pub found: String,
    /// The model in use.
    pub expected: String,
}

impl fmt::Display for ForeignModel {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "This person was enrolled with another version of the recogniser ({}; this is {}). Enrol the person again.",
            self.found, self.expected
        )
    }
}

impl std::error::Error for ForeignModel {}

/// Compares two templates, full with full and periocular with periocular. A template without a full one, from a look that left
/// it out, is compared by the eyes alone.
pub fn compare(reference: &Template, probe: &Template, calibration: &Calibration) -> Comparison {
    let periocular = cosine(&reference.periocular.vector, &probe.periocular.vector);
    let cell = Cell::of(reference.mask.state, probe.mask.state);
    let full = reference.full.as_ref().zip(probe.full.as_ref()).map(|(a, b)| cosine(&a.vector, &b.vector));
    let share = full_share(cell);
    let similarity = full.map_or(periocular, |f| share * f + (1.0 - share) * periocular);
    Comparison { cell, full, periocular, similarity, score: calibration.score(cell, similarity) }
}

#[derive(Default)]
pub struct Gallery {
    people: BTreeMap<String, Person>,
}

struct Person {
    /// One template for all bare references and one for all masked ones.
    means: Vec<Template>,
    references: usize,
}

impl Gallery {
    /// Enrols or replaces a person. References made by other models than `periocular` and `full` are left out and come
    /// back with their index; a person without a usable reference is not in the gallery.
    pub fn put(&mut self, person: &str, references: Vec<Template>, periocular: &str, full: &str) -> Vec<(usize, ForeignModel)> {
        let mut refused = Vec::new();
        let mut usable = Vec::new();
        for (i, t) in references.into_iter().enumerate() {
            let pairs = [(Some(&t.periocular), periocular), (t.full.as_ref(), full)];
            let foreign = pairs.into_iter().find_map(|(features, expected)| {
                let found = &features.filter(|f| f.model != expected)?.model;
                Some(ForeignModel { found: found.clone(), expected: expected.to_owned() })
            });
            match foreign {
                Some(foreign) => refused.push((i, foreign)),
                None => usable.push(t),
            }
        }
        self.remove(person);
        let (bare, masked): (Vec<_>, Vec<_>) = usable.iter().partition(|t| t.mask.state == MaskState::Bare);
        let means: Vec<_> = [bare, masked].into_iter().filter_map(Template::mean).collect();
        if !means.is_empty() {
            self.people.insert(person.to_owned(), Person { means, references: usable.len() });
        }
        refused
    }

    pub fn remove(&mut self, person: &str) -> bool {
        self.people.remove(person).is_some()
    }

    pub fn clear(&mut self) {
        self.people.clear();
    }

    pub fn people(&self) -> usize {
        self.people.len()
    }

    pub fn references(&self) -> usize {
        self.people.values().map(|p| p.references).sum()
    }

    /// How well one person's references agree with the probe. None for a person who is not enrolled.
    pub fn verify(&self, person: &str, probe: &Template, calibration: &Calibration) -> Option<f32> {
        self.people.get(person).map(|p| p.score(probe, calibration))
    }

    /// The two best candidates, best first.
    pub fn search(&self, probe: &Template, calibration: &Calibration) -> Vec<Candidate> {
        let mut best: Vec<(&String, f32)> = Vec::new();
        for (id, person) in &self.people {
            let score = person.score(probe, calibration);
            if best.len() < 2 || score > best[1].1 {
                let at = best.iter().position(|b| score > b.1).unwrap_or(best.len());
                best.insert(at, (id, score));
                best.truncate(2);
            }
        }
        best.into_iter().map(|(id, score)| Candidate { person: id.clone(), score }).collect()
    }
}

impl Person {
    /// The better of the comparisons with the bare and with the masked references. Two chances double the false-match
    /// rate, so they cost log10(2).
    fn score(&self, probe: &Template, calibration: &Calibration) -> f32 {
        let best = self.means.iter().map(|m| compare(m, probe, calibration).score).fold(0.0, f32::max);
        (best - (self.means.len() as f32).log10()).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::tests::calibration;
    use crate::template::tests::template;

    fn put(g: &mut Gallery, id: &str, t: Vec<Template>) -> usize {
        g.put(id, t, "periocular-1", "full-1").len()
    }

    #[test]
    fn a_person_is_the_best_candidate_for_their_own_face() {
        let mut g = Gallery::default();
        for i in 0..20 {
            put(&mut g, &format!("p{i}"), vec![template(i * 31, true)]);
        }
        let found = g.search(&template(7 * 31, true), &calibration());
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].person, "p7");
        assert!(found[0].score > found[1].score);
        assert_eq!(g.verify("p7", &template(7 * 31, true), &calibration()), Some(found[0].score));
        assert_eq!(g.verify("nobody", &template(1, true), &calibration()), None);
    }

    #[test]
    fn the_full_template_counts_most_between_bare_faces_and_little_under_a_mask() {
        let reference = template(1, true);
        let of = |state| {
            let mut probe = template(1, true);
            probe.mask.state = state;
            let full = probe.full.as_mut().unwrap();
            full.vector.iter_mut().for_each(|v| *v = -*v);
            compare(&reference, &probe, &calibration())
        };
        let (bare, masked) = (of(MaskState::Bare), of(MaskState::Masked));
        assert_eq!((bare.cell, masked.cell), (Cell::BareBare, Cell::BareMasked));
        assert!((bare.full.unwrap() + 1.0).abs() < 1e-5 && (bare.periocular - 1.0).abs() < 1e-5);
        assert!((bare.similarity + 0.5).abs() < 1e-5 && (masked.similarity - 0.6).abs() < 1e-5);
    }

    #[test]
    fn without_a_full_template_faces_are_compared_by_the_eyes_alone() {
        let c = compare(&template(1, true), &template(1, false), &calibration());
        assert_eq!((c.cell, c.full, c.similarity), (Cell::BareMasked, None, c.periocular));
    }

    #[test]
    fn references_of_another_model_are_refused_and_the_others_stay() {
        let mut g = Gallery::default();
        let mut foreign = template(1, false);
        foreign.periocular.model = "periocular-0".into();
        assert_eq!(put(&mut g, "a", vec![foreign.clone(), template(1, true)]), 1);
        assert_eq!((g.people(), g.references()), (1, 1));
        assert_eq!(put(&mut g, "a", vec![foreign]), 1);
        assert_eq!(g.people(), 0);
    }

    #[test]
    fn bare_and_masked_references_together_cost_what_two_chances_cost() {
        let mut g = Gallery::default();
        put(&mut g, "a", vec![template(1, true)]);
        let one = g.verify("a", &template(1, true), &calibration()).unwrap();
        put(&mut g, "a", vec![template(1, true), template(1, false)]);
        assert!((one - g.verify("a", &template(1, true), &calibration()).unwrap() - 2f32.log10()).abs() < 1e-4);
        assert!(g.remove("a") && !g.remove("a"));
    }
}
