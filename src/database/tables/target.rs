//! The layout's tables in the database: which are missing, and whether the existing ones match the layout.

use diesel::prelude::*;

use crate::database::DatabaseError;
use crate::database::engine::{Dialect, RowColumn, StoredColumn};
use crate::database::select::{CountRows, MaxKey};
use crate::layout::{Layout, LayoutTable};
use crate::model::{ColumnType, PerTable, Table};
use crate::plan::{ColumnLimit, TableLimits, TableState};

use super::Tables;
use super::structure::{TableProblem, ensure_none};

/// The layout's tables in the database.
#[derive(Debug, Clone)]
pub struct TargetTables {
    /// One per table of the layout.
    pub tables: PerTable<TargetTable>,
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
            is_incomplete: true,
            state: TableState {
                rows: 0,
                next_key: 1,
            },
            columns: (0..table.table.columns.len()).collect(),
            limits: TableLimits::default(),
        }
    }

    /// A table that `dialect` is going to create.
    fn planned(table: &LayoutTable, dialect: &dyn Dialect, longest: Option<u64>) -> Self {
        let columns = 0..table.table.columns.len();
        let columns = columns.map(|column| ColumnLimit {
            chars: dialect.max_chars(&table.table, column),
            bytes: longest,
            depth: json_depth(&table.table, column, dialect),
        });
        Self {
            limits: TableLimits {
                columns: columns.collect(),
                row: None,
            },
            ..Self::absent(table)
        }
    }
}

/// The columns of a table that `dialect` is going to create.
fn planned_columns(table: &Table, dialect: &dyn Dialect) -> Vec<RowColumn> {
    let columns = table.columns.iter().enumerate();
    let columns = columns.map(|(index, column)| RowColumn {
        index: Some(index),
        declared: dialect.column_type(table, index),
        nullable: column.nullable,
    });
    columns.collect()
}

/// The columns of a table that exists.
fn existing_columns(table: &Table, stored: &[StoredColumn]) -> Vec<RowColumn> {
    let index = |name: &str| {
        let mut columns = table.columns.iter();
        columns.position(|column| column.name.eq_ignore_ascii_case(name))
    };
    let columns = stored.iter().map(|stored| RowColumn {
        index: index(&stored.name),
        declared: stored.declared.clone(),
        nullable: stored.required == 0,
    });
    columns.collect()
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

/// One table in the database.
#[derive(Debug, Clone)]
pub struct TargetTable {
    /// Whether it existed before this run.
    pub existed: bool,
    /// Whether it has yet to be created, or creating it was interrupted.
    pub is_incomplete: bool,
    /// Number of rows, and the next generated key.
    pub state: TableState,
    /// Indexes of those of the layout's columns that the table has.
    pub columns: Vec<usize>,
    /// The limits of its columns and rows.
    pub limits: TableLimits,
}

impl Tables<'_> {
    /// Compares the layout's tables with the database; writes nothing.
    ///
    /// # Errors
    /// When a table exists with columns that the mapping cannot fill or that cannot hold what it maps.
    pub fn inspect_tables(&mut self, layout: &Layout) -> Result<TargetTables, DatabaseError> {
        let mut problems = Vec::new();
        let mut tables = Vec::new();
        let dialect = self.database.connection.dialect();
        let catalog = self.database.connection.catalog();
        let longest = self.database.connection.longest_value()?;
        for table in &layout.tables {
            let before = problems.len();
            let stored = self.fitting_columns(table, &mut problems)?;
            if problems.len() > before {
                continue;
            }
            let columns = match stored.is_empty() {
                true => planned_columns(&table.table, &*dialect),
                false => existing_columns(&table.table, &stored),
            };
            let row = self
                .database
                .connection
                .row_limit(&table.table.name, columns)?;
            let mut found = if stored.is_empty() {
                let unsupported = dialect.unsupported(&table.table).into_iter();
                problems.extend(unsupported.map(|message| TableProblem {
                    table: table.table.name.clone(),
                    message,
                }));
                TargetTable::planned(table, &*dialect, longest)
            } else {
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
                let engine = self.database.connection.engine_mut();
                TargetTable {
                    existed: true,
                    is_incomplete: engine.is_interrupted(&table.table.name)?,
                    state: self.table_state(table)?,
                    limits: TableLimits {
                        columns: (0..table.table.columns.len()).map(limit).collect(),
                        row: None,
                    },
                    columns,
                }
            };
            found.limits.row = row;
            tables.push(found);
        }
        ensure_none(problems)?;
        Ok(TargetTables {
            tables: tables.into(),
        })
    }

    fn table_state(&mut self, table: &LayoutTable) -> Result<TableState, DatabaseError> {
        let name = table.table.name.as_str();
        let connection = &mut self.database.connection;
        let rows: i64 = CountRows { table: name }.get_result(connection)?;
        let mut last = 0;
        if let Some(key) = table.table.generated_key() {
            let column = table.table.columns[key].name.as_str();
            let highest: Option<i64> = MaxKey {
                table: name,
                column,
            }
            .get_result(connection)?;
            last = highest
                .unwrap_or(0)
                .max(self.database.connection.last_number(name)?);
        }
        Ok(TableState {
            rows: u64::try_from(rows).unwrap_or(0),
            next_key: last + 1,
        })
    }
}
