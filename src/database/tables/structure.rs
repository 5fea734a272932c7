//! Compares the layout's tables with those of the database, without reading their rows.

use std::collections::BTreeSet;

use crate::database::DatabaseError;
use crate::database::engine::{Catalog, StoredColumn};
use crate::layout::{Layout, LayoutTable};
use crate::model::plural;

use super::Tables;

/// Why an existing table does not match the layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableProblem {
    /// The table.
    pub table: String,
    /// The problem.
    pub message: String,
}

/// The message about problems; a table can have several.
pub(in crate::database) fn misfits(problems: &[TableProblem]) -> String {
    let tables: BTreeSet<&str> = problems.iter().map(|one| one.table.as_str()).collect();
    let do_not = match tables.len() {
        1 => "does not",
        _ => "do not",
    };
    format!(
        "{} of the database {do_not} match the layout ({})",
        plural(tables.len() as u64, "table"),
        plural(problems.len() as u64, "problem")
    )
}

/// Returns an error if there are problems.
pub(in crate::database) fn ensure_none(problems: Vec<TableProblem>) -> Result<(), DatabaseError> {
    match problems.is_empty() {
        true => Ok(()),
        false => Err(DatabaseError::Tables(problems)),
    }
}

impl Tables<'_> {
    /// Rejects existing tables that cannot hold the layout's rows. Also for imports without any changed file: otherwise
    /// a table that another program altered or replaced would go unnoticed.
    ///
    /// # Errors
    /// [`DatabaseError::Tables`], and when the schema cannot be read.
    pub fn check_tables(&mut self, layout: &Layout) -> Result<(), DatabaseError> {
        let mut problems = Vec::new();
        for table in &layout.tables {
            self.fitting_columns(table, &mut problems)?;
        }
        ensure_none(problems)
    }

    /// The columns of an existing table, whose problems are added to `problems`; none if there is no such table.
    pub(in crate::database) fn fitting_columns(
        &mut self,
        table: &LayoutTable,
        problems: &mut Vec<TableProblem>,
    ) -> Result<Vec<StoredColumn>, DatabaseError> {
        let name = &table.table.name;
        let stored = self.database.connection.stored_columns(name)?;
        let mut problem = |message: String| {
            let table = name.clone();
            problems.push(TableProblem { table, message });
        };
        if stored.is_empty() {
            return Ok(stored);
        }
        if let Some(kind) = self.other_kind(name, &stored)? {
            problem(kind.to_owned());
        } else {
            compare(
                table,
                &stored,
                self.database.connection.catalog(),
                &mut problem,
            );
        }
        Ok(stored)
    }

    /// What has the name of a table and is none whose changes can be recorded.
    fn other_kind(
        &mut self,
        name: &str,
        stored: &[StoredColumn],
    ) -> Result<Option<&'static str>, DatabaseError> {
        if !self.database.connection.has_table(name)? {
            return Ok(Some(match self.is_view(name)? {
                true => "it is a view",
                false => "it is not a table",
            }));
        }
        let has_key = stored.iter().any(|column| column.key > 0);
        Ok(
            match !has_key && self.database.audited_tables().fires_no_triggers(name)? {
                true => Some("it is a virtual or foreign table, whose changes cannot be recorded"),
                false => None,
            },
        )
    }
}

/// Collects the problems for which an existing table cannot store the mapping's rows. Alters nothing.
fn compare(
    table: &LayoutTable,
    stored: &[StoredColumn],
    catalog: &Catalog,
    problem: &mut dyn FnMut(String),
) {
    for column in table.mapped_columns() {
        let column = &table.table.columns[column];
        match stored
            .iter()
            .find(|stored| stored.name.eq_ignore_ascii_case(&column.name))
        {
            None => problem(format!(
                "it lacks the column `{}`, which the layout fills",
                column.name
            )),
            Some(stored) if !(catalog.can_hold)(&stored.declared, column.ty) => problem(format!(
                "its column `{}` is {}, which would change values of type {}",
                column.name, stored.declared, column.ty
            )),
            Some(stored) if stored.filled == "computed" => problem(format!(
                "its column `{}` is computed from other columns, and the layout fills it",
                column.name
            )),
            Some(_) => {}
        }
    }
    for stored in stored {
        let known = table.table.column(&stored.name);
        let filled = known.is_some_and(|column| {
            table.mapped[column] || table.table.generated_key() == Some(column)
        });
        let rowid = stored.key > 0 && stored.declared.eq_ignore_ascii_case("INTEGER");
        if stored.required != 0 && stored.default_value.is_none() && !filled && !rowid {
            problem(format!(
                "its column `{}` must have a value, and the layout gives none",
                stored.name
            ));
        }
    }
    let mut key: Vec<_> = stored.iter().filter(|stored| stored.key > 0).collect();
    key.sort_by_key(|stored| stored.key);
    let wanted = table
        .table
        .primary_key
        .iter()
        .map(|&column| table.table.columns[column].name.to_lowercase());
    if !key
        .iter()
        .map(|stored| stored.name.to_lowercase())
        .eq(wanted)
    {
        problem("its primary key differs".to_owned());
    }
}
