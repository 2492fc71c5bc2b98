//! Kernels on bytes against their plain twins: the same integers, on odd sizes and at both ends of the range.

use super::conv::Conv;
use super::*;
use crate::model::kernels::geometry::Geometry;
use crate::model::kernels::tests::{Noise, geometry};
use crate::model::kernels::{blocked_len, plain as floats};

fn bytes(noise: &mut Noise, count: usize, low: i8, high: i8) -> Vec<i8> {
    (0..count).map(|_| (noise.pick(0, (i32::from(high) - i32::from(low)) as usize) as i32 + i32::from(low)) as i8).collect()
}

/// Blocked, with unused lanes that would show if anything counted them.
fn block(plain: &[i8], channels: usize, area: usize) -> Vec<Quad> {
    let byte = |channel: usize, at: usize| if channel < channels { plain[channel * area + at] } else { 99 };
    let quad = |i: usize| u32::from_le_bytes(std::array::from_fn(|lane| byte(i / area * 4 + lane, i % area) as u8));
    (0..blocked_len(channels, area) / 4).map(quad).collect()
}

fn unblock(blocked: &[Quad], channels: usize, area: usize) -> Vec<i8> {
    let byte = |i: usize| blocked[i / area / 4 * area + i % area].to_le_bytes()[i / area % 4] as i8;
    (0..channels * area).map(byte).collect()
}

fn quantisation(noise: &mut Noise) -> Quantisation {
    Quantisation { scale: 0.01 + noise.pick(1, 50) as f32 * 1e-3, zero: bytes(noise, 1, -128, 127)[0] }
}

fn activations(channels: usize, noise: &mut Noise) -> [Activation; 5] {
    let steep: Vec<f32> = noise.many(channels).iter().map(|slope| slope * 2.0).collect();
    [
        Activation::None,
        Activation::Clip(0.0, f32::INFINITY),
        Activation::Clip(-0.5, 1.5),
        Activation::slopes(&noise.many(channels)),
        Activation::slopes(&steep),
    ]
}

/// A layer at random: its bytes, weights and everything around it.
struct Layer {
    g: Geometry,
    x: Vec<i8>,
    weights: Vec<i8>,
    scales: Vec<f32>,
    bias: Vec<f32>,
    residual: Vec<i8>,
    around: Around,
}

fn layer(noise: &mut Noise, round: usize) -> Layer {
    let g = geometry(noise, round % 2);
    let count = g.outputs * g.inputs / g.groups * g.kernel[0] * g.kernel[1];
    // Every fourth layer has nothing but the ends of the range, in which sums and products are largest.
    let ends = |values: Vec<i8>, low: i8, high: i8| {
        let end = |v: i8| if v < 0 { low } else { high };
        if round.is_multiple_of(4) { values.into_iter().map(end).collect() } else { values }
    };
    let x = bytes(noise, g.inputs * g.in_area(), -128, 127);
    let weights = bytes(noise, count, *WEIGHTS.start(), *WEIGHTS.end());
    let (x, weights) = (ends(x, -128, 127), ends(weights, -64, 63));
    let scales: Vec<f32> = (0..g.outputs).map(|_| 0.001 + noise.pick(1, 9) as f32 * 1e-3).collect();
    let bias = noise.many(g.outputs);
    let residual = bytes(noise, g.outputs * g.out_area(), -128, 127);
    let around = Around {
        input: quantisation(noise),
        residual: round.is_multiple_of(3).then(|| quantisation(noise)),
        output: Some(quantisation(noise)),
    };
    Layer { g, x, weights, scales, bias, residual, around }
}

impl Layer {
    fn run(&self, activation: &Activation, output: Option<Quantisation>) -> (Vec<i8>, Vec<f32>) {
        let g = &self.g;
        let around = Around { output, ..self.around };
        let conv = Conv::new(g.clone(), &self.weights, &self.scales, &self.bias, activation.clone(), around);
        let mut scratch = vec![7; conv.scratch()];
        let (x, residual) = (block(&self.x, g.inputs, g.in_area()), block(&self.residual, g.outputs, g.out_area()));
        let residual = around.residual.map(|_| residual.as_slice());
        let length = blocked_len(g.outputs, g.out_area());
        if output.is_some() {
            let mut out = vec![0; length / 4];
            conv.run(&x, residual, Out::Bytes(&mut out), &mut scratch);
            return (unblock(&out, g.outputs, g.out_area()), vec![]);
        }
        let mut out = vec![0.0; length];
        conv.run(&x, residual, Out::Floats(out.as_chunks_mut::<4>().0), &mut scratch);
        let mut numbers = vec![0.0; g.outputs * g.out_area()];
        crate::model::kernels::map::unblock(&out, g.outputs, g.out_area(), &mut numbers);
        (vec![], numbers)
    }
}

#[test]
fn convolutions_of_bytes_give_the_integers_of_their_plain_twin() {
    let mut noise = Noise(11);
    for round in 0..400 {
        let layer = layer(&mut noise, round);
        let (g, around) = (&layer.g, layer.around);
        let sums = plain::sums(g, &layer.x, &layer.weights, around.input.zero);
        let residual = around.residual.map(|_| layer.residual.as_slice());
        for activation in activations(g.outputs, &mut noise) {
            let to = around.output.expect("bytes");
            let finish = Finish::new(&layer.weights, &layer.scales, &layer.bias, &activation, around);
            let expected = plain::bytes(&finish, g.out_area(), &sums, residual, to);
            assert_eq!(layer.run(&activation, Some(to)).0, expected, "{g:?} {activation:?} {around:?}");
            let finish = Finish::new(&layer.weights, &layer.scales, &layer.bias, &activation, Around { output: None, ..around });
            let expected = plain::floats(&finish, g.out_area(), &sums, residual);
            let found = layer.run(&activation, None).1;
            // Slopes are applied in one of two ways that differ in the sign of zero alone.
            assert!(found.iter().zip(&expected).all(|(a, b)| a == b), "{g:?} {activation:?} {around:?}");
        }
    }
}

#[test]
fn bytes_are_those_nearest_to_what_floats_would_give() {
    let mut noise = Noise(12);
    for round in 0..120 {
        let layer = layer(&mut noise, round);
        let (g, around) = (&layer.g, layer.around);
        let real =
            |bytes: &[i8], q: Quantisation| -> Vec<f32> { bytes.iter().map(|&b| (f32::from(b) - f32::from(q.zero)) * q.scale).collect() };
        let per_output = layer.weights.len() / g.outputs;
        let weights: Vec<f32> = layer.weights.iter().enumerate().map(|(i, &w)| f32::from(w) * layer.scales[i / per_output]).collect();
        let mut expected = vec![0.0; g.outputs * g.out_area()];
        floats::conv(g, &real(&layer.x, around.input), &weights, &layer.bias, &mut expected);
        if let Some(q) = around.residual {
            expected.iter_mut().zip(real(&layer.residual, q)).for_each(|(e, r)| *e += r);
        }
        let to = around.output.expect("bytes");
        for activation in activations(g.outputs, &mut noise) {
            for (at, &byte) in layer.run(&activation, Some(to)).0.iter().enumerate() {
                let right = activation.one(at / g.out_area(), expected[at]);
                let exact = (right / to.scale + f32::from(to.zero)).clamp(-128.0, 127.0);
                let off = (f32::from(byte) - exact).abs();
                assert!(off <= 0.5 + 1e-3 * (1.0 + (right / to.scale).abs()).min(30.0), "{byte} for {exact}: {g:?} {activation:?}");
            }
        }
    }
}

#[test]
fn a_residual_of_fewer_channels_adds_nothing_beyond() {
    let mut noise = Noise(13);
    let (one, area) = ([1, 1], 15);
    let g = Geometry {
        inputs: 5,
        outputs: 12,
        groups: 1,
        kernel: one,
        stride: one,
        dilation: one,
        pads: [0; 4],
        input: [5, 3],
        output: [5, 3],
    };
    let (x, weights) = (bytes(&mut noise, 5 * area, -128, 127), bytes(&mut noise, 60, -64, 63));
    let q = Quantisation { scale: 0.02, zero: 3 };
    let around = Around { input: q, residual: Some(q), output: Some(q) };
    let conv = Conv::new(g.clone(), &weights, &[0.01; 12], &[0.5; 12], Activation::None, around);
    let residual = bytes(&mut noise, 4 * area, -128, 127);
    let mut out = vec![0; 3 * area];
    let mut scratch = vec![0; conv.scratch()];
    conv.run(&block(&x, 5, area), Some(&block(&residual, 4, area)), Out::Bytes(&mut out), &mut scratch);
    let finish = Finish::new(&weights, &[0.01; 12], &[0.5; 12], &Activation::None, around);
    let sums = plain::sums(&g, &x, &weights, q.zero);
    let with = plain::bytes(&finish, area, &sums, Some(&[residual, vec![q.zero; 8 * area]].concat()), q);
    assert_eq!(unblock(&out, 12, area), with);
}

#[test]
fn numbers_become_the_nearest_bytes_and_saturate() {
    let q = Quantisation { scale: 0.5, zero: -3 };
    let x: Vec<Pixel> =
        vec![[0.0, 0.25, 0.75, -0.25], [1e9, -1e9, f32::INFINITY, f32::NEG_INFINITY], [63.5, -62.5, 64.9, 0.74], [1.0; 4], [2.0; 4]];
    let mut out = vec![0; x.len()];
    map::quantise(&x, q, &mut out);
    let expected: Vec<i8> = x.as_flattened().iter().map(|&v| q.byte(v)).collect();
    let found: Vec<i8> = out.iter().flat_map(|quad| quad.to_le_bytes()).map(|b| b as i8).collect();
    assert_eq!(found, expected);
    assert_eq!(&found[..8], &[-3, -3, -1, -3, 127, -128, 127, -128]);
    let mut back = vec![[0.0; 4]; x.len()];
    map::dequantise(&out, q, &mut back);
    for (number, byte) in back.as_flattened().iter().zip(&found) {
        assert_eq!(*number, (f32::from(*byte) + 3.0) * 0.5);
    }
}

#[test]
fn sums_means_and_gates_of_bytes_agree_with_plain_loops() {
    let mut noise = Noise(14);
    for (channels, area) in [(4, 5), (8, 1), (12, 35), (5, 6)] {
        let (a, b) = (bytes(&mut noise, channels * area, -128, 127), bytes(&mut noise, channels * area, -128, 127));
        let (qa, qb, to) = (quantisation(&mut noise), quantisation(&mut noise), quantisation(&mut noise));
        let (blocked_a, blocked_b) = (block(&a, channels, area), block(&b, channels, area));
        let add = map::Add::new(qa, qb, to);
        let mut out = vec![0; blocked_a.len()];
        add.run(&blocked_a, &blocked_b, &mut out);
        let expected: Vec<i8> = a.iter().zip(&b).map(|(&a, &b)| add.one(a, b)).collect();
        assert_eq!(unblock(&out, channels, area), expected);
        let mut means = vec![[0.0; 4]; channels.div_ceil(4)];
        map::global_average(&blocked_a, qa, area, &mut means);
        for (channel, plane) in a.chunks(area).enumerate() {
            let mean = plane.iter().map(|&v| f32::from(v) - f32::from(qa.zero)).sum::<f32>() / area as f32 * qa.scale;
            assert!((means[channel / 4][channel % 4] - mean).abs() < 1e-4, "channel {channel}");
        }
        let gate: Vec<Pixel> = (0..channels.div_ceil(4)).map(|_| std::array::from_fn(|_| noise.next())).collect();
        let mut out = vec![0; blocked_a.len()];
        map::multiply_channels(&blocked_a, qa, &gate, area, to, &mut out);
        for (at, byte) in unblock(&out, channels, area).into_iter().enumerate() {
            let channel = at / area;
            let product = (f32::from(a[at]) - f32::from(qa.zero)) * qa.scale * gate[channel / 4][channel % 4];
            let exact = (product / to.scale + f32::from(to.zero)).clamp(-128.0, 127.0);
            assert!((f32::from(byte) - exact).abs() <= 0.501, "{byte} for {exact}");
        }
    }
}
