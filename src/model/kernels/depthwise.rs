//! Depthwise convolutions: every channel with a filter of its own.

use super::{BlockActivation, Pixel, load, multiply_add};
use wide::f32x4;

/// One plane (four channels) of a depthwise convolution without padding: `x` is `width` pixels wide and large enough for
/// the output, which is `columns` wide.
pub struct Plane<'a> {
    pub x: &'a [Pixel],
    pub width: usize,
    pub weights: &'a [Pixel],
    pub bias: &'a Pixel,
    pub activation: BlockActivation,
    pub columns: usize,
}

impl Plane<'_> {
    /// KxK taps at stride S in both directions.
    pub fn run<const K: usize, const S: usize>(&self, residual: Option<&[Pixel]>, out: &mut [Pixel]) {
        for (row, line) in out.chunks_exact_mut(self.columns).enumerate() {
            let x = &self.x[row * S * self.width..];
            let residual = residual.map(|r| &r[row * self.columns..]);
            let mut at = 0;
            while at + 4 <= self.columns {
                self.tile::<K, S, 4>(x, at, residual, line);
                at += 4;
            }
            match self.columns - at {
                1 => self.tile::<K, S, 1>(x, at, residual, line),
                2 => self.tile::<K, S, 2>(x, at, residual, line),
                3 => self.tile::<K, S, 3>(x, at, residual, line),
                _ => {}
            }
        }
    }

    #[inline(always)]
    fn tile<const K: usize, const S: usize, const P: usize>(&self, x: &[Pixel], at: usize, residual: Option<&[Pixel]>, line: &mut [Pixel]) {
        let mut sums = [load(self.bias); P];
        for (row, weights) in self.weights.chunks_exact(K).take(K).enumerate() {
            let from = row * self.width + at * S;
            let x = &x[from..from + (P - 1) * S + K];
            for column in 0..K {
                let weight = load(&weights[column]);
                for p in 0..P {
                    sums[p] = multiply_add(load(&x[p * S + column]), weight, sums[p]);
                }
            }
        }
        let to = &mut line[at..at + P];
        for p in 0..P {
            let sum = residual.map_or(sums[p], |r| sums[p] + load(&r[at + p]));
            to[p] = self.activation.apply(sum).to_array();
        }
    }

    /// Any kernel, stride and dilation.
    pub fn run_any(&self, kernel: [usize; 2], stride: [usize; 2], dilation: [usize; 2], residual: Option<&[Pixel]>, out: &mut [Pixel]) {
        for (i, to) in out.iter_mut().enumerate() {
            let (row, column) = (i / self.columns * stride[0], i % self.columns * stride[1]);
            let mut sums = [f32x4::ZERO; 2];
            for (ky, weights) in self.weights.chunks_exact(kernel[1]).enumerate() {
                let from = (row + ky * dilation[0]) * self.width + column;
                for (kx, weight) in weights.iter().enumerate() {
                    // Two sums, so that an addition need not wait for the one before.
                    sums[kx & 1] = multiply_add(load(&self.x[from + kx * dilation[1]]), load(weight), sums[kx & 1]);
                }
            }
            let mut sum = sums[0] + sums[1] + load(self.bias);
            if let Some(residual) = residual {
                sum += load(&residual[i]);
            }
            *to = self.activation.apply(sum).to_array();
        }
    }
}
