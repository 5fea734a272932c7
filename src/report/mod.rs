//! Turning what operations found into text and JSON. Returns strings; printing them is the command line's business.

mod archive;
pub mod audit;
mod audited_tables;
mod counts;
mod doctor;
mod findings;
mod import;
mod layout;
mod migrate;
mod proof;
mod propose;
mod receipt;
mod reconcile;
mod rejects;
mod revert;
mod rows;
mod run;
mod runs;
mod sarif;
mod style;
#[cfg(test)]
mod testing;
mod validate;
mod verify;

pub use archive::{
    archive_json, archive_text, restored_json, restored_text, verified_json, verified_text,
};
pub use audited_tables::{
    disabled_json, disabled_text, enabled_json, enabled_text, table_states_json, table_states_text,
};
pub use doctor::{health_json, health_text};
pub use findings::{Tell, finding_groups_json, findings_json, findings_text};
pub use import::{import_json, import_text};
pub use layout::{checked_json, checked_text, layout_json, layouts_json, layouts_text};
pub use migrate::{
    migrated_json, migrated_text, migrations_json, migrations_text, reverted_json, reverted_text,
    stake_details, stake_text,
};
pub use proof::{outside_seal_json, outside_seal_text, trail_json, trail_text};
pub use propose::{proposed_json, proposed_text};
pub use receipt::{receipt_json, receipt_text, written_receipt_json, written_receipt_text};
pub use reconcile::{reconciled_json, reconciled_text};
pub use rejects::{
    REJECT_COLUMNS, reject_cells, reject_details_json, reject_details_text, reject_json,
    reject_text, rejects_count_text,
};
pub use revert::{revert_json, revert_text};
pub use run::{run_details_json, run_text};
pub use runs::{runs_json, runs_text};
pub use sarif::{failed_sarif, sarif};
pub use style::Style;
pub use validate::{validate_json, validate_text};
pub use verify::{verify_json, verify_text};
