//! Fast kernels against their plain twins, on odd sizes.

use super::conv::Conv;
use super::geometry::Geometry;
use super::map::{self, Arithmetic, Pooling};
use super::*;

/// Numbers in [-1, 1) that look random and are the same every time.
pub struct Noise(pub u32);

impl Noise {
    pub fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
    pub fn many(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }
    /// From `low` to `high`, both included.
    pub fn pick(&mut self, low: usize, high: usize) -> usize {
        low + ((self.next() + 1.0) / 2.0 * (high - low + 1) as f32) as usize
    }
}

fn close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (at, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= 2e-5 * (1.0 + b.abs()), "{what}: element {at} is {a}, its twin {b}");
    }
}

/// As [`map::block`], but with unused lanes that would show if anything counted them.
fn block_dirty(plain: &[f32], channels: usize, area: usize) -> Vec<f32> {
    let mut blocked = vec![0.0; blocked_len(channels, area)];
    map::block(plain, channels, area, &mut blocked);
    for (i, value) in blocked.iter_mut().enumerate() {
        if i / (4 * area) * 4 + i % 4 >= channels {
            *value = 99.0;
        }
    }
    blocked
}

fn unblock(blocked: &[f32], channels: usize, area: usize) -> Vec<f32> {
    let mut plain = vec![0.0; channels * area];
    map::unblock(blocked, channels, area, &mut plain);
    plain
}

fn activations(channels: usize, noise: &mut Noise) -> [Activation; 5] {
    [
        Activation::None,
        Activation::Clip(0.0, f32::INFINITY),
        Activation::Clip(0.0, 6.0),
        Activation::slopes(&noise.many(channels)),
        Activation::Sigmoid,
    ]
}

/// A random geometry whose kernel fits. `groups` 0 stands for depthwise.
pub fn geometry(noise: &mut Noise, groups: usize) -> Geometry {
    let inputs = noise.pick(1, 19);
    let (groups, outputs) = if groups == 0 { (inputs, inputs) } else { (1, noise.pick(1, 27)) };
    loop {
        let mut g = Geometry {
            inputs,
            outputs,
            groups,
            kernel: [noise.pick(1, 5), noise.pick(1, 5)],
            stride: [noise.pick(1, 3), noise.pick(1, 3)],
            dilation: [noise.pick(1, 2), noise.pick(1, 2)],
            pads: std::array::from_fn(|_| noise.pick(0, 2)),
            input: [noise.pick(1, 11), noise.pick(1, 11)],
            output: [0, 0],
        };
        // The sizes that the fast kernels are for, most of the time.
        match noise.pick(0, 5) {
            0 => (g.kernel, g.stride, g.pads, g.dilation) = ([1, 1], [1, 1], [0; 4], [1, 1]),
            1 => (g.kernel, g.stride, g.dilation) = ([3, 3], [1, 1], [1, 1]),
            2 => (g.kernel, g.stride, g.dilation) = ([3, 3], [2, 2], [1, 1]),
            3 => (g.kernel, g.stride, g.dilation) = ([5, 5], [1, 1], [1, 1]),
            4 => (g.kernel, g.stride, g.dilation) = ([5, 5], [2, 2], [1, 1]),
            _ => {}
        }
        let reach: [usize; 2] = std::array::from_fn(|i| (g.kernel[i] - 1) * g.dilation[i] + 1);
        if (0..2).all(|i| g.padded()[i] >= reach[i]) {
            g.output = std::array::from_fn(|i| (g.padded()[i] - reach[i]) / g.stride[i] + 1);
            return g;
        }
    }
}

#[test]
fn convolutions_agree_with_their_plain_twin() {
    let mut noise = Noise(1);
    for round in 0..400 {
        let g = geometry(&mut noise, round % 2);
        let weights = noise.many(g.outputs * g.inputs / g.groups * g.kernel[0] * g.kernel[1]);
        let bias = noise.many(g.outputs);
        let x = noise.many(g.inputs * g.in_area());
        let residual = noise.many(g.outputs * g.out_area());
        let mut expected = vec![0.0; residual.len()];
        plain::conv(&g, &x, &weights, &bias, &mut expected);
        for (i, activation) in activations(g.outputs, &mut noise).into_iter().enumerate() {
            let with_residual = (i + round) % 3 == 0;
            let conv = Conv::new(g.clone(), weights.clone(), bias.clone(), activation.clone());
            let blocked_residual = block_dirty(&residual, g.outputs, g.out_area());
            let mut out = vec![7.0; blocked_len(g.outputs, g.out_area())];
            let mut scratch = vec![7.0; conv.scratch()];
            let x = block_dirty(&x, g.inputs, g.in_area());
            conv.run(&x, with_residual.then_some(&blocked_residual), &mut out, &mut scratch);
            let expected: Vec<f32> = (0..expected.len())
                .map(|at| {
                    let sum = expected[at] + if with_residual { residual[at] } else { 0.0 };
                    activation.one(at / g.out_area(), sum)
                })
                .collect();
            close(&format!("{g:?} {activation:?}"), &unblock(&out, g.outputs, g.out_area()), &expected);
        }
    }
}

#[test]
fn a_residual_of_fewer_channels_counts_as_zero_beyond() {
    let mut noise = Noise(2);
    let g = Geometry {
        inputs: 3,
        outputs: 12,
        groups: 1,
        kernel: [1, 1],
        stride: [1, 1],
        dilation: [1, 1],
        pads: [0; 4],
        input: [5, 3],
        output: [5, 3],
    };
    let (weights, bias, x) = (noise.many(36), noise.many(12), noise.many(45));
    let residual = noise.many(4 * 15);
    let mut expected = vec![0.0; 12 * 15];
    plain::conv(&g, &x, &weights, &bias, &mut expected);
    expected.iter_mut().zip(&residual).for_each(|(e, r)| *e += r);
    let conv = Conv::new(g, weights, bias, Activation::None);
    let mut out = vec![0.0; 12 * 15];
    conv.run(&block_dirty(&x, 3, 15), Some(&block_dirty(&residual, 4, 15)), &mut out, &mut []);
    close("a short residual", &unblock(&out, 12, 15), &expected);
}

#[test]
fn pooling_agrees_with_its_plain_twin() {
    let mut noise = Noise(3);
    for round in 0..300 {
        let mut g = geometry(&mut noise, 0);
        if round % 5 == 0 && g.input[0] > 1 && g.input[1] > 1 {
            (g.kernel, g.stride, g.pads, g.dilation) = ([2, 2], [2, 2], [0; 4], [1, 1]);
            g.output = g.input.map(|size| size / 2);
        }
        // A last window that reaches beyond the border, as ceil_mode makes them.
        if round % 4 == 0 {
            g.output[0] += usize::from(g.output[0] * g.stride[0] < g.input[0] + g.pads[0]);
        }
        let x = noise.many(g.inputs * g.in_area());
        for pooling in [Pooling::Max, Pooling::Average, Pooling::AverageWithPads] {
            let mut expected = vec![0.0; g.inputs * g.out_area()];
            plain::pool(pooling, &g, &x, &mut expected);
            let mut out = vec![7.0; blocked_len(g.inputs, g.out_area())];
            map::pool(pooling, &g, &block_dirty(&x, g.inputs, g.in_area()), &mut out);
            close(&format!("{pooling:?} {g:?}"), &unblock(&out, g.inputs, g.out_area()), &expected);
        }
    }
}

#[test]
fn layouts_lose_nothing() {
    let mut noise = Noise(4);
    for (channels, area) in [(1, 1), (3, 5), (4, 7), (6, 12), (13, 1), (16, 9)] {
        let plain = noise.many(channels * area);
        let mut blocked = vec![7.0; blocked_len(channels, area)];
        map::block(&plain, channels, area, &mut blocked);
        assert_eq!(unblock(&blocked, channels, area), plain);
        let (mut last, mut expected) = (vec![0.0; plain.len()], vec![0.0; plain.len()]);
        map::channels_last(&blocked, channels, area, &mut last);
        plain::transpose(&plain, &[channels, area], &[1, 0], &mut expected);
        assert_eq!(last, expected);
    }
}

#[test]
fn channels_are_joined_at_any_place() {
    let mut noise = Noise(5);
    for (first, second) in [(4, 3), (3, 6), (5, 4), (1, 1), (8, 9)] {
        let (area, all) = (6, first + second);
        let (a, b) = (noise.many(first * area), noise.many(second * area));
        let mut out = vec![0.0; blocked_len(all, area)];
        map::place(&block_dirty(&a, first, area), first, area, 0, &mut out);
        map::place(&block_dirty(&b, second, area), second, area, first, &mut out);
        assert_eq!(unblock(&out, all, area), [a, b].concat());
    }
}

#[test]
fn means_sums_and_activations_agree_with_plain_loops() {
    let mut noise = Noise(6);
    for (channels, area) in [(5, 6), (9, 1), (4, 35)] {
        let (a, b, gate) = (noise.many(channels * area), noise.many(channels * area), noise.many(channels));
        let blocked = block_dirty(&a, channels, area);
        let mut mean = vec![0.0; blocked_len(channels, 1)];
        map::global_average(&blocked, channels, area, &mut mean);
        let expected: Vec<f32> = a.chunks(area).map(|plane| plane.iter().sum::<f32>() / area as f32).collect();
        close("mean", &mean[..channels], &expected);
        for activation in activations(channels, &mut noise) {
            let mut x = blocked.clone();
            map::activate(&activation, &mut x, channels, area);
            let expected: Vec<f32> = a.iter().enumerate().map(|(i, &v)| activation.one(i / area, v)).collect();
            close("activation", &unblock(&x, channels, area), &expected);
        }
        for arithmetic in [Arithmetic::Add, Arithmetic::Sub, Arithmetic::Mul, Arithmetic::Div] {
            let mut x = blocked.clone();
            map::combine(arithmetic, &mut x, &block_dirty(&b, channels, area));
            let expected: Vec<f32> = a.iter().zip(&b).map(|(&a, &b)| arithmetic.one(a, b)).collect();
            close("arithmetic", &unblock(&x, channels, area), &expected);
            let mut x = blocked.clone();
            map::combine_channels(arithmetic, &mut x, &block_dirty(&gate, channels, 1), area);
            let expected: Vec<f32> = a.iter().enumerate().map(|(i, &a)| arithmetic.one(a, gate[i / area])).collect();
            close("arithmetic by channels", &unblock(&x, channels, area), &expected);
        }
    }
}
