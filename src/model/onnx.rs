//! A reader of the part of the ONNX format that our networks use.
//!
//! ONNX is protobuf: records of (field number, wire type, value). Only the fields named here are kept, all others are
//! skipped, every length is checked against what is left of the file, and nothing is copied but weights.

use super::error::{Detail, ModelError};

type Result<T> = std::result::Result<T, ModelError>;

/// No tensor of ours comes near this many elements; anything beyond is a damaged or hostile file.
pub const MAX_ELEMENTS: usize = 1 << 26;
/// Tensors of a higher rank than this are refused.
pub const MAX_RANK: usize = 8;
const MAX_NODES: usize = 20_000;

/// A network as the file tells it, names borrowed from the file.
#[derive(Default)]
pub struct Graph<'a> {
    pub nodes: Vec<Node<'a>>,
    pub initializers: Vec<(&'a str, Tensor)>,
    pub inputs: Vec<Input<'a>>,
    pub outputs: Vec<&'a str>,
    /// Version of the default operator set.
    pub opset: i64,
}

#[derive(Default)]
pub struct Node<'a> {
    pub name: &'a str,
    pub operator: &'a str,
    pub domain: &'a str,
    pub inputs: Vec<&'a str>,
    pub outputs: Vec<&'a str>,
    pub attributes: Vec<Attribute<'a>>,
}

#[derive(Default)]
pub struct Attribute<'a> {
    name: &'a str,
    float: f32,
    int: i64,
    string: &'a [u8],
    tensor: Option<Tensor>,
    floats: Vec<f32>,
    ints: Vec<i64>,
}

pub struct Input<'a> {
    pub name: &'a str,
    /// `None` where the file leaves a dimension open.
    pub dims: Vec<Option<usize>>,
}

/// A constant: weights as f32 whatever width of float they were stored in, bytes, or other integers (shapes, axes).
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub dims: Vec<usize>,
    pub data: Data,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    Float(Vec<f32>),
    Int(Vec<i64>),
    /// Signed ones; unsigned ones are `Int`.
    Bytes(Vec<i8>),
}

impl Data {
    pub fn len(&self) -> usize {
        match self {
            Data::Float(values) => values.len(),
            Data::Int(values) => values.len(),
            Data::Bytes(values) => values.len(),
        }
    }
}

impl Tensor {
    pub fn floats(&self) -> Option<&[f32]> {
        match &self.data {
            Data::Float(values) => Some(values),
            _ => None,
        }
    }
    pub fn ints(&self) -> Option<&[i64]> {
        match &self.data {
            Data::Int(values) => Some(values),
            _ => None,
        }
    }
}

/// Number of elements of `dims`, or `None` beyond [`MAX_ELEMENTS`].
pub fn count(dims: &[usize]) -> Option<usize> {
    if dims.len() > MAX_RANK {
        return None;
    }
    // Zeros must not hide an absurd dimension, which later sums could still run over.
    let bound = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d.max(1)).filter(|&n| n <= MAX_ELEMENTS))?;
    Some(if dims.contains(&0) { 0 } else { bound })
}

impl<'a> Node<'a> {
    fn attribute(&self, name: &str) -> Option<&Attribute<'a>> {
        self.attributes.iter().find(|a| a.name == name)
    }
    pub fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |a| a.int)
    }
    pub fn float(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).map_or(default, |a| a.float)
    }
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        self.attribute(name).map(|a| a.ints.as_slice())
    }
    pub fn floats(&self, name: &str) -> Option<&[f32]> {
        self.attribute(name).map(|a| a.floats.as_slice())
    }
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }
    /// The text of a string attribute; empty where absent.
    pub fn text(&self, name: &str) -> &[u8] {
        self.attribute(name).map_or(b"", |a| a.string)
    }
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.attribute(name).and_then(|a| a.tensor.as_ref())
    }
}

/// Reads a model file.
pub fn read(bytes: &[u8]) -> Result<Graph<'_>> {
    let mut graph = None;
    let mut opset = 0;
    for_each_field(bytes, |field, value| {
        match (field, value) {
            (7, Value::Bytes(body)) => graph = Some(read_graph(body)?),
            (8, Value::Bytes(body)) => opset = opset.max(read_opset(body)?),
            _ => {}
        }
        Ok(())
    })?;
    let mut graph = graph.ok_or_else(|| ModelError::not_onnx("it holds no graph"))?;
    graph.opset = opset;
    Ok(graph)
}

enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

fn for_each_field<'a>(mut rest: &'a [u8], mut take: impl FnMut(u64, Value<'a>) -> Result<()>) -> Result<()> {
    while !rest.is_empty() {
        let key = varint(&mut rest)?;
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut rest)?),
            1 => Value::Fixed64(u64::from_le_bytes(fixed(&mut rest)?)),
            2 => {
                let length = usize::try_from(varint(&mut rest)?).map_err(|_| ModelError::Truncated)?;
                let (body, after) = rest.split_at_checked(length).ok_or(ModelError::Truncated)?;
                rest = after;
                Value::Bytes(body)
            }
            5 => Value::Fixed32(u32::from_le_bytes(fixed(&mut rest)?)),
            _ => return Err(ModelError::not_onnx("a record of unknown kind")),
        };
        take(key >> 3, value)?;
    }
    Ok(())
}

fn varint(rest: &mut &[u8]) -> Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first().ok_or(ModelError::Truncated)?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(ModelError::not_onnx("a number that never ends"))
}

fn fixed<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N]> {
    let (head, after) = rest.split_first_chunk::<N>().ok_or(ModelError::Truncated)?;
    *rest = after;
    Ok(*head)
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| ModelError::not_onnx("a name that is not text"))
}

fn read_opset(body: &[u8]) -> Result<i64> {
    let (mut domain, mut version) = (&b""[..], 0);
    for_each_field(body, |field, value| {
        match (field, value) {
            (1, Value::Bytes(b)) => domain = b,
            (2, Value::Varint(v)) => version = v as i64,
            _ => {}
        }
        Ok(())
    })?;
    Ok(if domain.is_empty() || domain == b"ai.onnx" { version } else { 0 })
}

fn read_graph(body: &[u8]) -> Result<Graph<'_>> {
    let mut graph = Graph::default();
    for_each_field(body, |field, value| {
        if let Value::Bytes(b) = value {
            match field {
                1 if graph.nodes.len() >= MAX_NODES => {
                    return Err(ModelError::TooLarge { node: "the list of nodes".into() });
                }
                1 => graph.nodes.push(read_node(b)?),
                5 => graph.initializers.push(read_tensor(b)?),
                11 => graph.inputs.push(read_input(b)?),
                12 => graph.outputs.push(read_input(b)?.name),
                _ => {}
            }
        }
        Ok(())
    })?;
    Ok(graph)
}

fn read_node(body: &[u8]) -> Result<Node<'_>> {
    let mut node = Node::default();
    for_each_field(body, |field, value| {
        if let Value::Bytes(b) = value {
            match field {
                1 => node.inputs.push(text(b)?),
                2 => node.outputs.push(text(b)?),
                3 => node.name = text(b)?,
                4 => node.operator = text(b)?,
                5 => node.attributes.push(read_attribute(b)?),
                7 => node.domain = text(b)?,
                _ => {}
            }
        }
        Ok(())
    })?;
    if node.name.is_empty() {
        node.name = node.outputs.first().copied().unwrap_or("");
    }
    Ok(node)
}

fn read_attribute(body: &[u8]) -> Result<Attribute<'_>> {
    let mut attribute = Attribute::default();
    for_each_field(body, |field, value| {
        match (field, value) {
            (1, Value::Bytes(b)) => attribute.name = text(b)?,
            (2, Value::Fixed32(v)) => attribute.float = f32::from_bits(v),
            (3, Value::Varint(v)) => attribute.int = v as i64,
            (4, Value::Bytes(b)) => attribute.string = b,
            (5, Value::Bytes(b)) => attribute.tensor = Some(read_tensor(b)?.1),
            (7, value) => push_floats(&mut attribute.floats, value)?,
            (8, value) => push_ints(&mut attribute.ints, value)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(attribute)
}

/// Repeated floats come packed or one by one.
fn push_floats(floats: &mut Vec<f32>, value: Value<'_>) -> Result<()> {
    match value {
        Value::Fixed32(v) => floats.push(f32::from_bits(v)),
        Value::Bytes(mut b) => {
            while !b.is_empty() {
                floats.push(f32::from_le_bytes(fixed(&mut b)?));
            }
        }
        _ => return Err(ModelError::not_onnx("numbers of the wrong kind")),
    }
    Ok(())
}

/// Repeated integers come packed or one by one.
fn push_ints(ints: &mut Vec<i64>, value: Value<'_>) -> Result<()> {
    match value {
        Value::Varint(v) => ints.push(v as i64),
        Value::Bytes(mut b) => {
            while !b.is_empty() {
                ints.push(varint(&mut b)? as i64);
            }
        }
        _ => return Err(ModelError::not_onnx("numbers of the wrong kind")),
    }
    Ok(())
}

fn read_tensor(body: &[u8]) -> Result<(&str, Tensor)> {
    let (mut name, mut kind, mut raw) = ("", 0, None);
    let (mut dims, mut floats, mut ints, mut halves, mut doubles) = (vec![], vec![], vec![], vec![], vec![]);
    for_each_field(body, |field, value| {
        match (field, value) {
            (1, value) => push_ints(&mut dims, value)?,
            (2, Value::Varint(v)) => kind = v,
            (4, value) => push_floats(&mut floats, value)?,
            (5, value) => push_ints(&mut halves, value)?,
            (7, value) => push_ints(&mut ints, value)?,
            (8, Value::Bytes(b)) => name = text(b)?,
            (9, Value::Bytes(b)) => raw = Some(b),
            (10, Value::Fixed64(v)) => doubles.push(f64::from_bits(v)),
            (14, Value::Varint(1)) => return Err(ModelError::not_onnx("its weights are in another file")),
            _ => {}
        }
        Ok(())
    })?;
    let dims = dims
        .iter()
        .map(|&d| usize::try_from(d))
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|_| ModelError::not_onnx("a negative size"))?;
    let expected = count(&dims).ok_or_else(|| ModelError::TooLarge { node: name.into() })?;
    let data = match (kind, raw) {
        (1, Some(raw)) => Data::Float(widen(raw, f32::from_le_bytes)?),
        (1, None) => Data::Float(floats),
        (10, Some(raw)) => Data::Float(widen(raw, |b| widen_half(u16::from_le_bytes(b)))?),
        (10, None) => Data::Float(halves.iter().map(|&h| widen_half(h as u16)).collect()),
        (11, Some(raw)) => Data::Float(widen(raw, |b| f64::from_le_bytes(b) as f32)?),
        (11, None) => Data::Float(doubles.iter().map(|&d| d as f32).collect()),
        (7, Some(raw)) => Data::Int(widen(raw, i64::from_le_bytes)?),
        (7, None) => Data::Int(ints),
        (6, Some(raw)) => Data::Int(widen(raw, |b| i32::from_le_bytes(b).into())?),
        (6, None) => Data::Int(halves),
        (3, Some(raw)) => Data::Bytes(widen(raw, i8::from_le_bytes)?),
        (3, None) => Data::Bytes(halves.iter().map(|&value| value as i8).collect()),
        (2, Some(raw)) => Data::Int(widen(raw, |b| u8::from_le_bytes(b).into())?),
        (2, None) => Data::Int(halves),
        _ => {
            return Err(ModelError::Unsupported {
                operator: "Constant".into(),
                node: name.into(),
                variant: Detail::new(format_args!(" of type {kind}")),
            });
        }
    };
    let found = data.len();
    // Resize may carry an empty "roi" whose type is all that is stored, hence the check by count alone.
    if found != expected {
        return Err(ModelError::shape(name, format_args!("{expected} numbers are promised and {found} are there")));
    }
    Ok((name, Tensor { dims, data }))
}

fn widen<const N: usize, T>(raw: &[u8], one: impl Fn([u8; N]) -> T) -> Result<Vec<T>> {
    let (chunks, rest) = raw.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(ModelError::Truncated);
    }
    Ok(chunks.iter().map(|&chunk| one(chunk)).collect())
}

/// A half-precision number as a single-precision one. Without branches, so that the compiler does eight at a time: over the
/// millions of weights it takes a fraction of what the library's takes where the processor has no instruction for it.
fn widen_half(bits: u16) -> f32 {
    const TWO_TO_112: f32 = f32::from_bits((127 + 112) << 23);
    let bits = u32::from(bits);
    // The multiplication moves the exponent into its place, that of subnormal numbers too.
    let finite = f32::from_bits((bits & 0x7fff) << 13) * TWO_TO_112;
    let beyond = if bits & 0x7c00 == 0x7c00 { 0x7f80_0000 } else { 0 };
    f32::from_bits(finite.to_bits() | beyond | (bits & 0x8000) << 16)
}

fn read_input(body: &[u8]) -> Result<Input<'_>> {
    let mut input = Input { name: "", dims: vec![] };
    for_each_field(body, |field, value| {
        match (field, value) {
            (1, Value::Bytes(b)) => input.name = text(b)?,
            (2, Value::Bytes(b)) => for_each_field(b, |field, value| match (field, value) {
                (1, Value::Bytes(b)) => for_each_field(b, |field, value| match (field, value) {
                    (2, Value::Bytes(b)) => read_shape(b, &mut input.dims),
                    _ => Ok(()),
                }),
                _ => Ok(()),
            })?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(input)
}

fn read_shape(body: &[u8], dims: &mut Vec<Option<usize>>) -> Result<()> {
    for_each_field(body, |field, value| {
        if let (1, Value::Bytes(b)) = (field, value) {
            let mut dim = None;
            for_each_field(b, |field, value| {
                if let (1, Value::Varint(v)) = (field, value) {
                    dim = usize::try_from(v).ok().filter(|&v| v > 0);
                }
                Ok(())
            })?;
            dims.push(dim);
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_web_page_is_not_a_model() {
        let error = read(b"<!doctype html><title>404</title>").err().unwrap();
        assert!(matches!(error, ModelError::NotOnnx { .. }), "{error:?}");
    }

    #[test]
    fn a_length_beyond_the_file_is_a_truncation() {
        assert_eq!(read(&[0x3a, 0x7f, 0x01]).err(), Some(ModelError::Truncated));
    }

    #[test]
    fn absurd_sizes_are_refused_before_memory_is_asked_for() {
        assert_eq!(count(&[1 << 40, 0]), None);
        assert_eq!(count(&[3, 0]), Some(0));
        assert_eq!(count(&[usize::MAX, usize::MAX]), None);
    }

    #[test]
    fn halves_are_widened_exactly() {
        // TensorProto { dims: [2], data_type: FLOAT16, name: "w", raw_data: 1.0, -0.5 }
        let body = [0x08, 2, 0x10, 10, 0x42, 1, b'w', 0x4a, 4, 0x00, 0x3c, 0x00, 0xb8];
        let (name, tensor) = read_tensor(&body).unwrap();
        assert_eq!((name, tensor.floats()), ("w", Some(&[1.0, -0.5][..])));
        for bits in 0..=u16::MAX {
            let (ours, right) = (widen_half(bits), half::f16::from_bits(bits).to_f32());
            assert!(ours.to_bits() == right.to_bits() || ours.is_nan() && right.is_nan(), "{bits:04x}: {ours} for {right}");
        }
    }
}
