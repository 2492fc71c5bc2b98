//! Sums over channels: what every convolution but the depthwise ones comes down to.
//!
//! One tile is up to six pixels by eight outputs. Weights are packed so that a tile reads them front to back:
//! `[panel of 8 outputs][word of channels][8]`.

use super::lanes::{OFFSET, WORDS, dot, take_offset, weight_words};
use super::{Finish, Out, Quad};
use crate::model::kernels::pointwise::tile_size;
use wide::i32x4;

/// A word of weights of eight outputs.
pub type Pair = [[u32; 4]; 2];

/// Packs `weight(output, quad)`, four channels each; outputs beyond the last are zero.
pub fn pack(outputs: usize, quads: usize, weight: impl Fn(usize, usize) -> [i8; 4]) -> Vec<Pair> {
    let mut packed = Vec::with_capacity(outputs.div_ceil(8) * quads * WORDS);
    for panel in 0..outputs.div_ceil(8) {
        for quad in 0..quads {
            let of = |output: usize| if output < outputs { weight(output, quad) } else { [0; 4] };
            let words: [[u32; WORDS]; 8] = std::array::from_fn(|output| weight_words(of(panel * 8 + output)));
            for word in 0..WORDS {
                packed.push(std::array::from_fn(|half| std::array::from_fn(|lane| words[half * 4 + lane][word])));
            }
        }
    }
    packed
}

/// Pixels whose channels lie as words: word `w` of pixel `i` at `w * plane + i`.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    pub words: &'a [u32],
    pub plane: usize,
    pub count: usize,
    /// Where sums start, a pixel; empty for zero.
    pub start: &'a [i32],
}

/// What the offset of the weights adds to the sums of each pixel, negative; `quads` are planes of `plane` pixels, the first
/// `start.len()` of which count.
pub fn starts(quads: &[Quad], plane: usize, start: &mut [i32]) {
    start.fill(0);
    if OFFSET == 0 {
        return;
    }
    for quads in quads.chunks(plane) {
        let (fours, rest) = start.as_chunks_mut::<4>();
        for (sums, quads) in fours.iter_mut().zip(quads.as_chunks::<4>().0) {
            *sums = take_offset(*quads, *sums);
        }
        let done = fours.len() * 4;
        for (sum, quad) in rest.iter_mut().zip(&quads[done..]) {
            *sum = take_offset([*quad, 0, 0, 0], [*sum, 0, 0, 0])[0];
        }
    }
}

/// All outputs of `x`, whose first pixel is the `at`-th of output planes of `area`.
pub fn run(x: Words<'_>, weights: &[Pair], finish: &Finish, residual: Option<&[Quad]>, area: usize, at: usize, out: &mut Out<'_>) {
    let steps = x.words.len().div_ceil(x.plane);
    let mut sums = [[i32x4::ZERO; 6]; 2];
    for (panel, weights) in weights.chunks_exact(steps).enumerate() {
        let mut pixel = 0;
        while pixel < x.count {
            let size = tile_size(x.count - pixel);
            match size {
                1 => tile::<1>(x, pixel, weights, &mut sums),
                2 => tile::<2>(x, pixel, weights, &mut sums),
                3 => tile::<3>(x, pixel, weights, &mut sums),
                4 => tile::<4>(x, pixel, weights, &mut sums),
                5 => tile::<5>(x, pixel, weights, &mut sums),
                _ => tile::<6>(x, pixel, weights, &mut sums),
            }
            for (half, sums) in sums.iter().enumerate() {
                let block = panel * 2 + half;
                if block < finish.blocks() {
                    finish.store(&sums[..size], block, block * area + at + pixel, residual, out);
                }
            }
            pixel += size;
        }
    }
}

#[inline(always)]
fn tile<const P: usize>(x: Words<'_>, pixel: usize, weights: &[Pair], sums: &mut [[i32x4; 6]; 2]) {
    let start: [i32; P] = std::array::from_fn(|p| if OFFSET == 0 { 0 } else { x.start[pixel + p] });
    let mut tile = start.map(|start| [i32x4::splat(start); 2]);
    for (plane, weights) in x.words.chunks(x.plane).zip(weights) {
        let words = &plane[pixel..pixel + P];
        for p in 0..P {
            for half in 0..2 {
                tile[p][half] = dot(words[p], &weights[half], tile[p][half]);
            }
        }
    }
    for p in 0..P {
        for half in 0..2 {
            sums[half][p] = tile[p][half];
        }
    }
}
