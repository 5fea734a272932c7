//! Turning what operations found into text and JSON. Returns strings; printing them is the command line's business.

mod archive;
mod counts;
mod findings;
mod import;
mod layout;
mod migrate;
mod rows;
mod run;
mod runs;
mod style;
#[cfg(test)]
mod testing;
mod validate;
mod verify;

pub use archive::{
    archive_json, archive_text, restored_json, restored_text, verified_json, verified_text,
};
pub use findings::{findings_json, findings_text};
pub use import::{import_json, import_text};
pub use layout::{checked_json, checked_text, layout_json, layouts_json, layouts_text};
pub use migrate::{
    ledger_text, migrated_json, migrated_text, migrations_json, migrations_text, reverted_json,
    reverted_text,
};
pub use run::{run_details_json, run_text};
pub use runs::{runs_json, runs_text};
pub use style::Style;
pub use validate::{validate_json, validate_text};
pub use verify::{verify_json, verify_text};
