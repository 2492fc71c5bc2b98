//! Depthwise convolutions of bytes. Rows of the map are laid side by side in pairs, so that one dot product takes two taps of
//! four channels; a row of outputs that starts in the middle of a pair has weights of its own.

use super::lanes::{interleave, pair_dot};
use super::sums::Target;
use super::{Quad, Sums, four};
use crate::model::kernels::geometry::Geometry;
use wide::i32x4;

/// Four channels of two rows, or their weights: `[upper 0, lower 0, upper 1, ...]`.
type Both = [i16; 8];

/// Pixels beyond the last pair that a tile of four may look at without using them.
const BEYOND: usize = 6;

pub enum Depthwise {
    /// `[block][even or odd first row][pair of rows][column]`, square and without dilation.
    Pairs(Vec<Both>),
    /// `[block][tap]`.
    Any(Vec<[i32; 4]>),
}

impl Depthwise {
    fn is_paired(g: &Geometry) -> bool {
        matches!((g.kernel, g.stride, g.dilation), ([3, 3] | [5, 5], [1, 1] | [2, 2], [1, 1]))
    }

    /// Sums of a row of outputs, in fours.
    fn line(g: &Geometry) -> usize {
        g.output[1].next_multiple_of(4)
    }

    /// Words of scratch memory: the pairs of one plane, and a row of sums.
    pub fn scratch(g: &Geometry) -> usize {
        let [height, width] = g.padded();
        if Self::is_paired(g) { (height.div_ceil(2) * width + BEYOND) * 4 + Self::line(g) * 4 } else { 0 }
    }

    pub fn new(g: &Geometry, weights: &[i8]) -> Depthwise {
        let taps = g.kernel[0] * g.kernel[1];
        let at = |block: usize, tap: usize, lane: usize| weights.get((block * 4 + lane) * taps + tap).copied().unwrap_or(0);
        let blocks = 0..g.outputs.div_ceil(4);
        if !Self::is_paired(g) {
            let all = blocks.flat_map(|block| (0..taps).map(move |tap| (block, tap)));
            return Depthwise::Any(all.map(|(block, tap)| std::array::from_fn(|lane| at(block, tap, lane).into())).collect());
        }
        let size = g.kernel[0];
        let mut pairs = Vec::new();
        for block in blocks {
            for odd in 0..2 {
                for pair in 0..size / 2 + 1 {
                    for column in 0..size {
                        pairs.push(std::array::from_fn(|i| {
                            let row = (2 * pair + i % 2).wrapping_sub(odd);
                            if row < size { at(block, row * size + column, i / 2).into() } else { 0 }
                        }));
                    }
                }
            }
        }
        Depthwise::Pairs(pairs)
    }

    /// As [`super::conv::Conv::run`]; `zeros` lie in the border.
    pub fn run(&self, g: &Geometry, x: &[Quad], zeros: Quad, mut target: Target<'_, '_>, scratch: &mut [u32]) {
        let weights = match self {
            Depthwise::Any(weights) => return any(g, x, zeros, weights, target),
            Depthwise::Pairs(weights) => weights,
        };
        let (line, pairs) = scratch[..Self::scratch(g)].split_at_mut(Self::line(g) * 4);
        let (line, pairs): (&mut [Sums], &mut [Both]) = (bytemuck::cast_slice_mut(line), bytemuck::cast_slice_mut(pairs));
        let per_block = 2 * g.kernel[0] * (g.kernel[0] / 2 + 1);
        for (block, (x, weights)) in x.chunks_exact(g.in_area()).zip(weights.chunks_exact(per_block)).enumerate() {
            pair_rows(g, x, zeros, pairs);
            let plane = Plane { pairs, width: g.padded()[1], weights, columns: g.output[1], rows: g.output[0], block };
            match (g.kernel[0], g.stride[0]) {
                (3, 1) => plane.run::<3, 1>(line, &mut target),
                (3, _) => plane.run::<3, 2>(line, &mut target),
                (_, 1) => plane.run::<5, 1>(line, &mut target),
                _ => plane.run::<5, 2>(line, &mut target),
            }
        }
    }
}

/// The plane with its border, rows in pairs.
fn pair_rows(g: &Geometry, x: &[Quad], zeros: Quad, pairs: &mut [Both]) {
    let border = interleave([zeros; 4], [zeros; 4])[0];
    for (pair, line) in pairs.chunks_exact_mut(g.padded()[1]).enumerate() {
        let row = |at: usize| {
            let row = at.checked_sub(g.pads[0]).filter(|&row| row < g.input[0])?;
            Some(&x[row * g.input[1]..][..g.input[1]])
        };
        let (upper, lower) = (row(2 * pair), row(2 * pair + 1));
        line[..g.pads[1]].fill(border);
        line[g.pads[1] + g.input[1]..].fill(border);
        for (at, line) in line[g.pads[1]..][..g.input[1]].chunks_mut(4).enumerate() {
            let of = |row: Option<&[Quad]>| row.map_or([zeros; 4], |row| four(&row[at * 4..]));
            line.copy_from_slice(&interleave(of(upper), of(lower))[..line.len()]);
        }
    }
}

/// One plane (four channels).
struct Plane<'a> {
    pairs: &'a [Both],
    /// Pixels of a row with its border.
    width: usize,
    weights: &'a [Both],
    rows: usize,
    columns: usize,
    block: usize,
}

impl Plane<'_> {
    fn run<const K: usize, const S: usize>(&self, line: &mut [Sums], target: &mut Target<'_, '_>) {
        let (even, odd) = self.weights.split_at(self.weights.len() / 2);
        for row in 0..self.rows {
            let weights = if (row * S).is_multiple_of(2) { even } else { odd };
            let x = &self.pairs[row * S / 2 * self.width..];
            for (at, sums) in (0..).step_by(4).zip(line.as_chunks_mut::<4>().0) {
                *sums = self.tile::<K, S>(x, at, weights);
            }
            target.finish.store(
                &line[..self.columns],
                self.block,
                (self.block * self.rows + row) * self.columns,
                target.residual,
                target.out,
            );
        }
    }

    #[inline(always)]
    fn tile<const K: usize, const S: usize>(&self, x: &[Both], at: usize, weights: &[Both]) -> [Sums; 4] {
        let mut sums = [i32x4::ZERO; 4];
        for (pair, weights) in weights.chunks_exact(K).take(K / 2 + 1).enumerate() {
            let from = pair * self.width + at * S;
            let x = &x[from..from + 3 * S + K];
            for column in 0..K {
                for p in 0..4 {
                    sums[p] = pair_dot(x[p * S + column], weights[column], sums[p]);
                }
            }
        }
        sums.map(i32x4::to_array)
    }
}

/// Any kernel, stride and dilation.
fn any(g: &Geometry, x: &[Quad], zeros: Quad, weights: &[[i32; 4]], target: Target<'_, '_>) {
    let channels = |quad: Quad| i32x4::new(quad.to_le_bytes().map(|byte| i32::from(byte as i8)));
    let taps = g.kernel[0] * g.kernel[1];
    for (block, (x, weights)) in x.chunks_exact(g.in_area()).zip(weights.chunks_exact(taps)).enumerate() {
        for at in 0..g.out_area() {
            let (row, column) = (at / g.output[1] * g.stride[0], at % g.output[1] * g.stride[1]);
            let mut sum = i32x4::ZERO;
            for (tap, weights) in weights.iter().enumerate() {
                let y = (row + tap / g.kernel[1] * g.dilation[0]).wrapping_sub(g.pads[0]);
                let column = (column + tap % g.kernel[1] * g.dilation[1]).wrapping_sub(g.pads[1]);
                let inside = y < g.input[0] && column < g.input[1];
                let quad = if inside { x[y * g.input[1] + column] } else { zeros };
                sum += channels(quad) * i32x4::new(*weights);
            }
            target.finish.store(&[sum.to_array()], block, block * g.out_area() + at, target.residual, target.out);
        }
    }
}
