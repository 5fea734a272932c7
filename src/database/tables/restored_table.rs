//! A table into which values of the audit log are written back, with the types that its columns have now.

use serde_json::Value as Json;

use crate::audit::revert::Undo;
use crate::audit::{Image, same_value};
use crate::database::DatabaseError;
use crate::database::engine::{Cast, Dialect, StoredColumn};
use crate::database::statement::Slot;
use crate::model::{Column, Table, Value};

use super::Tables;
use super::restored_values::{from_image, is_default, text_of};

/// A table of the application, whichever types its columns have.
#[derive(Debug, Clone)]
pub struct RestoredTable {
    table: Table,
    columns: Vec<RestoredColumn>,
    /// Whether triggers of the application can change what is written.
    pub(in crate::database) has_other_triggers: bool,
}

/// How a column takes values.
#[derive(Debug, Clone)]
struct RestoredColumn {
    cast: Cast,
    filled: Filled,
    /// Whether an inserted row must have a value.
    is_required: bool,
    /// As SQL.
    default_value: Option<String>,
}

/// The value that the database itself writes into a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filled {
    /// The value that is written.
    Written,
    /// A value computed from other columns.
    Computed,
    /// A number that can be inserted but not changed.
    Numbered,
    /// The time of each UPDATE that does not name it.
    Stamped,
}

/// Why a table cannot get the values of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The database numbers this column itself, and no UPDATE can change the number back.
    Numbered(String),
    /// The column was added after the run: it must have a value, and the image has none.
    Added(String),
    /// The column was dropped or renamed after the run.
    Dropped(String),
    /// The same for a column of the key, without which the row cannot be found.
    FormerKey(String),
    /// The row has NULL in this column of the key, so several rows can have its key.
    NullKey(String),
}

impl Tables<'_> {
    /// The table with the columns that it has now; `None` if there is no such table.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn restored_table(&mut self, name: &str) -> Result<Option<RestoredTable>, DatabaseError> {
        let Some(table) = self.defined_table(name)? else {
            return Ok(None);
        };
        let dialect = self.database.connection.dialect();
        let stored = self.database.connection.stored_columns(name)?.into_iter();
        Ok(Some(RestoredTable {
            columns: stored
                .map(|column| RestoredColumn::of(&column, &*dialect))
                .collect(),
            has_other_triggers: self.database.has_other_triggers(name)?,
            table,
        }))
    }
}

impl RestoredColumn {
    fn of(stored: &StoredColumn, dialect: &dyn Dialect) -> Self {
        Self {
            cast: dialect.cast(stored),
            filled: match stored.filled.as_str() {
                "computed" => Filled::Computed,
                "numbered" => Filled::Numbered,
                "stamped" => Filled::Stamped,
                _ => Filled::Written,
            },
            is_required: stored.required != 0 && stored.default_value.is_none(),
            default_value: stored.default_value.clone(),
        }
    }
}

impl RestoredTable {
    /// The table.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    pub(in crate::database) fn slot(&self, column: usize) -> Slot<'_> {
        Slot {
            cast: Some(&self.columns[column].cast),
            ..Slot::from(&self.table.columns[column])
        }
    }

    /// The columns of the primary key.
    pub(in crate::database) fn key_slots(&self) -> Vec<Slot<'_>> {
        let key = self.table.primary_key.iter();
        key.map(|&column| self.slot(column)).collect()
    }

    /// The indexes of these columns; `None` if the table does not have all of them.
    #[must_use]
    pub fn columns(&self, names: &[String]) -> Option<Vec<usize>> {
        let columns = names.iter().map(|name| self.table.column(name));
        columns.collect()
    }

    /// The value of a column in an image; NULL if it has none.
    pub(in crate::database) fn value(
        &self,
        image: &Image,
        column: usize,
        dialect: &dyn Dialect,
    ) -> Value {
        let json = image.get(&self.table.columns[column].name);
        let ty = self.table.columns[column].ty;
        match json {
            None => Value::Null,
            Some(json) if self.columns[column].cast.is_text => text_of(json),
            Some(json) => from_image(json, ty, dialect),
        }
    }

    /// The columns of an image that an INSERT can write. A column that was dropped since cannot be restored.
    pub(in crate::database) fn insertable(&self, image: &Image) -> Vec<usize> {
        let columns = self.table.columns.iter().zip(&self.columns).enumerate();
        let is_written = |(_, (column, how)): &(usize, (&Column, &RestoredColumn))| {
            how.filled != Filled::Computed && image.contains_key(&column.name)
        };
        columns.filter(is_written).map(|(at, _)| at).collect()
    }

    /// The columns of an image that an UPDATE can write, without those of `before`, the row's image so far, that have
    /// the same value.
    pub(in crate::database) fn updatable(&self, image: &Image, before: &Image) -> Vec<usize> {
        let mut columns = self.insertable(image);
        columns.retain(|&at| self.columns[at].filled != Filled::Numbered);
        let is_changed = |&at: &usize| {
            let name = &self.table.columns[at].name;
            image.get(name) != before.get(name)
        };
        columns.retain(is_changed);
        columns
    }

    /// The columns that an UPDATE of `columns` would change as well unless it names them.
    pub(in crate::database) fn kept(&self, columns: &[usize]) -> Vec<Slot<'_>> {
        let all = 0..self.columns.len();
        let is_kept =
            |at: &usize| self.columns[*at].filled == Filled::Stamped && !columns.contains(at);
        all.filter(is_kept).map(|at| self.slot(at)).collect()
    }

    /// If the row has columns that `stated` does not have: the row without those of them whose values no one wrote,
    /// which are computed or the default.
    #[must_use]
    pub fn without_defaults(&self, row: &Image, stated: &Image) -> Option<Image> {
        if row.keys().all(|column| stated.contains_key(column)) {
            return None;
        }
        let is_written = |(name, value): &(&String, &Json)| {
            let mut columns = self.table.columns.iter().zip(&self.columns);
            let how = columns.find(|(column, _)| column.name == **name);
            stated.contains_key(*name)
                || how.is_none_or(|(_, how)| {
                    how.filled != Filled::Computed
                        && !how
                            .default_value
                            .as_deref()
                            .is_some_and(|sql| is_default(value, sql))
                })
        };
        let written = row.iter().filter(is_written);
        let copied = written.map(|(name, value)| (name.clone(), value.clone()));
        Some(copied.collect())
    }

    /// A column whose value `undo` should restore, and which the table does not have any more.
    fn dropped(&self, undo: &Undo) -> Option<Obstacle> {
        let image = match undo {
            Undo::Insert(image) | Undo::Update(image) => image,
            Undo::Delete => return None,
        };
        let is_lost = |(name, value): &(&String, &Json)| {
            let is_null = value.is_null() && matches!(undo, Undo::Insert(_));
            !is_null
                && self
                    .table
                    .columns
                    .iter()
                    .all(|column| column.name != **name)
        };
        let (name, _) = image.iter().find(is_lost)?;
        Some(Obstacle::Dropped(name.clone()))
    }

    /// Whether an UPDATE has nothing to write, because the columns were dropped.
    #[must_use]
    pub fn changes_nothing(&self, undo: &Undo, before: &Image) -> bool {
        matches!(undo, Undo::Update(image) if self.updatable(image, before).is_empty())
    }

    /// Why the row with an entry's image cannot be found: the table does not have a column of its key any more, or it
    /// has NULL in one.
    #[must_use]
    pub fn unidentified(&self, image: &Image) -> Option<Obstacle> {
        let key = self.table.primary_key.iter();
        let key: Vec<&str> = key
            .map(|&at| self.table.columns[at].name.as_str())
            .collect();
        if key.iter().all(|name| image.contains_key(*name)) {
            let null = key.into_iter().find(|name| image[*name].is_null());
            return null.map(|name| Obstacle::NullKey(name.to_owned()));
        }
        let is_former = |name: &&String| {
            self.table
                .columns
                .iter()
                .all(|column| column.name != **name)
        };
        image
            .keys()
            .find(is_former)
            .cloned()
            .map(Obstacle::FormerKey)
    }

    /// Why `undo` is impossible for a row that has this image so far, whatever the values are.
    #[must_use]
    pub fn obstacle(&self, undo: &Undo, before: &Image) -> Option<Obstacle> {
        let mut columns = self.table.columns.iter().zip(&self.columns);
        if let Some(dropped) = self.dropped(undo) {
            return Some(dropped);
        }
        match undo {
            Undo::Delete => None,
            Undo::Update(image) => columns
                .find(|(column, how)| {
                    let values = image.get(&column.name).zip(before.get(&column.name));
                    how.filled == Filled::Numbered
                        && values.is_some_and(|(old, now)| !same_value(old, now))
                })
                .map(|(column, _)| Obstacle::Numbered(column.name.clone())),
            Undo::Insert(image) => columns
                .find(|(column, how)| {
                    how.is_required
                        && how.filled != Filled::Computed
                        && how.filled != Filled::Numbered
                        && !image.contains_key(&column.name)
                })
                .map(|(column, _)| Obstacle::Added(column.name.clone())),
        }
    }

    /// The columns in which a row differs from an image, and whether all of them are computed.
    pub(in crate::database) fn differences(
        &self,
        wanted: &Image,
        row: &Image,
    ) -> (Vec<String>, bool) {
        let columns = self.table.columns.iter().zip(&self.columns);
        let differs = |(column, _): &(&Column, &RestoredColumn)| {
            let values = wanted.get(&column.name).zip(row.get(&column.name));
            values.is_some_and(|(wanted, now)| !same_value(wanted, now))
        };
        let differing: Vec<_> = columns.filter(differs).collect();
        let computed = differing
            .iter()
            .all(|(_, how)| how.filled == Filled::Computed);
        let names = differing.into_iter().map(|(column, _)| column.name.clone());
        (names.collect(), computed)
    }
}
