//! The arithmetic: SIMD kernels on channel-blocked maps, and their plain twins in [`plain`].
//!
//! A *blocked* map of C channels, H rows and W columns is `ceil(C/4)` planes of H*W pixels, each pixel four neighbouring
//! channels ([`Pixel`]): one SIMD register, whatever the width of the map, so 7x7 maps cost no more per pixel than 112x112
//! ones. Lanes beyond C hold finite numbers that meet only zero weights. *Plain* is ONNX's own NCHW order.

pub mod conv;
pub mod depthwise;
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

/// What follows a layer's sums, element by element.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    None,
    /// ReLU is `Clip(0, inf)`, ReLU6 `Clip(0, 6)`.
    Clip(f32, f32),
    /// Negative values times a slope: PReLU (one slope a channel) and LeakyReLU.
    Slope(Vec<f32>),
    Sigmoid,
}

impl Activation {
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
            Activation::Slope(slopes) => {
                let slope = match slopes.as_slice() {
                    [one] => f32x4::splat(*one),
                    many => f32x4::new(std::array::from_fn(|lane| many.get(block * 4 + lane).copied().unwrap_or(0.0))),
                };
                BlockActivation::Slope(slope)
            }
            Activation::Sigmoid => BlockActivation::Sigmoid,
        }
    }

    /// Plain twin of [`BlockActivation::apply`].
    pub fn one(&self, channel: usize, value: f32) -> f32 {
        match self {
            Activation::None => value,
            Activation::Clip(low, high) => value.max(*low).min(*high),
            Activation::Slope(slopes) => {
                let slope = if slopes.len() == 1 { slopes[0] } else { slopes[channel] };
                if value < 0.0 { value * slope } else { value }
            }
            Activation::Sigmoid => sigmoid(value),
        }
    }
}

pub fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
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
            BlockActivation::Sigmoid => f32x4::new(value.to_array().map(sigmoid)),
        }
    }
}
