//! The layout's tables in the database: made where missing, compared where somebody else made them.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::layout::{Layout, LayoutTable};
use crate::model::ColumnType;
use crate::plan::TableState;

use super::select::{CountRows, MaxKey};
use super::{AnyConnection, Database, DatabaseError};

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
        }
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
}

/// Why a table that exists cannot take the layout's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableProblem {
    /// The table.
    pub table: String,
    /// What does not fit.
    pub message: String,
}

#[derive(QueryableByName)]
struct StoredColumn {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    declared: String,
    #[diesel(sql_type = BigInt)]
    required: i64,
    #[diesel(sql_type = Nullable<Text>)]
    default_value: Option<String>,
    #[diesel(sql_type = BigInt)]
    key: i64,
}

impl Database {
    /// Looks at the layout's tables; writes nothing.
    ///
    /// # Errors
    /// When a table exists with columns that the mapping cannot fill or that cannot hold what it maps.
    pub fn inspect_tables(&mut self, layout: &Layout) -> Result<TargetTables, DatabaseError> {
        let mut problems = Vec::new();
        let mut tables = Vec::new();
        for table in &layout.tables {
            let stored = self.stored_columns(&table.table.name)?;
            tables.push(if stored.is_empty() {
                TargetTable {
                    existed: false,
                    state: TableState {
                        rows: 0,
                        next_key: 1,
                    },
                    columns: (0..table.table.columns.len()).collect(),
                }
            } else {
                compare(table, &stored, &mut problems);
                let has = |&column: &usize| {
                    let name = &table.table.columns[column].name;
                    stored
                        .iter()
                        .any(|stored| stored.name.eq_ignore_ascii_case(name))
                };
                let columns = (0..table.table.columns.len()).filter(has).collect();
                TargetTable {
                    existed: true,
                    state: self.table_state(table)?,
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

    /// Makes the missing tables with their indexes, and the audit triggers of all that lack or outdated them.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn prepare_tables(
        &mut self,
        layout: &Layout,
        target: &TargetTables,
    ) -> Result<(), DatabaseError> {
        let dialect = self.connection.dialect();
        for (table, found) in layout.tables.iter().zip(&target.tables) {
            if !found.existed {
                self.connection
                    .batch_execute(&dialect.create_table(&table.table))?;
                for statement in dialect.create_indexes(&table.table) {
                    self.connection.batch_execute(&statement)?;
                }
            }
            let audited = self.audited_table(table)?;
            for (name, statement) in dialect.audit_triggers(&audited) {
                self.replace_trigger(&name, &statement)?;
            }
        }
        Ok(())
    }

    /// The table with the columns it really has, so that the trail keeps those too that the layout does not know.
    fn audited_table(&mut self, table: &LayoutTable) -> Result<crate::model::Table, DatabaseError> {
        let mut audited = table.table.clone();
        for stored in self.stored_columns(&table.table.name)? {
            if !audited
                .columns
                .iter()
                .any(|column| column.name.eq_ignore_ascii_case(&stored.name))
            {
                audited.columns.push(crate::model::Column {
                    name: stored.name,
                    ty: ColumnType::Text { max_chars: None },
                    nullable: true,
                    default: None,
                });
            }
        }
        Ok(audited)
    }

    fn replace_trigger(&mut self, name: &str, statement: &str) -> Result<(), DatabaseError> {
        #[derive(QueryableByName)]
        struct Stored {
            #[diesel(sql_type = Text)]
            sql: String,
        }
        let AnyConnection::Sqlite(connection) = &mut self.connection;
        let query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?";
        let stored: Option<Stored> = diesel::sql_query(query)
            .bind::<Text, _>(name)
            .get_result(connection)
            .optional()?;
        match stored {
            Some(stored) if stored.sql == statement => Ok(()),
            Some(_) => {
                let drop = format!(
                    "DROP TRIGGER {}; {statement}",
                    crate::audit::sqlite::identifier(name)
                );
                Ok(self.connection.batch_execute(&drop)?)
            }
            None => Ok(self.connection.batch_execute(statement)?),
        }
    }

    fn stored_columns(&mut self, table: &str) -> Result<Vec<StoredColumn>, DatabaseError> {
        let AnyConnection::Sqlite(connection) = &mut self.connection;
        let query = "SELECT name, type AS declared, \"notnull\" AS required, dflt_value AS default_value, pk AS key \
                     FROM pragma_table_info(?)";
        Ok(diesel::sql_query(query)
            .bind::<Text, _>(table)
            .load(connection)?)
    }

    fn table_state(&mut self, table: &LayoutTable) -> Result<TableState, DatabaseError> {
        let name = table.table.name.as_str();
        let AnyConnection::Sqlite(connection) = &mut self.connection;
        let rows: i64 = CountRows { table: name }.get_result(connection)?;
        let mut last = 0;
        if let Some(key) = table.table.generated_key() {
            let column = table.table.columns[key].name.as_str();
            let highest: Option<i64> = MaxKey {
                table: name,
                column,
            }
            .get_result(connection)?;
            last = highest.unwrap_or(0).max(self.sequence(name)?);
        }
        Ok(TableState {
            rows: u64::try_from(rows).unwrap_or(0),
            next_key: last + 1,
        })
    }

    /// The highest key AUTOINCREMENT ever gave; keys of deleted rows are not used again.
    fn sequence(&mut self, table: &str) -> Result<i64, DatabaseError> {
        #[derive(QueryableByName)]
        struct Sequence {
            #[diesel(sql_type = Nullable<BigInt>)]
            seq: Option<i64>,
        }
        if !self.connection.has_table("sqlite_sequence")? {
            return Ok(0);
        }
        let AnyConnection::Sqlite(connection) = &mut self.connection;
        let query = "SELECT seq FROM sqlite_sequence WHERE name = ?";
        let found: Option<Sequence> = diesel::sql_query(query)
            .bind::<Text, _>(table)
            .get_result(connection)
            .optional()?;
        Ok(found.and_then(|found| found.seq).unwrap_or(0))
    }
}

/// Collects what keeps an existing table from taking the mapping's rows. Nothing of it is altered.
fn compare(table: &LayoutTable, stored: &[StoredColumn], problems: &mut Vec<TableProblem>) {
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
            Some(stored) if !can_hold(&stored.declared, column.ty) => problem(format!(
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

/// Whether SQLite's type affinity (<https://www.sqlite.org/datatype3.html>) leaves our values as they are. What
/// NUMERIC affinity does to a single value is caught when the rows are read back before commit.
fn can_hold(declared: &str, ty: ColumnType) -> bool {
    let declared = declared.to_uppercase();
    let integer = declared.contains("INT");
    let text = !integer
        && ["CHAR", "CLOB", "TEXT"]
            .iter()
            .any(|word| declared.contains(word));
    let real = !integer
        && !text
        && ["REAL", "FLOA", "DOUB"]
            .iter()
            .any(|word| declared.contains(word));
    match ty {
        ColumnType::Text { .. } => !integer && !real,
        ColumnType::Json | ColumnType::Timestamp | ColumnType::Date | ColumnType::Uuid => {
            !integer && !real
        }
        ColumnType::Integer | ColumnType::Boolean => !text && !real,
        ColumnType::Real => !text && !integer,
        ColumnType::Blob => true,
    }
}
