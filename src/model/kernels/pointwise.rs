//! Sums over channels: 1x1 convolutions, linear layers, and dense KxK convolutions tap by tap.
//!
//! One tile is P pixels by eight output channels, held in 2P registers; weights are packed so that a tile reads them front
//! to back: `[panel of 8 outputs][input channel][8]`.

use super::{Activation, Pixel, load};
use wide::f32x4;

/// Weights of eight output channels for one input channel.
pub type Pair = [Pixel; 2];

/// Registers of one tile.
type Tile<const P: usize> = [[f32x4; 2]; P];

/// What to do with a tile's sums before they are stored.
#[derive(Clone, Copy)]
pub struct Finish<'a> {
    /// One a block of four output channels.
    pub bias: &'a [Pixel],
    /// A map to add before the activation; it may have fewer blocks than the output, the rest counts as zero.
    pub residual: Option<&'a [Pixel]>,
    pub activation: &'a Activation,
}

/// Packs `weight(output, input)` into panels; outputs and inputs beyond the last are zero.
pub fn pack(outputs: usize, inputs: usize, weight: impl Fn(usize, usize) -> f32) -> Vec<Pair> {
    let mut packed = Vec::with_capacity(outputs.div_ceil(8) * inputs);
    for panel in 0..outputs.div_ceil(8) {
        for input in 0..inputs {
            packed.push(std::array::from_fn(|half| {
                std::array::from_fn(|lane| {
                    let output = panel * 8 + half * 4 + lane;
                    if output < outputs { weight(output, input) } else { 0.0 }
                })
            }));
        }
    }
    packed
}

/// Adds to `tile` what `LANES` input channels of P pixels, `step` apart, contribute through `weights`.
#[inline(always)]
pub(super) fn accumulate<const P: usize, const LANES: usize>(tile: &mut Tile<P>, pixels: &[Pixel], step: usize, weights: &[Pair; LANES]) {
    for lane in 0..LANES {
        let (low, high) = (load(&weights[lane][0]), load(&weights[lane][1]));
        for p in 0..P {
            let value = f32x4::splat(pixels[p * step][lane]);
            tile[p][0] = value.mul_add(low, tile[p][0]);
            tile[p][1] = value.mul_add(high, tile[p][1]);
        }
    }
}

/// Stores a tile at pixel `at` of the two output planes of `panel`.
#[inline(always)]
pub(super) fn store<const P: usize>(tile: Tile<P>, panel: usize, area: usize, at: usize, finish: Finish<'_>, out: &mut [Pixel]) {
    store_block(tile.map(|pair| pair[0]), panel * 2, area, at, finish, out);
    store_block(tile.map(|pair| pair[1]), panel * 2 + 1, area, at, finish, out);
}

#[inline(always)]
fn store_block<const P: usize>(sums: [f32x4; P], block: usize, area: usize, at: usize, finish: Finish<'_>, out: &mut [Pixel]) {
    // An odd number of blocks leaves half of the last panel unused.
    let Some(bias) = finish.bias.get(block) else { return };
    let bias = load(bias);
    let activation = finish.activation.of_block(block);
    let from = block * area + at;
    let to = &mut out[from..from + P];
    match finish.residual.and_then(|r| r.get(from..from + P)) {
        Some(residual) => {
            for p in 0..P {
                to[p] = activation.apply(sums[p] + bias + load(&residual[p])).to_array();
            }
        }
        None => {
            for p in 0..P {
                to[p] = activation.apply(sums[p] + bias).to_array();
            }
        }
    }
}

#[inline(always)]
fn tile<const P: usize>(x: &[Pixel], area: usize, at: usize, weights: &[Pair]) -> Tile<P> {
    let mut tile = [[f32x4::ZERO; 2]; P];
    for (plane, weights) in x.chunks_exact(area).zip(weights.as_chunks::<4>().0) {
        accumulate::<P, 4>(&mut tile, &plane[at..at + P], 1, weights);
    }
    tile
}

/// Floats of input that a run over the panels should find in the first-level cache.
const CACHED: usize = 6 * 1024;

/// A 1x1 convolution over `area` pixels. `weights` packed for inputs rounded up to four.
pub fn run(x: &[Pixel], area: usize, weights: &[Pair], finish: Finish<'_>, out: &mut [Pixel]) {
    let blocks = x.len() / area;
    let inputs = blocks * 4;
    if area == 1 {
        return vector(x, weights, finish, out);
    }
    let run_length = (CACHED / inputs / 6 * 6).max(6);
    for start in (0..area).step_by(run_length) {
        let end = (start + run_length).min(area);
        for (panel, weights) in weights.chunks_exact(inputs).enumerate() {
            let mut at = start;
            while at < end {
                match tile_size(end - at) {
                    1 => store::<1>(tile(x, area, at, weights), panel, area, at, finish, out),
                    2 => store::<2>(tile(x, area, at, weights), panel, area, at, finish, out),
                    3 => store::<3>(tile(x, area, at, weights), panel, area, at, finish, out),
                    4 => store::<4>(tile(x, area, at, weights), panel, area, at, finish, out),
                    5 => store::<5>(tile(x, area, at, weights), panel, area, at, finish, out),
                    _ => store::<6>(tile(x, area, at, weights), panel, area, at, finish, out),
                }
                at += tile_size(end - at);
            }
        }
    }
}

/// Pixels of the next tile when `left` are to do: six fill the registers, and fives make up for a remainder, as small tiles
/// keep the arithmetic waiting.
#[inline(always)]
pub(super) fn tile_size(left: usize) -> usize {
    match left % 6 {
        0 => 6,
        rest if left >= 5 * (6 - rest) => 5,
        _ => left.min(6),
    }
}

/// One pixel: 32 outputs at a time, so that sums do not wait for each other.
fn vector(x: &[Pixel], weights: &[Pair], finish: Finish<'_>, out: &mut [Pixel]) {
    const PANELS: usize = 4;
    let inputs = x.len() * 4;
    for (group, weights) in weights.chunks(inputs * PANELS).enumerate() {
        if weights.len() == inputs * PANELS {
            let panels: [&[Pair]; PANELS] = std::array::from_fn(|p| &weights[p * inputs..(p + 1) * inputs]);
            let mut sums = [[f32x4::ZERO; 2]; PANELS];
            for (i, &value) in x.as_flattened().iter().enumerate() {
                let value = f32x4::splat(value);
                for p in 0..PANELS {
                    let pair = &panels[p][i];
                    sums[p][0] = value.mul_add(load(&pair[0]), sums[p][0]);
                    sums[p][1] = value.mul_add(load(&pair[1]), sums[p][1]);
                }
            }
            for (p, sum) in sums.into_iter().enumerate() {
                store::<1>([sum], group * PANELS + p, 1, 0, finish, out);
            }
        } else {
            for (p, weights) in weights.chunks_exact(inputs).enumerate() {
                store::<1>(tile(x, 1, 0, weights), group * PANELS + p, 1, 0, finish, out);
            }
        }
    }
}
