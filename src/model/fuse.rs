//! Layers that belong together become one, so that a map is written once and not read again.
//!
//! QuantizeLinear and DequantizeLinear are one node of the graph by now; here it becomes the last step of the layer before it
//! where that has weights of bytes. What is left is a change of layout (`plan`).

use super::graph::{Graph, Node, Op, ValueId, Weights};
use super::kernels::Activation;
use super::kernels::int8::Finish;
use super::kernels::map::Arithmetic;

/// Fuses scale and shift, padding, additions, activations and quantisation into the convolutions before them, and drops what
/// no output needs.
pub fn fuse(graph: Graph) -> Graph {
    let mut fuser = Fuser::new(graph);
    for at in 0..fuser.nodes.len() {
        fuser.take_in_padding(at);
        if !fuser.join_affine(at) && !fuser.join_addition(at) {
            fuser.join_activation(at);
            fuser.join_quantisation(at);
        }
    }
    fuser.finish()
}

struct Fuser {
    graph: Graph,
    nodes: Vec<Option<Node>>,
    /// Which node makes a value.
    maker: Vec<Option<usize>>,
    /// How often a value is read, by nodes and as an output.
    uses: Vec<usize>,
    /// Whether the unused lanes of a blocked value's last block are zero.
    clean: Vec<bool>,
}

impl Fuser {
    fn new(mut graph: Graph) -> Fuser {
        let count = graph.values.len();
        let nodes: Vec<Option<Node>> = std::mem::take(&mut graph.nodes).into_iter().map(Some).collect();
        let (mut maker, mut uses, mut clean) = (vec![None; count], vec![0; count], vec![true; count]);
        for (at, node) in nodes.iter().enumerate() {
            let Some(node) = node else { continue };
            maker[node.output] = Some(at);
            for &input in &node.inputs {
                uses[input] += 1;
            }
            let inputs_clean = node.inputs.iter().all(|&input| clean[input]);
            clean[node.output] = match &node.op {
                Op::Activate(activation) => activation.keeps_zero() && inputs_clean,
                Op::Combine(Arithmetic::Div) => false,
                Op::Combine(_) | Op::Quantise | Op::Pool(..) | Op::GlobalAverage | Op::Upsample(_) | Op::Concat(_) => inputs_clean,
                _ => true,
            };
        }
        for (_, output) in &graph.outputs {
            uses[*output] += 1;
        }
        Fuser { graph, nodes, maker, uses, clean }
    }

    fn maker_of(&self, value: ValueId) -> Option<&Node> {
        self.maker[value].and_then(|at| self.nodes[at].as_ref())
    }

    /// The convolution that makes `value`, if nothing follows it yet, not even rounding to bytes, and nobody else reads its result.
    fn bare_conv(&self, value: ValueId) -> Option<usize> {
        let at = self.maker[value].filter(|_| !self.is_quantised(value))?;
        match self.nodes[at].as_ref()? {
            Node { op: Op::Conv { activation: Activation::None, .. }, inputs, .. } if inputs.len() == 1 && self.uses[value] == 1 => {
                Some(at)
            }
            _ => None,
        }
    }

    /// Puts `before` (a node that `at` absorbs) in `at`'s place, making `at`'s output.
    fn replace(&mut self, at: usize, mut before: Node) {
        let Some(node) = self.nodes[at].take() else { return };
        self.uses[before.output] = 0;
        self.maker[before.output] = None;
        before.output = node.output;
        self.maker[node.output] = Some(at);
        self.nodes[at] = Some(before);
    }

    /// A border of zeros before a convolution becomes its padding.
    fn take_in_padding(&mut self, at: usize) {
        let Some(Node { op: Op::Conv { geometry, .. }, inputs, .. }) = &self.nodes[at] else { return };
        let Some(Node { op: Op::Pad { before, after, value }, inputs: padded, .. }) = self.maker_of(inputs[0]) else {
            return;
        };
        if *value != 0.0 || before[..2] != [0, 0] || after[..2] != [0, 0] {
            return;
        }
        let (pad, source) = ([before[2], before[3], after[2], after[3]], padded[0]);
        let mut geometry = geometry.clone();
        for (ours, theirs) in geometry.pads.iter_mut().zip(pad) {
            *ours += theirs;
        }
        geometry.input = [geometry.input[0] - pad[0] - pad[2], geometry.input[1] - pad[1] - pad[3]];
        if let Some(Node { op: Op::Conv { geometry: old, .. }, inputs, .. }) = &mut self.nodes[at] {
            *old = geometry;
            self.uses[inputs[0]] -= 1;
            self.uses[source] += 1;
            inputs[0] = source;
        }
    }

    /// A scale and shift after a convolution goes into its weights.
    fn join_affine(&mut self, at: usize) -> bool {
        let Some(Node { op: Op::Conv { geometry, weights: Weights::Floats(scale), bias: shift, .. }, inputs, .. }) = &self.nodes[at] else {
            return false;
        };
        let affine = geometry.groups == geometry.outputs
            && geometry.inputs == geometry.outputs
            && geometry.kernel == [1, 1]
            && geometry.stride == [1, 1]
            && geometry.pads == [0; 4];
        let Some(before) = self.bare_conv(inputs[0]).filter(|_| affine && inputs.len() == 1) else { return false };
        let (scale, shift) = (scale.clone(), shift.clone());
        let Some(mut conv) = self.nodes[before].take() else { return false };
        if let Op::Conv { geometry, weights, bias, .. } = &mut conv.op {
            match weights {
                Weights::Floats(weights) => {
                    let per_output = weights.len() / geometry.outputs;
                    for (weights, scale) in weights.chunks_exact_mut(per_output).zip(&scale) {
                        weights.iter_mut().for_each(|weight| *weight *= scale);
                    }
                }
                Weights::Bytes(bytes) => bytes.scales.iter_mut().zip(&scale).for_each(|(ours, scale)| *ours *= scale),
            }
            for (bias, (scale, shift)) in bias.iter_mut().zip(scale.iter().zip(&shift)) {
                *bias = *bias * scale + shift;
            }
        }
        self.replace(at, conv);
        true
    }

    /// An addition whose one operand is a convolution's result becomes the convolution's residual.
    fn join_addition(&mut self, at: usize) -> bool {
        let Some(Node { op: Op::Combine(Arithmetic::Add), inputs, .. }) = &self.nodes[at] else { return false };
        let &[a, b] = inputs.as_slice() else { return false };
        if a == b || self.graph.values[a].dims != self.graph.values[b].dims {
            return false;
        }
        let fits = |before: usize, residual: ValueId| {
            let value = &self.graph.values[residual];
            // What is added to sums of bytes is bytes.
            value.constant.is_none() && (self.is_quantised(residual) || !self.is_of_bytes(before))
        };
        let (before, residual) = match (self.bare_conv(a), self.bare_conv(b)) {
            (_, Some(before)) if fits(before, a) => (before, a),
            (Some(before), _) if fits(before, b) => (before, b),
            _ => return false,
        };
        let of_bytes = self.is_of_bytes(before);
        let Some(mut conv) = self.nodes[before].take() else { return false };
        let residual = if of_bytes { residual } else { self.without_channel_padding(residual) };
        conv.inputs.push(residual);
        self.replace(at, conv);
        true
    }

    /// Channels of zeros need not be added: the map before such padding serves as a residual, if its own unused lanes
    /// are zero.
    fn without_channel_padding(&mut self, value: ValueId) -> ValueId {
        let Some(Node { op: Op::Pad { before, after, value: filler }, inputs, .. }) = self.maker_of(value) else {
            return value;
        };
        let channels_only = *before == [0; 4] && after[2..] == [0, 0] && *filler == 0.0;
        let source = inputs[0];
        let whole = self.graph.values[source].dims[1].is_multiple_of(4);
        if !channels_only || !(whole || self.clean[source]) {
            return value;
        }
        self.uses[value] -= 1;
        self.uses[source] += 1;
        source
    }

    fn join_activation(&mut self, at: usize) {
        let Some(Node { op: Op::Activate(activation), inputs, .. }) = &self.nodes[at] else { return };
        let Some(before) = self.only_maker(inputs[0]) else { return };
        if self.is_of_bytes(before) && !Finish::suits(activation) {
            return;
        }
        let next = activation.clone();
        match &mut self.nodes[before] {
            Some(Node { op: Op::Conv { activation, .. } | Op::Linear { activation, .. }, .. }) if *activation == Activation::None => {
                *activation = next;
            }
            _ => return,
        }
        if let Some(node) = self.nodes[before].take() {
            self.replace(at, node);
        }
    }

    fn is_quantised(&self, value: ValueId) -> bool {
        self.graph.values[value].quantised.is_some()
    }

    /// Which node makes a value that one other node alone reads, and that is not rounded to bytes.
    fn only_maker(&self, value: ValueId) -> Option<usize> {
        self.maker[value].filter(|_| self.uses[value] == 1 && !self.is_quantised(value))
    }

    fn is_of_bytes(&self, at: usize) -> bool {
        matches!(self.nodes[at], Some(Node { op: Op::Conv { weights: Weights::Bytes(_), .. }, .. }))
    }

    /// A layer of bytes that is quantised stores bytes.
    fn join_quantisation(&mut self, at: usize) {
        let Some(Node { op: Op::Quantise, inputs, .. }) = &self.nodes[at] else { return };
        let Some(before) = self.only_maker(inputs[0]) else { return };
        let values = &self.graph.values;
        let quantised = |value: ValueId| self.is_quantised(value);
        let arithmetic = match &self.nodes[before] {
            Some(Node { op: Op::Conv { weights: Weights::Bytes(_), .. }, .. }) => None,
            Some(Node { op: Op::Combine(arithmetic), inputs, .. }) => {
                let &[a, b] = inputs.as_slice() else { return };
                let (map, other) = (&values[a].dims, &values[b].dims);
                let one_each = |map: &[usize], other: &[usize]| matches!((map, other), (&[1, channels, _, _], &[1, others, 1, 1]) if channels == others);
                let fits = match arithmetic {
                    Arithmetic::Add => quantised(a) && quantised(b) && map == other && map.len() == 4,
                    Arithmetic::Mul => quantised(a) && one_each(map, other) || quantised(b) && one_each(other, map),
                    _ => false,
                };
                if !fits {
                    return;
                }
                Some(*arithmetic)
            }
            _ => return,
        };
        if let Some(mut node) = self.nodes[before].take() {
            if let Some(arithmetic) = arithmetic {
                node.op = Op::CombineBytes(arithmetic);
            }
            self.replace(at, node);
        }
    }

    /// Keeps what the outputs need, in order.
    fn finish(mut self) -> Graph {
        let mut needed = vec![false; self.graph.values.len()];
        for (_, output) in &self.graph.outputs {
            needed[*output] = true;
        }
        let mut kept = Vec::new();
        for node in self.nodes.into_iter().rev().flatten() {
            if needed[node.output] {
                for &input in &node.inputs {
                    needed[input] = true;
                }
                kept.push(node);
            }
        }
        kept.reverse();
        self.graph.nodes = kept;
        self.graph
    }
}
