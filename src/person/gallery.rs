//! The people who are enrolled, as the engine compares them. Keeping them is the page's business.

use std::collections::BTreeMap;
use std::fmt;

use crate::face::mask::MaskState;
use crate::person::calibrate::{Calibrations, Cell};
use crate::person::common::{Common, Lean};
use crate::person::template::Template;

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
    /// Cosine of the full templates without what is common, where both faces have one.
    pub full: Option<f32>,
    /// The same of the periocular templates.
    pub periocular: f32,
    /// Both together, where there are both: what the calibration's curves are of.
    pub similarity: f32,
    pub score: f32,
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

/// A template and how far it leans into what is common ([`Common::lean`]).
pub type Side<'a> = (&'a Template, Lean);

/// Compares two templates ([`Calibrations::compared`]), full with full and periocular with periocular, without what is common. A template without a
/// full one, from a look that left it out, is compared by the eyes alone.
pub fn compare(reference: Side, probe: Side, common: &Common, calibrations: &Calibrations) -> Comparison {
    let periocular = common.periocular(reference, probe);
    let cell = Cell::of(reference.0.mask.state, probe.0.mask.state);
    let full = common.full(reference, probe);
    let share = calibrations.full_share.of(cell);
    let similarity = full.map_or(periocular, |f| share * f + (1.0 - share) * periocular);
    Comparison { cell, full, periocular, similarity, score: calibrations.of(common).score(cell, similarity) }
}

#[derive(Default)]
pub struct Gallery {
    people: BTreeMap<String, Person>,
    common: Common,
    /// Somebody came or went since `common` was made.
    stale: bool,
}

struct Person {
    /// One template for all bare references and one for all masked ones, as they are compared ([`Calibrations::compared`]), with how far each leans into
    /// what is common.
    means: Vec<(Template, Lean)>,
    references: usize,
}

impl Gallery {
    /// Enrols or replaces a person. References made by other models than `periocular` and `full`, of which there may be none, are
    /// left out and come back with their index; a person without a usable reference is not in the gallery.
    pub fn put(
        &mut self,
        person: &str,
        references: Vec<Template>,
        (periocular, full): (&str, Option<&str>),
        calibrations: &Calibrations,
    ) -> Vec<(usize, ForeignModel)> {
        let mut refused = Vec::new();
        let mut usable = Vec::new();
        for (i, t) in references.into_iter().enumerate() {
            let pairs = [(Some(&t.periocular), periocular), (t.full.as_ref(), full.unwrap_or("none"))];
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
        let means: Vec<_> =
            [bare, masked].into_iter().filter_map(Template::mean).map(|t| (calibrations.compared(&t), Lean::default())).collect();
        if !means.is_empty() {
            self.people.insert(person.to_owned(), Person { means, references: usable.len() });
            self.stale = true;
        }
        refused
    }

    pub fn remove(&mut self, person: &str) -> bool {
        let known = self.people.remove(person).is_some();
        self.stale |= known;
        known
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn people(&self) -> usize {
        self.people.len()
    }

    pub fn references(&self) -> usize {
        self.people.values().map(|p| p.references).sum()
    }

    /// How well one person's references agree with the probe. None for a person who is not enrolled.
    pub fn verify(&mut self, person: &str, probe: &Template, calibrations: &Calibrations) -> Option<f32> {
        self.refresh(calibrations.strangers_lean);
        let probe = &calibrations.compared(probe);
        let probe = (probe, self.common.lean(probe));
        self.people.get(person).map(|p| p.score(probe, &self.common, calibrations))
    }

    /// What the references have in common, as comparisons leave it out.
    pub fn in_common(&mut self, strangers_lean: f32) -> &Common {
        self.refresh(strangers_lean);
        &self.common
    }

    /// The two best candidates, best first.
    pub fn search(&mut self, probe: &Template, calibrations: &Calibrations) -> Vec<Candidate> {
        self.refresh(calibrations.strangers_lean);
        let probe = &calibrations.compared(probe);
        let probe = (probe, self.common.lean(probe));
        let mut best: Vec<(&String, f32)> = Vec::new();
        for (id, person) in &self.people {
            let score = person.score(probe, &self.common, calibrations);
            if best.len() < 2 || score > best[1].1 {
                let at = best.iter().position(|b| score > b.1).unwrap_or(best.len());
                best.insert(at, (id, score));
                best.truncate(2);
            }
        }
        best.into_iter().map(|(id, score)| Candidate { person: id.clone(), score }).collect()
    }

    /// Many people come at once when a page opens, so what they have in common is found when it is first asked for.
    fn refresh(&mut self, strangers_lean: f32) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        // Bare where there is a bare one: one template a person, or those with two would count twice.
        self.common = Common::of(self.people.values().filter_map(|p| p.means.first()).map(|(t, _)| t), strangers_lean);
        for (template, lean) in self.people.values_mut().flat_map(|p| &mut p.means) {
            *lean = self.common.lean(template);
        }
    }
}

impl Person {
    /// The better of the comparisons with the bare and with the masked references. Two chances double the false-match
    /// rate, so they cost log10(2).
    fn score(&self, probe: Side, common: &Common, calibrations: &Calibrations) -> f32 {
        let best = self.means.iter().map(|(t, lean)| compare((t, *lean), probe, common, calibrations).score).fold(0.0, f32::max);
        (best - (self.means.len() as f32).log10()).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::calibrate::tests::calibrations;
    use crate::person::template::tests::template;

    fn put(g: &mut Gallery, id: &str, t: Vec<Template>) -> usize {
        g.put(id, t, ("periocular-1", Some("full-1")), &calibrations()).len()
    }

    #[test]
    fn a_person_is_the_best_candidate_for_their_own_face() {
        let mut g = Gallery::default();
        for i in 0..20 {
            put(&mut g, &format!("p{i}"), vec![template(i * 31, true)]);
        }
        let found = g.search(&template(7 * 31, true), &calibrations());
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].person, "p7");
        assert!(found[0].score > found[1].score);
        assert_eq!(g.verify("p7", &template(7 * 31, true), &calibrations()), Some(found[0].score));
        assert_eq!(g.verify("nobody", &template(1, true), &calibrations()), None);
    }

    #[test]
    fn the_full_template_counts_by_cell_as_the_manifest_says() {
        let reference = template(1, true);
        let of = |state| {
            let mut probe = template(1, true);
            probe.mask.state = state;
            let full = probe.full.as_mut().unwrap();
            full.vector.iter_mut().for_each(|v| *v = -*v);
            compare((&reference, Lean::default()), (&probe, Lean::default()), &Common::default(), &calibrations())
        };
        let (bare, masked) = (of(MaskState::Bare), of(MaskState::Masked));
        assert_eq!((bare.cell, masked.cell), (Cell::BareBare, Cell::BareMasked));
        assert!((bare.full.unwrap() + 1.0).abs() < 1e-5 && (bare.periocular - 1.0).abs() < 1e-5);
        assert!((bare.similarity + 0.5).abs() < 1e-5 && (masked.similarity - 0.3).abs() < 1e-5);
    }

    #[test]
    fn without_a_full_template_faces_are_compared_by_the_eyes_alone() {
        let (reference, probe) = (template(1, true), template(1, false));
        let c = compare((&reference, Lean::default()), (&probe, Lean::default()), &Common::default(), &calibrations());
        assert_eq!((c.cell, c.full, c.similarity), (Cell::BareMasked, None, c.periocular));
    }

    #[test]
    fn among_many_what_all_have_in_common_counts_for_nothing() {
        // Everybody's template leans the same way, as those of one camera do.
        let leaning = |seed| {
            let mut t = template(seed, false);
            t.periocular.vector = crate::person::embed::unit(t.periocular.vector.iter().map(|v| v + 1.0 / 16.0).collect());
            t
        };
        let mut g = Gallery::default();
        let mut of_a_stranger = |people: std::ops::Range<u32>| {
            people.for_each(|i| assert_eq!(put(&mut g, &format!("p{i}"), vec![leaning(i * 31)]), 0));
            let stranger = g.search(&leaning(5000), &calibrations())[0].score;
            (stranger, g.verify("p7", &leaning(7 * 31), &calibrations()).unwrap())
        };
        let (few, many) = (of_a_stranger(0..15), of_a_stranger(15..40));
        assert!(few.0 > 3.0 && many.0 < 1.5, "a stranger among few {} and among many {}", few.0, many.0);
        assert!(many.1 > 5.9, "the person's own face {}", many.1);
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
        let one = g.verify("a", &template(1, true), &calibrations()).unwrap();
        put(&mut g, "a", vec![template(1, true), template(1, false)]);
        assert!((one - g.verify("a", &template(1, true), &calibrations()).unwrap() - 2f32.log10()).abs() < 1e-4);
        assert!(g.remove("a") && !g.remove("a"));
    }
}
