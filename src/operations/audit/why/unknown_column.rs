//! Explains why a row has no entry for a column of its table.

use crate::database::ReadTransaction;
use crate::operations::OperationError;

/// Why a column of the table is not in the entries of a row with these columns.
pub(super) fn why(
    database: &mut ReadTransaction,
    table: &str,
    column: &str,
    recorded: &[String],
) -> Result<String, OperationError> {
    let defined = database.tables().defined_table(table)?;
    let columns = defined.map_or_else(Vec::new, |table| table.columns);
    if !columns.iter().any(|one| one.name == column) {
        return Ok(String::new());
    }
    let is_former = |name: &&String| !columns.iter().any(|one| one.name == **name);
    let former: Vec<_> = recorded
        .iter()
        .filter(is_former)
        .map(String::as_str)
        .collect();
    Ok(match former.is_empty() {
        true => ": it was added after the row's last entry".to_owned(),
        false => format!(
            ": it was renamed or added after the row's last entry, which has `{}`, a column that the table has no more",
            former.join("`, `")
        ),
    })
}
