//! The layout's tables as the database has them: absent, or compared with the layout.

use diesel::prelude::*;

use crate::layout::{Layout, LayoutTable};
use crate::model::{ColumnType, Table};
use crate::plan::{ColumnLimit, TableState};

use super::catalog::{Catalog, StoredColumn};
use super::select::{CountRows, MaxKey};
use super::{Database, DatabaseError, Dialect};

/// The layout's tables as the database has them.
#[derive(Debug, Clone)]
pub struct TargetTables {
    /// One per table of the layout.
    pub tables: Vec<TargetTable>,
}

impl TargetTables {
    /// The tables of a database that does not exist yet.
    #[must_use]
    pub fn absent(layout: &Layout) -> Self {
        Self {
            tables: layout.tables.iter().map(TargetTable::absent).collect(),
        }
    }
}

impl TargetTable {
    fn absent(table: &LayoutTable) -> Self {
        Self {
            existed: false,
            state: TableState {
                rows: 0,
                next_key: 1,
            },
            columns: (0..table.table.columns.len()).collect(),
            limits: Vec::new(),
        }
    }

    /// A table that `dialect` is going to make.
    fn planned(table: &LayoutTable, dialect: &dyn Dialect, longest: Option<u64>) -> Self {
        let columns = 0..table.table.columns.len();
        Self {
            limits: columns
                .map(|column| ColumnLimit {
                    chars: dialect.max_chars(&table.table, column),
                    bytes: longest,
                    depth: json_depth(&table.table, column, dialect),
                })
                .collect(),
            ..Self::absent(table)
        }
    }
}

fn json_depth(table: &Table, column: usize, dialect: &dyn Dialect) -> Option<usize> {
    match table.columns[column].ty {
        ColumnType::Json => dialect.max_json_depth(),
        ColumnType::Text { .. }
        | ColumnType::Integer
        | ColumnType::Real
        | ColumnType::Boolean
        | ColumnType::Timestamp
        | ColumnType::Date
        | ColumnType::Uuid
        | ColumnType::Blob => None,
    }
}

/// One table as the database has it.
#[derive(Debug, Clone)]
pub struct TargetTable {
    /// Whether it existed before this run.
    pub existed: bool,
    /// How many rows it has, and the next generated key.
    pub state: TableState,
    /// Indexes of the layout's columns that it has.
    pub columns: Vec<usize>,
    /// How much each of the layout's columns takes here; empty where nothing is bounded.
    pub limits: Vec<ColumnLimit>,
}

/// Why a table that exists cannot take the layout's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableProblem {
    /// The table.
    pub table: String,
    /// What does not fit.
    pub message: String,
}

impl Database {
    /// Looks at the layout's tables; writes nothing.
    ///
    /// # Errors
    /// When a table exists with columns that the mapping cannot fill or that cannot hold what it maps.
    pub fn inspect_tables(&mut self, layout: &Layout) -> Result<TargetTables, DatabaseError> {
        let mut problems = Vec::new();
        let mut tables = Vec::new();
        let dialect = self.connection.dialect();
        let catalog = self.connection.catalog();
        let longest = self.connection.longest_value()?;
        for table in &layout.tables {
            let stored = self.connection.stored_columns(&table.table.name)?;
            tables.push(if stored.is_empty() {
                let refusals = dialect.refusals(&table.table).into_iter();
                problems.extend(refusals.map(|message| TableProblem {
                    table: table.table.name.clone(),
                    message,
                }));
                TargetTable::planned(table, &*dialect, longest)
            } else {
                compare(table, &stored, catalog, &mut problems);
                let has = |&column: &usize| {
                    let name = &table.table.columns[column].name;
                    stored
                        .iter()
                        .any(|stored| stored.name.eq_ignore_ascii_case(name))
                };
                let columns = (0..table.table.columns.len()).filter(has).collect();
                let limit = |column: usize| {
                    let name = &table.table.columns[column].name;
                    let mut stored = stored.iter();
                    let stored = stored.find(|stored| stored.name.eq_ignore_ascii_case(name));
                    let own = stored.map_or_else(ColumnLimit::default, |stored| {
                        (catalog.limit)(&stored.declared)
                    });
                    ColumnLimit {
                        bytes: own.bytes.into_iter().chain(longest).min(),
                        depth: json_depth(&table.table, column, &*dialect),
                        ..own
                    }
                };
                TargetTable {
                    existed: true,
                    state: self.table_state(table)?,
                    limits: (0..table.table.columns.len()).map(limit).collect(),
                    columns,
                }
            });
        }
        if problems.is_empty() {
            Ok(TargetTables { tables })
        } else {
            Err(DatabaseError::Tables(problems))
        }
    }

    fn table_state(&mut self, table: &LayoutTable) -> Result<TableState, DatabaseError> {
        let name = table.table.name.as_str();
        let connection = &mut self.connection;
        let rows: i64 = CountRows { table: name }.get_result(connection)?;
        let mut last = 0;
        if let Some(key) = table.table.generated_key() {
            let column = table.table.columns[key].name.as_str();
            let highest: Option<i64> = MaxKey {
                table: name,
                column,
            }
            .get_result(connection)?;
            last = highest.unwrap_or(0).max(self.connection.last_number(name)?);
        }
        Ok(TableState {
            rows: u64::try_from(rows).unwrap_or(0),
            next_key: last + 1,
        })
    }
}

/// Collects what keeps an existing table from taking the mapping's rows. Nothing of it is altered.
fn compare(
    table: &LayoutTable,
    stored: &[StoredColumn],
    catalog: &Catalog,
    problems: &mut Vec<TableProblem>,
) {
    let mut problem = |message: String| {
        problems.push(TableProblem {
            table: table.table.name.clone(),
            message,
        })
    };
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
        problem("its primary key is another".to_owned());
    }
}
