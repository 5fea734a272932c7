//! The tables of the layouts that were imported, or that is named.

use crate::database::{DatabaseError, TableProblem};

use super::{Check, Patient};

/// Tables that exist have the columns that imports fill; those that do not can be made.
pub(super) fn tables(patient: &mut Patient<'_>) -> Result<Check, DatabaseError> {
    let mut problems: Vec<TableProblem> = Vec::new();
    for layout in patient.layouts {
        match patient.database.inspect_tables(layout) {
            Err(DatabaseError::Tables(found)) => problems.extend(found),
            looked_at => drop(looked_at?),
        }
    }
    let listed: Vec<String> = problems
        .iter()
        .map(|problem| format!("`{}`: {}", problem.table, problem.message))
        .collect();
    Ok(if !listed.is_empty() {
        let remedy = "change the tables, or the layout; an import alters none of them";
        Check::broken("tables", listed.join("; "), remedy)
    } else if patient.layouts.is_empty() {
        Check::sound("tables", "no layout to compare them with: see `--layout`")
    } else {
        let names: Vec<String> = patient
            .layouts
            .iter()
            .map(|layout| format!("`{}`", layout.name))
            .collect();
        Check::sound("tables", format!("fit {}", names.join(", ")))
    })
}
