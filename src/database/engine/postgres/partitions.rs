//! The triggers on the partitions of PostgreSQL's tables.
//!
//! PostgreSQL clones triggers for rows to partitions, those that are made later too, but not the one for TRUNCATE,
//! which each partition has to have itself. The next command that writes makes it for partitions that were made since,
//! unless they have rows without entries: those were attached, and the missing trigger reports it until `audit enable`
//! has recorded them. A partition that was detached keeps the trigger for TRUNCATE, and loses the others.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::Connection;
use super::triggers::{
    STORED_ON_PARTITIONS, name_on_partition, partition_trigger, partition_trigger_name,
    unrecorded_rows, writes_entries_of,
};
use crate::audit::{AuditedTable, Trigger};
use crate::database::engine::{Count, StoredTrigger};

/// Whether the table `$2` of the schema `$1` can have partitions.
const IS_PARTITIONED: &str = "SELECT count(*) AS count FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'p'";

/// A partition with one of its triggers for TRUNCATE, if it has any.
#[derive(QueryableByName)]
struct Partition {
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Text)]
    partition: String,
    #[diesel(sql_type = Nullable<Text>)]
    trigger: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    definition: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    drop_statement: Option<String>,
}

impl Partition {
    fn place(&self) -> (&str, &str) {
        (&self.schema, &self.partition)
    }
}

#[derive(QueryableByName)]
struct Unrecorded {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// The audit triggers that the partitions of a table have.
pub(super) fn stored(connection: &mut Connection, table: &str) -> QueryResult<Vec<StoredTrigger>> {
    let partitions = partitions(connection, table)?.into_iter();
    let stored = |at: Partition| {
        let (schema, partition) = at.place();
        Some(StoredTrigger {
            name: name_on_partition(at.trigger.as_ref()?, schema, partition),
            definition: at.definition.unwrap_or_default(),
            drop_statement: at.drop_statement?,
        })
    };
    Ok(partitions.filter_map(stored).collect())
}

/// The audit triggers that the partitions of a table should have.
pub(super) fn triggers(
    connection: &mut Connection,
    table: &AuditedTable,
) -> QueryResult<Vec<Trigger>> {
    let mut partitions = partitions(connection, &table.name)?;
    partitions.dedup_by(|one, next| one.place() == next.place());
    let schema = connection.schema();
    let trigger = |at: &Partition| {
        let (partition_schema, partition) = at.place();
        partition_trigger(schema, &table.name, partition_schema, partition)
    };
    Ok(partitions.iter().map(trigger).collect())
}

/// The names of what partitions lack of the triggers of a table, and that have rows whose last entry, if any, is that
/// they were deleted. A partition of another table, from which it was detached, still has the trigger of that one.
pub(super) fn unrecorded(
    connection: &mut Connection,
    table: &AuditedTable,
) -> QueryResult<Vec<String>> {
    let partitions = partitions(connection, &table.name)?;
    let schema = connection.schema().to_owned();
    let mut unrecorded = Vec::new();
    for triggers in partitions.chunk_by(|one, next| one.place() == next.place()) {
        let is_of_table = |at: &Partition| {
            let definition = at.definition.as_deref().filter(|_| at.trigger.is_some());
            definition.is_some_and(|definition| writes_entries_of(definition, &table.name))
        };
        if triggers.iter().any(is_of_table) {
            continue;
        }
        let (partition_schema, partition) = triggers[0].place();
        let count = unrecorded_rows(&schema, table, partition_schema, partition);
        let found: Unrecorded = diesel::sql_query(count).get_result(connection)?;
        if found.rows > 0 {
            unrecorded.push(partition_trigger_name(partition_schema, partition));
        }
    }
    Ok(unrecorded)
}

/// The names of what partitions lack of the triggers of a table, and of which no change was missed: all rows have
/// entries, and the partition has the file that it was created with, which TRUNCATE would have replaced.
pub(super) fn untouched(
    connection: &mut Connection,
    table: &AuditedTable,
) -> QueryResult<Vec<String>> {
    let unrecorded = unrecorded(connection, table)?;
    let mut untouched = Vec::new();
    for at in partitions(connection, &table.name)? {
        let name = partition_trigger_name(at.place().0, at.place().1);
        if at.trigger.is_some() || unrecorded.contains(&name) {
            continue;
        }
        let replaced: Unrecorded = diesel::sql_query(
            "SELECT count(*) AS rows FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relname = $2 AND c.relfilenode <> c.oid",
        )
        .bind::<Text, _>(&at.schema)
        .bind::<Text, _>(&at.partition)
        .get_result(connection)?;
        if replaced.rows == 0 {
            untouched.push(name);
        }
    }
    Ok(untouched)
}

fn partitions(connection: &mut Connection, table: &str) -> QueryResult<Vec<Partition>> {
    let schema = connection.schema().to_owned();
    // Planning the query for partitions takes ten times as long.
    let parted: Count = diesel::sql_query(IS_PARTITIONED)
        .bind::<Text, _>(&schema)
        .bind::<Text, _>(table)
        .get_result(connection)?;
    if parted.count == 0 {
        return Ok(Vec::new());
    }
    diesel::sql_query(STORED_ON_PARTITIONS)
        .bind::<Text, _>(schema)
        .bind::<Text, _>(table)
        .load(connection)
}
