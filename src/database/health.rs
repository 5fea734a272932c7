//! What tells whether a database is fit for this program. Writes nothing, and judges nothing.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::model::{Table, Timestamp};

use super::ledger::Found;
use super::ledger::tables::{audit_context, import_runs};
use super::sqlite::is_read_only;
use super::{AnyConnection, Database, DatabaseError, DatabaseUrl};

/// What a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its version, in its own words.
    pub version: String,
    /// How it encodes texts.
    pub encoding: String,
    /// The time zone of the session.
    pub time_zone: String,
    /// Its clock; `None` if it shows no time we can read.
    pub now: Option<Timestamp>,
}

/// What is wrong with a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerFault {
    /// It is not there.
    Missing,
    /// It is another than this version makes for the table as it is, or was disabled.
    Different,
}

impl TriggerFault {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Different => "another one, or disabled",
        }
    }
}

#[derive(QueryableByName)]
struct StoredFacts {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Text)]
    time_zone: String,
    #[diesel(sql_type = Text)]
    now: String,
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Database {
    /// What the database says of itself.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn facts(&mut self) -> Result<Facts, DatabaseError> {
        let query = diesel::sql_query(self.connection.catalog().facts);
        let facts: StoredFacts = query.get_result(&mut self.connection)?;
        Ok(Facts {
            version: facts.version,
            encoding: facts.encoding,
            time_zone: facts.time_zone,
            now: Timestamp::parse(&facts.now).map(|read| read.instant),
        })
    }

    /// The rights that an import needs and that our user lacks.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub fn missing_rights(&mut self) -> Result<Vec<String>, DatabaseError> {
        if let DatabaseUrl::Sqlite(path) = &self.place {
            let directory = self.frozen.is_some().then_some("WRITE on the directory");
            let file = is_read_only(path).then_some("WRITE on the file");
            return Ok(file
                .into_iter()
                .chain(directory)
                .map(String::from)
                .collect());
        }
        self.names(|connection| connection.catalog().missing_rights)
    }

    /// Foreign keys that change rows without firing the triggers of the trail.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub fn silent_cascades(&mut self) -> Result<Vec<String>, DatabaseError> {
        self.names(|connection| connection.catalog().silent_cascades)
    }

    fn names(
        &mut self,
        query: impl FnOnce(&AnyConnection) -> &'static str,
    ) -> Result<Vec<String>, DatabaseError> {
        let query = diesel::sql_query(query(&self.connection));
        let names: Vec<Named> = query.load(&mut self.connection)?;
        Ok(names.into_iter().map(|named| named.name).collect())
    }

    /// Whether a program committed with the audit context in place.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub fn left_over_context(&mut self) -> Result<Found, DatabaseError> {
        if !self.connection.has_table("audit_context")? {
            return Ok(Found::No);
        }
        let rows: i64 = audit_context::table
            .count()
            .get_result(&mut self.connection)?;
        Ok(if rows > 0 { Found::Yes } else { Found::No })
    }

    /// The layouts that were imported, by name.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn imported_layouts(&mut self) -> Result<Vec<String>, DatabaseError> {
        if !self.has_ledger()? {
            return Ok(Vec::new());
        }
        Ok(import_runs::table
            .select(import_runs::layout)
            .distinct()
            .order(import_runs::layout)
            .load(&mut self.connection)?)
    }

    /// The audit triggers of a table that are not as they should be; none if there is no such table.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn trigger_faults(
        &mut self,
        table: &Table,
    ) -> Result<Vec<(String, TriggerFault)>, DatabaseError> {
        if !self.connection.has_table(&table.name)? {
            return Ok(Vec::new());
        }
        self.connection.trigger_faults(table)
    }
}
