//! From a face to a unit vector.

use crate::face::align::{EMBEDDER_NORMALISATION, Pyramid, Window, mirror};
use crate::face::geometry::Similarity;
use crate::model::{ModelError, Network};

/// A network that turns a window of the canonical face into a vector.
pub struct Embedder {
    network: Network,
    window: Window,
    input: Vec<f32>,
}

impl Embedder {
    /// `network` takes 1 x 3 x height x width of `window`, RGB, (x - 127.5) / 128, and gives `dimensions` numbers.
    pub fn new(network: Network, window: Window, dimensions: usize) -> Result<Self, ModelError> {
        let given: usize = network.outputs().first().map_or(0, |o| o.dims.iter().product());
        if network.input_dims() != [1, 3, window.height, window.width] || given != dimensions {
            return Err(ModelError::Shape(format!(
                "this is not the embedder that the manifest names: it does not turn {} x {} pixels into {dimensions} numbers",
                window.width, window.height
            )));
        }
        Ok(Self { network, window, input: Vec::new() })
    }

    /// One look: a unit vector of the network's dimensions.
    pub fn embed(&mut self, pyramid: &Pyramid, canonical_to_frame: &Similarity, mirrored: bool) -> Result<Vec<f32>, ModelError> {
        pyramid.window(&self.window, canonical_to_frame, EMBEDDER_NORMALISATION, &mut self.input);
        if mirrored {
            mirror(&mut self.input, self.window.width);
        }
        Ok(unit(self.network.run(&self.input)?[0].to_vec()))
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
