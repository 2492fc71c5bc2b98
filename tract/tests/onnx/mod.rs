//! Writes ONNX files, as far as the tests need it: one image in, one value out, weights drawn at random.

/// A draw that is the same on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    /// -1 to 1.
    pub fn float(&mut self) -> f32 {
        self.below(1 << 20) as f32 / (1 << 19) as f32 - 1.0
    }
}

pub enum Attribute<'a> {
    Int(&'a str, i64),
    Ints(&'a str, &'a [i64]),
    Float(&'a str, f32),
}

#[derive(Default)]
pub struct Writer {
    nodes: Vec<Vec<u8>>,
    weights: Vec<Vec<u8>>,
    named: usize,
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn number(out: &mut Vec<u8>, field: u64, value: i64) {
    varint(out, field << 3);
    varint(out, value as u64);
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend(value);
}

/// ValueInfoProto of 32-bit floats.
fn value(name: &str, dims: &[usize]) -> Vec<u8> {
    let (mut shape, mut tensor, mut kind, mut out) = (vec![], vec![], vec![], vec![]);
    for &dim in dims {
        let mut one = vec![];
        number(&mut one, 1, dim as i64);
        bytes(&mut shape, 1, &one);
    }
    number(&mut tensor, 1, 1);
    bytes(&mut tensor, 2, &shape);
    bytes(&mut kind, 1, &tensor);
    bytes(&mut out, 1, name.as_bytes());
    bytes(&mut out, 2, &kind);
    out
}

impl Writer {
    /// Weights of this spread; their name.
    pub fn weights(&mut self, random: &mut Random, dims: &[usize], spread: f32) -> String {
        let data: Vec<f32> = (0..dims.iter().product()).map(|_| random.float() * spread).collect();
        self.constant(dims, &data)
    }

    pub fn constant(&mut self, dims: &[usize], data: &[f32]) -> String {
        let name = format!("w{}", self.weights.len());
        let mut out = vec![];
        dims.iter().for_each(|d| number(&mut out, 1, *d as i64));
        number(&mut out, 2, 1);
        bytes(&mut out, 8, name.as_bytes());
        bytes(&mut out, 9, &data.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>());
        self.weights.push(out);
        name
    }

    /// A node; the name of what it computes.
    pub fn node(&mut self, operator: &str, inputs: &[&str], attributes: &[Attribute]) -> String {
        self.named += 1;
        let output = format!("v{}", self.named);
        let mut out = vec![];
        inputs.iter().for_each(|i| bytes(&mut out, 1, i.as_bytes()));
        bytes(&mut out, 2, output.as_bytes());
        bytes(&mut out, 3, format!("n{}", self.named).as_bytes());
        bytes(&mut out, 4, operator.as_bytes());
        for attribute in attributes {
            let mut one = vec![];
            match attribute {
                Attribute::Int(name, v) => {
                    bytes(&mut one, 1, name.as_bytes());
                    number(&mut one, 3, *v);
                    number(&mut one, 20, 2);
                }
                Attribute::Ints(name, v) => {
                    bytes(&mut one, 1, name.as_bytes());
                    v.iter().for_each(|v| number(&mut one, 8, *v));
                    number(&mut one, 20, 7);
                }
                Attribute::Float(name, v) => {
                    bytes(&mut one, 1, name.as_bytes());
                    varint(&mut one, 2 << 3 | 5);
                    one.extend(v.to_le_bytes());
                    number(&mut one, 20, 1);
                }
            }
            bytes(&mut out, 5, &one);
        }
        self.nodes.push(out);
        output
    }

    /// The file, with one input called `x`.
    pub fn file(self, input: [usize; 4], output: &str, output_dims: &[usize]) -> Vec<u8> {
        let (mut graph, mut opset, mut model) = (vec![], vec![], vec![]);
        self.nodes.iter().for_each(|n| bytes(&mut graph, 1, n));
        bytes(&mut graph, 2, b"test");
        self.weights.iter().for_each(|w| bytes(&mut graph, 5, w));
        bytes(&mut graph, 11, &value("x", &input));
        bytes(&mut graph, 12, &value(output, output_dims));
        number(&mut opset, 2, 13);
        number(&mut model, 1, 8);
        bytes(&mut model, 7, &graph);
        bytes(&mut model, 8, &opset);
        model
    }
}
