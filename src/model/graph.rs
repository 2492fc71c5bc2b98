//! From the file's nodes to typed operators with known sizes: constants folded, then layers that belong together fused.

use super::error::{Detail, ModelError};
use super::kernels::geometry::Geometry;
use super::kernels::int8::{self, Quantisation};
use super::kernels::map::{Arithmetic, Pooling};
use super::kernels::{Activation, plain};
use super::onnx::{self, Data, Tensor, count};
use crate::few;
use std::collections::HashMap;
use std::fmt;

type Result<T> = std::result::Result<T, ModelError>;
pub type ValueId = usize;

/// No kernel, stride, padding or factor of ours comes near this.
const MAX_SMALL: i64 = 4096;
/// Multiplications of one run beyond which a file is refused: a hundred times our largest network.
const MAX_WORK: u128 = 1 << 35;

/// A tensor that flows through the network (`constant` is `None`) or is known already.
pub struct Value {
    pub dims: Vec<usize>,
    pub constant: Option<Tensor>,
    /// Of a constant that is stored so.
    pub bytes: Option<Bytes>,
    /// Every number of it is one that a byte stands for.
    pub quantised: Option<Quantisation>,
}

/// Weights of 8 bits, a scale for each place on their first axis.
#[derive(Clone)]
pub struct Bytes {
    pub weights: Vec<i8>,
    pub scales: Vec<f32>,
}

pub struct Node {
    pub name: String,
    pub op: Op,
    pub inputs: Vec<ValueId>,
    pub output: ValueId,
}

pub enum Op {
    /// Inputs: the map, and a map to add before the activation if there is a second.
    Conv {
        geometry: Geometry,
        weights: Weights,
        bias: Vec<f32>,
        activation: Activation,
    },
    /// On the last axis; weights `[output][input]`.
    Linear {
        inputs: usize,
        outputs: usize,
        weights: Weights,
        bias: Vec<f32>,
        activation: Activation,
    },
    Activate(Activation),
    Combine(Arithmetic),
    /// To the nearest of the numbers that bytes stand for.
    Quantise,
    /// As `Combine`, and the result quantised: of two maps of bytes, or of one and a number a channel.
    CombineBytes(Arithmetic),
    Concat(usize),
    Pool(Pooling, Geometry),
    GlobalAverage,
    /// Of four axes.
    Pad {
        before: [usize; 4],
        after: [usize; 4],
        value: f32,
    },
    Upsample([usize; 2]),
    Transpose(Vec<usize>),
    /// Any change of dims that leaves the order of elements alone.
    Reshape,
    Softmax {
        length: usize,
        inner: usize,
    },
}

pub enum Weights {
    Floats(Vec<f32>),
    /// For a quantised input.
    Bytes(Bytes),
}

pub struct Graph {
    pub values: Vec<Value>,
    pub nodes: Vec<Node>,
    pub input: ValueId,
    pub outputs: Vec<(String, ValueId)>,
}

struct Builder<'a> {
    names: HashMap<&'a str, ValueId>,
    /// What QuantizeLinear makes, which only DequantizeLinear may read: the value that both together are.
    bytes: HashMap<&'a str, ValueId>,
    values: Vec<Value>,
    nodes: Vec<Node>,
    opset: i64,
    work: u128,
}

/// Types and sizes every node of `file`.
pub fn build(file: onnx::Graph<'_>, input_dims: Option<[usize; 4]>) -> Result<Graph> {
    let mut builder = Builder { names: HashMap::new(), bytes: HashMap::new(), values: vec![], nodes: vec![], opset: file.opset, work: 0 };
    for (name, tensor) in file.initializers {
        let id = builder.constant(tensor);
        builder.names.insert(name, id);
    }
    // Old exporters list the initializers among the inputs.
    let mut inputs = file.inputs.iter().filter(|input| !builder.names.contains_key(input.name));
    let input = inputs.next().ok_or_else(|| ModelError::not_onnx("it has no input"))?;
    if inputs.next().is_some() {
        return Err(shape(input.name, "a network with several inputs is not supported"));
    }
    let dims = resolve_input(input, input_dims)?;
    let input_id = builder.value(input.name, dims.to_vec())?;
    builder.names.insert(input.name, input_id);
    for node in &file.nodes {
        builder.add(node)?;
    }
    let outputs = file
        .outputs
        .iter()
        .map(|&name| match builder.names.get(name) {
            Some(&id) => Ok((name.to_owned(), id)),
            None if builder.bytes.contains_key(name) => Err(unreadable(name, "an output is left in bytes")),
            None => Err(shape(name, "nothing computes this output")),
        })
        .collect::<Result<Vec<_>>>()?;
    if outputs.is_empty() {
        return Err(ModelError::not_onnx("it has no output"));
    }
    Ok(Graph { values: builder.values, nodes: builder.nodes, input: input_id, outputs })
}

fn resolve_input(input: &onnx::Input<'_>, given: Option<[usize; 4]>) -> Result<[usize; 4]> {
    let declared: [Option<usize>; 4] =
        input.dims.as_slice().try_into().map_err(|_| shape(input.name, "the input must be one image: batch, channels, rows, columns"))?;
    let mut dims = [1; 4];
    for (axis, declared) in declared.into_iter().enumerate() {
        let given = given.map(|dims| dims[axis]).or(if axis == 0 { Some(1) } else { None });
        dims[axis] = match (declared, given) {
            (Some(a), Some(b)) if a != b => {
                return Err(shape(input.name, format_args!("axis {axis} of the input is {a} in the file, {b} was asked for")));
            }
            (Some(a), _) => a,
            (None, Some(b)) => b,
            (None, None) => return Err(shape(input.name, format_args!("axis {axis} of the input is open: give its size"))),
        };
    }
    if dims[0] != 1 {
        return Err(shape(input.name, "only one image at a time is supported"));
    }
    Ok(dims)
}

fn shape(node: &str, detail: impl fmt::Display) -> ModelError {
    ModelError::shape(node, detail)
}

fn unreadable(node: &str, detail: impl fmt::Display) -> ModelError {
    ModelError::Quantisation { node: node.to_owned(), detail: Detail::new(detail) }
}

fn unsupported(node: &onnx::Node<'_>, variant: &str) -> ModelError {
    let variant = if variant.is_empty() { Detail::default() } else { Detail::new(format_args!(" {variant}")) };
    ModelError::Unsupported { operator: node.operator.to_owned(), node: node.name.to_owned(), variant }
}

fn small(node: &onnx::Node<'_>, value: i64) -> Result<usize> {
    if (0..=MAX_SMALL).contains(&value) {
        return Ok(value as usize);
    }
    Err(shape(node.name, format_args!("{value} is no sensible size")))
}

/// Axis, counted from the end where negative.
fn axis(node: &onnx::Node<'_>, value: i64, rank: usize) -> Result<usize> {
    let axis = if value < 0 { value + rank as i64 } else { value };
    usize::try_from(axis).ok().filter(|&a| a < rank).ok_or_else(|| shape(node.name, format_args!("there is no axis {value}")))
}

impl<'a> Builder<'a> {
    fn constant(&mut self, tensor: Tensor) -> ValueId {
        self.values.push(Value { dims: tensor.dims.clone(), constant: Some(tensor), bytes: None, quantised: None });
        self.values.len() - 1
    }

    fn value(&mut self, name: &str, dims: Vec<usize>) -> Result<ValueId> {
        match count(&dims) {
            None => return Err(ModelError::TooLarge { node: name.to_owned() }),
            Some(0) => return Err(shape(name, format_args!("an empty map {dims:?}"))),
            Some(_) => {}
        }
        self.values.push(Value { dims, constant: None, bytes: None, quantised: None });
        Ok(self.values.len() - 1)
    }

    /// The node's operand, or `None` where it was left out.
    fn operand(&self, node: &onnx::Node<'a>, at: usize) -> Result<Option<ValueId>> {
        match node.inputs.get(at) {
            None | Some(&"") => Ok(None),
            Some(name) => match self.names.get(name) {
                Some(&id) => Ok(Some(id)),
                None if self.bytes.contains_key(name) => {
                    Err(unreadable(node.name, "its input is bytes, which DequantizeLinear must read first"))
                }
                None => Err(shape(node.name, format_args!("its input {name} is computed nowhere before"))),
            },
        }
    }

    fn required(&self, node: &onnx::Node<'a>, at: usize) -> Result<ValueId> {
        self.operand(node, at)?.ok_or_else(|| shape(node.name, format_args!("operand {at} is missing")))
    }

    fn constant_of(&self, node: &onnx::Node<'a>, at: usize) -> Result<Option<&Tensor>> {
        match self.operand(node, at)? {
            None => Ok(None),
            Some(id) => match &self.values[id].constant {
                Some(tensor) => Ok(Some(tensor)),
                None => Err(unsupported(node, "with computed parameters")),
            },
        }
    }

    fn floats(&self, node: &onnx::Node<'a>, at: usize) -> Result<Option<&[f32]>> {
        match self.constant_of(node, at)? {
            None => Ok(None),
            Some(tensor) => tensor.floats().map(Some).ok_or_else(|| unsupported(node, "with integer parameters")),
        }
    }

    /// Integers from an operand, or from an attribute in older operator sets.
    fn ints(&self, node: &onnx::Node<'a>, at: usize, attribute: &str) -> Result<Option<Vec<i64>>> {
        if let Some(values) = node.ints(attribute) {
            return Ok(Some(values.to_vec()));
        }
        match self.constant_of(node, at)? {
            None => Ok(None),
            Some(tensor) => tensor.ints().map(|v| Some(v.to_vec())).ok_or_else(|| unsupported(node, "with sizes that are not integers")),
        }
    }

    fn dims(&self, id: ValueId) -> &[usize] {
        &self.values[id].dims
    }

    /// What slopes are counted by: the second axis.
    fn channels(&self, id: ValueId) -> usize {
        self.dims(id).get(1).copied().unwrap_or(1)
    }

    fn map_dims(&self, node: &onnx::Node<'a>, id: ValueId) -> Result<[usize; 4]> {
        let dims: [usize; 4] =
            self.dims(id).try_into().map_err(|_| shape(node.name, format_args!("needs a map, got {:?}", self.dims(id))))?;
        if dims[0] != 1 || self.values[id].constant.is_some() {
            return Err(unsupported(node, "of more than one image or of a constant"));
        }
        Ok(dims)
    }

    fn push(&mut self, node: &onnx::Node<'a>, op: Op, inputs: Vec<ValueId>, dims: Vec<usize>) -> Result<()> {
        let output = self.value(node.name, dims)?;
        self.nodes.push(Node { name: node.name.to_owned(), op, inputs, output });
        self.name_output(node, output)
    }

    fn name_output(&mut self, node: &onnx::Node<'a>, id: ValueId) -> Result<()> {
        let name = node.outputs.first().ok_or_else(|| shape(node.name, "it has no output"))?;
        self.names.insert(name, id);
        Ok(())
    }

    fn push_constant(&mut self, node: &onnx::Node<'a>, dims: Vec<usize>, data: Data) -> Result<()> {
        let found = data.len();
        if count(&dims) != Some(found) {
            return Err(shape(node.name, format_args!("{found} numbers do not fill {dims:?}")));
        }
        let id = self.constant(Tensor { dims, data });
        self.name_output(node, id)
    }

    fn count_work(&mut self, node: &onnx::Node<'a>, work: u128) -> Result<()> {
        self.work += work;
        if self.work > MAX_WORK {
            return Err(ModelError::TooLarge { node: node.name.to_owned() });
        }
        Ok(())
    }

    fn add(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        if !matches!(node.domain, "" | "ai.onnx") {
            return Err(unsupported(node, "of another domain"));
        }
        match node.operator {
            "Conv" => self.conv(node),
            "Gemm" => self.gemm(node),
            "MatMul" => self.matmul(node),
            "BatchNormalization" => self.batch_normalization(node),
            "PRelu" => self.prelu(node),
            "Relu" => self.activate(node, Activation::Clip(0.0, f32::INFINITY)),
            "LeakyRelu" => {
                let channels = self.channels(self.required(node, 0)?);
                self.activate(node, Activation::slopes(&vec![node.float("alpha", 0.01); channels]))
            }
            "Sigmoid" => self.activate(node, Activation::Sigmoid),
            "Clip" => self.clip(node),
            "Add" => self.combine(node, Arithmetic::Add),
            "Sub" => self.combine(node, Arithmetic::Sub),
            "Mul" => self.combine(node, Arithmetic::Mul),
            "Div" => self.combine(node, Arithmetic::Div),
            "Concat" => self.concat(node),
            "MaxPool" => self.pool(node, Pooling::Max),
            "AveragePool" if node.int("count_include_pad", 0) != 0 => self.pool(node, Pooling::AverageWithPads),
            "AveragePool" => self.pool(node, Pooling::Average),
            "GlobalAveragePool" => self.global_average(node),
            "Pad" => self.pad(node),
            "Resize" => self.resize(node),
            "Transpose" => self.transpose(node),
            "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Identity" | "Dropout" | "Cast" => self.reshape(node),
            "Softmax" => self.softmax(node),
            "Constant" => self.constant_node(node),
            "Shape" => self.shape_node(node),
            "Gather" => self.gather(node),
            "QuantizeLinear" => self.quantise(node),
            "DequantizeLinear" => self.dequantise(node),
            _ => Err(unsupported(node, "")),
        }
    }

    /// Kernel, stride, dilation, pads and the output's size. `inputs` and `outputs` are channels.
    fn geometry(&self, node: &onnx::Node<'a>, dims: [usize; 4], kernel: [usize; 2], outputs: usize, groups: usize) -> Result<Geometry> {
        let pair = |name: &str| -> Result<[usize; 2]> {
            match node.ints(name) {
                None | Some([]) => Ok([1, 1]),
                Some(&[a, b]) => Ok([small(node, a)?.max(1), small(node, b)?.max(1)]),
                Some(_) => Err(unsupported(node, "not in two dimensions")),
            }
        };
        let (stride, dilation) = (pair("strides")?, pair("dilations")?);
        let input = [dims[2], dims[3]];
        let mut pads = match node.ints("pads") {
            None | Some([]) => [0; 4],
            Some(&[a, b, c, d]) => [small(node, a)?, small(node, b)?, small(node, c)?, small(node, d)?],
            Some(_) => return Err(unsupported(node, "not in two dimensions")),
        };
        let reach = [(kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1];
        match node.text("auto_pad") {
            b"" | b"NOTSET" => {}
            b"VALID" => pads = [0; 4],
            same @ (b"SAME_UPPER" | b"SAME_LOWER") => {
                for axis in 0..2 {
                    let output = input[axis].div_ceil(stride[axis]);
                    let total = ((output - 1) * stride[axis] + reach[axis]).saturating_sub(input[axis]);
                    let less = total / 2;
                    let (before, after) = if same == b"SAME_UPPER" { (less, total - less) } else { (total - less, less) };
                    (pads[axis], pads[axis + 2]) = (before, after);
                }
            }
            _ => return Err(unsupported(node, "with this padding")),
        }
        let mut output = [0; 2];
        for axis in 0..2 {
            let room = (input[axis] + pads[axis] + pads[axis + 2])
                .checked_sub(reach[axis])
                .ok_or_else(|| shape(node.name, format_args!("a kernel of {reach:?} does not fit a map of {input:?}")))?;
            output[axis] = room / stride[axis] + 1;
            if node.int("ceil_mode", 0) != 0 {
                let ceiled = room.div_ceil(stride[axis]) + 1;
                // A window that would start in the padding at the end is dropped.
                let starts = (ceiled - 1) * stride[axis];
                output[axis] = if starts < input[axis] + pads[axis] { ceiled } else { ceiled - 1 };
            }
        }
        Ok(Geometry { inputs: dims[1], outputs, groups, kernel, stride, dilation, pads, input, output })
    }

    fn conv(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let x = self.required(node, 0)?;
        let dims = self.map_dims(node, x)?;
        let weights = self.constant_of(node, 1)?.ok_or_else(|| shape(node.name, "its weights are missing"))?;
        let &[outputs, per_group, kh, kw] = weights.dims.as_slice() else {
            return Err(unsupported(node, "not in two dimensions"));
        };
        let groups = small(node, node.int("group", 1))?;
        let fits = groups > 0
            && kh > 0
            && kw > 0
            && outputs > 0
            && per_group.checked_mul(groups) == Some(dims[1])
            && outputs.is_multiple_of(groups);
        if !fits || node.ints("kernel_shape").is_some_and(|k| k != [kh as i64, kw as i64]) {
            return Err(shape(node.name, format_args!("weights {:?} in {groups} groups do not fit a map {dims:?}", weights.dims)));
        }
        small(node, kh as i64)?;
        small(node, kw as i64)?;
        let geometry = self.geometry(node, dims, [kh, kw], outputs, groups)?;
        let weights = match self.bytes_for(node, x)? {
            Some(bytes) if int8::conv::Conv::suits(&geometry) => Weights::Bytes(bytes),
            _ => Weights::Floats(self.floats(node, 1)?.unwrap_or_default().to_vec()),
        };
        let bias = self.floats(node, 2)?.map_or_else(|| vec![0.0; outputs], <[f32]>::to_vec);
        if bias.len() != outputs {
            return Err(shape(node.name, format_args!("{} biases for {outputs} channels", bias.len())));
        }
        self.count_work(node, geometry.work())?;
        let padded = geometry.padded();
        if count(&[dims[1].next_multiple_of(4), padded[0], padded[1]]).is_none() {
            return Err(ModelError::TooLarge { node: node.name.to_owned() });
        }
        let out = vec![1, outputs, geometry.output[0], geometry.output[1]];
        self.push(node, Op::Conv { geometry, weights, bias, activation: Activation::None }, vec![x], out)
    }

    /// A scale and a shift of every channel, as the smallest depthwise convolution, which fuses with one before it.
    fn affine(&mut self, node: &onnx::Node<'a>, x: ValueId, scale: Vec<f32>, shift: Vec<f32>) -> Result<()> {
        let dims = self.map_dims(node, x)?;
        let (channels, input) = (dims[1], [dims[2], dims[3]]);
        let geometry = Geometry {
            inputs: channels,
            outputs: channels,
            groups: channels,
            kernel: [1, 1],
            stride: [1, 1],
            dilation: [1, 1],
            pads: [0; 4],
            input,
            output: input,
        };
        let op = Op::Conv { geometry, weights: Weights::Floats(scale), bias: shift, activation: Activation::None };
        self.push(node, op, vec![x], dims.to_vec())
    }

    fn batch_normalization(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let x = self.required(node, 0)?;
        let channels = self.dims(x).get(1).copied().unwrap_or(0);
        let mut parameters = [const { Vec::new() }; 4];
        for (i, parameter) in parameters.iter_mut().enumerate() {
            *parameter = self.floats(node, i + 1)?.unwrap_or_default().to_vec();
            if parameter.len() != channels {
                return Err(shape(node.name, format_args!("{} parameters for {channels} channels", parameter.len())));
            }
        }
        let [scale, shift, mean, variance] = parameters;
        let epsilon = node.float("epsilon", 1e-5);
        let scale: Vec<f32> = scale.iter().zip(&variance).map(|(s, v)| s / (v + epsilon).sqrt()).collect();
        let shift: Vec<f32> = shift.iter().zip(&mean).zip(&scale).map(|((b, m), s)| b - m * s).collect();
        if let &[rows, inputs] = self.dims(x) {
            // After a linear layer: a diagonal one, which is rare and small.
            count(&[inputs, inputs]).ok_or_else(|| ModelError::TooLarge { node: node.name.to_owned() })?;
            let mut weights = vec![0.0; inputs * inputs];
            for (i, s) in scale.iter().enumerate() {
                weights[i * inputs + i] = *s;
            }
            let weights = Weights::Floats(weights);
            let op = Op::Linear { inputs, outputs: inputs, weights, bias: shift, activation: Activation::None };
            return self.push(node, op, vec![x], vec![rows, inputs]);
        }
        self.affine(node, x, scale, shift)
    }

    fn gemm(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let x = self.required(node, 0)?;
        let weights = self.constant_of(node, 1)?.cloned().ok_or_else(|| shape(node.name, "its weights are missing"))?;
        if node.int("transA", 0) != 0 || node.float("alpha", 1.0) != 1.0 || node.float("beta", 1.0) != 1.0 {
            return Err(unsupported(node, "with scaling or a transposed input"));
        }
        let bias = self.floats(node, 2)?.map(<[f32]>::to_vec);
        self.linear(node, x, &weights, node.int("transB", 0) != 0, bias)
    }

    fn matmul(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let x = self.required(node, 0)?;
        let weights = self.constant_of(node, 1)?.cloned().ok_or_else(|| shape(node.name, "its weights are missing"))?;
        self.linear(node, x, &weights, false, None)
    }

    fn linear(&mut self, node: &onnx::Node<'a>, x: ValueId, weights: &Tensor, transposed: bool, bias: Option<Vec<f32>>) -> Result<()> {
        let (&[rows, columns], Some(data)) = (weights.dims.as_slice(), weights.floats()) else {
            return Err(unsupported(node, "with these weights"));
        };
        let (outputs, inputs) = if transposed { (rows, columns) } else { (columns, rows) };
        let mut dims = self.dims(x).to_vec();
        if self.values[x].constant.is_some() || dims.last() != Some(&inputs) || outputs == 0 {
            return Err(shape(node.name, format_args!("weights {:?} do not fit {dims:?}", weights.dims)));
        }
        let lines = count(&dims).unwrap_or(0) / inputs.max(1);
        self.count_work(node, lines as u128 * inputs as u128 * outputs as u128)?;
        let data = match self.bytes_for(node, x)? {
            Some(bytes) if transposed && inputs <= int8::MAX_PRODUCTS => Weights::Bytes(bytes),
            _ if transposed => Weights::Floats(data.to_vec()),
            _ => {
                let mut turned = vec![0.0; data.len()];
                plain::transpose(data, &weights.dims, &[1, 0], &mut turned);
                Weights::Floats(turned)
            }
        };
        let bias = match bias {
            None => vec![0.0; outputs],
            Some(b) if b.len() == outputs => b,
            Some(b) if b.len() == 1 => vec![b[0]; outputs],
            Some(b) => return Err(shape(node.name, format_args!("{} biases for {outputs} outputs", b.len()))),
        };
        if let Some(last) = dims.last_mut() {
            *last = outputs;
        }
        let op = Op::Linear { inputs, outputs, weights: data, bias, activation: Activation::None };
        self.push(node, op, vec![x], dims)
    }

    /// The weights of `node` as bytes, where those and its input `x` are stored so.
    fn bytes_for(&self, node: &onnx::Node<'a>, x: ValueId) -> Result<Option<Bytes>> {
        let bytes = match self.operand(node, 1)? {
            Some(id) if self.values[x].quantised.is_some() => self.values[id].bytes.clone(),
            _ => None,
        };
        if let Some(weight) = bytes.iter().flat_map(|b| &b.weights).find(|weight| !int8::WEIGHTS.contains(weight)) {
            return Err(unreadable(node.name, format_args!("a weight of {weight} is out of seven bits (-64 to 63)")));
        }
        Ok(bytes)
    }

    /// The scales of QuantizeLinear or DequantizeLinear, each above zero.
    fn scales(&self, node: &onnx::Node<'a>) -> Result<Vec<f32>> {
        let scales = self.floats(node, 1)?.unwrap_or_default().to_vec();
        if scales.is_empty() {
            return Err(unreadable(node.name, "the scale is missing"));
        }
        match scales.iter().find(|scale| !scale.is_normal() || **scale < 0.0) {
            Some(scale) => Err(unreadable(node.name, format_args!("a scale of {scale} is none"))),
            None => Ok(scales),
        }
    }

    /// Scale and zero of a map. An unsigned byte of ONNX is 128 more than ours.
    fn quantisation(&self, node: &onnx::Node<'a>) -> Result<Quantisation> {
        let &[scale] = self.scales(node)?.as_slice() else {
            return Err(unreadable(node.name, "a map needs one scale, and it has several"));
        };
        let zero = match self.constant_of(node, 2)?.map(|zero| &zero.data) {
            None if node.int("output_dtype", 2) == 3 => Some(0),
            None => Some(-128),
            Some(Data::Bytes(zero)) if zero.len() == 1 => zero.first().copied(),
            Some(Data::Int(zero)) if zero.len() == 1 => u8::try_from(zero[0]).ok().map(|zero| (zero ^ 0x80) as i8),
            Some(_) => None,
        };
        let zero = zero.ok_or_else(|| unreadable(node.name, "its zero point is no single byte"))?;
        Ok(Quantisation { scale, zero })
    }

    fn quantise(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let x = self.required(node, 0)?;
        if self.values[x].constant.is_some() {
            return Err(unsupported(node, "of a constant"));
        }
        let quantised = Some(self.quantisation(node)?);
        let dims = self.dims(x).to_vec();
        let output = self.value(node.name, dims)?;
        self.values[output].quantised = quantised;
        self.nodes.push(Node { name: node.name.to_owned(), op: Op::Quantise, inputs: vec![x], output });
        let name = node.outputs.first().ok_or_else(|| shape(node.name, "it has no output"))?;
        self.bytes.insert(name, output);
        Ok(())
    }

    fn dequantise(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        if let Some(&id) = node.inputs.first().and_then(|name| self.bytes.get(name)) {
            // Without a zero point the type of the bytes decides, which is that of the quantisation before.
            let ours = self.values[id].quantised;
            let same = match self.operand(node, 2)? {
                None => ours.map(|q| q.scale) == self.scales(node)?.first().copied() && ours.is_some_and(|q| matches!(q.zero, 0 | -128)),
                Some(_) => ours == Some(self.quantisation(node)?),
            };
            if !same {
                return Err(unreadable(node.name, "its scale and zero point are not those that the bytes were made with"));
            }
            return self.name_output(node, id);
        }
        let x = self.required(node, 0)?;
        let Some(tensor) = self.values[x].constant.clone() else {
            return Err(unreadable(node.name, "its input is no bytes"));
        };
        if self.constant_of(node, 2)?.is_some_and(|zero| match &zero.data {
            Data::Float(_) => true,
            Data::Int(zeros) => zeros.iter().any(|&zero| zero != 0),
            Data::Bytes(zeros) => zeros.iter().any(|&zero| zero != 0),
        }) {
            return Err(unreadable(node.name, "a constant has a zero point, where none may be"));
        }
        let integers: Vec<f32> = match &tensor.data {
            Data::Float(_) => return Err(unreadable(node.name, "its input is no bytes")),
            Data::Int(values) => values.iter().map(|&value| value as f32).collect(),
            Data::Bytes(values) => values.iter().map(|&value| f32::from(value)).collect(),
        };
        let scales = self.scales(node)?;
        let (along, inner) = if let [_] = scales.as_slice() {
            (0, integers.len())
        } else {
            let along = axis(node, node.int("axis", 1), tensor.dims.len())?;
            (along, tensor.dims[along + 1..].iter().product())
        };
        if scales.len() > 1 && scales.len() != tensor.dims[along] {
            return Err(unreadable(node.name, format_args!("{} scales do not fit {:?}", scales.len(), tensor.dims)));
        }
        let numbers = integers.iter().enumerate().map(|(i, value)| value * scales[i / inner.max(1) % scales.len()]).collect();
        self.push_constant(node, tensor.dims.clone(), Data::Float(numbers))?;
        let first = tensor.dims.first().copied().unwrap_or(1);
        if let (Data::Bytes(weights), true, Some(value)) = (tensor.data, along == 0, self.values.last_mut()) {
            let scales = if scales.len() == 1 { vec![scales[0]; first] } else { scales };
            value.bytes = Some(Bytes { weights, scales });
        }
        Ok(())
    }

    fn activate(&mut self, node: &onnx::Node<'a>, activation: Activation) -> Result<()> {
        let x = self.required(node, 0)?;
        if self.values[x].constant.is_some() {
            return Err(unsupported(node, "of a constant"));
        }
        let dims = self.dims(x).to_vec();
        self.push(node, Op::Activate(activation), vec![x], dims)
    }

    fn prelu(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let x = self.required(node, 0)?;
        let dims = self.dims(x);
        let channels = self.channels(x);
        let slopes = self.constant_of(node, 1)?.ok_or_else(|| shape(node.name, "its slopes are missing"))?;
        // The slopes are broadcast from the last axis backwards: [C,1,1] is one a channel.
        let behind = dims.len().saturating_sub(2);
        let per_channel = slopes.dims.len() > behind
            && slopes.dims[slopes.dims.len() - behind..].iter().all(|&d| d == 1)
            && count(&slopes.dims) == Some(channels);
        let values = match self.floats(node, 1)?.unwrap_or_default() {
            &[one] => vec![one; channels],
            many if per_channel => many.to_vec(),
            _ => return Err(unsupported(node, "with slopes that differ within a channel")),
        };
        self.activate(node, Activation::slopes(&values))
    }

    fn clip(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let bound = |at: usize, name: &str, default: f32| -> Result<f32> {
            if node.has(name) {
                return Ok(node.float(name, default));
            }
            match self.floats(node, at)? {
                None => Ok(default),
                Some(&[value]) => Ok(value),
                Some(_) => Err(shape(node.name, "a bound must be one number")),
            }
        };
        let activation = Activation::Clip(bound(1, "min", f32::NEG_INFINITY)?, bound(2, "max", f32::INFINITY)?);
        self.activate(node, activation)
    }

    fn combine(&mut self, node: &onnx::Node<'a>, arithmetic: Arithmetic) -> Result<()> {
        let (a, b) = (self.required(node, 0)?, self.required(node, 1)?);
        let known = |id: ValueId| self.values[id].constant.as_ref();
        let (x, other) = match (known(a), known(b)) {
            (Some(p), Some(q)) => {
                let (Some(p_values), Some(q_values)) = (p.floats(), q.floats()) else {
                    return Err(unsupported(node, "of integers"));
                };
                let (dims, sa, sb) = broadcast(node, &p.dims, &q.dims)?;
                let mut out = vec![0.0; count(&dims).unwrap_or(0)];
                plain::broadcast(arithmetic, &dims, (p_values, &sa), (q_values, &sb), &mut out);
                return self.push_constant(node, dims, Data::Float(out));
            }
            (None, Some(constant)) => (a, Some(constant)),
            (Some(constant), None) if matches!(arithmetic, Arithmetic::Add | Arithmetic::Mul) => (b, Some(constant)),
            _ => (a, None),
        };
        if let Some((scale, shift)) = other.and_then(|c| channel_affine(arithmetic, c, self.dims(x))) {
            return self.affine(node, x, scale, shift);
        }
        let (dims, _, _) = broadcast(node, self.dims(a), self.dims(b))?;
        self.push(node, Op::Combine(arithmetic), vec![a, b], dims)
    }

    fn concat(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let inputs = (0..node.inputs.len()).map(|at| self.required(node, at)).collect::<Result<Vec<_>>>()?;
        let first = *inputs.first().ok_or_else(|| shape(node.name, "it has no operands"))?;
        let axis = axis(node, node.int("axis", 1), self.dims(first).len())?;
        let mut dims = self.dims(first).to_vec();
        let mut total = 0usize;
        for &id in &inputs {
            let other = self.dims(id);
            let same = other.len() == dims.len() && (0..dims.len()).all(|i| i == axis || other[i] == dims[i]);
            if !same {
                return Err(shape(node.name, format_args!("{other:?} cannot be joined to {dims:?} along axis {axis}")));
            }
            total = total.saturating_add(other[axis]);
        }
        dims[axis] = total;
        let constants: Option<Vec<&[i64]>> = inputs.iter().map(|&id| self.values[id].constant.as_ref().and_then(Tensor::ints)).collect();
        match constants {
            Some(parts) if dims.len() == 1 => {
                let data = Data::Int(parts.concat());
                self.push_constant(node, dims, data)
            }
            Some(_) => Err(unsupported(node, "of integers")),
            None => self.push(node, Op::Concat(axis), inputs, dims),
        }
    }

    fn pool(&mut self, node: &onnx::Node<'a>, pooling: Pooling) -> Result<()> {
        let x = self.required(node, 0)?;
        let dims = self.map_dims(node, x)?;
        let &[kh, kw] = node.ints("kernel_shape").unwrap_or_default() else {
            return Err(unsupported(node, "not in two dimensions"));
        };
        let kernel = [small(node, kh)?.max(1), small(node, kw)?.max(1)];
        let geometry = self.geometry(node, dims, kernel, dims[1], dims[1])?;
        self.count_work(node, geometry.work())?;
        let out = vec![1, dims[1], geometry.output[0], geometry.output[1]];
        self.push(node, Op::Pool(pooling, geometry), vec![x], out)
    }

    fn global_average(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let x = self.required(node, 0)?;
        let dims = self.map_dims(node, x)?;
        self.push(node, Op::GlobalAverage, vec![x], vec![1, dims[1], 1, 1])
    }

    fn pad(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let x = self.required(node, 0)?;
        let dims = self.map_dims(node, x)?;
        if !matches!(node.text("mode"), b"" | b"constant") {
            return Err(unsupported(node, "that mirrors or repeats"));
        }
        let pads = self.ints(node, 1, "pads")?.unwrap_or_default();
        let value = match self.floats(node, 2)? {
            Some(&[value]) => value,
            Some(_) => return Err(shape(node.name, "the padding must be one number")),
            None => node.float("value", 0.0),
        };
        if pads.len() != 8 {
            return Err(shape(node.name, "four axes need eight paddings"));
        }
        let (mut before, mut after, mut out) = ([0; 4], [0; 4], dims);
        for axis in 0..4 {
            (before[axis], after[axis]) = (small(node, pads[axis])?, small(node, pads[axis + 4])?);
            out[axis] = dims[axis].saturating_add(before[axis] + after[axis]);
        }
        if out[0] != 1 {
            return Err(unsupported(node, "of the batch"));
        }
        self.push(node, Op::Pad { before, after, value }, vec![x], out.to_vec())
    }

    fn resize(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let x = self.required(node, 0)?;
        let dims = self.map_dims(node, x)?;
        if node.text("mode") != b"nearest" {
            return Err(unsupported(node, "other than to the nearest"));
        }
        let factors: Vec<f32> = match self.floats(node, 2)? {
            Some(scales) if !scales.is_empty() => scales.to_vec(),
            _ => {
                let sizes = self.ints(node, 3, "sizes")?.unwrap_or_default();
                sizes.iter().zip(dims).map(|(&size, dim)| size as f32 / dim as f32).collect()
            }
        };
        let whole = |f: f32| f.fract() == 0.0 && (1.0..=64.0).contains(&f);
        if factors.len() != 4 || factors[0] != 1.0 || factors[1] != 1.0 || !factors.iter().all(|&f| whole(f)) {
            return Err(unsupported(node, "by other than whole factors"));
        }
        let factors = [factors[2] as usize, factors[3] as usize];
        // All ways of rounding that repeat every pixel evenly are the same for us.
        let source = |factor: usize, at: usize| -> Option<f32> {
            let position = match node.text("coordinate_transformation_mode") {
                b"asymmetric" => at as f32 / factor as f32,
                b"" | b"half_pixel" | b"pytorch_half_pixel" => (at as f32 + 0.5) / factor as f32 - 0.5,
                _ => return None,
            };
            match node.text("nearest_mode") {
                b"" | b"round_prefer_floor" => Some((position - 0.5).ceil()),
                b"round_prefer_ceil" => Some((position + 0.5).floor()),
                b"floor" => Some(position.floor()),
                b"ceil" => Some(position.ceil()),
                _ => None,
            }
        };
        let even = |factor: usize| (factor..2 * factor).all(|at| source(factor, at) == Some(1.0));
        if !factors.into_iter().all(|f| f == 1 || even(f)) {
            return Err(unsupported(node, "with this rounding"));
        }
        let out = vec![1, dims[1], dims[2].saturating_mul(factors[0]), dims[3].saturating_mul(factors[1])];
        self.push(node, Op::Upsample(factors), vec![x], out)
    }

    fn transpose(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let x = self.required(node, 0)?;
        let dims = self.dims(x).to_vec();
        let perm = match node.ints("perm") {
            None => (0..dims.len()).rev().collect(),
            Some(perm) => perm.iter().map(|&p| axis(node, p, dims.len())).collect::<Result<Vec<_>>>()?,
        };
        let mut sorted = perm.clone();
        few::sort(&mut sorted, usize::cmp);
        if sorted.into_iter().ne(0..dims.len()) {
            return Err(shape(node.name, format_args!("{perm:?} is no order of {dims:?}")));
        }
        let out: Vec<usize> = perm.iter().map(|&p| dims[p]).collect();
        match &self.values[x].constant {
            None => self.push(node, Op::Transpose(perm), vec![x], out),
            Some(Tensor { data: Data::Float(values), .. }) => {
                let mut turned = vec![0.0; values.len()];
                plain::transpose(values, &dims, &perm, &mut turned);
                self.push_constant(node, out, Data::Float(turned))
            }
            Some(_) => Err(unsupported(node, "of integers")),
        }
    }

    fn reshape(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let x = self.required(node, 0)?;
        let dims = self.reshaped(node, x)?;
        if count(&dims) != count(self.dims(x)) {
            return Err(shape(node.name, format_args!("{:?} cannot become {dims:?}", self.dims(x))));
        }
        if node.operator == "Cast" && !matches!(node.int("to", 1), 1 | 6 | 7 | 10) {
            return Err(unsupported(node, "to this type"));
        }
        let to_int = node.operator == "Cast" && matches!(node.int("to", 1), 6 | 7);
        match &self.values[x].constant {
            Some(tensor) => {
                let data = match (&tensor.data, node.operator) {
                    (Data::Float(v), "Cast") if to_int => Data::Int(v.iter().map(|&v| v as i64).collect()),
                    (Data::Int(v), "Cast") if !to_int => Data::Float(v.iter().map(|&v| v as f32).collect()),
                    (Data::Bytes(_), "Cast") => return Err(unsupported(node, "of bytes")),
                    (data, _) => data.clone(),
                };
                self.push_constant(node, dims, data)
            }
            None if to_int => Err(unsupported(node, "to integers")),
            None => {
                self.push(node, Op::Reshape, vec![x], dims)?;
                if let (Some(quantised), Some(value)) = (self.values[x].quantised, self.values.last_mut()) {
                    value.quantised = Some(quantised);
                }
                Ok(())
            }
        }
    }

    fn reshaped(&self, node: &onnx::Node<'a>, x: ValueId) -> Result<Vec<usize>> {
        let dims = self.dims(x);
        let product = |dims: &[usize]| dims.iter().fold(1usize, |n, &d| n.saturating_mul(d));
        match node.operator {
            "Flatten" => {
                let at = node.int("axis", 1);
                let at = if at == dims.len() as i64 { dims.len() } else { axis(node, at, dims.len())? };
                Ok(vec![product(&dims[..at]), product(&dims[at..])])
            }
            "Squeeze" => {
                let axes = match self.ints(node, 1, "axes")? {
                    Some(axes) => axes.iter().map(|&a| axis(node, a, dims.len())).collect::<Result<Vec<_>>>()?,
                    None => (0..dims.len()).filter(|&i| dims[i] == 1).collect(),
                };
                Ok((0..dims.len()).filter(|i| !axes.contains(i)).map(|i| dims[i]).collect())
            }
            "Unsqueeze" => {
                let axes = self.ints(node, 1, "axes")?.unwrap_or_default();
                let rank = dims.len() + axes.len().min(onnx::MAX_RANK);
                let axes = axes.iter().map(|&a| axis(node, a, rank)).collect::<Result<Vec<_>>>()?;
                let mut rest = dims.iter().copied();
                Ok((0..rank).map(|i| if axes.contains(&i) { 1 } else { rest.next().unwrap_or(1) }).collect())
            }
            "Reshape" => {
                let wanted = self.ints(node, 1, "shape")?.unwrap_or_default();
                let mut out = Vec::with_capacity(wanted.len());
                let mut open = None;
                for (i, &d) in wanted.iter().enumerate() {
                    out.push(match d {
                        0 => *dims.get(i).ok_or_else(|| shape(node.name, format_args!("there is no axis {i}")))?,
                        -1 if open.is_none() => {
                            open = Some(i);
                            1
                        }
                        d => usize::try_from(d).map_err(|_| shape(node.name, format_args!("a size of {d}")))?,
                    });
                }
                if let Some(open) = open {
                    out[open] = product(dims) / product(&out).max(1);
                }
                Ok(out)
            }
            _ => Ok(dims.to_vec()),
        }
    }

    fn softmax(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let x = self.required(node, 0)?;
        if self.values[x].constant.is_some() {
            return Err(unsupported(node, "of a constant"));
        }
        let dims = self.dims(x).to_vec();
        // Before operator set 13 everything from the axis on was one line.
        let (default, whole) = if self.opset < 13 { (1, true) } else { (-1, false) };
        let axis = axis(node, node.int("axis", default), dims.len())?;
        let behind = dims[axis + 1..].iter().product::<usize>();
        let (length, inner) = if whole { (dims[axis] * behind, 1) } else { (dims[axis], behind) };
        self.push(node, Op::Softmax { length, inner }, vec![x], dims)
    }

    fn constant_node(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let tensor = if let Some(tensor) = node.tensor("value") {
            tensor.clone()
        } else if node.has("value_float") {
            Tensor { dims: vec![], data: Data::Float(vec![node.float("value_float", 0.0)]) }
        } else if node.has("value_int") {
            Tensor { dims: vec![], data: Data::Int(vec![node.int("value_int", 0)]) }
        } else if let Some(ints) = node.ints("value_ints") {
            Tensor { dims: vec![ints.len()], data: Data::Int(ints.to_vec()) }
        } else if let Some(floats) = node.floats("value_floats") {
            Tensor { dims: vec![floats.len()], data: Data::Float(floats.to_vec()) }
        } else {
            return Err(unsupported(node, "of this type"));
        };
        self.push_constant(node, tensor.dims, tensor.data)
    }

    fn shape_node(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let x = self.required(node, 0)?;
        let dims: Vec<i64> = self.dims(x).iter().map(|&d| d as i64).collect();
        self.push_constant(node, vec![dims.len()], Data::Int(dims))
    }

    /// Of integer lists only: what exporters compute sizes with.
    fn gather(&mut self, node: &onnx::Node<'a>) -> Result<()> {
        let list = self.constant_of(node, 0)?.filter(|t| t.dims.len() == 1).and_then(Tensor::ints);
        let at = self.constant_of(node, 1)?;
        let (Some(list), Some(at), Some(indices)) = (list, at, at.and_then(Tensor::ints)) else {
            return Err(unsupported(node, "of anything but a list of sizes"));
        };
        let picked = indices.iter().map(|&i| axis(node, i, list.len()).map(|i| list[i])).collect::<Result<Vec<_>>>()?;
        let dims = at.dims.clone();
        self.push_constant(node, dims, Data::Int(picked))
    }
}

/// Numpy's broadcasting: the result's dims, and each operand's strides along them (zero where repeated).
fn broadcast(node: &onnx::Node<'_>, a: &[usize], b: &[usize]) -> Result<(Vec<usize>, Vec<usize>, Vec<usize>)> {
    broadcast_dims(a, b).ok_or_else(|| shape(node.name, format_args!("{a:?} and {b:?} do not go together")))
}

pub fn broadcast_dims(a: &[usize], b: &[usize]) -> Option<(Vec<usize>, Vec<usize>, Vec<usize>)> {
    let rank = a.len().max(b.len());
    let (from_a, from_b) = (plain::strides(a), plain::strides(b));
    let (mut dims, mut strides_a, mut strides_b) = (vec![1; rank], vec![0; rank], vec![0; rank]);
    for axis in 0..rank {
        let at = |dims: &[usize]| (axis + dims.len()).checked_sub(rank);
        let (in_a, in_b) = (at(a), at(b));
        let (da, db) = (in_a.map_or(1, |i| a[i]), in_b.map_or(1, |i| b[i]));
        if da != db && da != 1 && db != 1 {
            return None;
        }
        dims[axis] = if da == 1 { db } else { da };
        if let (Some(i), true) = (in_a, da != 1) {
            strides_a[axis] = from_a[i];
        }
        if let (Some(i), true) = (in_b, db != 1) {
            strides_b[axis] = from_b[i];
        }
    }
    count(&dims)?;
    Some((dims, strides_a, strides_b))
}

/// `x op constant` as a scale and a shift of each channel of a map, if it is one.
fn channel_affine(arithmetic: Arithmetic, constant: &Tensor, dims: &[usize]) -> Option<(Vec<f32>, Vec<f32>)> {
    let &[1, channels, _, _] = dims else { return None };
    let values = constant.floats()?;
    let per_channel = match constant.dims.as_slice() {
        [c, 1, 1] | [1, c, 1, 1] => *c == channels,
        _ => false,
    };
    let values = match values {
        [one] if constant.dims.len() <= 4 => vec![*one; channels],
        many if per_channel => many.to_vec(),
        _ => return None,
    };
    let (zeros, ones) = (vec![0.0; channels], vec![1.0; channels]);
    Some(match arithmetic {
        Arithmetic::Add => (ones, values),
        Arithmetic::Sub => (ones, values.iter().map(|v| -v).collect()),
        Arithmetic::Mul => (values, zeros),
        Arithmetic::Div => (values.iter().map(|v| 1.0 / v).collect(), zeros),
    })
}
