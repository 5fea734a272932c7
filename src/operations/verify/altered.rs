//! Reports tables that another program renamed, dropped or emptied: rows are missing for that reason.

use crate::database::{DatabaseError, ReadTransaction};
use crate::model::{Finding, Level, Rule};
use crate::operations::OperationError;
use crate::operations::audited_tables::{Imported, ensure_importable};
use crate::operations::directory::Directory;

/// The reason why an import of the directory would fail, if it is a changed table.
pub(super) fn altered_table(
    directory: &Directory<'_>,
    database: &mut ReadTransaction,
) -> Result<Option<Finding>, OperationError> {
    let imported = Imported::of(database, &directory.source, directory.layout)?;
    match ensure_importable(database, directory.layout, &imported) {
        // The comparison itself reports columns that do not match.
        Ok(_) | Err(OperationError::Database(DatabaseError::Tables(_))) => Ok(None),
        Err(error) => match error.table_hint() {
            Some(hint) => {
                let rule = Rule::IncompleteAuditLog;
                let finding = Finding::new(Level::Warning, rule, None, error.to_string());
                Ok(Some(finding.hint(hint)))
            }
            None => Err(error),
        },
    }
}
