//! Queries about a database's own tables: each engine provides the SQL, and the results have the same form.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::one_column::Count;
use crate::audit::Form;
use crate::model::ColumnType;
use crate::plan::{ColumnLimit, RowLimit};

use super::about_table::{AboutTable, about_table};
use super::known_tables::{COLUMNS, TABLES};
use super::{AnyConnection, Dialect, MultiBackend};
use crate::database::DatabaseError;

/// The queries as SQL text. Each returns the same columns on every database.
pub(in crate::database) struct Catalog {
    /// `count`: 1 if there is a table of the bound name; a view is none.
    pub(in crate::database) has_table: &'static str,
    /// `name` of each table that can have triggers, sorted.
    pub(in crate::database) tables: &'static str,
    /// `name` of each table whose changes fire no triggers, so that they cannot be recorded, if there can be any.
    pub(in crate::database) without_triggers: Option<&'static str>,
    /// `name` of each partition that is a table, `of_table` of each table that it is a part of, and as 0 or 1 whether
    /// that is the topmost one (`is_whole`), whether the partition has audit triggers of its own (`own`), whether it
    /// has those of this table (`shared`), and whether it has one of a table that it is not a part of (`moved`); if
    /// there can be any.
    pub(in crate::database) partitions: Option<&'static str>,
    /// `name` of each view.
    pub(in crate::database) views: &'static str,
    /// `kind`, `name`, `of_table`, `definition` of everything that decides what the audit log records, in a fixed
    /// order.
    pub(in crate::database) definitions: &'static str,
    /// `name`, `declared`, `type_name`, `equals`, `required`, `default_value`, `filled`, `key` of each column of the bound
    /// table.
    pub(in crate::database) columns: &'static str,
    /// `name` of each column of each table, with `of_table`, that is listed in the bound text, separated by commas; a view
    /// is none. If one query is faster than one for each table.
    pub(in crate::database) columns_of_tables: Option<&'static str>,
    /// `child`, `name`, `child_column` and `parent_column` of each column of each foreign key that refers to the bound
    /// table, or to a table that it is a part of, or to its parts, in the order of the key; the name is unique within
    /// the table `child`. `comparison` is the SQL by which the key compares the column of `referred` with that of `live`,
    /// or NULL if it compares like `=` of both. `child_schema` is the schema of `child` if it is another one, `on_delete` and `on_update` are
    /// the actions, and `is_silent` is 1 if `child` is recorded and triggers do not see what the actions do.
    pub(in crate::database) references: &'static str,
    /// The same of tables in other schemas, if `references` has none of them.
    pub(in crate::database) references_from_elsewhere: Option<&'static str>,
    /// `count`: 0 if triggers are hidden from accession's user, so that their absence proves nothing.
    pub(in crate::database) sees_triggers: &'static str,
    /// `name` of each audit trigger in the schema, and the `statement` that drops it.
    pub(in crate::database) drop_triggers: &'static str,
    /// `value`: the highest number that was ever generated for a row of the bound table, if the database stores it.
    pub(in crate::database) last_number: &'static str,
    /// `value`: the length in bytes of the longest value that the server accepts, if there is a limit.
    pub(in crate::database) longest_value: &'static str,
    /// `version`, `encoding`, `time_zone`, and `now` as RFC 3339 in UTC.
    pub(in crate::database) facts: &'static str,
    /// `name` of each right that an import needs and that is missing.
    pub(in crate::database) missing_rights: &'static str,
    /// `name` of each foreign key that changes rows without firing triggers, with the tables `child` and `parent`.
    pub(in crate::database) silent_cascades: &'static str,
    /// `name` of each table of the ledger, or with audit triggers, of which row-level security hides rows.
    pub(in crate::database) hidden_rows: Option<&'static str>,
    /// `name` of each application trigger that fires before the audit triggers, if there can be any.
    pub(in crate::database) earlier_triggers: Option<&'static str>,
    /// `name` of each table whose storage engine has no transactions, if there can be any.
    pub(in crate::database) without_transactions: Option<&'static str>,
    /// `name` of each table that a crash or a restart of the server empties, if there can be any.
    pub(in crate::database) emptied_by_crash: Option<&'static str>,
    /// `name` of each generated column of the bound table, if `columns` does not list them.
    pub(in crate::database) unrecorded_columns: Option<&'static str>,
    /// `name` of each account that can create temporary tables, if these hide the ledger's tables from triggers.
    pub(in crate::database) shadowing_accounts: Option<&'static str>,
    /// `count`: 1 if a session can choose the time of its entries, where a setting of the server decides that.
    pub(in crate::database) settable_clock: Option<&'static str>,
    /// `name`, `sql` and `is_unique` of each index of the bound table, which is empty, that can be dropped and
    /// recreated to make a load faster.
    pub(in crate::database) deferred_indexes: Option<&'static str>,
    /// The same of the ledger's trigger of the bound name, if a load is faster without it.
    pub(in crate::database) deferred_trigger: Option<&'static str>,
    /// `name` and `of_table` of each trigger, and of each rule and policy, if there are any; row-level security is
    /// called `ROW LEVEL SECURITY`.
    pub(in crate::database) rules: &'static str,
    /// The form in which values of a column with this declaration are recorded, given its type in the layout.
    pub(in crate::database) form: fn(&str, Option<ColumnType>) -> Form,
    /// Whether a column with this declaration stores values of this type unchanged.
    pub(in crate::database) can_hold: fn(&str, ColumnType) -> bool,
    /// The maximum length of strings in a column with this declaration.
    pub(in crate::database) limit: fn(&str) -> ColumnLimit,
    /// `value`: the bytes of a page of the bound table, or of a new one; no row, or NULL, where `row_limit` does not
    /// know how rows are stored.
    pub(in crate::database) page_size: &'static str,
    /// The longest row of a table with these columns on pages of this size; `None` if no row can exceed it.
    pub(in crate::database) row_limit: fn(Vec<RowColumn>, u64) -> Option<RowLimit>,
}

/// The properties of a column that the length of rows depends on.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "mysql"),
    expect(dead_code, reason = "PostgreSQL reads some fields, SQLite none")
)]
pub(in crate::database) struct RowColumn {
    /// Its index in the layout's table, if the layout has it.
    pub(in crate::database) index: Option<usize>,
    /// Its type as declared.
    pub(in crate::database) declared: String,
    /// Whether it may be NULL.
    pub(in crate::database) nullable: bool,
}

#[derive(QueryableByName)]
struct ColumnOfTable {
    #[diesel(sql_type = Text)]
    of_table: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// A column as the database reports it.
#[derive(Debug, Clone, QueryableByName)]
pub(in crate::database) struct StoredColumn {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub(in crate::database) name: String,
    /// Its type as declared.
    #[diesel(sql_type = Text)]
    pub(in crate::database) declared: String,
    /// The quoted name of its type with the schema, without a length; empty if the engine does not need it.
    #[diesel(sql_type = Text)]
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "only PostgreSQL casts to a type by its name")
    )]
    pub(in crate::database) type_name: String,
    /// For a column of the primary key: the operator that compares its values, as SQL, if `=` may not find it.
    #[diesel(sql_type = Nullable<Text>)]
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "only PostgreSQL has operators in schemas")
    )]
    pub(in crate::database) equals: Option<String>,
    /// `computed` if it is computed from other columns and never written, `numbered` if a number can be inserted but
    /// not changed (GENERATED ALWAYS AS IDENTITY), `stamped` if an UPDATE that does not name it sets it to the time (ON
    /// UPDATE CURRENT_TIMESTAMP); otherwise empty.
    #[diesel(sql_type = Text)]
    pub(in crate::database) filled: String,
    /// Not 0 if it may not be NULL.
    #[diesel(sql_type = BigInt)]
    pub(in crate::database) required: i64,
    /// Its default, as SQL; also where the database numbers the rows.
    #[diesel(sql_type = Nullable<Text>)]
    pub(in crate::database) default_value: Option<String>,
    /// Position in the primary key, from 1; 0 if it is not part of it.
    #[diesel(sql_type = BigInt)]
    pub(in crate::database) key: i64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Nullable<BigInt>)]
    value: Option<i64>,
}

impl AnyConnection {
    /// The queries about the schema.
    pub(in crate::database) fn catalog(&self) -> &'static Catalog {
        self.engine().catalog()
    }

    /// The SQL of tables and triggers.
    pub(in crate::database) fn dialect(&self) -> Box<dyn Dialect> {
        self.engine().dialect()
    }

    /// A query of the catalog about the table of this name.
    pub(in crate::database) fn about<'q>(
        &self,
        query: &'static str,
        table: &'q str,
    ) -> AboutTable<'q, MultiBackend> {
        about_table(self.engine().by_name(query), table)
    }

    /// Whether there is a table of this name.
    pub(in crate::database) fn has_table(&mut self, name: &str) -> Result<bool, DatabaseError> {
        self.remembered(TABLES, name, |connection| {
            let query = connection.about(connection.catalog().has_table, name);
            let found: Count = query.get_result(connection)?;
            Ok(found.count > 0)
        })
    }

    /// Whether the database shows its triggers to accession's user.
    pub(in crate::database) fn sees_triggers(&mut self) -> Result<bool, DatabaseError> {
        let query = diesel::sql_query(self.catalog().sees_triggers);
        let found: Count = query.get_result(self)?;
        Ok(found.count > 0)
    }

    /// The columns of a table; none if there is no such table.
    pub(in crate::database) fn stored_columns(
        &mut self,
        table: &str,
    ) -> Result<Vec<StoredColumn>, DatabaseError> {
        self.remembered(COLUMNS, table, |connection| {
            let query = connection.about(connection.catalog().columns, table);
            Ok(query.load(connection)?)
        })
    }

    /// Those of these tables that exist, with the names of their columns.
    pub(in crate::database) fn columns_of_tables<'t>(
        &mut self,
        tables: &[&'t str],
    ) -> Result<HashMap<&'t str, Vec<String>>, DatabaseError> {
        let mut found: HashMap<&str, Vec<String>> = HashMap::new();
        if let Some(query) = self.catalog().columns_of_tables {
            let list = tables.join(",");
            let columns: Vec<ColumnOfTable> = self.about(query, &list).load(self)?;
            for column in columns {
                let mut tables = tables.iter();
                if let Some(table) = tables.find(|name| name.eq_ignore_ascii_case(&column.of_table))
                {
                    found.entry(table).or_default().push(column.name);
                }
            }
            return Ok(found);
        }
        for &table in tables {
            if self.has_table(table)? {
                let columns = self.stored_columns(table)?.into_iter();
                found.insert(table, columns.map(|column| column.name).collect());
            }
        }
        Ok(found)
    }

    /// The length in bytes of the longest value that the server accepts; `None` if there is no limit.
    pub(in crate::database) fn longest_value(&mut self) -> Result<Option<u64>, DatabaseError> {
        let query = diesel::sql_query(self.catalog().longest_value);
        let found: Number = query.get_result(self)?;
        Ok(found.value.and_then(|value| u64::try_from(value).ok()))
    }

    /// The longest row of a table with these columns, which exists or is going to be created.
    pub(in crate::database) fn row_limit(
        &mut self,
        table: &str,
        columns: Vec<RowColumn>,
    ) -> Result<Option<RowLimit>, DatabaseError> {
        let query = self.about(self.catalog().page_size, table);
        let found: Option<Number> = query.get_result(self).optional()?;
        let page = found.and_then(|found| u64::try_from(found.value?).ok());
        Ok(page.and_then(|page| (self.catalog().row_limit)(columns, page)))
    }

    /// The highest key that the database generated for `table`, as far as it knows. Keys of deleted rows are not
    /// reused.
    pub(in crate::database) fn last_number(&mut self, table: &str) -> Result<i64, DatabaseError> {
        if let Some(numbers) = self.engine().table_of_numbers()
            && !self.has_table(numbers)?
        {
            return Ok(0);
        }
        let query = self.about(self.catalog().last_number, table);
        let found: Option<Number> = query.get_result(self).optional()?;
        Ok(found.and_then(|found| found.value).unwrap_or(0))
    }
}
