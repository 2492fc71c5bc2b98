//! Convolutions of bytes: which kernel runs one, and with weights in which order.

use super::depthwise::Depthwise;
use super::lanes::{OFFSET, RELAXED, WORDS, words};
use super::sums::{self, Pair, Target, Words};
use super::{Around, Finish, MAX_PRODUCTS, Out, Quad};
use crate::model::kernels::geometry::Geometry;
use crate::model::kernels::{Activation, blocked_len};

/// Words of channels that a run over the panels should find in the first-level cache.
const CACHED: usize = 6 * 1024;

enum Weights {
    /// Of 1x1 convolutions: channels are read where they lie.
    Pointwise(Vec<Pair>),
    /// What is under the kernel is gathered, a row of outputs at a time.
    Dense(Vec<Pair>),
    Depthwise(Depthwise),
}

/// A convolution of bytes ready to run.
pub struct Conv {
    pub geometry: Geometry,
    weights: Weights,
    finish: Finish,
    /// As the network has it.
    pub activation: Activation,
    /// What lies in the border.
    zeros: Quad,
}

impl Conv {
    /// Whether there is a kernel for it.
    pub fn suits(g: &Geometry) -> bool {
        g.is_depthwise() || g.groups == 1 && g.inputs * g.kernel[0] * g.kernel[1] <= MAX_PRODUCTS
    }

    /// `weights` as ONNX has them, `[output][input of its group][row][column]`; a scale and a bias an output.
    pub fn new(geometry: Geometry, weights: &[i8], scales: &[f32], bias: &[f32], activation: Activation, around: Around) -> Conv {
        let g = &geometry;
        let finish = Finish::new(weights, scales, bias, &activation, around);
        let packed = if g.is_depthwise() {
            Weights::Depthwise(Depthwise::new(g, weights))
        } else {
            let (taps, blocks) = (g.kernel[0] * g.kernel[1], g.inputs.div_ceil(4));
            let weight = |output: usize, quad: usize| {
                let (tap, block) = (quad / blocks, quad % blocks);
                std::array::from_fn(|lane| {
                    let input = block * 4 + lane;
                    if input < g.inputs { weights[(output * g.inputs + input) * taps + tap] } else { 0 }
                })
            };
            let packed = sums::pack(g.outputs, taps * blocks, weight);
            if g.is_pointwise() { Weights::Pointwise(packed) } else { Weights::Dense(packed) }
        };
        Conv { weights: packed, finish, activation, zeros: around.input.zeros(), geometry }
    }

    pub fn kind(&self) -> &'static str {
        match self.weights {
            Weights::Pointwise(_) => "int8 pointwise",
            Weights::Dense(_) => "int8 dense",
            Weights::Depthwise(_) => "int8 depthwise",
        }
    }

    /// Pixels that a pointwise convolution does for all outputs before the next.
    fn run_length(&self) -> usize {
        let words = self.geometry.inputs.div_ceil(4) * WORDS;
        (CACHED / words / 6 * 6).max(6).min(self.geometry.in_area())
    }

    /// Floats of scratch memory that [`Conv::run`] wants.
    pub fn scratch(&self) -> usize {
        let g = &self.geometry;
        let blocks = g.inputs.div_ceil(4);
        match &self.weights {
            Weights::Pointwise(_) => {
                let count = self.run_length();
                sums::scratch(count) + count * (1 + if RELAXED { 0 } else { blocks * WORDS })
            }
            Weights::Dense(_) => {
                let count = g.output[1];
                sums::scratch(count) + count * (1 + g.kernel[0] * g.kernel[1] * blocks * (1 + WORDS))
            }
            Weights::Depthwise(_) => Depthwise::scratch(g),
        }
    }

    /// All maps blocked, of bytes unless `out` says otherwise. A `residual` is added before the activation; it may lack the
    /// last blocks.
    pub fn run(&self, x: &[Quad], residual: Option<&[Quad]>, mut out: Out<'_>, scratch: &mut [u32]) {
        let g = &self.geometry;
        let x = &x[..blocked_len(g.inputs, g.in_area()) / 4];
        let target = Target { finish: &self.finish, residual, area: g.out_area(), out: &mut out };
        match &self.weights {
            Weights::Pointwise(weights) => self.pointwise(x, weights, target, scratch),
            Weights::Dense(weights) => self.dense(x, weights, target, scratch),
            Weights::Depthwise(weights) => weights.run(g, x, self.zeros, target, scratch),
        }
    }

    fn pointwise(&self, x: &[Quad], weights: &[Pair], mut target: Target<'_, '_>, scratch: &mut [u32]) {
        let area = self.geometry.in_area();
        let length = self.run_length();
        let (sums, scratch) = scratch.split_at_mut(sums::scratch(length));
        let (start, scratch) = scratch.split_at_mut(length);
        let start: &mut [i32] = bytemuck::cast_slice_mut(start);
        for at in (0..area).step_by(length) {
            let count = length.min(area - at);
            sums::starts(&x[at..], area, &mut start[..count]);
            let (words, plane) = if RELAXED {
                (&x[at..], area)
            } else {
                for (x, to) in x.chunks_exact(area).zip(scratch.chunks_exact_mut(count * WORDS)) {
                    spread(&x[at..at + count], to);
                }
                (&scratch[..x.len() / area * WORDS * count], count)
            };
            sums::run(Words { words, plane, count, start: &start[..count] }, weights, at, &mut target, sums);
        }
    }

    fn dense(&self, x: &[Quad], weights: &[Pair], mut target: Target<'_, '_>, scratch: &mut [u32]) {
        let g = &self.geometry;
        let columns = g.output[1];
        let quads = g.kernel[0] * g.kernel[1] * x.len() / g.in_area() * columns;
        let (sums, scratch) = scratch.split_at_mut(sums::scratch(columns));
        let (start, scratch) = scratch.split_at_mut(columns);
        let (gathered, spreaded) = scratch.split_at_mut(quads);
        let start: &mut [i32] = bytemuck::cast_slice_mut(start);
        for row in 0..g.output[0] {
            self.gather(x, row, gathered);
            sums::starts(gathered, columns, start);
            let words = if RELAXED {
                &*gathered
            } else {
                for (from, to) in gathered.chunks_exact(columns).zip(spreaded.chunks_exact_mut(columns * WORDS)) {
                    spread(from, to);
                }
                &spreaded[..quads * WORDS]
            };
            sums::run(Words { words, plane: columns, count: columns, start }, weights, row * columns, &mut target, sums);
        }
    }

    /// What lies under the kernel of every pixel of a row of outputs: `[tap][block][column]`.
    fn gather(&self, x: &[Quad], row: usize, to: &mut [Quad]) {
        let g = &self.geometry;
        let mut lines = to.chunks_exact_mut(g.output[1]);
        for ky in 0..g.kernel[0] {
            let y = (row * g.stride[0] + ky * g.dilation[0]).wrapping_sub(g.pads[0]);
            for kx in 0..g.kernel[1] {
                let first = kx * g.dilation[1];
                for (plane, line) in x.chunks_exact(g.in_area()).zip(&mut lines) {
                    if y >= g.input[0] {
                        line.fill(self.zeros);
                        continue;
                    }
                    let from = &plane[y * g.input[1]..][..g.input[1]];
                    for (column, to) in line.iter_mut().enumerate() {
                        let at = (first + column * g.stride[1]).wrapping_sub(g.pads[1]);
                        *to = from.get(at).copied().unwrap_or(self.zeros);
                    }
                }
            }
        }
    }
}

/// Quads as words: all first words, then all second ones.
fn spread(quads: &[Quad], to: &mut [u32]) {
    let (first, second) = to.split_at_mut(quads.len());
    for ((quad, first), second) in quads.iter().zip(first).zip(second) {
        let words = words(*quad);
        (*first, *second) = (words[0], words[WORDS - 1]);
    }
}

const _: () = assert!((WORDS == 1) == (OFFSET > 0));
