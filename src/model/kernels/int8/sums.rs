//! Sums over channels: what every convolution but the depthwise ones comes down to.
//!
//! One tile is six pixels by eight outputs, or four or one where fewer are left. Weights are packed so that a tile reads them front to back:
//! `[panel of 8 outputs][word of channels][8]`.

use super::lanes::{OFFSET, WORDS, dot, take_offset, weight_words};
use super::{Finish, Out, Quad, Sums};
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
            let of_word = |word: usize| std::array::from_fn(|half| std::array::from_fn(|lane| words[half * 4 + lane][word]));
            packed.extend((0..WORDS).map(of_word));
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
    /// Where the sums of each pixel start.
    pub start: &'a [i32],
}

/// Words of memory that [`run`] wants for `count` pixels.
pub fn scratch(count: usize) -> usize {
    2 * 4 * count
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

/// Where a run of outputs goes.
pub struct Target<'a, 'b> {
    pub finish: &'a Finish,
    pub residual: Option<&'a [Quad]>,
    /// Pixels of an output plane.
    pub area: usize,
    pub out: &'a mut Out<'b>,
}

/// All outputs of `x`, whose first pixel is the `at`-th of the output's planes.
pub fn run(x: Words<'_>, weights: &[Pair], at: usize, target: &mut Target<'_, '_>, scratch: &mut [u32]) {
    let steps = x.words.len().div_ceil(x.plane);
    let sums: &mut [Sums] = bytemuck::cast_slice_mut(&mut scratch[..self::scratch(x.count)]);
    let (upper, lower) = sums.split_at_mut(x.count);
    for (panel, weights) in weights.chunks_exact(steps).enumerate() {
        let mut pixel = 0;
        while pixel < x.count {
            let size = match x.count - pixel {
                6.. => 6,
                4.. => 4,
                _ => 1,
            };
            let halves = [&mut upper[pixel..pixel + size], &mut lower[pixel..pixel + size]];
            match size {
                6 => tile::<6>(x, pixel, weights, halves),
                4 => tile::<4>(x, pixel, weights, halves),
                _ => tile::<1>(x, pixel, weights, halves),
            }
            pixel += size;
        }
        for (half, sums) in [&*upper, &*lower].into_iter().enumerate() {
            let block = panel * 2 + half;
            if block < target.finish.blocks() {
                target.finish.store(sums, block, block * target.area + at, target.residual, target.out);
            }
        }
    }
}

#[inline(always)]
fn tile<const P: usize>(x: Words<'_>, pixel: usize, weights: &[Pair], halves: [&mut [Sums]; 2]) {
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
    for (half, sums) in halves.into_iter().enumerate() {
        for (sum, tile) in sums.iter_mut().zip(&tile) {
            *sum = tile[half].to_array();
        }
    }
}
