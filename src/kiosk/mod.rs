//! The kiosk's flow: who is served, what is said, when it is forgotten, over what the engine saw and the time.

mod code;
mod flow;
#[cfg(test)]
mod tests;

pub use code::{Answer, Given};
pub use flow::{Flow, Kind, Rules, Said, Screen};
