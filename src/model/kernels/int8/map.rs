//! Everything on maps of bytes that is not a convolution.

use super::lanes::{narrow, widen};
use super::{Quad, Quantisation, Rounding, four};
use crate::model::kernels::Pixel;
use wide::f32x4;

/// Numbers to bytes.
pub fn quantise(x: &[Pixel], to: Quantisation, out: &mut [Quad]) {
    let (scale, [low, high], rounding) = (f32x4::splat(to.scale), to.bounds().map(f32x4::splat), Rounding::to(to.zero.into()));
    for (x, out) in x.chunks(4).zip(out.chunks_mut(4)) {
        // Divided as ONNX has it, so that a number between two bytes goes the same way.
        let value = |i: usize| (f32x4::new(*x.get(i).unwrap_or(&[0.0; 4])) / scale).fast_max(low).fast_min(high);
        let quads = narrow(std::array::from_fn(|i| rounding.apply(value(i))));
        out.copy_from_slice(&quads[..out.len()]);
    }
}

/// Bytes to numbers.
pub fn dequantise(x: &[Quad], from: Quantisation, out: &mut [Pixel]) {
    let (scale, zero) = (f32x4::splat(from.scale), f32x4::splat(from.zero.into()));
    for (x, out) in x.chunks(4).zip(out.chunks_mut(4)) {
        for (out, value) in out.iter_mut().zip(widen(four(x))) {
            *out = ((value - zero) * scale).to_array();
        }
    }
}

/// The sum of two maps of bytes, as bytes of a third kind.
pub struct Add {
    factors: [f32; 2],
    shift: f32,
    low: f32,
    high: f32,
    zero: i32,
}

impl Add {
    pub fn new(a: Quantisation, b: Quantisation, to: Quantisation) -> Add {
        let factors = [a, b].map(|of| of.scale / to.scale);
        let shift = -(f32::from(a.zero) * factors[0] + f32::from(b.zero) * factors[1]);
        let [low, high] = to.bounds();
        Add { factors, shift, low, high, zero: to.zero.into() }
    }

    pub fn run(&self, a: &[Quad], b: &[Quad], out: &mut [Quad]) {
        let [of_a, of_b, shift, low, high] = [self.factors[0], self.factors[1], self.shift, self.low, self.high].map(f32x4::splat);
        let rounding = Rounding::to(self.zero);
        for ((a, b), out) in a.chunks(4).zip(b.chunks(4)).zip(out.chunks_mut(4)) {
            let (a, b) = (widen(four(a)), widen(four(b)));
            let sum = |i: usize| (a[i] * of_a + b[i] * of_b + shift).fast_max(low).fast_min(high);
            let quads = narrow(std::array::from_fn(|i| rounding.apply(sum(i))));
            out.copy_from_slice(&quads[..out.len()]);
        }
    }

    /// Plain twin of [`Add::run`].
    #[cfg(test)]
    pub fn one(&self, a: i8, b: i8) -> i8 {
        let sum = f32::from(a) * self.factors[0] + f32::from(b) * self.factors[1] + self.shift;
        (sum.max(self.low).min(self.high).round_ties_even() as i32 + self.zero) as i8
    }
}

/// The mean of every channel, as a number.
pub fn global_average(x: &[Quad], from: Quantisation, area: usize, out: &mut [Pixel]) {
    for (plane, out) in x.chunks_exact(area).zip(out) {
        let mut sums = [0i32; 4];
        for quad in plane {
            for (sum, byte) in sums.iter_mut().zip(quad.to_le_bytes()) {
                *sum += i32::from(byte as i8);
            }
        }
        *out = sums.map(|sum| (sum as f32 / area as f32 - f32::from(from.zero)) * from.scale);
    }
}

/// A map of bytes times a number a channel, as squeeze and excitation has it, as bytes of another kind.
pub fn multiply_channels(x: &[Quad], from: Quantisation, gate: &[Pixel], area: usize, to: Quantisation, out: &mut [Quad]) {
    let ([low, high], unit) = (to.bounds().map(f32x4::splat), f32x4::splat(from.scale / to.scale));
    let (zero, rounding) = (f32x4::splat(from.zero.into()), Rounding::to(to.zero.into()));
    for ((plane, out), gate) in x.chunks_exact(area).zip(out.chunks_exact_mut(area)).zip(gate) {
        let factor = f32x4::new(*gate) * unit;
        for (quads, out) in plane.chunks(4).zip(out.chunks_mut(4)) {
            let values = widen(four(quads)).map(|value| ((value - zero) * factor).fast_max(low).fast_min(high));
            out.copy_from_slice(&narrow(values.map(|value| rounding.apply(value)))[..quads.len()]);
        }
    }
}
