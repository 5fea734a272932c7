//! Rows of a table as the audit triggers would write them.

use diesel::connection::{DefaultLoadingMode, SimpleConnection as _};
use diesel::prelude::*;
use diesel::result::{Error as DieselError, UnexpectedNullError};
use diesel::sql_types::Text;

use crate::database::pages::PageRow;
use crate::database::select::CountRows;
use crate::database::stored_text::StoredText;
use crate::database::{AnyConnection, DatabaseError};
use crate::model::{RecordId, Table};

use super::Tables;

/// A row as the triggers would write it.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct LiveRow {
    /// Primary key as text.
    #[diesel(sql_type = Text, deserialize_as = StoredText)]
    pub record_id: RecordId,
    /// JSON.
    #[diesel(sql_type = Text, deserialize_as = StoredText)]
    pub image: String,
}

impl PageRow for LiveRow {
    fn bytes(&self) -> usize {
        self.record_id.len() + self.image.bytes()
    }
}

impl Tables<'_> {
    /// The number of rows of a table; `None` if there is no such table.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn count_live_rows(&mut self, table: &str) -> Result<Option<i64>, DatabaseError> {
        match self.database.connection.has_table(table)? {
            true => Ok(Some(
                CountRows { table }.get_result(&mut self.database.connection)?,
            )),
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
        let select = self.database.connection.select_images(table)?;
        self.database.connection.with_image_settings(|connection| {
            let rows = diesel::sql_query(select)
                .load_iter::<LiveRow, DefaultLoadingMode>(connection)
                .map_err(DatabaseError::from)?;
            for row in rows {
                visit(row.map_err(|error| too_long(error, table))?)?;
            }
            Ok(())
        })
    }
}

/// MySQL and MariaDB return NULL for an image that is longer than `max_allowed_packet`.
fn too_long(error: DieselError, table: &Table) -> DatabaseError {
    match &error {
        DieselError::DeserializationError(cause) if cause.is::<UnexpectedNullError>() => {
            DatabaseError::ImageTooLong(table.name.clone())
        }
        _ => error.into(),
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
