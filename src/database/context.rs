//! Who is writing: told to the database at the beginning of a run, read by the audit triggers, taken back at its end.
//!
//! SQLite keeps it in a table of one row, which nobody else ever sees; PostgreSQL in settings that end with the
//! transaction; MySQL in variables of the session.

use diesel::prelude::*;
#[cfg(feature = "servers")]
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::model::RunContext;

use super::ledger::tables::audit_context;
use super::{AnyConnection, DatabaseError};

#[cfg(feature = "postgres")]
const POSTGRES: &str = "SELECT set_config('accession.run_id', $1, true), \
                        set_config('accession.changed_by', $2, true), \
                        set_config('accession.changed_at', $3, true), \
                        set_config('accession.source_file_id', '', true)";
#[cfg(feature = "postgres")]
const POSTGRES_FILE: &str =
    "SELECT set_config('accession.source_file_id', COALESCE($1::text, ''), true)";

#[cfg(feature = "mysql")]
const MYSQL: &str = "SET @accession_run_id = ?, @accession_changed_by = ?, @accession_changed_at = ?, \
                     @accession_source_file_id = NULL";
#[cfg(feature = "mysql")]
const MYSQL_FILE: &str = "SET @accession_source_file_id = ?";
/// Also sent after a transaction that failed.
#[cfg(feature = "mysql")]
pub(super) const MYSQL_NOBODY: &str = "SET @accession_run_id = NULL, @accession_changed_by = NULL, \
                                       @accession_changed_at = NULL, @accession_source_file_id = NULL";

impl AnyConnection {
    /// From here on every change is signed with this run.
    pub(super) fn set_context(&mut self, run: &RunContext) -> Result<(), DatabaseError> {
        let id = run.id.to_string();
        let at = run.started_at.to_string();
        match self {
            Self::Sqlite(_) => {
                let left_over: i64 = audit_context::table.count().get_result(self)?;
                if left_over > 0 {
                    return Err(DatabaseError::LeftOverContext);
                }
                diesel::insert_into(audit_context::table)
                    .values((
                        audit_context::one.eq(1),
                        audit_context::run_id.eq(id),
                        audit_context::changed_by.eq(&run.actor),
                        audit_context::changed_at.eq(at),
                        audit_context::source_file_id.eq(None::<i64>),
                    ))
                    .execute(self)?;
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                diesel::sql_query(POSTGRES)
                    .bind::<Text, _>(id)
                    .bind::<Text, _>(&run.actor)
                    .bind::<Text, _>(at)
                    .execute(connection)?;
            }
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => {
                diesel::sql_query(MYSQL)
                    .bind::<Text, _>(id)
                    .bind::<Text, _>(&run.actor)
                    .bind::<Text, _>(at)
                    .execute(connection)?;
            }
        }
        Ok(())
    }

    /// The next changes come from this file.
    pub(super) fn set_context_file(&mut self, file: Option<i64>) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(_) => {
                diesel::update(audit_context::table)
                    .set(audit_context::source_file_id.eq(file))
                    .execute(self)?;
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                diesel::sql_query(POSTGRES_FILE)
                    .bind::<Nullable<BigInt>, _>(file)
                    .execute(connection)?;
            }
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => {
                diesel::sql_query(MYSQL_FILE)
                    .bind::<Nullable<BigInt>, _>(file)
                    .execute(connection)?;
            }
        }
        Ok(())
    }

    /// Changes from here on are nobody's.
    pub(super) fn clear_context(&mut self) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(_) => {
                diesel::delete(audit_context::table).execute(self)?;
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                diesel::sql_query(POSTGRES)
                    .bind::<Text, _>("")
                    .bind::<Text, _>("")
                    .bind::<Text, _>("")
                    .execute(connection)?;
            }
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => {
                diesel::sql_query(MYSQL_NOBODY).execute(connection)?;
            }
        }
        Ok(())
    }

    /// The name the database knows us by; SQLite knows nobody.
    pub(super) fn db_user(&mut self) -> Result<Option<String>, DatabaseError> {
        match self {
            Self::Sqlite(_) => Ok(None),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => user(connection, "SELECT session_user::text AS name"),
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => user(connection, "SELECT USER() AS name"),
        }
    }
}

#[derive(QueryableByName)]
#[cfg(feature = "servers")]
struct User {
    #[diesel(sql_type = Text)]
    name: String,
}

#[cfg(feature = "servers")]
fn user<'q, C>(connection: &mut C, query: &'q str) -> Result<Option<String>, DatabaseError>
where
    diesel::query_builder::SqlQuery: diesel::query_dsl::LoadQuery<'q, C, User>,
{
    let user: User = diesel::sql_query(query).get_result(connection)?;
    Ok(Some(user.name))
}
