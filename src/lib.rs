//! Brow recognises people with or without a mask, wholly inside a web page.
//!
//! A frame goes one way, and every stage has one type and one module:
//!
//! | stage | type | module |
//! |---|---|---|
//! | pixels and a time | [`face::frame::Frame`] | `face::frame` |
//! | where the faces are | [`face::detect::Detection`] | `face::detect` |
//! | five points, mask state | [`face::landmarks::Look`] | `face::landmarks`, `face::mask` |
//! | the canonical face and its windows | [`face::align::Window`] | `face::align`, `face::geometry` |
//! | what is in the way | [`face::quality::Quality`] | `face::quality` |
//! | features | [`person::template::Template`] | `person::embed`, `person::template` |
//! | whether it is a person at all | [`person::faceness::Faceness`] | `person::faceness` |
//! | one face over many frames | [`person::track::Track`] | `person::track` |
//! | who it might be | [`person::gallery::Candidate`] | `person::gallery`, `person::groups`, `person::common`, `person::calibrate` |
//! | who it is | [`person::decide::Decision`] | `person::decide` |
//!
//! [`engine::Engine`] is the way in. It knows no browser; `web` (WebAssembly only) is the worker's door to it. Networks are
//! ONNX files run by `model`; `manifest` says which, and what their similarities mean. Beside the frame's way stand [`lists`]: who is
//! expected, as spreadsheets write it; [`kiosk`]: who of those in view is served, and what is said to them; and [`vault`]: what a
//! PIN is worth, what is erased when, and all that is stored: settings, people, expected people, the audit log and backups.

pub mod engine;
pub mod error;
pub mod face;
pub mod few;
pub mod json;
pub mod kiosk;
pub mod lists;
pub mod manifest;
pub mod model;
pub mod person;
pub mod vault;
#[cfg(target_arch = "wasm32")]
pub mod web;

#[cfg(test)]
mod declarations;
