//! Brow recognises people with or without a mask, wholly inside a web page.

pub mod model;
