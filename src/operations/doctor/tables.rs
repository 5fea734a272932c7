//! Checks of the tables of the imported layouts, or of the given layout.

use crate::database::{DatabaseError, ReadTransaction};
use crate::layout::Layout;
use crate::operations::OperationError;
use crate::operations::audited_tables::{Imported, WITHOUT_CASCADES, ensure_importable};

use super::{Check, DoctorContext};

/// Existing tables have the columns that imports fill, and the rows that earlier imports wrote; missing tables can be
/// created.
pub(super) fn tables(
    database: &mut ReadTransaction,
    ctx: &DoctorContext<'_>,
) -> Result<Check, DatabaseError> {
    const HINT: &str = "change the tables or the layout; an import never alters existing tables";
    let mut problems: Vec<String> = Vec::new();
    let mut hint = None;
    for layout in ctx.layouts {
        match importable(database, layout) {
            Ok(()) => {}
            Err(OperationError::Database(DatabaseError::Tables(found))) => {
                let found = found.iter();
                problems.extend(found.map(|one| format!("`{}`: {}", one.table, one.message)));
            }
            Err(OperationError::Database(error)) => return Err(error),
            Err(error) => {
                hint = error.table_hint().or(hint);
                problems.push(error.to_string());
            }
        }
    }
    Ok(if !problems.is_empty() {
        Check::broken(
            "tables",
            problems.join("; "),
            hint.unwrap_or_else(|| HINT.to_owned()),
        )
    } else if ctx.layouts.is_empty() {
        Check::skipped("tables", "no layout to compare with: see `--layout`")
    } else {
        let names: Vec<String> = ctx
            .layouts
            .iter()
            .map(|layout| format!("`{}`", layout.name))
            .collect();
        Check::sound("tables", format!("match {}", names.join(", ")))
    })
}

/// What an import of each directory that was imported with this layout checks before it writes.
fn importable(database: &mut ReadTransaction, layout: &Layout) -> Result<(), OperationError> {
    let mut directories = database.ledger().imported_sources(&layout.name)?;
    if directories.is_empty() {
        // One that was never imported.
        directories.push(String::new());
    }
    for source in directories {
        let imported = Imported::of(database, &source, layout)?;
        ensure_importable(database, layout, &imported)?;
    }
    database.tables().inspect_tables(layout)?;
    Ok(())
}

/// The triggers that implement the actions of the layouts' foreign keys, where those of the database fire no triggers.
pub(super) fn actions(
    database: &mut ReadTransaction,
    ctx: &DoctorContext<'_>,
) -> Result<Option<Check>, DatabaseError> {
    let mut missing = Vec::new();
    for layout in ctx.layouts {
        let of_layout = database.audited_tables().missing_cascades(layout)?;
        missing.extend(of_layout.into_iter().map(|(_, trigger)| trigger.name));
    }
    Ok((!missing.is_empty()).then(|| {
        let names = missing.join("`, `");
        let message = format!("missing or altered: `{names}`; {WITHOUT_CASCADES}");
        let hint = "the next import with this layout recreates it";
        Check::warning("foreign keys", message, hint)
    }))
}
