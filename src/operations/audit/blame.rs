//! Shows who last wrote each column of a row.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::audit::Action;
use crate::database::{Access, Database, DatabaseUrl};
use crate::operations::OperationError;

use super::Attribution;
use super::history::{self, Version};

/// A column of a row, with its last change.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BlamedColumn {
    /// Who wrote it, when and why.
    #[serde(flatten)]
    pub attribution: Attribution,
    /// The column.
    pub column: String,
    /// The value according to the audit log.
    pub value: Value,
    /// The action that wrote it.
    pub action: String,
}

/// The columns of a row.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Blame {
    /// The table.
    pub table: String,
    /// The row.
    pub record_id: String,
    /// The columns in the audit log, in the order in which they were first written.
    pub columns: Vec<BlamedColumn>,
    /// Who deleted the row, if it was deleted; the columns then have their last values.
    pub deleted: Option<Attribution>,
    /// The current record id, if the row's key changed since it had this one.
    pub moved_to: Option<String>,
}

/// Returns who last wrote each column of the row `record` of `table`.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the audit log has no such row.
pub fn blame(
    url: &DatabaseUrl,
    wait: Duration,
    table: &str,
    record: &str,
) -> Result<Blame, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    let history = database.snapshot(|database| history::read(database, table, record))?;
    let record = history.record_id.clone();
    Ok(blamed(table, &record, history.into_last_row()))
}

/// The last writers of the columns, from the history of a row.
pub(super) fn blamed(table: &str, record: &str, versions: Vec<Version>) -> Blame {
    let mut blame = Blame {
        table: table.to_owned(),
        record_id: record.to_owned(),
        columns: Vec::new(),
        deleted: None,
        moved_to: None,
    };
    for version in versions {
        blame.moved_to = version.moved_to.clone().filter(|name| name != record);
        blame.add(version);
    }
    blame
}

impl Blame {
    fn add(&mut self, version: Version) {
        if version.action == Action::Delete.name() {
            self.deleted = Some(version.attribution);
            return;
        }
        for change in version.changes {
            let written = BlamedColumn {
                column: change.column,
                value: change.new.unwrap_or_default(),
                attribution: version.attribution.clone(),
                action: version.action.clone(),
            };
            let known = self
                .columns
                .iter_mut()
                .find(|known| known.column == written.column);
            match known {
                Some(known) => *known = written,
                None => self.columns.push(written),
            }
        }
    }
}
