//! From a face to a unit vector.

use serde::{Deserialize, Serialize};

use crate::face::align::{AlignedBy, Normalisation, Pyramid, Window, mirror};
use crate::face::geometry::Similarity;
use crate::model::{AnyNetwork, ModelError};

/// What an embedder sees of a face, and how many numbers it makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    pub window: Window,
    pub aligned_by: AlignedBy,
    pub normalisation: Normalisation,
    pub dimensions: usize,
}

impl View {
    /// What the network takes: 1, channels, rows, columns.
    pub fn input(&self) -> [usize; 4] {
        [1, 3, self.window.height, self.window.width]
    }
}

/// A network that turns a window of the canonical face into a vector.
pub struct Embedder {
    network: AnyNetwork,
    view: View,
    input: Vec<f32>,
}

impl Embedder {
    /// `network` was opened for the view's [`View::input`] and gives its number of dimensions.
    pub fn new(network: AnyNetwork, view: View) -> Result<Self, ModelError> {
        let View { window, dimensions, .. } = view;
        if network.length() != dimensions {
            return Err(ModelError::other_sizes(format_args!(
                "this is not the embedder that the manifest names: it does not turn {} x {} pixels into {dimensions} numbers",
                window.width, window.height
            )));
        }
        Ok(Self { network, view, input: Vec::new() })
    }

    /// Which points the similarity that [`Self::embed`] wants is fitted to.
    pub fn aligned_by(&self) -> AlignedBy {
        self.view.aligned_by
    }

    /// One look: a unit vector of the network's dimensions.
    pub fn embed(&mut self, pyramid: &Pyramid, canonical_to_frame: &Similarity, mirrored: bool) -> Result<Vec<f32>, ModelError> {
        pyramid.window(&self.view.window, canonical_to_frame, self.view.normalisation, &mut self.input);
        if mirrored {
            mirror(&mut self.input, self.view.window.width);
        }
        Ok(unit(self.network.run(&self.input)?))
    }

    /// The mean of a look and a look in the mirror, which costs twice as much and errs less.
    pub fn embed_averaged(&mut self, pyramid: &Pyramid, canonical_to_frame: &Similarity) -> Result<Vec<f32>, ModelError> {
        let mut sum = self.embed(pyramid, canonical_to_frame, false)?;
        add(&mut sum, &self.embed(pyramid, canonical_to_frame, true)?, 1.0);
        Ok(unit(sum))
    }
}

/// Scaled to length one. A vector of zeros stays what it is: it is like nobody.
pub fn unit(mut v: Vec<f32>) -> Vec<f32> {
    let length = v.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 && length.is_finite() {
        v.iter_mut().for_each(|x| *x /= length);
    } else {
        v.fill(0.0);
    }
    v
}

/// Adds `weight` times `v` to `sum`.
pub fn add(sum: &mut [f32], v: &[f32], weight: f32) {
    for (s, x) in sum.iter_mut().zip(v) {
        *s += weight * x;
    }
}

/// The cosine of two unit vectors, -1..1. Eight sums at once: in one the additions would wait for each other, and a search
/// among 100,000 people does little else.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0f32; 8];
    for (x, y) in a8.iter().zip(b8) {
        for i in 0..8 {
            sums[i] += x[i] * y[i];
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_vector_has_length_one_and_nothing_stays_nothing() {
        let v = unit(vec![3.0, 4.0]);
        assert!((cosine(&v, &v) - 1.0).abs() < 1e-6);
        let (a, b): (Vec<f32>, Vec<f32>) = (0..19).map(|i| (i as f32, (i * i) as f32)).unzip();
        assert_eq!(cosine(&a, &b), (0..19).map(|i| (i * i * i) as f32).sum::<f32>());
        assert_eq!(unit(vec![0.0; 3]), vec![0.0; 3]);
        assert_eq!(unit(vec![f32::NAN, 1.0]), vec![0.0; 2]);
    }
}
