//! Facts about a database, from which `doctor` decides whether it is ready for imports. Writes nothing.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::engine::{Count, Name};
use crate::model::{EntryId, Table, Timestamp};

use super::engine::embedded::is_read_only;
use super::ledger::tables::{audit_context, import_runs};
use super::{AnyConnection, DatabaseError, DatabaseUrl, ReadTransaction, WriteTransaction};

/// Facts that a database reports about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The product.
    pub product: &'static str,
    /// Its version, as it reports it.
    pub version: String,
    /// The oldest supported version, if there is a limit.
    pub oldest_version: Option<[u32; 3]>,
    /// Its text encoding.
    pub encoding: String,
    /// The only encoding that can store every string; `None` if every encoding can.
    pub wanted_encoding: Option<&'static str>,
    /// The time zone of the session.
    pub time_zone: String,
    /// Its clock; `None` if its time cannot be parsed.
    pub now: Option<Timestamp>,
}

/// A foreign key that changes rows without firing the audit triggers.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct SilentCascade {
    /// The table and the name of the foreign key, `table.name`.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// The table whose rows it changes.
    #[diesel(sql_type = Text)]
    pub child: String,
    /// The table that it refers to.
    #[diesel(sql_type = Text)]
    pub parent: String,
}

impl SilentCascade {
    /// Those that change rows of this table.
    pub(super) fn of_table(all: &[Self], table: &str) -> Vec<Self> {
        let all = all.iter().cloned();
        all.filter(|key| key.child.eq_ignore_ascii_case(table))
            .collect()
    }
}

/// The fault of a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerFault {
    /// It is missing.
    Missing,
    /// It differs from the one that this version creates for the table.
    Different,
    /// It was disabled, or enabled so that it does not always fire.
    SwitchedOff,
    /// It records changes besides the one that should.
    Surplus,
}

impl TriggerFault {
    /// A description for messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Different => "different",
            Self::SwitchedOff => "disabled, or not enabled as ALWAYS",
            Self::Surplus => "a renamed or copied audit trigger",
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

impl ReadTransaction {
    /// Facts that the database reports about itself.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn facts(&mut self) -> Result<Facts, DatabaseError> {
        let query = diesel::sql_query(self.connection.catalog().facts);
        let facts: StoredFacts = query.get_result(&mut self.connection)?;
        let engine = self.connection.engine();
        let product = engine.product(&facts.version);
        Ok(Facts {
            product: product.name,
            version: facts.version,
            oldest_version: product.oldest,
            encoding: facts.encoding,
            wanted_encoding: engine.text_encoding(),
            time_zone: facts.time_zone,
            now: Timestamp::parse(&facts.now).map(|read| read.timestamp),
        })
    }

    /// The rights that an import needs and that accession's user lacks.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn missing_rights(&mut self) -> Result<Vec<String>, DatabaseError> {
        if let DatabaseUrl::File(path) = &self.place {
            let directory = self.immutable.is_some().then_some("WRITE on the directory");
            let file = is_read_only(path).then_some("WRITE on the file");
            return Ok(file
                .into_iter()
                .chain(directory)
                .map(String::from)
                .collect());
        }
        self.names(|connection| connection.catalog().missing_rights)
    }

    /// Foreign keys that change rows without firing the audit triggers.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn silent_cascades(&mut self) -> Result<Vec<SilentCascade>, DatabaseError> {
        let query = diesel::sql_query(self.connection.catalog().silent_cascades);
        Ok(query.load(&mut self.connection)?)
    }

    /// Tables of which row-level security hides rows from accession's user, or from the functions of triggers; `None`
    /// if the database has no row-level security.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn tables_with_hidden_rows(&mut self) -> Result<Option<Vec<String>>, DatabaseError> {
        self.names_if_any(|connection| connection.catalog().hidden_rows)
    }

    /// Triggers of the application that fire before the audit triggers, and so may change a row before its change has
    /// an entry; `None` if there cannot be any.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn earlier_triggers(&mut self) -> Result<Option<Vec<String>>, DatabaseError> {
        self.names_if_any(|connection| connection.catalog().earlier_triggers)
    }

    /// Tables whose engine has no transactions; `None` if all have.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn tables_without_transactions(&mut self) -> Result<Option<Vec<String>>, DatabaseError> {
        self.names_if_any(|connection| connection.catalog().without_transactions)
    }

    /// Tables that a crash or a restart of the server empties; `None` if there cannot be any.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn tables_emptied_by_crash(&mut self) -> Result<Option<Vec<String>>, DatabaseError> {
        self.names_if_any(|connection| connection.catalog().emptied_by_crash)
    }

    /// Accounts that can hide the ledger's tables from triggers, as far as accession's user can see the rights of
    /// others; `None` if none can.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn shadowing_accounts(&mut self) -> Result<Option<Vec<String>>, DatabaseError> {
        self.names_if_any(|connection| connection.catalog().shadowing_accounts)
    }

    /// Whether a session can choose the time of its entries; `None` if no setting of the server decides that.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_settable_clock(&mut self) -> Result<Option<bool>, DatabaseError> {
        let Some(query) = self.connection.catalog().settable_clock else {
            return Ok(None);
        };
        let found: Count = diesel::sql_query(query).get_result(&mut self.connection)?;
        Ok(Some(found.count > 0))
    }

    /// Generated columns of a table that the audit log does not have, because the database computes them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn unrecorded_columns(&mut self, table: &str) -> Result<Vec<String>, DatabaseError> {
        let Some(query) = self.connection.catalog().unrecorded_columns else {
            return Ok(Vec::new());
        };
        let query = diesel::sql_query(query).bind::<Text, _>(table);
        let names: Vec<Name> = query.load(&mut self.connection)?;
        Ok(names.into_iter().map(|named| named.name).collect())
    }

    fn names_if_any(
        &mut self,
        query: impl FnOnce(&AnyConnection) -> Option<&'static str>,
    ) -> Result<Option<Vec<String>>, DatabaseError> {
        let query = query(&self.connection);
        query.map(|query| self.names(|_| query)).transpose()
    }

    fn names(
        &mut self,
        query: impl FnOnce(&AnyConnection) -> &'static str,
    ) -> Result<Vec<String>, DatabaseError> {
        let query = diesel::sql_query(query(&self.connection));
        let names: Vec<Name> = query.load(&mut self.connection)?;
        Ok(names.into_iter().map(|named| named.name).collect())
    }

    /// Whether a program committed without emptying the audit context.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_left_over_context(&mut self) -> Result<bool, DatabaseError> {
        if !self.connection.has_table("audit_context")? {
            return Ok(false);
        }
        let rows: i64 = audit_context::table
            .count()
            .get_result(&mut self.connection)?;
        Ok(rows > 0)
    }

    /// The number that the next entry of the audit log gets, and the highest that an entry has, if the next one is not
    /// higher; `None` where that cannot happen, or the account may not know. The inner value is `None` if it is higher.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn taken_entry_number(&mut self) -> Result<Option<Option<[EntryId; 2]>>, DatabaseError> {
        if !self.has_ledger()? {
            return Ok(None);
        }
        let next = |database: &mut Self| {
            let engine = database.connection.engine_mut();
            engine.next_number("audit_log", "id")
        };
        if next(self)?.is_none() {
            return Ok(None);
        }
        // Another program may write an entry in between.
        let last = self.seals().last_entry_id()?;
        let taken = next(self)?.map(EntryId::from).filter(|next| *next <= last);
        Ok(Some(taken.map(|next| [next, last])))
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

    /// The faulty audit triggers of a table; none if there is no such table.
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

impl WriteTransaction {
    /// Lets the next entry of the audit log have a number after this one.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn advance_entry_numbers(&mut self, last: EntryId) -> Result<(), DatabaseError> {
        let engine = self.connection.engine_mut();
        Ok(engine.advance_sequence("audit_log", "id", last.get())?)
    }
}
