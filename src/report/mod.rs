//! Turning what operations found into text and JSON. Returns strings; printing them is the command line's business.

mod counts;
mod findings;
mod import;
mod style;
mod verify;

pub use findings::{findings_json, findings_text};
pub use import::{import_json, import_text};
pub use style::Style;
pub use verify::{verify_json, verify_text};
