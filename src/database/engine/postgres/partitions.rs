//! The triggers on the partitions of PostgreSQL's tables.
//!
//! PostgreSQL clones triggers for rows to partitions, those that are made later too, but not the one for TRUNCATE,
//! which each partition has to have itself. The next command that writes makes it for partitions that were made since,
//! unless they have rows without entries: those were attached, and the missing trigger reports it until `audit enable`
//! has recorded them. A partition that was detached keeps the trigger for TRUNCATE, and loses the others.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use super::Connection;
use super::triggers::{
    STORED_ON_PARTITIONS, partition_trigger, partition_trigger_name, unrecorded_rows,
};
use crate::audit::{AuditedTable, Trigger};
use crate::database::triggers::StoredTrigger;

#[derive(QueryableByName)]
struct Partition {
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Text)]
    partition: String,
    #[diesel(sql_type = Nullable<Text>)]
    definition: Option<String>,
    #[diesel(sql_type = Bool)]
    made: bool,
}

#[derive(QueryableByName)]
struct Unrecorded {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// The audit triggers that the partitions of a table have.
pub(super) fn stored(connection: &mut Connection, table: &str) -> QueryResult<Vec<StoredTrigger>> {
    let partitions = partitions(connection, table)?.into_iter();
    let made = partitions.filter(|partition| partition.made);
    Ok(made
        .map(|partition| StoredTrigger {
            name: partition_trigger_name(&partition.schema, &partition.partition),
            definition: partition.definition.unwrap_or_default(),
        })
        .collect())
}

/// The audit triggers that the partitions of a table should have.
pub(super) fn triggers(
    connection: &mut Connection,
    table: &AuditedTable,
) -> QueryResult<Vec<Trigger>> {
    let partitions = partitions(connection, &table.name)?;
    let schema = connection.schema();
    let trigger =
        |at: &Partition| partition_trigger(schema, &table.name, (&at.schema, &at.partition));
    Ok(partitions.iter().map(trigger).collect())
}

/// The names of what partitions lack of the triggers of a table, and that have rows whose last entry, if any, is that
/// they were deleted.
pub(super) fn unrecorded(
    connection: &mut Connection,
    table: &AuditedTable,
) -> QueryResult<Vec<String>> {
    let partitions = partitions(connection, &table.name)?.into_iter();
    let schema = connection.schema().to_owned();
    let mut unrecorded = Vec::new();
    for partition in partitions.filter(|partition| !partition.made) {
        let at = (partition.schema.as_str(), partition.partition.as_str());
        let query = unrecorded_rows(&schema, table, at);
        let found: Unrecorded = diesel::sql_query(query).get_result(connection)?;
        if found.rows > 0 {
            unrecorded.push(partition_trigger_name(at.0, at.1));
        }
    }
    Ok(unrecorded)
}

fn partitions(connection: &mut Connection, table: &str) -> QueryResult<Vec<Partition>> {
    let schema = connection.schema().to_owned();
    diesel::sql_query(STORED_ON_PARTITIONS)
        .bind::<Text, _>(schema)
        .bind::<Text, _>(table)
        .load(connection)
}
