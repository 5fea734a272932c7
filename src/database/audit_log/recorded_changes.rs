//! Reads all entries of the audit log, and rows as the triggers write them, to compare the two.

use diesel::connection::{DefaultLoadingMode, SimpleConnection as _};
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::audit::{KeyRule, with_hexadecimal_blobs};
use crate::model::Table;

use crate::database::ledger::tables::audit_log;
use crate::database::pages::{PageRow, Pages};
use crate::database::select::CountRows;
use crate::database::stored_text::{OptionalText, StoredText};
use crate::database::{AnyConnection, Database, DatabaseError};

/// The parts of an entry that describe the change of a row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
pub struct RecordedChange {
    /// Id.
    pub id: i64,
    /// The table.
    #[diesel(deserialize_as = StoredText)]
    pub table_name: String,
    /// Primary key as text.
    #[diesel(deserialize_as = StoredText)]
    pub record_id: String,
    /// `INSERT`, `UPDATE` or `DELETE`.
    #[diesel(deserialize_as = StoredText)]
    pub action: String,
    /// JSON.
    #[diesel(deserialize_as = OptionalText)]
    pub old_value: Option<String>,
    /// JSON.
    #[diesel(deserialize_as = OptionalText)]
    pub new_value: Option<String>,
}

/// A row as the triggers would write it.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct LiveRow {
    /// Primary key as text.
    #[diesel(sql_type = Text, deserialize_as = StoredText)]
    pub record_id: String,
    /// JSON.
    #[diesel(sql_type = Text, deserialize_as = StoredText)]
    pub image: String,
}

impl PageRow for LiveRow {
    fn bytes(&self) -> usize {
        self.record_id.bytes() + self.image.bytes()
    }
}

/// Number of entries read at a time, unless they are large.
const PAGE: i64 = 4096;

impl PageRow for RecordedChange {
    fn bytes(&self) -> usize {
        self.old_value.bytes() + self.new_value.bytes() + self.record_id.bytes()
    }
}

impl Database {
    /// Visits all entries of the audit log in the order of their ids, page by page.
    ///
    /// # Errors
    /// Those of `visit`, and when the audit log cannot be read.
    pub fn each_recorded_change<E: From<DatabaseError>>(
        &mut self,
        visit: &mut dyn FnMut(RecordedChange) -> Result<(), E>,
    ) -> Result<(), E> {
        let types_values = !self.connection.dialect().types_columns();
        let (mut after, mut pages) = (i64::MIN, Pages::of(PAGE));
        loop {
            let query = audit_log::table
                .filter(audit_log::id.gt(after))
                .order(audit_log::id)
                .limit(pages.limit())
                .select(RecordedChange::as_select());
            let rows = query
                .load_iter::<RecordedChange, DefaultLoadingMode>(&mut self.connection)
                .map_err(DatabaseError::from)?;
            let page = pages.take(rows).map_err(DatabaseError::from)?;
            for mut step in page.rows {
                after = step.id;
                if types_values {
                    let images = [step.old_value.as_deref(), step.new_value.as_deref()];
                    step.record_id = with_hexadecimal_blobs(step.record_id, images);
                }
                visit(step)?;
            }
            if page.is_last {
                return Ok(());
            }
        }
    }

    /// How the audit triggers write keys.
    #[must_use]
    pub fn key_rule(&self) -> KeyRule {
        self.connection.dialect().key_rule()
    }

    /// The number of rows of a table; `None` if there is no such table.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn count_live_rows(&mut self, table: &str) -> Result<Option<i64>, DatabaseError> {
        match self.connection.has_table(table)? {
            true => Ok(Some(CountRows { table }.get_result(&mut self.connection)?)),
            false => Ok(None),
        }
    }

    /// Visits all rows of a table, formatted as by the triggers.
    ///
    /// # Errors
    /// Those of `visit`, and when the table cannot be read.
    pub fn each_live_row<E: From<DatabaseError>>(
        &mut self,
        table: &Table,
        visit: &mut dyn FnMut(LiveRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let select = self.connection.select_images(table)?;
        self.connection.with_image_settings(|connection| {
            let rows = diesel::sql_query(select)
                .load_iter::<LiveRow, DefaultLoadingMode>(connection)
                .map_err(DatabaseError::from)?;
            for row in rows {
                visit(row.map_err(DatabaseError::from)?)?;
            }
            Ok(())
        })
    }
}

impl AnyConnection {
    /// Runs `work`, whose queries write values as the triggers do. On PostgreSQL they name tables with their schema.
    pub(in crate::database) fn with_image_settings<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let dialect = self.dialect();
        if let Some(settings) = dialect.image_settings() {
            self.batch_execute(&settings).map_err(DatabaseError::from)?;
        }
        let done = work(self)?;
        if let Some(settings) = dialect.after_images() {
            self.batch_execute(&settings).map_err(DatabaseError::from)?;
        }
        Ok(done)
    }
}
