//! The text about a row that no file is known to have.

use crate::model::{escape_line, shell_word};
use crate::operations::audit::why::{Unsourced, Why};

pub(super) fn unsourced_text(why: &Why) -> String {
    match &why.unsourced {
        Unsourced::External => {
            "  this row does not come from a file: another program inserted it\n".to_owned()
        }
        Unsourced::Baseline { entry } => format!(
            "  no file is known to have this row: it was in the table when its changes were first recorded, in entry {entry}\n"
        ),
        Unsourced::Renamed { before, entry } => format!(
            "  before entry {entry} this table was recorded as `{}`: `accession audit why {} {}` shows where the row came from\n",
            escape_line(before),
            shell_word(before),
            shell_word(&why.record_id)
        ),
    }
}
