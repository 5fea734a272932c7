//! What the program does, as functions: each reads as the list of its steps and returns data.
//!
//! Operations put the stages together. They print nothing, and take clock, actor, host and ids as parameters.

mod directory;
mod error;
pub mod import;
mod progress;
pub mod verify;

pub use error::OperationError;
pub use progress::{Progress, Silent, Stage, Surroundings};
