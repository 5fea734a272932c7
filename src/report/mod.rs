//! Formats the outcomes of operations as text, JSON, CSV, SARIF and HTML. Returns strings, or writes what may be large
//! to a writer that it is given; only `cli` prints.

mod archive;
pub mod audit;
mod audited_tables;
mod counts;
mod doctor;
mod document;
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
mod timings;
mod validate;
mod verify;

pub use archive::{
    ArchiveView, RestoredView, VerifiedArchiveView, archive_text, restored_text, verified_text,
};
pub use audited_tables::{
    DisabledView, EnabledView, TableStatesView, disabled_text, enabled_text, table_states_text,
};
pub use doctor::{HealthView, health_text};
pub use document::{ErrorView, FailureView, json_document, json_line, write_document};
pub use findings::{FindingDetail, findings_text};
pub use import::{ImportView, import_text};
pub use layout::{CheckedView, LayoutSummaryView, LayoutView, checked_text, layouts_text};
pub use migrate::{
    MigratedView, RevertedMigrationView, at_stake_details, at_stake_text, migrated_text,
    migrations_text, reverted_text,
};
pub use proof::{OutsideSealView, SealsView, outside_seal_text, seals_text};
pub use propose::{ProposedView, proposed_text};
pub use receipt::{CheckedReceiptView, WrittenReceiptView, receipt_text, written_receipt_text};
pub use reconcile::{ReconciledView, reconciled_text};
pub use rejects::{
    REJECT_COLUMNS, RejectDetailsView, RejectsView, no_rejects_text, reject_cells,
    reject_details_text, reject_text, rejects_count_text,
};
pub use revert::{RevertView, revert_text};
pub use run::{RunDetailsView, run_text};
pub use runs::{RunView, runs_text};
pub use sarif::{failed_sarif, sarif};
pub use style::Style;
pub use timings::{timings_text, with_timings};
pub use validate::{ValidateView, validate_text};
pub use verify::{VerifyView, verify_text};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
