//! The audit triggers of partitions. PostgreSQL clones a table's row triggers to its partitions; the trigger for
//! TRUNCATE is created on each partition. It calls the function of the partitioned table, so that its entries name that
//! table. A recorded table that was made a partition of a table that is not recorded keeps its own triggers, and is a
//! table of its own until the other one is recorded.

use super::event::Event;
use super::function_name;
use super::key::record_id;
use crate::audit::{AuditedTable, Firing, TRIGGER_PREFIX, Trigger};
use crate::database::engine::postgres::quote::{identifier, literal};

/// Name and definition of what each partition without partitions of its own has of the triggers of the table `$2` of
/// the schema `$1`: the ones for TRUNCATE, which are not cloned, and whether the clones of the others are on. One row
/// for a partition that has none.
pub(in crate::database) const STORED_ON_PARTITIONS: &str = concat!(
    "WITH RECURSIVE parts (oid) AS (\
     SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'p' \
     UNION ALL SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN parts ON i.inhparent = parts.oid \
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_trigger own WHERE own.tgrelid = i.inhrelid AND own.tgtype & 32 = 0 AND ",
    is_ours!("own"),
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger up WHERE up.tgrelid = i.inhparent AND up.tgfoid = own.tgfoid))) \
     SELECT n.nspname::text AS schema, c.relname::text AS partition, t.tgname::text AS trigger, \
     concat_ws(' ', t.tgenabled, t.tgtype, p.proname, \
       (SELECT string_agg(concat_ws(' ', CASE WHEN g.tgtype & 8 <> 0 THEN 'accession_delete' \
          WHEN g.tgtype & 4 <> 0 THEN 'accession_insert' ELSE 'accession_update' END, g.tgenabled), ', ' ORDER BY g.tgtype & 8 DESC, g.tgtype) \
        FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND g.tgtype & 32 = 0 AND ",
    is_ours!("g"),
    ")) AS definition, \
     CASE WHEN t.oid IS NOT NULL THEN format('DROP TRIGGER IF EXISTS %I ON %I.%I', t.tgname, n.nspname, c.relname) END AS drop_statement \
     FROM parts JOIN pg_catalog.pg_class c ON c.oid = parts.oid AND c.relkind = 'r' \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid AND t.tgtype & 32 <> 0 AND ",
    is_ours!("t"),
    " LEFT JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid ORDER BY 1, 2, 3"
);

/// The table that a partition was attached to after it had got its trigger: one with another function for TRUNCATE.
/// NULL else.
pub(super) const MOVED_TO: &str = "(
        WITH RECURSIVE above (oid) AS (
            SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = TG_RELID
            UNION ALL SELECT i.inhparent FROM pg_inherits AS i JOIN above ON i.inhrelid = above.oid
        )
        SELECT max(c.relname::text) FROM above JOIN pg_class AS c ON c.oid = above.oid AND c.relkind = 'p'
        JOIN pg_trigger AS other ON other.tgrelid = c.oid AND other.tgtype & 32 <> 0
        JOIN pg_proc AS p ON p.oid = other.tgfoid AND strpos(p.prosrc, '<<accession>>') > 0
        JOIN pg_trigger AS own ON own.tgrelid = TG_RELID AND own.tgname = TG_NAME AND own.tgfoid <> other.tgfoid
    )";

/// What follows the bits in the definition of what a partition has: the function, and clones of other triggers. `None`
/// for a trigger of a table.
fn function_of_partition(definition: &str) -> Option<&str> {
    let (_, kind, _) = Event::Truncate.clauses(Firing::Row);
    let (_, rest) = definition.split_once(' ')?;
    let (bits, rest) = rest.split_once(' ')?;
    (bits == kind.to_string() && rest.starts_with(TRIGGER_PREFIX)).then_some(rest)
}

/// Whether it is the function of this table.
fn is_function_of(function: &str, table: &str) -> bool {
    let clones = function.strip_prefix(&function_name(table, Event::Truncate));
    clones.is_some_and(|clones| clones.is_empty() || clones.starts_with(" accession_"))
}

/// Whether the entries of a stored trigger with this text are recorded under `table`.
pub(in crate::database) fn writes_entries_of(definition: &str, table: &str) -> bool {
    match function_of_partition(definition) {
        Some(function) => is_function_of(function, table),
        None => crate::audit::writes_entries_of(definition, table, &literal),
    }
}

/// Whether a stored trigger with this text does not always fire: it was disabled, or not enabled as ALWAYS.
pub(in crate::database) fn is_switched_off(definition: &str) -> bool {
    let flag = definition.split(' ').next();
    let is_off = |clone: &str| clone.starts_with("accession_") && !clone.ends_with(" A");
    matches!(flag, Some("D" | "O" | "R"))
        || function_of_partition(definition)
            .and_then(|function| function.split_once(' '))
            .is_some_and(|(_, clones)| clones.split(", ").any(is_off))
}

/// Whether a trigger with the first text fires for statements on the table alone, and the second, which it should have,
/// for each row.
pub(in crate::database) fn is_bypassed(stored: &str, wanted: &str) -> bool {
    let kind = |firing| format!("A {} ", Event::Insert.clauses(firing).1);
    stored.starts_with(&kind(Firing::Statement)) && wanted.starts_with(&kind(Firing::Row))
}

/// The name of what a partition has of its table's triggers; no trigger is called so.
pub(in crate::database) fn partition_trigger_name(schema: &str, partition: &str) -> String {
    name_on_partition(&format!("{TRIGGER_PREFIX}truncate"), schema, partition)
}

/// The name of a trigger of a partition among those of its table.
pub(in crate::database) fn name_on_partition(
    trigger: &str,
    schema: &str,
    partition: &str,
) -> String {
    format!("{trigger} of {schema}.{partition}")
}

/// The triggers that a partition of `table` should have, given that the table has its own.
pub(in crate::database) fn partition_trigger(
    schema: &str,
    table: &str,
    partition_schema: &str,
    partition: &str,
) -> Trigger {
    let watched = format!("{}.{}", identifier(partition_schema), identifier(partition));
    let name = format!("{TRIGGER_PREFIX}{}", Event::Truncate.name());
    let function = function_name(table, Event::Truncate);
    let drop = format!("DROP TRIGGER IF EXISTS {name} ON {watched}");
    let mut create = format!(
        "{drop};\n\
         CREATE TRIGGER {name} BEFORE TRUNCATE ON {watched} FOR EACH STATEMENT EXECUTE FUNCTION {}.{}()",
        identifier(schema),
        identifier(&function),
    );
    let cloned = [Event::Delete, Event::Insert, Event::Update].map(Event::name);
    for event in [&cloned[..], &["truncate"]].concat() {
        create.push_str(&format!(
            ";\nALTER TABLE {watched} ENABLE ALWAYS TRIGGER {TRIGGER_PREFIX}{event}"
        ));
    }
    let (_, kind, _) = Event::Truncate.clauses(Firing::Row);
    let cloned = cloned.map(|event| format!("{TRIGGER_PREFIX}{event} A"));
    Trigger {
        name: partition_trigger_name(partition_schema, partition),
        create,
        drop,
        definition: format!("A {kind} {function} {}", cloned.join(", ")),
    }
}

/// A query of the number of `rows` of a partition of `table` that have no entry, or whose last entry is a
/// deletion.
pub(in crate::database) fn unrecorded_rows(
    schema: &str,
    table: &AuditedTable,
    partition_schema: &str,
    partition: &str,
) -> String {
    format!(
        "SELECT count(*) AS rows FROM {}.{} AS live WHERE COALESCE((SELECT entry.action FROM {}.audit_log AS entry \
         WHERE entry.table_name = {} AND entry.record_id = {} ORDER BY entry.id DESC LIMIT 1), 'DELETE') = 'DELETE'",
        identifier(partition_schema),
        identifier(partition),
        identifier(schema),
        literal(&table.name),
        record_id(table, "live"),
    )
}
