//! The arithmetic: SIMD kernels on channel-blocked maps, and their plain twins in [`plain`].
//!
//! A *blocked* map of C channels, H rows and W columns is `ceil(C/4)` planes of H*W pixels, each pixel four neighbouring
//! channels ([`Pixel`]): one SIMD register, whatever the width of the map, so 7x7 maps cost no more per pixel than 112x112
//! ones. Lanes beyond C hold finite numbers that meet only zero weights. *Plain* is ONNX's own NCHW order.

pub mod conv;
pub mod depthwise;
pub mod geometry;
pub mod int8;
pub mod map;
pub mod plain;
pub mod pointwise;
#[cfg(test)]
mod tests;

use wide::f32x4;

/// Four neighbouring channels of one pixel.
pub type Pixel = [f32; 4];

/// Floats that a blocked map takes.
pub fn blocked_len(channels: usize, area: usize) -> usize {
    channels.div_ceil(4) * 4 * area
}

#[inline(always)]
pub(crate) fn load(pixel: &Pixel) -> f32x4 {
    f32x4::new(*pixel)
}

/// `a * b + c`, four times. One instruction, and on most processors one rounding, in the build for relaxed SIMD; two of each elsewhere.
#[inline(always)]
pub(crate) fn multiply_add(a: f32x4, b: f32x4, c: f32x4) -> f32x4 {
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    {
        use core::arch::wasm32::{f32x4 as lanes, f32x4_extract_lane as lane, f32x4_relaxed_madd, v128};
        let to = |v: f32x4| -> v128 {
            let [a, b, c, d] = v.to_array();
            lanes(a, b, c, d)
        };
        let sum = f32x4_relaxed_madd(to(a), to(b), to(c));
        f32x4::new([lane::<0>(sum), lane::<1>(sum), lane::<2>(sum), lane::<3>(sum)])
    }
    #[cfg(not(all(target_arch = "wasm32", target_feature = "relaxed-simd")))]
    a.mul_add(b, c)
}

/// What follows a layer's sums, element by element.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    None,
    /// ReLU is `Clip(0, inf)`, ReLU6 `Clip(0, 6)`.
    Clip(f32, f32),
    /// Negative values times a slope of their channel: PReLU and LeakyReLU. Slopes in fours, as channels are.
    Slope(Vec<Pixel>),
    Sigmoid,
}

impl Activation {
    /// `slopes` one a channel.
    pub fn slopes(slopes: &[f32]) -> Activation {
        let four = |four: &[f32]| std::array::from_fn(|lane| four.get(lane).copied().unwrap_or(0.0));
        Activation::Slope(slopes.chunks(4).map(four).collect())
    }

    /// Whether zero stays zero, so that unused lanes stay clean.
    pub fn keeps_zero(&self) -> bool {
        match self {
            Activation::None | Activation::Slope(_) => true,
            Activation::Clip(low, high) => *low <= 0.0 && *high >= 0.0,
            Activation::Sigmoid => false,
        }
    }

    /// The same for four channels, in registers. `block` counts in fours.
    #[inline(always)]
    pub(crate) fn of_block(&self, block: usize) -> BlockActivation {
        match self {
            Activation::None => BlockActivation::None,
            Activation::Clip(low, high) => BlockActivation::Clip(f32x4::splat(*low), f32x4::splat(*high)),
            Activation::Slope(slopes) => BlockActivation::Slope(load(&slopes[block])),
            Activation::Sigmoid => BlockActivation::Sigmoid,
        }
    }

    /// Plain twin of [`BlockActivation::apply`].
    pub fn one(&self, channel: usize, value: f32) -> f32 {
        match self {
            Activation::None => value,
            Activation::Clip(low, high) => value.max(*low).min(*high),
            Activation::Slope(slopes) => {
                if value < 0.0 {
                    value * slopes[channel / 4][channel % 4]
                } else {
                    value
                }
            }
            Activation::Sigmoid => sigmoid(value),
        }
    }
}

pub fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

/// Kept out of the kernels, which would each carry a copy of the exponential.
#[inline(never)]
fn four_sigmoids(value: f32x4) -> f32x4 {
    f32x4::new(value.to_array().map(sigmoid))
}

#[derive(Clone, Copy)]
pub(crate) enum BlockActivation {
    None,
    Clip(f32x4, f32x4),
    Slope(f32x4),
    Sigmoid,
}

impl BlockActivation {
    #[inline(always)]
    pub(crate) fn apply(self, value: f32x4) -> f32x4 {
        match self {
            BlockActivation::None => value,
            BlockActivation::Clip(low, high) => value.fast_max(low).fast_min(high),
            BlockActivation::Slope(slope) => value.fast_max(f32x4::ZERO) + slope * value.fast_min(f32x4::ZERO),
            BlockActivation::Sigmoid => four_sigmoids(value),
        }
    }
}
