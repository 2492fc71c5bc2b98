//! Sums over channels: 1x1 convolutions, linear layers, and dense KxK convolutions tap by tap.
//!
//! One tile is P pixels by eight output channels, held in 2P registers; weights are packed so that a tile reads them front
//! to back: `[panel of 8 outputs][input channel][8]`.

use super::{Activation, Pixel, load, multiply_add};
use std::ops::Range;
use wide::f32x4;

/// Weights of eight output channels for one input channel.
pub type Pair = [Pixel; 2];

/// Registers of one tile: P pixels by H blocks of four output channels.
pub(super) type Tile<const P: usize, const H: usize> = [[f32x4; H]; P];

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
pub(super) fn accumulate<const P: usize, const H: usize, const LANES: usize>(
    tile: &mut Tile<P, H>,
    pixels: &[Pixel],
    step: usize,
    weights: &[Pair; LANES],
) {
    for lane in 0..LANES {
        let weights: [f32x4; H] = std::array::from_fn(|half| load(&weights[lane][half]));
        for p in 0..P {
            let value = f32x4::splat(pixels[p * step][lane]);
            for half in 0..H {
                tile[p][half] = multiply_add(value, weights[half], tile[p][half]);
            }
        }
    }
}

/// Stores a tile at pixel `at` of the output planes of `panel`.
#[inline(always)]
pub(super) fn store<const P: usize, const H: usize>(
    tile: Tile<P, H>,
    panel: usize,
    area: usize,
    at: usize,
    finish: Finish<'_>,
    out: &mut [Pixel],
) {
    for half in 0..H {
        store_block(tile.map(|blocks| blocks[half]), panel * 2 + half, area, at, finish, out);
    }
}

#[inline(always)]
fn store_block<const P: usize>(sums: [f32x4; P], block: usize, area: usize, at: usize, finish: Finish<'_>, out: &mut [Pixel]) {
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
fn tile<const P: usize, const H: usize>(x: &[Pixel], area: usize, at: usize, weights: &[Pair]) -> Tile<P, H> {
    let mut tile = [[f32x4::ZERO; H]; P];
    for (plane, weights) in x.chunks_exact(area).zip(weights.as_chunks::<4>().0) {
        accumulate::<P, H, 4>(&mut tile, &plane[at..at + P], 1, weights);
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
        let pixels = start..(start + run_length).min(area);
        for (panel, weights) in weights.chunks_exact(inputs).enumerate() {
            // An odd number of blocks leaves half of the last panel unused.
            if panel * 2 + 1 < finish.bias.len() {
                run_panel::<2>(x, area, pixels.clone(), panel, weights, finish, out);
            } else {
                run_panel::<1>(x, area, pixels.clone(), panel, weights, finish, out);
            }
        }
    }
}

fn run_panel<const H: usize>(
    x: &[Pixel],
    area: usize,
    pixels: Range<usize>,
    panel: usize,
    weights: &[Pair],
    finish: Finish<'_>,
    out: &mut [Pixel],
) {
    let mut at = pixels.start;
    while at < pixels.end {
        let size = tile_size(pixels.end - at);
        match size {
            1 => store::<1, H>(tile(x, area, at, weights), panel, area, at, finish, out),
            2 => store::<2, H>(tile(x, area, at, weights), panel, area, at, finish, out),
            3 => store::<3, H>(tile(x, area, at, weights), panel, area, at, finish, out),
            4 => store::<4, H>(tile(x, area, at, weights), panel, area, at, finish, out),
            5 => store::<5, H>(tile(x, area, at, weights), panel, area, at, finish, out),
            _ => store::<6, H>(tile(x, area, at, weights), panel, area, at, finish, out),
        }
        at += size;
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
                    sums[p][0] = multiply_add(value, load(&pair[0]), sums[p][0]);
                    sums[p][1] = multiply_add(value, load(&pair[1]), sums[p][1]);
                }
            }
            for (p, sum) in sums.into_iter().enumerate() {
                store::<1, 2>([sum], group * PANELS + p, 1, 0, finish, out);
            }
        } else {
            for (p, weights) in weights.chunks_exact(inputs).enumerate() {
                store::<1, 2>(tile(x, 1, 0, weights), group * PANELS + p, 1, 0, finish, out);
            }
        }
    }
}
