//! Arithmetic on 8-bit maps: sums of 32 bits, and whatever follows them before a map is written once.
//!
//! An 8-bit map is blocked as a map of floats is, four neighbouring channels of a pixel in one [`Quad`]; it takes as many
//! quads as the other takes pixels, and lies in the same working memory. A byte stands for `(byte - zero) * scale`.
//! Weights have seven bits, so that the relaxed dot product (whose second factor must not be negative) gives the same
//! integers in every browser; what is computed after the sums is computed without fused roundings, so that every build
//! gives the same bytes.

pub mod conv;
mod depthwise;
mod lanes;
pub mod map;
#[cfg(test)]
mod plain;
mod sums;
#[cfg(test)]
mod tests;

use super::{Activation, Pixel, load};
use lanes::{narrow, widen};
use wide::{f32x4, i32x4};

/// Four neighbouring channels of one pixel, the first in the lowest byte, each a signed byte.
pub type Quad = u32;

/// Sums of four outputs of one pixel.
type Sums = [i32; 4];

/// Smallest and largest weight.
pub const WEIGHTS: std::ops::RangeInclusive<i8> = -64..=63;
/// Sums over more products than this might leave 32 bits.
pub const MAX_PRODUCTS: usize = 1 << 17;

/// What the bytes of a map stand for: `(byte - zero) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantisation {
    pub scale: f32,
    pub zero: i8,
}

impl Quantisation {
    /// The byte nearest to a number, of two equally near ones the even one.
    pub fn byte(self, value: f32) -> i8 {
        let [low, high] = self.bounds();
        // Comparisons that are false for what is not a number leave a bound.
        let steps = (value / self.scale).max(low).min(high).round_ties_even();
        (steps as i32 + i32::from(self.zero)) as i8
    }

    /// The number nearest to it that a byte stands for.
    pub fn nearest(self, value: f32) -> f32 {
        (f32::from(self.byte(value)) - f32::from(self.zero)) * self.scale
    }

    /// Four times zero.
    fn zeros(self) -> Quad {
        Quad::from_le_bytes([self.zero as u8; 4])
    }

    /// What a float may be at most and at least, in units of the scale, for its byte.
    fn bounds(self) -> [f32; 2] {
        [-128.0 - f32::from(self.zero), 127.0 - f32::from(self.zero)]
    }
}

/// What makes numbers within bounds the nearest whole ones, plus a zero: 1.5 * 2^23 leaves no bits behind the point.
#[derive(Clone, Copy)]
struct Rounding {
    shifter: f32x4,
    back: i32x4,
}

impl Rounding {
    fn to(zero: i32) -> Rounding {
        const SHIFTER: f32 = 12_582_912.0;
        Rounding { shifter: f32x4::splat(SHIFTER), back: i32x4::splat(zero - SHIFTER.to_bits() as i32) }
    }

    #[inline(always)]
    fn apply(self, value: f32x4) -> i32x4 {
        let bits: i32x4 = bytemuck::cast(value + self.shifter);
        bits + self.back
    }
}

/// Where a layer's results go.
pub enum Out<'a> {
    Bytes(&'a mut [Quad]),
    Floats(&'a mut [Pixel]),
}

/// What follows a layer's sums, folded into as few steps as it takes: in units of the output's scale where it has one.
pub struct Finish {
    /// By which a sum is multiplied; one a block of four outputs.
    multiplier: Vec<Pixel>,
    /// Added then: the bias, and what the input's zero contributed to the sum.
    bias: Vec<Pixel>,
    /// A map of bytes to add before the activation: factor and shift.
    residual: [f32; 2],
    /// Of negative numbers; one where there are none.
    slopes: Vec<Pixel>,
    low: f32,
    high: f32,
    zero: i32,
}

/// Scales and zeros around a layer.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    pub input: Quantisation,
    pub residual: Option<Quantisation>,
    /// `None` for floats.
    pub output: Option<Quantisation>,
}

impl Finish {
    /// `weights` `[output][..]` with a scale and a bias each.
    pub fn new(weights: &[i8], scales: &[f32], bias: &[f32], activation: &Activation, around: Around) -> Finish {
        let per_output = weights.len() / scales.len().max(1);
        let unit = around.output.map_or(1.0, |output| 1.0 / output.scale);
        let blocks = scales.len().div_ceil(4);
        let (mut multiplier, mut shift) = (vec![[0.0; 4]; blocks], vec![[0.0; 4]; blocks]);
        for (output, (&scale, &bias)) in scales.iter().zip(bias).enumerate() {
            let sum: i32 = weights[output * per_output..][..per_output].iter().map(|&w| i32::from(w)).sum();
            let factor = around.input.scale * scale;
            let zero = sum as f32 * f32::from(around.input.zero);
            multiplier[output / 4][output % 4] = factor * unit;
            shift[output / 4][output % 4] = (bias - zero * factor) * unit;
        }
        let residual = around.residual.map_or([0.0; 2], |r| [r.scale * unit, f32::from(r.zero) * r.scale * -unit]);
        let [mut low, mut high] = around.output.map_or([f32::NEG_INFINITY, f32::INFINITY], Quantisation::bounds);
        // Bounds of both kinds are one pair.
        if let Activation::Clip(least, most) = activation {
            (low, high) = ((least * unit).clamp(low, high), (most * unit).clamp(low, high));
        }
        let slopes = match activation {
            Activation::Slope(slopes) => slopes.clone(),
            _ => vec![[1.0; 4]; blocks],
        };
        let zero = around.output.map_or(0, |output| i32::from(output.zero));
        Finish { multiplier, bias: shift, residual, slopes, low, high, zero }
    }

    pub fn blocks(&self) -> usize {
        self.bias.len()
    }

    /// Whether an activation can follow the sums at once.
    pub fn suits(activation: &Activation) -> bool {
        !matches!(activation, Activation::Sigmoid)
    }

    /// Plain twin of [`Finish::store`]: the number that is rounded.
    #[cfg(test)]
    fn one(&self, output: usize, sum: i32, residual: Option<i8>) -> f32 {
        let (block, lane) = (output / 4, output % 4);
        let mut value = sum as f32 * self.multiplier[block][lane] + self.bias[block][lane];
        if let Some(byte) = residual {
            value += f32::from(byte) * self.residual[0] + self.residual[1];
        }
        let slope = if value < 0.0 { self.slopes[block][lane] } else { 1.0 };
        (value * slope).max(self.low).min(self.high)
    }

    /// Stores the sums of neighbouring pixels of a block, the first at `at`. Not inlined: every kernel would carry it.
    #[inline(never)]
    fn store(&self, sums: &[Sums], block: usize, at: usize, residual: Option<&[Quad]>, out: &mut Out<'_>) {
        let [multiplier, bias, slope] = [&self.multiplier, &self.bias, &self.slopes].map(|of| load(&of[block]));
        let (low, high) = (f32x4::splat(self.low), f32x4::splat(self.high));
        let rounding = Rounding::to(self.zero);
        let [factor, shift] = self.residual.map(f32x4::splat);
        let residual = residual.and_then(|r| r.get(at..at + sums.len()));
        for (start, sums) in (0..).step_by(4).zip(sums.chunks(4)) {
            let sum = |i: usize| i32x4::new(sums.get(i).copied().unwrap_or_default());
            let mut values: [f32x4; 4] = std::array::from_fn(|i| sum(i).round_float() * multiplier + bias);
            if let Some(residual) = residual {
                for (value, more) in values.iter_mut().zip(widen(four(&residual[start..]))) {
                    *value += more * factor + shift;
                }
            }
            for value in &mut values {
                *value = value.fast_max(f32x4::ZERO) + slope * value.fast_min(f32x4::ZERO);
                *value = value.fast_max(low).fast_min(high);
            }
            match out {
                Out::Bytes(out) => put(narrow(values.map(|value| rounding.apply(value))), &mut out[at + start..][..sums.len()]),
                Out::Floats(out) => put(values.map(f32x4::to_array), &mut out[at + start..][..sums.len()]),
            }
        }
    }
}

/// Four, or as many as there is room for.
#[inline(always)]
fn put<T: Copy>(four: [T; 4], to: &mut [T]) {
    match to.first_chunk_mut() {
        Some(to) => *to = four,
        None => to.iter_mut().zip(four).for_each(|(to, one)| *to = one),
    }
}

/// The first four, or as many as there are.
#[inline(always)]
fn four(quads: &[Quad]) -> [Quad; 4] {
    match quads.first_chunk() {
        Some(four) => *four,
        None => std::array::from_fn(|i| quads.get(i).copied().unwrap_or(0)),
    }
}
