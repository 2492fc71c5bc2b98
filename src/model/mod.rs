//! Networks: ONNX files read, planned once and run.
//!
//! A file goes one way: [`onnx`] reads its bytes, [`graph`] gives every node a type and sizes, [`fuse`] joins layers that
//! belong together, [`plan`] decides order, layout and memory, and the [`kernels`] do the arithmetic. Networks may be of
//! floats, of bytes (`kernels::int8`), or of both. What needs operators beyond these another runtime may run ([`other`]).
//! Nothing here is particular to faces.

#![forbid(unsafe_code)]

mod error;
mod fuse;
mod graph;
mod kernels;
mod onnx;
mod other;
mod plan;

pub use error::{Detail, ModelError};
pub use other::{AnyNetwork, OpenOther, Other, OtherNetwork};

use plan::Plan;
use std::sync::Arc;

/// One output of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputInfo {
    pub name: String,
    /// As ONNX gives them, the batch of 1 first.
    pub dims: Vec<usize>,
}

/// A network, its weights shared between clones and its working memory its own.
pub struct Network {
    plan: Arc<Plan>,
    slots: Vec<Vec<f32>>,
    scratch: Vec<f32>,
}

impl Clone for Network {
    fn clone(&self) -> Network {
        Network::with_plan(Arc::clone(&self.plan))
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").field("input", &self.plan.input_dims).field("outputs", &self.plan.outputs).finish()
    }
}

impl Network {
    /// Reads an ONNX file. `input_dims` (NCHW) gives the sizes that the file leaves open; the batch is 1.
    pub fn from_onnx(bytes: &[u8], input_dims: Option<[usize; 4]>) -> Result<Network, ModelError> {
        let graph = graph::build(onnx::read(bytes)?, input_dims)?;
        Ok(Network::with_plan(Arc::new(plan::plan(fuse::fuse(graph))?)))
    }

    fn with_plan(plan: Arc<Plan>) -> Network {
        let mut slots: Vec<Vec<f32>> = plan.slots.iter().map(|&length| vec![0.0; length]).collect();
        for (place, data) in &plan.constants {
            slots[place.slot][..place.length].copy_from_slice(data);
        }
        let scratch = vec![0.0; plan.scratch];
        Network { plan, slots, scratch }
    }

    /// Batch (1), channels, rows, columns.
    pub fn input_dims(&self) -> [usize; 4] {
        self.plan.input_dims
    }

    /// In the file's order.
    pub fn outputs(&self) -> &[OutputInfo] {
        &self.plan.outputs
    }

    /// Runs the network on one NCHW image. The outputs come in the file's order, each in ONNX's own layout, and stay
    /// until the next run.
    pub fn run(&mut self, input: &[f32]) -> Result<Vec<&[f32]>, ModelError> {
        self.run_observed(input, |_| {})
    }

    /// As [`Network::run`], and calls `after_step(i)` when the i-th of [`Network::steps`] is done.
    pub fn run_observed(&mut self, input: &[f32], mut after_step: impl FnMut(usize)) -> Result<Vec<&[f32]>, ModelError> {
        let place = self.plan.input;
        if input.len() != place.length {
            let dims = self.plan.input_dims;
            return Err(ModelError::shape(
                "input",
                format_args!("an input of {dims:?} takes {} numbers, got {}", place.length, input.len()),
            ));
        }
        self.slots[place.slot][..place.length].copy_from_slice(input);
        for (at, step) in self.plan.steps.iter().enumerate() {
            step.run(&mut self.slots, &mut self.scratch);
            after_step(at);
        }
        Ok(self.plan.output_places.iter().map(|place| &self.slots[place.slot][..place.length]).collect())
    }

    /// The steps of a run, for tables of times: the node's name, what runs, and its multiplications.
    pub fn steps(&self) -> Vec<(String, String, u64)> {
        self.plan.steps.iter().map(|step| (step.name.clone(), step.describe(), step.work())).collect()
    }

    /// Bytes of working memory of one clone.
    pub fn arena_bytes(&self) -> usize {
        4 * (self.plan.slots.iter().sum::<usize>() + self.plan.scratch)
    }
}
