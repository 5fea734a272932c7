//! Rows of any table that refer to given rows by a foreign key of the database.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::database::select::{CountRowsOf, LockRows, Which};
use crate::database::statement::Slot;
use crate::database::stored_text::StoredText;
use crate::database::{Access, AnyConnection, DatabaseError, RestoredTable};
use crate::model::{RecordId, Table, Value};

use super::Tables;
use super::undo::SelectImages;

/// Values per statement.
const BATCH: usize = 200;

/// A foreign key that refers to a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferringKey {
    /// The schema of its table, if that is another one than that of the tables imported into.
    pub schema: Option<String>,
    /// The table that has it.
    pub table: String,
    /// Whether it sets the columns to NULL on delete.
    pub sets_null: bool,
    /// Whether the table is recorded, and what the key does on delete has no entry.
    pub deletes_silently: bool,
    /// The same on update.
    pub updates_silently: bool,
    /// Whether it refers to a column that the database computes, and changes the rows if another column changes that.
    pub follows_computed: bool,
    /// Its columns.
    pub columns: Vec<String>,
    /// The columns that they refer to.
    pub references: Vec<String>,
    /// How each of them is compared with its column, as SQL, unless by `=`.
    pub(in crate::database) comparisons: Vec<Option<String>>,
}

impl ReferringKey {
    /// The name of its table, with the schema if that is another one.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.table),
            None => self.table.clone(),
        }
    }
}

/// Rows of a table, by their primary keys.
#[derive(Debug, Clone)]
pub struct KeyedRows<'a> {
    table: &'a str,
    columns: Vec<Slot<'a>>,
    keys: Vec<Vec<Value>>,
}

impl<'a> KeyedRows<'a> {
    /// The rows with these record ids.
    #[must_use]
    pub fn new(table: &'a Table, record_ids: &[&str]) -> Self {
        let columns = table.primary_key.iter();
        let keys = record_ids.iter().map(|id| table.key_from_record_id(id));
        Self {
            table: &table.name,
            columns: columns
                .map(|&column| Slot::from(&table.columns[column]))
                .collect(),
            keys: keys.collect(),
        }
    }

    /// The rows with these primary keys.
    #[must_use]
    pub fn restored(table: &'a RestoredTable, keys: Vec<Vec<Value>>) -> Self {
        let columns = table.table().primary_key.iter();
        Self {
            table: &table.table().name,
            columns: columns.map(|&column| table.slot(column)).collect(),
            keys,
        }
    }
}

#[derive(QueryableByName)]
struct KeyColumn {
    #[diesel(sql_type = Text)]
    child: String,
    #[diesel(sql_type = Nullable<Text>)]
    child_schema: Option<String>,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    on_delete: String,
    #[diesel(sql_type = Text)]
    on_update: String,
    #[diesel(sql_type = BigInt)]
    is_silent: i64,
    #[diesel(sql_type = Text)]
    child_column: String,
    #[diesel(sql_type = Text)]
    parent_column: String,
    #[diesel(sql_type = Nullable<Text>)]
    comparison: Option<String>,
}

/// Whether a foreign key with this action changes rows.
fn acts(action: &str) -> bool {
    matches!(action, "CASCADE" | "SET NULL" | "SET DEFAULT")
}

impl AnyConnection {
    /// The foreign keys that refer to a table; on some databases without those of tables in other schemas.
    pub(in crate::database) fn keys_that_refer_to(
        &mut self,
        table: &str,
    ) -> Result<Vec<ReferringKey>, DatabaseError> {
        self.referring_keys(self.catalog().references, table)
    }

    fn referring_keys(
        &mut self,
        query: &'static str,
        table: &str,
    ) -> Result<Vec<ReferringKey>, DatabaseError> {
        let columns: Vec<KeyColumn> = self.about(query, table).load(self)?;
        let mut keys: BTreeMap<_, ReferringKey> = BTreeMap::new();
        for column in columns {
            let key = (
                column.child_schema.clone(),
                column.child.clone(),
                column.name,
            );
            let key = keys.entry(key).or_insert_with(|| ReferringKey {
                schema: column.child_schema,
                table: column.child,
                sets_null: column.on_delete == "SET NULL",
                deletes_silently: acts(&column.on_delete) && column.is_silent != 0,
                updates_silently: acts(&column.on_update) && column.is_silent != 0,
                // Until it is known which columns are computed.
                follows_computed: acts(&column.on_update),
                columns: Vec::new(),
                references: Vec::new(),
                comparisons: Vec::new(),
            });
            key.columns.push(column.child_column);
            key.references.push(column.parent_column);
            key.comparisons.push(column.comparison);
        }
        Ok(keys.into_values().collect())
    }
}

impl Tables<'_> {
    /// The foreign keys that refer to a table.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn keys_that_refer_to(&mut self, table: &str) -> Result<Vec<ReferringKey>, DatabaseError> {
        let mut keys = self.database.connection.keys_that_refer_to(table)?;
        if let Some(query) = self.database.connection.catalog().references_from_elsewhere {
            keys.extend(self.database.connection.referring_keys(query, table)?);
        }
        if keys.iter().any(|key| key.follows_computed) {
            let computed = self.computed_columns(table)?;
            for key in &mut keys {
                let mut references = key.references.iter();
                key.follows_computed &= references.any(|column| computed.contains(column));
            }
        }
        Ok(keys)
    }

    /// The columns of a table that the database sets if others change.
    fn computed_columns(&mut self, table: &str) -> Result<Vec<String>, DatabaseError> {
        let mut computed = self.database.unrecorded_columns(table)?;
        let stored = self.database.connection.stored_columns(table)?.into_iter();
        let stored =
            stored.filter(|column| matches!(column.filled.as_str(), "computed" | "stamped"));
        computed.extend(stored.map(|column| column.name));
        Ok(computed)
    }

    /// Calls `each` with the record id of every row that refers by `key` to one of the rows of `parents`, until it
    /// breaks; once and without a record id if the table is in another schema or has no primary key. Within a
    /// transaction that writes, no other program can add such a row until it ends.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub fn each_row_that_refers(
        &mut self,
        key: &ReferringKey,
        parents: &KeyedRows<'_>,
        each: &mut dyn FnMut(Option<RecordId>) -> ControlFlow<()>,
    ) -> Result<(), DatabaseError> {
        let table = match key.schema {
            None => self.defined_table(&key.table)?,
            Some(_) => None,
        };
        let parent = self.database.connection.dialect().table_name(parents.table);
        let locking = self.database.connection.engine().locks_rows();
        for keys in parents.keys.chunks(BATCH) {
            let columns = parents.columns.as_slice();
            let to = &Which::Keys { columns, keys };
            if let Some(locking) = locking.filter(|_| self.database.access != Access::Read) {
                let table = parents.table;
                LockRows {
                    table,
                    which: to,
                    locking,
                }
                .execute(&mut self.database.connection)?;
            }
            let parent = parent.as_str();
            let which = Which::Referring { key, parent, to };
            let schema = key.schema.as_deref();
            if self
                .each_row_of(schema, &key.table, table.as_ref(), which, each)?
                .is_break()
            {
                break;
            }
        }
        Ok(())
    }

    /// Calls `each` with the record id of each of these rows, until it breaks; once and without a record id if `table`
    /// is unknown or has no primary key.
    fn each_row_of(
        &mut self,
        schema: Option<&str>,
        name: &str,
        table: Option<&Table>,
        which: Which<'_>,
        each: &mut dyn FnMut(Option<RecordId>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, DatabaseError> {
        let Some(table) = table.filter(|table| !table.primary_key.is_empty()) else {
            let count = CountRowsOf {
                schema,
                table: name,
                which,
            };
            let count: i64 = count.get_result(&mut self.database.connection)?;
            return Ok(match count {
                0 => ControlFlow::Continue(()),
                _ => each(None),
            });
        };
        let select = self.database.connection.select_images(table)?;
        self.database.connection.with_image_settings(|connection| {
            let query = SelectImages {
                select: &select,
                which,
            };
            let rows =
                query.load_iter::<(StoredText, StoredText), DefaultLoadingMode>(connection)?;
            for row in rows {
                let (record_id, _) = row?;
                if each(Some(record_id.into())).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}
