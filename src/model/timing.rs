//! How long each step of a command took, as it is printed and stored. `cli::log` measures it.

use serde::{Deserialize, Serialize};

/// The time of all spans with one name. Spans of several threads overlap, and a span includes those inside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Timing {
    /// Name of a step, such as `survey`, `plan` or `statement`.
    pub step: String,
    /// How often it was done.
    pub count: u64,
    /// Seconds, all threads together.
    pub seconds: f64,
}
