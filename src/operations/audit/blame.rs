//! Who wrote each column of a row last.

use std::time::Duration;

use serde_json::Value;

use crate::audit::Action;
use crate::database::{Access, Database, DatabaseUrl};
use crate::operations::OperationError;

use super::Signature;
use super::history::{self, Version};

/// A column of a row.
#[derive(Debug, Clone)]
pub struct BlamedColumn {
    /// The column.
    pub column: String,
    /// The value, as the trail has it.
    pub value: Value,
    /// Who wrote it, when and why.
    pub signature: Signature,
    /// By which action.
    pub action: String,
}

/// The columns of a row.
#[derive(Debug, Clone)]
pub struct Blame {
    /// The table.
    pub table: String,
    /// The row.
    pub record_id: String,
    /// The columns that the trail knows, in the order in which they were first written.
    pub columns: Vec<BlamedColumn>,
    /// Who deleted the row, if it is gone; the columns are then its last.
    pub deleted: Option<Signature>,
    /// What the row is called now, if its key changed since it had this name.
    pub moved_to: Option<String>,
}

/// Who wrote each column of the row `record` of `table` last.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the trail knows no such row.
pub fn blame(
    url: &DatabaseUrl,
    wait: Duration,
    table: &str,
    record: &str,
) -> Result<Blame, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    let history = database.snapshot(|database| history::read(database, table, record))?;
    let record = history.record_id.clone();
    Ok(blamed(table, &record, history.into_last_life()))
}

/// The last writers, by the life of a row.
pub(super) fn blamed(table: &str, record: &str, life: Vec<Version>) -> Blame {
    let mut blame = Blame {
        table: table.to_owned(),
        record_id: record.to_owned(),
        columns: Vec::new(),
        deleted: None,
        moved_to: None,
    };
    for version in life {
        blame.moved_to = version.moved_to.clone().filter(|name| name != record);
        blame.add(version);
    }
    blame
}

impl Blame {
    fn add(&mut self, version: Version) {
        if version.action == Action::Delete.name() {
            self.deleted = Some(version.signature);
            return;
        }
        for change in version.changes {
            let written = BlamedColumn {
                column: change.column,
                value: change.new.unwrap_or_default(),
                signature: version.signature.clone(),
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
