//! Brow recognises people with or without a mask, wholly inside a web page.
//!
//! A frame goes one way, and every stage has one type and one module:
//!
//! | stage | type | module |
//! |---|---|---|
//! | pixels and a time | [`frame::Frame`] | `frame` |
//! | where the faces are | [`detect::Detection`] | `detect` |
//! | five points, mask state | [`landmarks::Look`] | `landmarks`, `mask` |
//! | the canonical face and its windows | [`align::Window`] | `align`, `geometry` |
//! | what is in the way | [`quality::Quality`] | `quality` |
//! | features | [`template::Template`] | `embed`, `template` |
//! | one face over many frames | [`track::Track`] | `track` |
//! | who it might be | [`gallery::Candidate`] | `gallery`, `common`, `calibrate` |
//! | who it is | [`decide::Decision`] | `decide` |
//!
//! [`engine::Engine`] is the way in. It knows no browser; `web` (WebAssembly only) is the worker's door to it. Networks are
//! ONNX files run by `model`; `manifest` says which, and what their similarities mean.

pub mod align;
pub mod calibrate;
pub mod common;
pub mod decide;
pub mod detect;
pub mod embed;
pub mod engine;
pub mod error;
pub mod frame;
pub mod gallery;
pub mod geometry;
pub mod landmarks;
pub mod manifest;
pub mod mask;
pub mod model;
pub mod protect;
pub mod quality;
pub mod template;
pub mod track;
#[cfg(target_arch = "wasm32")]
pub mod web;
