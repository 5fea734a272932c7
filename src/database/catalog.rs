//! What a database says of its own tables: the same questions to all, in the words of each.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::audit::Form;
use crate::model::ColumnType;
use crate::plan::ColumnLimit;

use super::{AnyConnection, DatabaseError};

/// The questions as SQL text. Each gives the same columns on every database.
pub(super) struct Catalog {
    /// `count`: 1 if there is a table of the bound name.
    pub(super) has_table: &'static str,
    /// `name` of each table that can have triggers, sorted.
    pub(super) tables: &'static str,
    /// `kind`, `name`, `of_table`, `definition` of everything that decides what the trail records, in a fixed order.
    pub(super) definitions: &'static str,
    /// `name`, `declared`, `required`, `default_value`, `key` of each column of the bound table.
    pub(super) columns: &'static str,
    /// `name` and `definition` of each trigger of ours on a table, as [`audit`](crate::audit) compares them.
    pub(super) triggers: &'static str,
    /// `count`: 0 if our user is not shown triggers, so that nothing follows from there being none.
    pub(super) sees_triggers: &'static str,
    /// `name` of each audit trigger in the schema, and the `statement` that drops it.
    pub(super) drop_triggers: &'static str,
    /// `value`: the highest number the bound table ever gave its rows, where the database keeps it.
    pub(super) last_number: &'static str,
    /// `value`: the bytes of the longest value that the server takes, where there is such a bound.
    pub(super) longest_value: &'static str,
    /// `version`, `encoding`, `time_zone`, and `now` as RFC 3339 in UTC.
    pub(super) facts: &'static str,
    /// `name` of each right that an import needs and that is missing.
    pub(super) missing_rights: &'static str,
    /// `name` of each foreign key that changes rows without firing triggers.
    pub(super) silent_cascades: &'static str,
    /// How values of a column declared so are written into the trail, given what the layout takes it for.
    pub(super) form: fn(&str, Option<ColumnType>) -> Form,
    /// Whether a column declared so leaves values of this type as they are.
    pub(super) can_hold: fn(&str, ColumnType) -> bool,
    /// How long the texts of a column declared so may be.
    pub(super) limit: fn(&str) -> ColumnLimit,
}

/// A column as the database has it.
#[derive(QueryableByName)]
pub(super) struct StoredColumn {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub(super) name: String,
    /// Its type as declared.
    #[diesel(sql_type = Text)]
    pub(super) declared: String,
    /// Not 0 if it may not be NULL.
    #[diesel(sql_type = BigInt)]
    pub(super) required: i64,
    /// Its default, as SQL; also where the database numbers the rows.
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) default_value: Option<String>,
    /// Position in the primary key, from 1; 0 if it is not part of it.
    #[diesel(sql_type = BigInt)]
    pub(super) key: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Nullable<BigInt>)]
    value: Option<i64>,
}

impl AnyConnection {
    pub(super) fn catalog(&self) -> &'static Catalog {
        match self {
            Self::Sqlite(_) => &super::sqlite::CATALOG,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => &super::postgres::CATALOG,
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => &super::mysql::CATALOG,
        }
    }

    /// Whether there is a table of this name.
    pub(super) fn has_table(&mut self, name: &str) -> Result<bool, DatabaseError> {
        let found: Count = diesel::sql_query(self.catalog().has_table)
            .bind::<Text, _>(name)
            .get_result(self)?;
        Ok(found.count > 0)
    }

    /// Whether our user is shown the triggers of the database.
    pub(super) fn sees_triggers(&mut self) -> Result<bool, DatabaseError> {
        let query = diesel::sql_query(self.catalog().sees_triggers);
        let found: Count = query.get_result(self)?;
        Ok(found.count > 0)
    }

    /// The columns of a table; none if there is no such table.
    pub(super) fn stored_columns(
        &mut self,
        table: &str,
    ) -> Result<Vec<StoredColumn>, DatabaseError> {
        Ok(diesel::sql_query(self.catalog().columns)
            .bind::<Text, _>(table)
            .load(self)?)
    }

    /// The bytes of the longest value that the server takes; `None` if there is no bound.
    pub(super) fn longest_value(&mut self) -> Result<Option<u64>, DatabaseError> {
        let query = diesel::sql_query(self.catalog().longest_value);
        let found: Number = query.get_result(self)?;
        Ok(found.value.and_then(|value| u64::try_from(value).ok()))
    }

    /// The highest key the database ever gave a row of `table`, as far as it knows; keys of deleted rows are not used
    /// again.
    pub(super) fn last_number(&mut self, table: &str) -> Result<i64, DatabaseError> {
        if matches!(self, Self::Sqlite(_)) && !self.has_table("sqlite_sequence")? {
            return Ok(0);
        }
        let found: Option<Number> = diesel::sql_query(self.catalog().last_number)
            .bind::<Text, _>(table)
            .get_result(self)
            .optional()?;
        Ok(found.and_then(|found| found.value).unwrap_or(0))
    }
}
