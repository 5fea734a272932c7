//! The audit triggers that a database has: brought up to date, and taken away with the trail they write to.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
#[cfg(feature = "postgres")]
use diesel::sql_types::Bool;
use diesel::sql_types::Text;

use crate::audit::{AuditedColumn, AuditedTable, Firing, Trigger};
use crate::model::Table;

use super::{AnyConnection, Database, DatabaseError, TriggerFault};

#[derive(QueryableByName)]
pub(super) struct StoredTrigger {
    #[diesel(sql_type = Text)]
    pub(super) name: String,
    #[diesel(sql_type = Text)]
    pub(super) definition: String,
}

#[derive(QueryableByName)]
struct DroppedTrigger {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    statement: String,
}

#[cfg(feature = "postgres")]
#[derive(QueryableByName)]
struct Partitioned {
    #[diesel(sql_type = Bool)]
    partitioned: bool,
}

impl AnyConnection {
    /// Makes the audit triggers of a table that lacks them or has others.
    pub(super) fn replace_triggers(&mut self, table: &Table) -> Result<(), DatabaseError> {
        let stored = self.stored_triggers(&table.name)?;
        for trigger in self.audit_triggers(table)? {
            if fault(&stored, &trigger).is_some() {
                self.batch_execute(&trigger.create)?;
            }
        }
        Ok(())
    }

    /// The audit triggers of a table that are not as they should be.
    pub(super) fn trigger_faults(
        &mut self,
        table: &Table,
    ) -> Result<Vec<(String, TriggerFault)>, DatabaseError> {
        let stored = self.stored_triggers(&table.name)?;
        let triggers = self.audit_triggers(table)?.into_iter();
        Ok(triggers
            .filter_map(|trigger| Some((fault(&stored, &trigger)?, trigger)))
            .map(|(fault, trigger)| (trigger.name, fault))
            .collect())
    }

    /// The audit triggers that a table should have.
    pub(super) fn audit_triggers(&mut self, table: &Table) -> Result<Vec<Trigger>, DatabaseError> {
        let audited = self.audited(table)?;
        Ok(self.dialect().audit_triggers(&audited))
    }

    /// The table with the columns it really has, so that the trail keeps those too that the layout does not know.
    pub(super) fn audited(&mut self, table: &Table) -> Result<AuditedTable, DatabaseError> {
        let mut audited = AuditedTable::of(table);
        let form = self.catalog().form;
        audited.columns.clear();
        for stored in self.stored_columns(&table.name)? {
            let known =
                |column: &&crate::model::Column| column.name.eq_ignore_ascii_case(&stored.name);
            let ty = table.columns.iter().find(known).map(|column| column.ty);
            let ty = ty.or_else(|| self.type_declared(&stored.declared));
            audited.columns.push(AuditedColumn {
                form: form(&stored.declared, ty),
                name: stored.name,
            });
        }
        let place = |&column: &usize| {
            let name = &table.columns[column].name;
            let mut names = audited.columns.iter();
            names.position(|stored| stored.name.eq_ignore_ascii_case(name))
        };
        audited.key = table.primary_key.iter().filter_map(place).collect();
        audited.rowid = audited.rowid.as_ref().and_then(place);
        audited.firing = self.firing(&table.name)?;
        Ok(audited)
    }

    /// Partitions can be written to past the table they are part of, whose triggers for statements do not fire then.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "only PostgreSQL's are asked")
    )]
    fn firing(&mut self, table: &str) -> Result<Firing, DatabaseError> {
        match self {
            Self::Sqlite(_) => Ok(Firing::Statement),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                let query = "SELECT EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = \
                             to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1))) AS partitioned";
                let found: Partitioned = diesel::sql_query(query)
                    .bind::<Text, _>(table)
                    .get_result(connection)?;
                if found.partitioned {
                    Ok(Firing::Row)
                } else {
                    Ok(Firing::Statement)
                }
            }
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => Ok(Firing::Statement),
        }
    }

    /// Our triggers on a table.
    pub(super) fn stored_triggers(
        &mut self,
        table: &str,
    ) -> Result<Vec<StoredTrigger>, DatabaseError> {
        let query = diesel::sql_query(self.catalog().triggers);
        Ok(match self {
            Self::Sqlite(connection) => query.bind::<Text, _>(table).load(connection)?,
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                let schema = connection.schema().to_owned();
                query
                    .bind::<Text, _>(schema)
                    .bind::<Text, _>(table)
                    .load(connection)?
            }
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => query.bind::<Text, _>(table).load(connection)?,
        })
    }
}

/// What is wrong with a trigger, by those that a table has.
pub(super) fn fault(stored: &[StoredTrigger], trigger: &Trigger) -> Option<TriggerFault> {
    match stored.iter().find(|stored| stored.name == trigger.name) {
        None => Some(TriggerFault::Missing),
        Some(stored) if stored.definition != trigger.definition => Some(TriggerFault::Different),
        Some(_) => None,
    }
}

impl Database {
    /// Drops the audit triggers of the application's tables if there is no audit trail for them to write to, which would
    /// make every write of the application fail, and gives their names.
    ///
    /// # Errors
    /// When the schema cannot be read or changed.
    pub fn drop_orphaned_triggers(&mut self) -> Result<Vec<String>, DatabaseError> {
        if self.connection.has_table("audit_log")? {
            return Ok(Vec::new());
        }
        let stored: Vec<DroppedTrigger> =
            diesel::sql_query(self.connection.catalog().drop_triggers)
                .load(&mut self.connection)?;
        for trigger in &stored {
            self.connection.batch_execute(&trigger.statement)?;
        }
        Ok(stored.into_iter().map(|trigger| trigger.name).collect())
    }
}
