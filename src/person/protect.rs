//! Template protection: a secret rotation of the space in which templates lie.
//!
//! Stored vectors pass through an orthogonal transform made from a 32-byte key. It keeps every inner product, and with it
//! every comparison, and makes vectors under two keys strangers to each other: a leaked store cannot be linked with
//! another one, and a new key revokes the old vectors. It is no encryption (whoever has as many known pairs of vectors as
//! there are dimensions can solve for it); the vault encrypts as well.
//!
//! One round is sign flips, a permutation and Hadamard butterflies over overlapping powers of two; four rounds mix every
//! dimension into every other. All of it comes from SHA-256 in counter mode over the key, the model and the length, so
//! that two models never share a rotation.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::person::embed::unit;
use crate::person::template::{Features, Template};

/// Three leave traces of the last permutation; the fourth costs a few microseconds.
const ROUNDS: usize = 4;
/// Rotations that are kept: a release has two networks, and templates of a few older releases may lie beside theirs. A backup
/// may name any number of others, which must not cost memory.
const MOST_ROTATIONS: usize = 16;

/// Protects and unprotects templates under one key.
pub struct Protector {
    key: [u8; 32],
    /// By model and dimensions: making a rotation costs more than applying it.
    rotations: HashMap<(String, usize), Rotation>,
}

impl Protector {
    pub fn new(key: [u8; 32]) -> Protector {
        Protector { key, rotations: HashMap::new() }
    }

    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The template with its vectors turned; everything else as it was.
    pub fn protect(&mut self, template: &Template) -> Template {
        self.turn(template, Rotation::apply)
    }

    /// The inverse of [`Protector::protect`] under the same key.
    pub fn unprotect(&mut self, template: &Template) -> Template {
        self.turn(template, Rotation::invert)
    }

    fn turn(&mut self, template: &Template, turn: fn(&Rotation, &mut [f32])) -> Template {
        let mut out = template.clone();
        for features in [Some(&mut out.periocular), out.full.as_mut()].into_iter().flatten() {
            turn(self.rotation(features), &mut features.vector);
            features.vector = unit(std::mem::take(&mut features.vector));
        }
        out
    }

    fn rotation(&mut self, features: &Features) -> &Rotation {
        let id = (features.model.clone(), features.vector.len());
        if self.rotations.len() >= MOST_ROTATIONS && !self.rotations.contains_key(&id) {
            self.rotations.clear();
        }
        self.rotations.entry(id).or_insert_with_key(|(model, n)| Rotation::new(&self.key, model, *n))
    }
}

/// An orthogonal transform of `n` dimensions.
pub struct Rotation {
    rounds: Vec<Round>,
}

struct Round {
    /// 1 or -1 for each dimension.
    signs: Vec<f32>,
    /// Where each dimension comes from.
    from: Vec<usize>,
}

impl Rotation {
    pub fn new(key: &[u8; 32], model: &str, n: usize) -> Rotation {
        let mut random = Keystream::new(key, model, n);
        Rotation { rounds: (0..ROUNDS).map(|_| Round::new(&mut random, n)).collect() }
    }

    /// Turns `v` in place. Its length must be the one that the rotation was made for.
    pub fn apply(&self, v: &mut [f32]) {
        for round in &self.rounds {
            let turned: Vec<f32> = round.from.iter().zip(&round.signs).map(|(&from, sign)| v[from] * sign).collect();
            v.copy_from_slice(&turned);
            for block in blocks(v.len()) {
                hadamard(&mut v[block]);
            }
        }
    }

    /// Turns `v` back in place.
    pub fn invert(&self, v: &mut [f32]) {
        for round in self.rounds.iter().rev() {
            for block in blocks(v.len()).into_iter().rev() {
                // Symmetric and orthogonal: its own inverse.
                hadamard(&mut v[block]);
            }
            let turned = v.to_vec();
            for ((&from, sign), value) in round.from.iter().zip(&round.signs).zip(turned) {
                v[from] = value * sign;
            }
        }
    }
}

impl Round {
    fn new(random: &mut Keystream, n: usize) -> Round {
        let signs = (0..n).map(|_| if random.byte() & 1 == 0 { 1.0 } else { -1.0 }).collect();
        let mut from: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            from.swap(i, random.below(i + 1));
        }
        Round { signs, from }
    }
}

/// The first and the last power of two of `n` dimensions. They overlap; for a power of two the second is empty, as doing
/// the same block twice would undo it.
fn blocks(n: usize) -> [std::ops::Range<usize>; 2] {
    let size = if n == 0 { 0 } else { 1 << n.ilog2() };
    let second = if size == n { n } else { n - size };
    [0..size, second..n]
}

/// The Walsh-Hadamard transform, scaled to be orthogonal; the length must be a power of two.
fn hadamard(v: &mut [f32]) {
    let mut half = 1;
    while half < v.len() {
        for pair in v.chunks_exact_mut(2 * half) {
            let (a, b) = pair.split_at_mut(half);
            for (x, y) in a.iter_mut().zip(b) {
                (*x, *y) = (*x + *y, *x - *y);
            }
        }
        half *= 2;
    }
    let scale = 1.0 / (v.len() as f32).sqrt();
    v.iter_mut().for_each(|x| *x *= scale);
}

/// SHA-256 in counter mode.
struct Keystream {
    start: Sha256,
    block: [u8; 32],
    used: usize,
    counter: u64,
}

impl Keystream {
    fn new(key: &[u8; 32], model: &str, n: usize) -> Keystream {
        let start = Sha256::new()
            .chain_update(b"brow template rotation 1")
            .chain_update(key)
            .chain_update((n as u64).to_le_bytes())
            .chain_update((model.len() as u64).to_le_bytes())
            .chain_update(model);
        Keystream { start, block: [0; 32], used: 32, counter: 0 }
    }

    fn byte(&mut self) -> u8 {
        if self.used == self.block.len() {
            self.block = self.start.clone().chain_update(self.counter.to_le_bytes()).finalize().into();
            self.counter += 1;
            self.used = 0;
        }
        self.used += 1;
        self.block[self.used - 1]
    }

    /// Uniform in 0..n by rejection.
    fn below(&mut self, n: usize) -> usize {
        let n = n as u32;
        let fair = u32::MAX - u32::MAX % n;
        loop {
            let value = u32::from_le_bytes(std::array::from_fn(|_| self.byte()));
            if value < fair {
                return (value % n) as usize;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::mask::{Mask, MaskState};

    fn dot(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    /// Pseudo-random unit vectors, by the keystream itself under a key that nothing else uses.
    fn vectors(count: usize, n: usize) -> Vec<Vec<f32>> {
        let mut random = Keystream::new(&[9; 32], "vectors", n);
        (0..count)
            .map(|_| {
                // The sum of twelve uniforms is near enough to a normal.
                unit((0..n).map(|_| (0..12).map(|_| random.byte() as f32 / 255.0).sum::<f32>() - 6.0).collect())
            })
            .collect()
    }

    fn turned(rotation: &Rotation, vectors: &[Vec<f32>]) -> Vec<Vec<f32>> {
        vectors.iter().cloned().map(|mut v| (rotation.apply(&mut v), v).1).collect()
    }

    #[test]
    fn names_of_networks_that_somebody_made_up_cost_no_memory() {
        let mut protector = Protector::new([3; 32]);
        let mut features = Features { model: "known".into(), vector: vectors(1, 64).remove(0) };
        let before = {
            protector.rotation(&features).apply(&mut features.vector);
            features.vector.clone()
        };
        let plain = vectors(1, 64).remove(0);
        for i in 0..1000 {
            protector.rotation(&Features { model: format!("made up {i}"), vector: Vec::new() });
            assert!(protector.rotations.len() <= MOST_ROTATIONS);
        }
        // The known one is made anew, and is the same.
        let mut again = Features { model: "known".into(), vector: plain };
        protector.rotation(&again).apply(&mut again.vector);
        assert_eq!(again.vector, before);
    }

    #[test]
    fn every_comparison_stays_the_same_under_the_same_key() {
        for n in [192, 256, 7, 1] {
            let plain = vectors(40, n);
            let secret = turned(&Rotation::new(&[1; 32], "m", n), &plain);
            for (a, secret_a) in plain.iter().zip(&secret) {
                for (b, secret_b) in plain.iter().zip(&secret) {
                    assert!((dot(a, b) - dot(secret_a, secret_b)).abs() < 1e-5, "{n} dimensions");
                }
            }
        }
    }

    #[test]
    fn turning_back_gives_the_same_vector() {
        for n in [192, 256, 300, 2, 1, 0] {
            let rotation = Rotation::new(&[2; 32], "m", n);
            for v in vectors(10, n) {
                let mut back = v.clone();
                rotation.apply(&mut back);
                rotation.invert(&mut back);
                assert!(v.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-5), "{n} dimensions");
            }
        }
    }

    #[test]
    fn the_same_face_under_two_keys_or_two_models_looks_like_two_strangers() {
        for n in [192, 256] {
            let plain = vectors(200, n);
            let one = turned(&Rotation::new(&[1; 32], "m", n), &plain);
            for other in [Rotation::new(&[3; 32], "m", n), Rotation::new(&[1; 32], "another", n)] {
                let other = turned(&other, &plain);
                let cosines: Vec<f32> = one.iter().zip(&other).map(|(a, b)| dot(a, b)).collect();
                let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
                let spread = (cosines.iter().map(|c| c * c).sum::<f32>() / cosines.len() as f32).sqrt();
                // Strangers: mean 0, standard deviation 1 / sqrt(n) = 0.06..0.07.
                assert!(mean.abs() < 0.02 && spread < 0.1, "mean {mean}, spread {spread}");
            }
            // A protected vector says nothing about the plain one either.
            let kept = plain.iter().zip(&one).map(|(a, b)| dot(a, b).abs()).sum::<f32>() / plain.len() as f32;
            assert!(kept < 0.1, "{kept}");
        }
    }

    #[test]
    fn one_bit_of_the_key_changes_the_whole_rotation() {
        let mut key = [7; 32];
        let first = Rotation::new(&key, "m", 256);
        key[31] ^= 1;
        let second = Rotation::new(&key, "m", 256);
        // The mean squared cosine between the columns: 1 for the same rotation, 1 / 256 for strangers.
        let columns = |rotation: &Rotation| -> Vec<Vec<f32>> {
            (0..256)
                .map(|i| ((0..256).map(|j| (i == j) as u8 as f32)).collect())
                .map(|mut v: Vec<f32>| (rotation.apply(&mut v), v).1)
                .collect()
        };
        let same = columns(&first).iter().zip(columns(&second)).map(|(a, b)| dot(a, &b).powi(2)).sum::<f32>() / 256.0;
        assert!(same < 0.02, "{same}");
    }

    #[test]
    fn every_dimension_reaches_every_other() {
        for n in [192, 256] {
            let rotation = Rotation::new(&[5; 32], "m", n);
            let mut v = vec![0.0; n];
            v[n / 2] = 1.0;
            rotation.apply(&mut v);
            let largest = v.iter().fold(0f32, |most, x| most.max(x.abs()));
            assert!(largest < 0.4, "one dimension kept {largest}");
            assert!(v.iter().filter(|x| x.abs() > 1e-6).count() > n * 9 / 10);
        }
    }

    #[test]
    fn a_template_comes_back_and_compares_as_before_also_through_its_bytes() {
        let make = |vectors: &[Vec<f32>; 2]| Template {
            periocular: Features { model: "periocular-1".into(), vector: vectors[0].clone() },
            full: Some(Features { model: "full-1".into(), vector: vectors[1].clone() }),
            mask: Mask { state: MaskState::Bare, probability: 0.9 },
            quality: 0.7,
        };
        let (wide, narrow) = (vectors(2, 256), vectors(2, 192));
        let [a, b] = [0, 1].map(|i| make(&[wide[i].clone(), narrow[i].clone()]));
        let mut protector = Protector::new([4; 32]);
        let through = |t: Template| Template::decode(&t.encode()).expect("its own bytes");
        let [stored_a, stored_b] = [&a, &b].map(|t| through(protector.protect(t)));
        let expected = dot(&a.periocular.vector, &b.periocular.vector);
        assert!((dot(&stored_a.periocular.vector, &stored_b.periocular.vector) - expected).abs() < 1e-4);
        let back = through(protector.unprotect(&stored_a));
        assert!((dot(&back.periocular.vector, &b.periocular.vector) - expected).abs() < 1e-4);
        assert!(dot(&back.full.as_ref().unwrap().vector, &a.full.as_ref().unwrap().vector) > 1.0 - 1e-4);
        assert!(dot(&stored_a.full.unwrap().vector, &a.full.as_ref().unwrap().vector).abs() < 0.3);
        assert_eq!((back.mask, back.quality), (through(a.clone()).mask, through(a).quality));
    }
}
