//! What the faces of a gallery have in common, which says nothing about who is who.
//!
//! [Note: what faces have in common] Templates of one source (a camera, its light, the crop, the people who stand before it)
//! lean into one direction, and strangers then look alike by it. It cannot be told from a single face. But references are of
//! different people, so where there are many of them their mean is that direction, and comparisons leave it out. It costs one
//! number a template, is made anew from the gallery whenever that changes, and is stored nowhere. It is an optimisation for
//! galleries of many: a few faces would have too much of themselves in their mean.

use crate::person::embed::{add, cosine, unit};
use crate::person::template::Template;

/// References of so many people before anything is taken for what they have in common.
pub const MANY: usize = 16;

/// The directions that count for nothing, if they are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Common {
    periocular: Option<Direction>,
    full: Option<Direction>,
}

#[derive(Clone, Debug, PartialEq)]
struct Direction {
    unit: Vec<f32>,
    /// How much of it is taken away, 0..1.
    share: f32,
}

/// How far a template leans into the common directions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lean {
    periocular: f32,
    full: f32,
}

impl Common {
    /// From one template of each person. `strangers_lean`: further than this no stranger leans into what is common.
    pub fn of<'a>(people: impl Iterator<Item = &'a Template> + Clone, strangers_lean: f32) -> Self {
        Self {
            periocular: Direction::of(people.clone().map(|t| &t.periocular.vector[..]), strangers_lean),
            full: Direction::of(people.filter_map(|t| t.full.as_ref()).map(|f| &f.vector[..]), strangers_lean),
        }
    }

    pub fn is_known(&self) -> bool {
        self.periocular.is_some()
    }

    pub fn lean(&self, template: &Template) -> Lean {
        let along = |direction: &Option<Direction>, vector: &[f32]| direction.as_ref().map_or(0.0, |d| cosine(&d.unit, vector));
        Lean {
            periocular: along(&self.periocular, &template.periocular.vector),
            full: template.full.as_ref().map_or(0.0, |f| along(&self.full, &f.vector)),
        }
    }

    /// The cosine of two periocular templates without what is common.
    pub fn periocular(&self, (a, a_lean): (&Template, Lean), (b, b_lean): (&Template, Lean)) -> f32 {
        without(&self.periocular, cosine(&a.periocular.vector, &b.periocular.vector), a_lean.periocular, b_lean.periocular)
    }

    /// The same of two full templates, where both faces have one.
    pub fn full(&self, (a, a_lean): (&Template, Lean), (b, b_lean): (&Template, Lean)) -> Option<f32> {
        let (x, y) = a.full.as_ref().zip(b.full.as_ref())?;
        Some(without(&self.full, cosine(&x.vector, &y.vector), a_lean.full, b_lean.full))
    }
}

impl Direction {
    /// None for too few people, and where they have nothing in common. Who is there several times, under several names, would
    /// be a direction of their own, so vectors that lean into it as no stranger does are left out.
    fn of<'a>(vectors: impl Iterator<Item = &'a [f32]> + Clone, strangers_lean: f32) -> Option<Self> {
        let all = Self::of_strangers(vectors.clone())?;
        let twice = |v: &&[f32]| cosine(&all.unit, v) > strangers_lean;
        if !vectors.clone().any(|v| twice(&v)) {
            return Some(all);
        }
        Self::of_strangers(vectors.filter(|v| !twice(v)))
    }

    fn of_strangers<'a>(vectors: impl Iterator<Item = &'a [f32]>) -> Option<Self> {
        let (mut sum, mut people) = (Vec::new(), 0.0f64);
        for vector in vectors {
            sum.resize(vector.len(), 0.0);
            add(&mut sum, vector, 1.0);
            people += 1.0;
        }
        if people < MANY as f64 {
            return None;
        }
        // The mean cosine of two different people; what each of them has with themselves is not common.
        let length: f64 = sum.iter().map(|v| f64::from(v * v)).sum();
        let alike = (length - people) / (people * (people - 1.0));
        // The part of the mean's squared length that more people would not take away.
        let trust = alike / (alike + (1.0 - alike) / people);
        (alike > 0.0 && trust.is_finite()).then(|| Self { unit: unit(sum), share: (trust * (2.0 - trust)) as f32 })
    }
}

/// A cosine of two unit vectors after a share of a direction, into which they lean by `a` and `b`, is taken from both.
fn without(direction: &Option<Direction>, cosine: f32, a: f32, b: f32) -> f32 {
    let Some(Direction { share, .. }) = direction else { return cosine };
    let left = (1.0 - share * a * a) * (1.0 - share * b * b);
    // Nothing is left of a template that is nothing but the common direction: it is like nobody.
    if left > 1e-6 { (cosine - share * a * b) / left.sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::template::tests::template;

    const LEAN: f32 = 0.75;

    /// Different people whose templates lean into one direction by `lean`.
    fn people(n: u32, lean: f32) -> Vec<Template> {
        let towards = template(9999, true);
        let of = |i| {
            let mut t = template(i * 17, true);
            let leaning = |own: &[f32], to: &[f32]| unit(own.iter().zip(to).map(|(o, t)| o + lean * t).collect());
            t.periocular.vector = leaning(&t.periocular.vector, &towards.periocular.vector);
            let full = t.full.as_mut().unwrap();
            full.vector = leaning(&full.vector, &towards.full.as_ref().unwrap().vector);
            t
        };
        (0..n).map(of).collect()
    }

    fn mean_cosine(people: &[Template], common: &Common) -> f32 {
        let mut cosines = Vec::new();
        for (i, a) in people.iter().enumerate() {
            for b in &people[..i] {
                cosines.push(common.periocular((a, common.lean(a)), (b, common.lean(b))));
                cosines.push(common.full((a, common.lean(a)), (b, common.lean(b))).unwrap());
            }
        }
        cosines.iter().sum::<f32>() / cosines.len() as f32
    }

    #[test]
    fn strangers_are_alike_by_what_is_common_and_no_longer_without_it() {
        let seen = people(60, 0.7);
        let common = Common::of(seen[..40].iter(), LEAN);
        assert!(mean_cosine(&seen[40..], &Common::default()) > 0.25);
        assert!(mean_cosine(&seen[40..], &common).abs() < 0.05, "{}", mean_cosine(&seen[40..], &common));
    }

    #[test]
    fn a_face_stays_like_itself_and_cosines_stay_cosines() {
        let seen = people(40, 0.7);
        let common = Common::of(seen.iter(), LEAN);
        for t in &seen {
            let side = (t, common.lean(t));
            assert!((common.periocular(side, side) - 1.0).abs() < 1e-4 && (common.full(side, side).unwrap() - 1.0).abs() < 1e-4);
        }
        let mut nothing = seen[0].clone();
        nothing.periocular.vector = common.periocular.as_ref().unwrap().unit.clone();
        let cosine = common.periocular((&nothing, common.lean(&nothing)), (&seen[1], common.lean(&seen[1])));
        assert!(cosine.abs() <= 1.0);
    }

    #[test]
    fn a_few_people_or_people_without_anything_in_common_have_none() {
        assert!(!Common::of(people(MANY as u32 - 1, 0.7).iter(), LEAN).is_known());
        assert!(Common::of(people(MANY as u32, 0.7).iter(), LEAN).is_known());
        // One person under many names is nothing that many people have in common.
        assert!(!Common::of([template(3, true)].iter().cycle().take(40), LEAN).is_known());
        let (few, one) = (people(MANY as u32, 0.7), template(3, true));
        let common = Common::of(few.iter().chain(std::iter::repeat_n(&one, 30)), LEAN);
        assert!(common.is_known() && common.lean(&one).periocular.abs() < 0.5);
        // Opposites: their mean is nothing.
        let mut seen = people(20, 0.0);
        let opposites: Vec<_> = seen
            .iter()
            .cloned()
            .map(|mut t| {
                t.periocular.vector.iter_mut().for_each(|v| *v = -*v);
                t
            })
            .collect();
        seen.extend(opposites);
        assert!(!Common::of(seen.iter(), LEAN).is_known());
    }
}
