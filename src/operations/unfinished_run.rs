//! Runs on tables that were interrupted.

use crate::database::ledger::RunRecord;
use crate::model::RunKind;

/// Describes what remains to be done.
pub(super) fn unfinished_words(run: &RunRecord) -> String {
    let tables = run.tables().join("`, `");
    let (id, kind) = (&run.id, &run.kind);
    let meanwhile = match run.is(RunKind::Disable) {
        true => "some changes may be recorded, and others not",
        false => "some rows may have no entry in the audit log",
    };
    format!("run {id} of kind `{kind}` on `{tables}` is not complete: {meanwhile}")
}
