//! The order of work: which kernel runs when, in which layout its maps are, and in which piece of memory.

use super::OutputInfo;
use super::error::ModelError;
use super::graph::{Graph, Node, Op, ValueId, Weights, broadcast_dims};
use super::kernels::conv::Conv;
use super::kernels::geometry::Geometry;
use super::kernels::int8::{self, Around, Out, Quantisation};
use super::kernels::map::{self, Arithmetic, Border, Pooling};
use super::kernels::{Activation, blocked_len, plain};
use crate::few;
use bytemuck::{cast_slice, cast_slice_mut};

type Result<T> = std::result::Result<T, ModelError>;

/// Floats of working memory beyond which a network is refused (256 MB).
const MAX_ARENA: usize = 1 << 26;

/// A network ready to run; shared by its clones.
pub struct Plan {
    pub input_dims: [usize; 4],
    /// Slot and length of the input.
    pub input: Place,
    pub outputs: Vec<OutputInfo>,
    pub output_places: Vec<Place>,
    pub steps: Vec<Step>,
    pub slots: Vec<usize>,
    pub scratch: usize,
    /// Written once into every new arena.
    pub constants: Vec<(Place, Vec<f32>)>,
}

/// A piece of working memory: the first `length` floats of a slot.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub slot: usize,
    pub length: usize,
}

pub struct Step {
    pub name: String,
    kernel: Kernel,
    inputs: Vec<Place>,
    output: Place,
}

enum Kernel {
    Block {
        channels: usize,
        area: usize,
    },
    Unblock {
        channels: usize,
        area: usize,
    },
    ChannelsLast {
        channels: usize,
        area: usize,
    },
    Conv(Box<Conv>),
    /// On every line of `inputs` numbers.
    Linear {
        conv: Box<Conv>,
        inputs: usize,
        outputs: usize,
    },
    /// Blocked floats to blocked bytes.
    Quantise(Quantisation),
    Dequantise(Quantisation),
    /// Floats in their own layout to the nearest that bytes stand for.
    Round(Quantisation),
    ConvBytes {
        conv: Box<int8::conv::Conv>,
        to_bytes: bool,
    },
    LinearBytes {
        conv: Box<int8::conv::Conv>,
        quantisation: Quantisation,
    },
    AddBytes(int8::map::Add),
    GlobalAverageBytes {
        quantisation: Quantisation,
        area: usize,
    },
    /// A map of bytes times a number a channel.
    GateBytes {
        from: Quantisation,
        to: Quantisation,
        area: usize,
    },
    Activate {
        activation: Activation,
        channels: usize,
        area: usize,
    },
    /// On NCHW or [N, C]: `inner` neighbours share a channel.
    ActivatePlain {
        activation: Activation,
        channels: usize,
        inner: usize,
    },
    Combine(Arithmetic),
    CombineChannels {
        arithmetic: Arithmetic,
        area: usize,
    },
    Broadcast {
        arithmetic: Arithmetic,
        dims: Vec<usize>,
        strides: [Vec<usize>; 2],
    },
    /// Channels of each part.
    Concat {
        channels: Vec<usize>,
        area: usize,
    },
    /// Numbers of each part that lie together.
    ConcatPlain {
        lengths: Vec<usize>,
    },
    Pool(Pooling, Geometry),
    GlobalAverage {
        channels: usize,
        area: usize,
    },
    Pad {
        dims: [usize; 3],
        border: Border,
    },
    Upsample {
        channels: usize,
        input: [usize; 2],
        factors: [usize; 2],
    },
    Transpose {
        dims: Vec<usize>,
        perm: Vec<usize>,
    },
    Softmax {
        length: usize,
        inner: usize,
    },
}

impl Kernel {
    /// Whether the output starts as a copy of the first input, and may lie in the same place.
    fn in_place(&self) -> bool {
        matches!(
            self,
            Kernel::Activate { .. }
                | Kernel::ActivatePlain { .. }
                | Kernel::Round(_)
                | Kernel::Combine(_)
                | Kernel::CombineChannels { .. }
                | Kernel::Softmax { .. }
        )
    }
}

impl Step {
    /// What runs, for tables of times.
    pub fn describe(&self) -> String {
        match &self.kernel {
            Kernel::Block { .. } => "to blocks".into(),
            Kernel::Unblock { .. } => "from blocks".into(),
            Kernel::ChannelsLast { .. } => "channels last".into(),
            Kernel::Conv(conv) => self.describe_conv(conv.kind(), &conv.geometry, &conv.activation),
            Kernel::ConvBytes { conv, .. } => self.describe_conv(conv.kind(), &conv.geometry, &conv.activation),
            Kernel::LinearBytes { conv, .. } => format!("int8 linear {}>{}", conv.geometry.inputs, conv.geometry.outputs),
            Kernel::Quantise(_) => "to bytes".into(),
            Kernel::Dequantise(_) => "from bytes".into(),
            Kernel::Round(_) => "to the nearest byte".into(),
            Kernel::AddBytes(_) => "int8 add".into(),
            Kernel::GlobalAverageBytes { .. } => "int8 global average".into(),
            Kernel::GateBytes { .. } => "int8 gate".into(),
            Kernel::Linear { inputs, outputs, .. } => format!("linear {inputs}>{outputs}"),
            Kernel::Activate { .. } | Kernel::ActivatePlain { .. } => "activation".into(),
            Kernel::Combine(arithmetic) | Kernel::CombineChannels { arithmetic, .. } => format!("{arithmetic:?}"),
            Kernel::Broadcast { arithmetic, .. } => format!("{arithmetic:?} broadcast"),
            Kernel::Concat { .. } | Kernel::ConcatPlain { .. } => "concat".into(),
            Kernel::Pool(pooling, _) => format!("pool {pooling:?}"),
            Kernel::GlobalAverage { .. } => "global average".into(),
            Kernel::Pad { .. } => "pad".into(),
            Kernel::Upsample { .. } => "upsample".into(),
            Kernel::Transpose { .. } => "transpose".into(),
            Kernel::Softmax { .. } => "softmax".into(),
        }
    }

    fn describe_conv(&self, kind: &str, g: &Geometry, activation: &Activation) -> String {
        let ([rows, columns], [height, width]) = (g.kernel, g.output);
        let residual = if self.inputs.len() > 1 { " +residual" } else { "" };
        let activation = match activation {
            Activation::None => "",
            Activation::Clip(..) => " +clip",
            Activation::Slope(_) => " +prelu",
            Activation::Sigmoid => " +sigmoid",
        };
        format!("{kind} {rows}x{columns}/{} {}>{} on {height}x{width}{residual}{activation}", g.stride[0], g.inputs, g.outputs)
    }

    /// Multiplications of a convolution or linear layer, 0 of anything else.
    pub fn work(&self) -> u64 {
        match &self.kernel {
            Kernel::Conv(conv) => conv.geometry.work() as u64,
            Kernel::ConvBytes { conv, .. } => conv.geometry.work() as u64,
            Kernel::Linear { inputs, outputs, .. } => (self.output.length / outputs * inputs * outputs) as u64,
            Kernel::LinearBytes { conv, .. } => (self.output.length * conv.geometry.inputs) as u64,
            _ => 0,
        }
    }

    pub fn run(&self, slots: &mut [Vec<f32>], scratch: &mut [f32]) {
        let mut out = std::mem::take(&mut slots[self.output.slot]);
        self.run_into(&mut out[..self.output.length], slots, scratch);
        slots[self.output.slot] = out;
    }

    fn run_into(&self, out: &mut [f32], slots: &[Vec<f32>], scratch: &mut [f32]) {
        let read = |at: usize| &slots[self.inputs[at].slot][..self.inputs[at].length];
        if self.kernel.in_place() && self.inputs[0].slot != self.output.slot {
            out.copy_from_slice(read(0));
        }
        match &self.kernel {
            Kernel::Block { channels, area } => map::block(read(0), *channels, *area, out),
            Kernel::Unblock { channels, area } => map::unblock(read(0), *channels, *area, out),
            Kernel::ChannelsLast { channels, area } => map::channels_last(read(0), *channels, *area, out),
            Kernel::Conv(conv) => conv.run(read(0), (self.inputs.len() > 1).then(|| read(1)), out, scratch),
            Kernel::Linear { conv, inputs, outputs } => linear(conv, *inputs, *outputs, read(0), out, scratch),
            Kernel::Quantise(_)
            | Kernel::Dequantise(_)
            | Kernel::Round(_)
            | Kernel::ConvBytes { .. }
            | Kernel::LinearBytes { .. }
            | Kernel::AddBytes(_)
            | Kernel::GlobalAverageBytes { .. }
            | Kernel::GateBytes { .. } => {
                self.run_bytes(out, slots, scratch);
            }
            Kernel::Activate { activation, channels, area } => map::activate(activation, out, *channels, *area),
            Kernel::ActivatePlain { activation, channels, inner } => {
                for (i, value) in out.iter_mut().enumerate() {
                    *value = activation.one(i / inner % channels, *value);
                }
            }
            Kernel::Combine(arithmetic) => map::combine(*arithmetic, out, read(1)),
            Kernel::CombineChannels { arithmetic, area } => map::combine_channels(*arithmetic, out, read(1), *area),
            Kernel::Broadcast { arithmetic, dims, strides } => {
                plain::broadcast(*arithmetic, dims, (read(0), &strides[0]), (read(1), &strides[1]), out);
            }
            Kernel::Concat { channels, area } => {
                let mut at = 0;
                out.fill(0.0);
                for (part, &channels) in channels.iter().enumerate() {
                    map::place(read(part), channels, *area, at, out);
                    at += channels;
                }
            }
            Kernel::ConcatPlain { lengths } => {
                for (line, out) in out.chunks_exact_mut(lengths.iter().sum()).enumerate() {
                    let mut rest = out;
                    for (part, &length) in lengths.iter().enumerate() {
                        let (to, after) = rest.split_at_mut(length);
                        to.copy_from_slice(&read(part)[line * length..(line + 1) * length]);
                        rest = after;
                    }
                }
            }
            Kernel::Pool(pooling, geometry) => map::pool(*pooling, geometry, read(0), out),
            Kernel::GlobalAverage { channels, area } => map::global_average(read(0), *channels, *area, out),
            Kernel::Pad { dims, border } => map::pad(read(0), *dims, border, out),
            Kernel::Upsample { channels, input, factors } => map::upsample(read(0), *channels, *input, *factors, out),
            Kernel::Transpose { dims, perm } => plain::transpose(read(0), dims, perm, out),
            Kernel::Softmax { length, inner } => plain::softmax(out, *length, *inner),
        }
    }

    /// The kernels of `int8`.
    fn run_bytes(&self, out: &mut [f32], slots: &[Vec<f32>], scratch: &mut [f32]) {
        let read = |at: usize| &slots[self.inputs[at].slot][..self.inputs[at].length];
        match &self.kernel {
            Kernel::Quantise(to) => int8::map::quantise(read(0).as_chunks::<4>().0, *to, cast_slice_mut(out)),
            Kernel::Dequantise(from) => int8::map::dequantise(cast_slice(read(0)), *from, out.as_chunks_mut::<4>().0),
            Kernel::Round(to) => out.iter_mut().for_each(|value| *value = to.nearest(*value)),
            Kernel::ConvBytes { conv, to_bytes } => {
                let residual = (self.inputs.len() > 1).then(|| cast_slice(read(1)));
                let out = if *to_bytes { Out::Bytes(cast_slice_mut(out)) } else { Out::Floats(out.as_chunks_mut::<4>().0) };
                conv.run(cast_slice(read(0)), residual, out, cast_slice_mut(scratch));
            }
            Kernel::LinearBytes { conv, quantisation } => linear_bytes(conv, *quantisation, read(0), out, scratch),
            Kernel::AddBytes(add) => add.run(cast_slice(read(0)), cast_slice(read(1)), cast_slice_mut(out)),
            Kernel::GlobalAverageBytes { quantisation, area } => {
                int8::map::global_average(cast_slice(read(0)), *quantisation, *area, out.as_chunks_mut::<4>().0);
            }
            Kernel::GateBytes { from, to, area } => {
                int8::map::multiply_channels(cast_slice(read(0)), *from, read(1).as_chunks::<4>().0, *area, *to, cast_slice_mut(out));
            }
            _ => {}
        }
    }
}

/// Line by line as a 1x1 convolution of one pixel.
fn linear(conv: &Conv, inputs: usize, outputs: usize, x: &[f32], out: &mut [f32], scratch: &mut [f32]) {
    let (from, to) = scratch.split_at_mut(blocked_len(inputs, 1));
    let to = &mut to[..blocked_len(outputs, 1)];
    from[inputs..].fill(0.0);
    for (x, out) in x.chunks_exact(inputs).zip(out.chunks_exact_mut(outputs)) {
        from[..inputs].copy_from_slice(x);
        conv.run(from, None, to, &mut []);
        out.copy_from_slice(&to[..outputs]);
    }
}

/// As [`linear`], its lines made bytes.
fn linear_bytes(conv: &int8::conv::Conv, quantisation: Quantisation, x: &[f32], out: &mut [f32], scratch: &mut [f32]) {
    let (inputs, outputs) = (conv.geometry.inputs, conv.geometry.outputs);
    let (from, rest) = scratch.split_at_mut(blocked_len(inputs, 1));
    let (bytes, rest) = rest.split_at_mut(from.len() / 4);
    let (to, rest) = rest.split_at_mut(blocked_len(outputs, 1));
    from[inputs..].fill(0.0);
    for (x, out) in x.chunks_exact(inputs).zip(out.chunks_exact_mut(outputs)) {
        from[..inputs].copy_from_slice(x);
        int8::map::quantise(from.as_chunks::<4>().0, quantisation, cast_slice_mut(bytes));
        conv.run(cast_slice(bytes), None, Out::Floats(to.as_chunks_mut::<4>().0), cast_slice_mut(rest));
        out.copy_from_slice(&to[..outputs]);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Layout {
    Plain,
    Blocked,
    /// Blocked, each number a byte.
    Bytes,
}

/// A piece of memory with a lifetime, before it has a slot.
struct Storage {
    length: usize,
    /// Step that reads it last; `usize::MAX` for what must outlive the run.
    last: usize,
    slot: Option<usize>,
}

#[derive(Clone, Copy)]
struct Held {
    storage: usize,
    length: usize,
}

struct Draft {
    name: String,
    kernel: Kernel,
    inputs: Vec<Held>,
    output: Held,
}

struct Planner {
    graph: Graph,
    storages: Vec<Storage>,
    /// Where a value is, in each layout.
    held: Vec<[Option<Held>; 3]>,
    drafts: Vec<Draft>,
    constants: Vec<(Held, Vec<f32>)>,
    scratch: usize,
}

/// Lays out `graph`.
pub fn plan(mut graph: Graph) -> Result<Plan> {
    let dims = &graph.values[graph.input].dims;
    let input_dims = [dims[0], dims[1], dims[2], dims[3]];
    let nodes = std::mem::take(&mut graph.nodes);
    let held = vec![[None; 3]; graph.values.len()];
    let mut planner = Planner { graph, storages: vec![], held, drafts: vec![], constants: vec![], scratch: 0 };
    let input = planner.hold(planner.graph.input, Layout::Plain);
    for node in nodes {
        planner.add(node)?;
    }
    let mut outputs = Vec::new();
    let mut output_holds = Vec::new();
    for (name, id) in std::mem::take(&mut planner.graph.outputs) {
        let held = planner.need(&name, id, Layout::Plain)?;
        let dims = planner.graph.values[id].dims.clone();
        output_holds.push(Held { length: dims.iter().product(), ..held });
        outputs.push(OutputInfo { name, dims });
    }
    planner.measure_lives(&output_holds);
    let slots = planner.assign_slots(input)?;
    let place = |held: Held| Place { slot: planner.storages[held.storage].slot.unwrap_or(0), length: held.length };
    let output_places = output_holds.iter().map(|&held| place(held)).collect();
    let constants = planner.constants.iter().map(|(held, data)| (place(*held), data.clone())).collect();
    let input = place(input);
    let steps = std::mem::take(&mut planner.drafts);
    let place = |held: Held| Place { slot: planner.storages[held.storage].slot.unwrap_or(0), length: held.length };
    let steps = steps
        .into_iter()
        .map(|draft| Step {
            name: draft.name,
            kernel: draft.kernel,
            inputs: draft.inputs.iter().map(|&held| place(held)).collect(),
            output: place(draft.output),
        })
        .collect();
    Ok(Plan { input_dims, input, outputs, output_places, steps, slots, scratch: planner.scratch, constants })
}

impl Planner {
    fn dims(&self, id: ValueId) -> &[usize] {
        &self.graph.values[id].dims
    }

    /// Channels and pixels of a value that can be blocked.
    fn map_size(&self, id: ValueId) -> Option<(usize, usize)> {
        match *self.dims(id) {
            [1, channels, rows, columns] => Some((channels, rows * columns)),
            _ => None,
        }
    }

    fn new_storage(&mut self, length: usize) -> Held {
        self.storages.push(Storage { length, last: 0, slot: None });
        Held { storage: self.storages.len() - 1, length }
    }

    /// New memory for a value.
    fn hold(&mut self, id: ValueId, layout: Layout) -> Held {
        let length = match (layout, self.map_size(id)) {
            (Layout::Blocked, Some((channels, area))) => blocked_len(channels, area),
            (Layout::Bytes, Some((channels, area))) => blocked_len(channels, area) / 4,
            _ => self.dims(id).iter().product(),
        };
        let held = self.new_storage(length);
        self.held[id][layout as usize] = Some(held);
        held
    }

    fn is_blocked(&self, id: ValueId) -> bool {
        self.held[id][Layout::Blocked as usize].is_some() || self.in_bytes(id)
    }

    fn in_bytes(&self, id: ValueId) -> bool {
        self.held[id][Layout::Bytes as usize].is_some()
    }

    fn quantisation(&self, name: &str, id: ValueId) -> Result<Quantisation> {
        self.graph.values[id]
            .quantised
            .ok_or_else(|| ModelError::shape(name, format_args!("it works on bytes, and was given something else")))
    }

    /// The value in `layout`, converted if it is not there yet.
    fn need(&mut self, name: &str, id: ValueId, layout: Layout) -> Result<Held> {
        if let Some(held) = self.held[id][layout as usize] {
            return Ok(held);
        }
        if layout == Layout::Plain && !self.is_blocked(id) {
            return self.constant(name, id);
        }
        let (channels, area) =
            self.map_size(id).ok_or_else(|| ModelError::shape(name, format_args!("needs a map, got {:?}", self.dims(id))))?;
        let (source, kernel) = match layout {
            Layout::Bytes => (self.need(name, id, Layout::Blocked)?, Kernel::Quantise(self.quantisation(name, id)?)),
            Layout::Blocked if self.in_bytes(id) => (self.need(name, id, Layout::Bytes)?, Kernel::Dequantise(self.quantisation(name, id)?)),
            Layout::Blocked => (self.need(name, id, Layout::Plain)?, Kernel::Block { channels, area }),
            Layout::Plain => {
                let source = self.need(name, id, Layout::Blocked)?;
                if area == 1 {
                    // One pixel is the same in both layouts.
                    let held = Held { length: channels, ..source };
                    self.held[id][Layout::Plain as usize] = Some(held);
                    return Ok(held);
                }
                (source, Kernel::Unblock { channels, area })
            }
        };
        let output = self.hold(id, layout);
        self.drafts.push(Draft { name: name.to_owned(), kernel, inputs: vec![source], output });
        Ok(output)
    }

    fn constant(&mut self, name: &str, id: ValueId) -> Result<Held> {
        let data = self.graph.values[id].constant.as_ref().and_then(|tensor| tensor.floats());
        let data = data
            .filter(|d| !d.is_empty())
            .map(<[f32]>::to_vec)
            .ok_or_else(|| ModelError::shape(name, format_args!("it works on numbers, and was given something else")))?;
        let held = self.hold(id, Layout::Plain);
        self.constants.push((held, data));
        Ok(held)
    }

    fn draft(&mut self, node: &Node, kernel: Kernel, inputs: Vec<Held>, layout: Layout) {
        let output = self.hold(node.output, layout);
        self.drafts.push(Draft { name: node.name.clone(), kernel, inputs, output });
    }

    fn add(&mut self, mut node: Node) -> Result<()> {
        let first = node.inputs[0];
        let (layout, kernel) = match std::mem::replace(&mut node.op, Op::Reshape) {
            Op::Conv { geometry, weights: Weights::Bytes(bytes), bias, activation } => {
                let residual = node.inputs.get(1).map(|&id| self.quantisation(&node.name, id)).transpose()?;
                let output = self.graph.values[node.output].quantised;
                let around = Around { input: self.quantisation(&node.name, first)?, residual, output };
                let conv = Box::new(int8::conv::Conv::new(geometry, &bytes.weights, &bytes.scales, &bias, activation, around));
                self.scratch = self.scratch.max(conv.scratch());
                let mut inputs = Vec::with_capacity(2);
                for &id in &node.inputs {
                    inputs.push(self.need(&node.name, id, Layout::Bytes)?);
                }
                let to_bytes = output.is_some();
                let layout = if to_bytes { Layout::Bytes } else { Layout::Blocked };
                self.draft(&node, Kernel::ConvBytes { conv, to_bytes }, inputs, layout);
                return Ok(());
            }
            Op::Quantise => return self.add_quantise(node),
            Op::CombineBytes(arithmetic) => return self.add_combine_bytes(node, arithmetic),
            Op::Conv { geometry, weights: Weights::Floats(weights), bias, activation } => {
                let conv = Conv::new(geometry, weights, bias, activation);
                self.scratch = self.scratch.max(conv.scratch());
                (Layout::Blocked, Kernel::Conv(Box::new(conv)))
            }
            Op::Linear { inputs, outputs, weights, bias, activation } => {
                return self.add_linear(node, inputs, outputs, weights, bias, activation);
            }
            Op::Activate(activation) => match self.map_size(first).filter(|_| self.is_blocked(first)) {
                Some((channels, area)) => (Layout::Blocked, Kernel::Activate { activation, channels, area }),
                None => {
                    let dims = self.dims(first);
                    let channels = dims.get(1).copied().unwrap_or(1);
                    let inner = dims.iter().skip(2).product();
                    (Layout::Plain, Kernel::ActivatePlain { activation, channels, inner })
                }
            },
            Op::Combine(arithmetic) => return self.add_combine(node, arithmetic),
            Op::Concat(axis) => return self.add_concat(node, axis),
            Op::Pool(pooling, geometry) => (Layout::Blocked, Kernel::Pool(pooling, geometry)),
            Op::GlobalAverage => {
                let (channels, area) = self.map_size(first).unwrap_or((1, 1));
                if self.in_bytes(first) {
                    let source = self.need(&node.name, first, Layout::Bytes)?;
                    let quantisation = self.quantisation(&node.name, first)?;
                    self.draft(&node, Kernel::GlobalAverageBytes { quantisation, area }, vec![source], Layout::Blocked);
                    return Ok(());
                }
                (Layout::Blocked, Kernel::GlobalAverage { channels, area })
            }
            Op::Pad { before, after, value } => {
                let dims = self.dims(first);
                let dims = [dims[1], dims[2], dims[3]];
                let [_, channels, rows, columns] = std::array::from_fn(|axis| [before[axis], after[axis]]);
                (Layout::Blocked, Kernel::Pad { dims, border: Border { channels, rows, columns, value } })
            }
            Op::Upsample(factors) => {
                let dims = self.dims(first);
                (Layout::Blocked, Kernel::Upsample { channels: dims[1], input: [dims[2], dims[3]], factors })
            }
            Op::Transpose(perm) => match self.map_size(first) {
                Some((channels, area)) if perm == [0, 2, 3, 1] && self.is_blocked(first) => {
                    let source = self.need(&node.name, first, Layout::Blocked)?;
                    self.draft(&node, Kernel::ChannelsLast { channels, area }, vec![source], Layout::Plain);
                    return Ok(());
                }
                _ => (Layout::Plain, Kernel::Transpose { dims: self.dims(first).to_vec(), perm }),
            },
            Op::Reshape => {
                let held = self.need(&node.name, first, Layout::Plain)?;
                self.held[node.output][Layout::Plain as usize] = Some(held);
                return Ok(());
            }
            Op::Softmax { length, inner } => (Layout::Plain, Kernel::Softmax { length, inner }),
        };
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for &id in &node.inputs {
            inputs.push(self.need(&node.name, id, layout)?);
        }
        self.draft(&node, kernel, inputs, layout);
        Ok(())
    }

    fn add_linear(
        &mut self,
        node: Node,
        inputs: usize,
        outputs: usize,
        weights: Weights,
        bias: Vec<f32>,
        activation: Activation,
    ) -> Result<()> {
        let geometry = Geometry {
            inputs,
            outputs,
            groups: 1,
            kernel: [1, 1],
            stride: [1, 1],
            dilation: [1, 1],
            pads: [0; 4],
            input: [1, 1],
            output: [1, 1],
        };
        let x = self.need(&node.name, node.inputs[0], Layout::Plain)?;
        self.scratch = self.scratch.max(blocked_len(inputs, 1) + blocked_len(outputs, 1));
        let weights = match weights {
            Weights::Floats(weights) => weights,
            Weights::Bytes(bytes) => {
                let quantisation = self.quantisation(&node.name, node.inputs[0])?;
                let around = Around { input: quantisation, residual: None, output: None };
                let conv = Box::new(int8::conv::Conv::new(geometry, &bytes.weights, &bytes.scales, &bias, activation, around));
                self.scratch = self.scratch.max(2 * blocked_len(inputs, 1) + blocked_len(outputs, 1) + conv.scratch());
                self.draft(&node, Kernel::LinearBytes { conv, quantisation }, vec![x], Layout::Plain);
                return Ok(());
            }
        };
        let conv = Box::new(Conv::new(geometry, weights, bias, activation));
        self.draft(&node, Kernel::Linear { conv, inputs, outputs }, vec![x], Layout::Plain);
        Ok(())
    }

    fn add_quantise(&mut self, node: Node) -> Result<()> {
        let quantisation = self.quantisation(&node.name, node.output)?;
        let (layout, to, kernel) = match self.map_size(node.output) {
            Some(_) => (Layout::Blocked, Layout::Bytes, Kernel::Quantise(quantisation)),
            None => (Layout::Plain, Layout::Plain, Kernel::Round(quantisation)),
        };
        let source = self.need(&node.name, node.inputs[0], layout)?;
        self.draft(&node, kernel, vec![source], to);
        Ok(())
    }

    fn add_combine_bytes(&mut self, node: Node, arithmetic: Arithmetic) -> Result<()> {
        let (mut a, mut b) = (node.inputs[0], node.inputs[1]);
        let to = self.quantisation(&node.name, node.output)?;
        if arithmetic == Arithmetic::Add {
            let (from_a, from_b) = (self.quantisation(&node.name, a)?, self.quantisation(&node.name, b)?);
            let inputs = vec![self.need(&node.name, a, Layout::Bytes)?, self.need(&node.name, b, Layout::Bytes)?];
            self.draft(&node, Kernel::AddBytes(int8::map::Add::new(from_a, from_b, to)), inputs, Layout::Bytes);
            return Ok(());
        }
        if self.graph.values[a].quantised.is_none() || self.map_size(b).is_none_or(|(_, area)| area != 1) {
            (a, b) = (b, a);
        }
        let (from, (_, area)) = (self.quantisation(&node.name, a)?, self.map_size(a).unwrap_or((1, 1)));
        let inputs = vec![self.need(&node.name, a, Layout::Bytes)?, self.need(&node.name, b, Layout::Blocked)?];
        self.draft(&node, Kernel::GateBytes { from, to, area }, inputs, Layout::Bytes);
        Ok(())
    }

    fn add_combine(&mut self, node: Node, arithmetic: Arithmetic) -> Result<()> {
        let (a, b) = (node.inputs[0], node.inputs[1]);
        let blocked = self.is_blocked(a) || self.is_blocked(b);
        if self.dims(a) == self.dims(b) {
            let layout = if blocked { Layout::Blocked } else { Layout::Plain };
            let inputs = vec![self.need(&node.name, a, layout)?, self.need(&node.name, b, layout)?];
            self.draft(&node, Kernel::Combine(arithmetic), inputs, layout);
            return Ok(());
        }
        // One number a channel times a map, as in squeeze and excitation.
        let commutes = matches!(arithmetic, Arithmetic::Add | Arithmetic::Mul);
        for (x, y) in [(a, b), (b, a)] {
            if let (Some((channels, area)), Some((others, 1))) = (self.map_size(x), self.map_size(y))
                && channels == others
                && blocked
                && (commutes || x == a)
            {
                let inputs = vec![self.need(&node.name, x, Layout::Blocked)?, self.need(&node.name, y, Layout::Blocked)?];
                self.draft(&node, Kernel::CombineChannels { arithmetic, area }, inputs, Layout::Blocked);
                return Ok(());
            }
        }
        let (dims, strides_a, strides_b) =
            broadcast_dims(self.dims(a), self.dims(b)).ok_or_else(|| ModelError::TooLarge { node: node.name.clone() })?;
        let inputs = vec![self.need(&node.name, a, Layout::Plain)?, self.need(&node.name, b, Layout::Plain)?];
        let kernel = Kernel::Broadcast { arithmetic, dims, strides: [strides_a, strides_b] };
        self.draft(&node, kernel, inputs, Layout::Plain);
        Ok(())
    }

    fn add_concat(&mut self, node: Node, axis: usize) -> Result<()> {
        let blocked = axis == 1 && self.map_size(node.output).is_some() && node.inputs.iter().any(|&id| self.is_blocked(id));
        let layout = if blocked { Layout::Blocked } else { Layout::Plain };
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for &id in &node.inputs {
            inputs.push(self.need(&node.name, id, layout)?);
        }
        let kernel = if blocked {
            let area = self.map_size(node.output).map_or(1, |(_, area)| area);
            Kernel::Concat { channels: node.inputs.iter().map(|&id| self.dims(id)[1]).collect(), area }
        } else {
            Kernel::ConcatPlain { lengths: node.inputs.iter().map(|&id| self.dims(id)[axis..].iter().product()).collect() }
        };
        self.draft(&node, kernel, inputs, layout);
        Ok(())
    }

    fn measure_lives(&mut self, outputs: &[Held]) {
        for (at, draft) in self.drafts.iter().enumerate() {
            self.storages[draft.output.storage].last = at;
            for input in &draft.inputs {
                self.storages[input.storage].last = at;
            }
        }
        for held in outputs.iter().chain(self.constants.iter().map(|(held, _)| held)) {
            self.storages[held.storage].last = usize::MAX;
        }
    }

    /// Gives every storage a slot, reusing those whose content nobody reads any more. Returns the slots' sizes.
    fn assign_slots(&mut self, input: Held) -> Result<Vec<usize>> {
        let mut slots = Slots::default();
        for (held, _) in &self.constants {
            let storage = &mut self.storages[held.storage];
            storage.slot = Some(slots.take(storage.length));
        }
        let storage = &mut self.storages[input.storage];
        storage.slot = Some(slots.take(storage.length));
        for at in 0..self.drafts.len() {
            let draft = &mut self.drafts[at];
            let dies = |held: &Held| self.storages[held.storage].last == at;
            let swap = matches!(draft.kernel, Kernel::Combine(Arithmetic::Add | Arithmetic::Mul))
                && !dies(&draft.inputs[0])
                && dies(&draft.inputs[1]);
            if swap {
                draft.inputs.swap(0, 1);
            }
            let source = draft.inputs[0];
            let reuse = draft.kernel.in_place()
                && dies(&source)
                && source.length == draft.output.length
                && draft.inputs[1..].iter().all(|other| other.storage != source.storage);
            let output = draft.output.storage;
            let slot = if reuse { self.storages[source.storage].slot } else { None };
            let slot = slot.unwrap_or_else(|| slots.take(self.storages[output].length));
            self.storages[output].slot = Some(slot);
            let mut done: Vec<usize> = draft.inputs.iter().map(|held| held.storage).chain([output]).collect();
            few::sort(&mut done, usize::cmp);
            done.dedup();
            for storage in done {
                if self.storages[storage].last == at && !(reuse && storage == source.storage) {
                    slots.free.extend(self.storages[storage].slot);
                }
            }
            if slots.sizes.iter().fold(self.scratch, |n, &size| n.saturating_add(size)) > MAX_ARENA {
                return Err(ModelError::TooLarge { node: self.drafts[at].name.clone() });
            }
        }
        Ok(slots.sizes)
    }
}

#[derive(Default)]
struct Slots {
    sizes: Vec<usize>,
    free: Vec<usize>,
}

impl Slots {
    /// The smallest free slot that is large enough, or else the largest free one grown, or else a new one.
    fn take(&mut self, length: usize) -> usize {
        let fit = |&(_, &slot): &(usize, &usize)| {
            let size = self.sizes[slot];
            if size >= length { (0, size) } else { (1, usize::MAX - size) }
        };
        match self.free.iter().enumerate().min_by_key(fit).map(|(at, _)| at) {
            Some(at) => {
                let slot = self.free.swap_remove(at);
                self.sizes[slot] = self.sizes[slot].max(length);
                slot
            }
            None => {
                self.sizes.push(length);
                self.sizes.len() - 1
            }
        }
    }
}
