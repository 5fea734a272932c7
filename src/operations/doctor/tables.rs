//! Checks of the tables of the imported layouts, or of the given layout.

use crate::database::{DatabaseError, TableProblem};

use super::{Check, DoctorContext};

/// Existing tables have the columns that imports fill; missing tables can be created.
pub(super) fn tables(ctx: &mut DoctorContext<'_>) -> Result<Check, DatabaseError> {
    let mut problems: Vec<TableProblem> = Vec::new();
    for layout in ctx.layouts {
        match ctx.database.inspect_tables(layout) {
            Err(DatabaseError::Tables(found)) => problems.extend(found),
            looked_at => drop(looked_at?),
        }
    }
    let listed: Vec<String> = problems
        .iter()
        .map(|problem| format!("`{}`: {}", problem.table, problem.message))
        .collect();
    Ok(if !listed.is_empty() {
        let hint = "change the tables or the layout; an import never alters existing tables";
        Check::broken("tables", listed.join("; "), hint)
    } else if ctx.layouts.is_empty() {
        Check::sound("tables", "no layout to compare with: see `--layout`")
    } else {
        let names: Vec<String> = ctx
            .layouts
            .iter()
            .map(|layout| format!("`{}`", layout.name))
            .collect();
        Check::sound("tables", format!("match {}", names.join(", ")))
    })
}
