//! What the faces of a group of people have in common, which does not tell those people apart.
//!
//! [Note: what groups have in common] Children are alike to the embedders, and so, much less, are people of one origin: a threshold that
//! holds for everybody does not hold among them. The means of such groups differ along a few directions. Those are taken out of both
//! templates before they are compared, so that two children are as unlike as any two people. What a person stored stays as it was; the curves are
//! of what is left. `examples/groups.rs` finds the directions; they lie in the manifest and hold for the very embedders they were found for.

use serde::{Deserialize, Serialize};

use crate::person::embed::unit;
use crate::person::template::{Features, Template};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Groups {
    /// The embedders, as templates call them: periocular, and full where the pack has one.
    pub models: Vec<String>,
    /// Directions among periocular templates, of any length, each at right angles to those before it.
    pub periocular: Vec<Vec<i8>>,
    /// The same among full ones.
    pub full: Vec<Vec<i8>>,
}

impl Groups {
    /// A template without what it has of its groups. Doing it twice changes nothing.
    pub fn without(&self, template: &Template) -> Template {
        let mut left = template.clone();
        take_out(&mut left.periocular, &self.periocular);
        if let Some(full) = &mut left.full {
            take_out(full, &self.full);
        }
        left
    }

    /// Whether the directions can be used with embedders of these names, which give so many numbers.
    pub fn is_sound(&self, models: &[String], periocular: usize, full: usize) -> bool {
        let fit = |directions: &[Vec<i8>], numbers| directions.iter().all(|d| d.len() == numbers && d.iter().any(|v| *v != 0));
        self.models == models && fit(&self.periocular, periocular) && fit(&self.full, full)
    }
}

fn take_out(features: &mut Features, directions: &[Vec<i8>]) {
    let vector = &mut features.vector;
    for direction in directions {
        let numbers = || direction.iter().map(|v| f32::from(*v));
        let along = vector.iter().zip(numbers()).map(|(x, v)| x * v).sum::<f32>() / numbers().map(|v| v * v).sum::<f32>();
        vector.iter_mut().zip(numbers()).for_each(|(x, v)| *x -= along * v);
    }
    *vector = unit(std::mem::take(vector));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::embed::cosine;
    use crate::person::template::tests::template;

    /// Two directions at right angles: the first axis, and the next two together.
    fn groups() -> Groups {
        let along = |numbers: usize, places: &[usize]| (0..numbers).map(|i| if places.contains(&i) { 100 } else { 0 }).collect();
        let both = |numbers| vec![along(numbers, &[0]), along(numbers, &[1, 2])];
        Groups { models: vec!["eyes".into(), "face".into()], periocular: both(256), full: both(192) }
    }

    /// Somebody whose templates are mostly their group's.
    fn of_a_group(seed: u32) -> Template {
        let mut t = template(seed, true);
        for vector in [&mut t.periocular.vector, &mut t.full.as_mut().unwrap().vector] {
            for v in &mut vector[..3] {
                *v += 0.8;
            }
            *vector = unit(std::mem::take(vector));
        }
        t
    }

    #[test]
    fn two_of_a_group_are_as_unlike_as_any_two_and_each_is_still_like_themselves() {
        let (a, b) = (of_a_group(1), of_a_group(2));
        assert!(cosine(&a.periocular.vector, &b.periocular.vector) > 0.5);
        let (left_of_a, left_of_b) = (groups().without(&a), groups().without(&b));
        let (a, b) = (template(1, true), template(2, true));
        assert!(cosine(&left_of_a.periocular.vector, &left_of_b.periocular.vector).abs() < 0.2);
        let full = |t: &Template| t.full.clone().unwrap().vector;
        assert!(cosine(&full(&left_of_a), &full(&left_of_b)).abs() < 0.2);
        // Of three axes of hundreds there is little of themselves.
        assert!(cosine(&left_of_a.periocular.vector, &a.periocular.vector) > 0.98);
        assert!(cosine(&full(&left_of_b), &full(&b)) > 0.98);
    }

    #[test]
    fn what_is_taken_out_once_is_gone_and_what_is_left_is_a_unit_vector() {
        let once = groups().without(&of_a_group(3));
        let twice = groups().without(&once);
        assert!(once.periocular.vector[0].abs() < 1e-6 && (once.periocular.vector[1] + once.periocular.vector[2]).abs() < 1e-6);
        assert!((cosine(&once.periocular.vector, &once.periocular.vector) - 1.0).abs() < 1e-5);
        assert!(once.periocular.vector.iter().zip(&twice.periocular.vector).all(|(x, y)| (x - y).abs() < 1e-6));
        assert!(groups().without(&template(1, false)).full.is_none());
    }

    #[test]
    fn directions_of_other_embedders_of_another_length_or_of_nothing_are_not_sound() {
        let models = groups().models;
        assert!(groups().is_sound(&models, 256, 192));
        assert!(!groups().is_sound(&["eyes".to_owned(), "other".to_owned()], 256, 192));
        assert!(!groups().is_sound(&models, 256, 256));
        let mut nothing = groups();
        nothing.full[1].fill(0);
        assert!(!nothing.is_sound(&models, 256, 192));
    }
}
