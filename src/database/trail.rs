//! The trail and the rows as it writes them, read whole: for comparing the two.

use diesel::connection::{DefaultLoadingMode, SimpleConnection as _};
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::model::Table;

use super::ledger::tables::audit_log;
use super::select::CountRows;
use super::{Database, DatabaseError};

/// An entry of the trail, as far as it says what happened to a row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
pub struct TrailStep {
    /// Number.
    pub id: i64,
    /// The table.
    pub table_name: String,
    /// Primary key as text.
    pub record_id: String,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub action: String,
    /// JSON.
    pub old_value: Option<String>,
    /// JSON.
    pub new_value: Option<String>,
}

/// A row as the trail would write it.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct LiveRow {
    /// Primary key as text.
    #[diesel(sql_type = Text)]
    pub record_id: String,
    /// JSON.
    #[diesel(sql_type = Text)]
    pub image: String,
}

/// Entries that are read at once.
const PAGE: i64 = 4096;

impl Database {
    /// Visits all entries of the trail in the order of their ids, page by page.
    ///
    /// # Errors
    /// Those of `visit`, and when the trail cannot be read.
    pub fn each_trail_step<E: From<DatabaseError>>(
        &mut self,
        visit: &mut dyn FnMut(TrailStep) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = i64::MIN;
        loop {
            let page: Vec<TrailStep> = audit_log::table
                .filter(audit_log::id.gt(after))
                .order(audit_log::id)
                .limit(PAGE)
                .select(TrailStep::as_select())
                .load(&mut self.connection)
                .map_err(DatabaseError::from)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.id;
            page.into_iter().try_for_each(&mut *visit)?;
        }
    }

    /// How many rows a table has; `None` if there is no such table.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn count_live_rows(&mut self, table: &str) -> Result<Option<i64>, DatabaseError> {
        match self.connection.has_table(table)? {
            true => Ok(Some(CountRows { table }.get_result(&mut self.connection)?)),
            false => Ok(None),
        }
    }

    /// Visits all rows of a table, rendered as the triggers render them.
    ///
    /// # Errors
    /// Those of `visit`, and when the table cannot be read.
    pub fn each_live_row<E: From<DatabaseError>>(
        &mut self,
        table: &Table,
        visit: &mut dyn FnMut(LiveRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let audited = self.connection.audited(table)?;
        let dialect = self.connection.dialect();
        if let Some(settings) = dialect.image_settings() {
            let set = self.connection.batch_execute(&settings);
            set.map_err(DatabaseError::from)?;
        }
        let rows = diesel::sql_query(dialect.select_images(&audited))
            .load_iter::<LiveRow, DefaultLoadingMode>(&mut self.connection)
            .map_err(DatabaseError::from)?;
        for row in rows {
            visit(row.map_err(DatabaseError::from)?)?;
        }
        Ok(())
    }
}
