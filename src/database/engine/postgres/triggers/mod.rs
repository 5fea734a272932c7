//! Audit triggers for PostgreSQL.
//!
//! INSERT is recorded once per statement, from a transition table; UPDATE row by row, because nothing shows which old
//! row of a transition table belongs to which new one once a key changes. DELETE is recorded row by row, because a
//! statement with data-modifying WITH queries can fire its trigger for INSERT before the one for DELETE, and foreign
//! keys that cascade move the latter to the end: a row that is deleted and inserted again would be inserted first.
//! TRUNCATE is recorded as the deletion of every row. The functions belong to the user who made them (SECURITY
//! DEFINER), so that a writer needs no right on the audit log, and pin every setting that changes how values are
//! written. The setting `accession.run_id` of the transaction names the run, and any session may set it; it counts only
//! if `import_runs` has a run of this id that is still running. Runs are committed complete, so only the transaction of
//! the run itself sees such a row. Actor and time are those of the row. All triggers are ALWAYS ones: they fire in
//! replication roles too.
//!
//! A function is in the schema of the ledger, and names it. If the schema was renamed since, the function looks up its
//! own schema and writes there, by statements that it builds; a table or a partition can be in another schema.

mod altered;
mod body;
mod event;
mod form;
mod image;
mod key;
mod partitions;
mod settings;

use crate::audit::{AuditedTable, Firing, TRIGGER_PREFIX, Trigger};
use crate::database::engine::names::bounded;
use crate::database::engine::postgres::quote::{dollar_quoted, identifier};
use event::Event;
use settings::{SETTINGS, setting};

pub(in crate::database) use form::form;
pub(super) use partitions::{
    STORED_ON_PARTITIONS, is_bypassed, is_switched_off, name_on_partition, partition_trigger,
    partition_trigger_name, unrecorded_rows, writes_entries_of,
};
pub(in crate::database) use settings::{after_images, image_settings, restore_settings};

/// PostgreSQL cuts names off after so many bytes (NAMEDATALEN).
pub(in crate::database) const LONGEST_NAME: usize = 63;

/// Name, definition and DROP statement of triggers made by accession.
macro_rules! stored_triggers {
    () => {
        "t.tgname::text AS name, format('DROP TRIGGER IF EXISTS %I ON %I.%I', t.tgname, n.nspname, c.relname) AS drop_statement, \
         concat_ws(' ', t.tgenabled, CASE WHEN p.pronamespace <> c.relnamespace THEN 'of another schema' END, t.tgtype, t.tgoldtable, t.tgnewtable, NULLIF(t.tgattr::text, ''), \
           CASE WHEN t.tgconstraint <> 0 THEN 'constraint' END, \
           CASE WHEN t.tgqual IS NULL THEN 'f' \
             WHEN pg_catalog.pg_get_triggerdef(t.oid) ~ ' WHEN \\(\\(old\\.\\* (\\*<>|OPERATOR\\(pg_catalog\\.\\*<>\\)) new\\.\\*\\)\\) EXECUTE ' THEN 't' \
             WHEN t.tgname = 'accession_import_runs_no_update' \
               AND pg_catalog.pg_get_triggerdef(t.oid) ~ ' WHEN \\(\\(old\\.status <> ''running''::text\\)\\) EXECUTE ' THEN 't' \
             ELSE 'another condition' END, p.proname, p.prosecdef, \
         array_to_string(p.proconfig, ', '), p.prosrc) AS definition \
         FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid \
         JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE NOT t.tgisinternal AND "
    };
}

/// Those on the table `$2` of the schema `$1`.
pub(in crate::database) const STORED: &str = concat!(
    "SELECT ",
    stored_triggers!(),
    is_ours!("t"),
    " AND n.nspname = $1 AND c.relname = $2 ORDER BY 1"
);

/// Those that call functions of this schema on tables of others, with the name of the table; without those of parts of
/// tables.
pub(in crate::database) const STORED_ELSEWHERE: &str = concat!(
    "SELECT concat(n.nspname, '.', c.relname) AS of_table, ",
    stored_triggers!(),
    is_ours!("t"),
    " AND p.pronamespace = quote_ident(current_schema())::regnamespace AND c.relnamespace <> p.pronamespace \
     AND NOT c.relispartition ORDER BY 1, 2"
);

/// The triggers of `table`, which is in `schema` like the ledger.
pub(in crate::database) fn triggers(schema: &str, table: &AuditedTable) -> Vec<Trigger> {
    Event::ALL
        .into_iter()
        .map(|event| trigger(schema, table, event))
        .collect()
}

fn function_name(table: &str, event: Event) -> String {
    let name = format!("{TRIGGER_PREFIX}{table}_{}", event.name());
    bounded(&name, LONGEST_NAME)
}

/// Statements that drop the functions of the triggers of `table`, with every trigger that calls them.
pub(in crate::database) fn drop_functions(schema: &str, table: &str) -> Vec<String> {
    let drop = |event| {
        let function = identifier(&function_name(table, event));
        format!(
            "DROP FUNCTION IF EXISTS {}.{function}() CASCADE",
            identifier(schema)
        )
    };
    Event::ALL.map(drop).to_vec()
}

fn trigger(schema: &str, table: &AuditedTable, event: Event) -> Trigger {
    let name = format!("{TRIGGER_PREFIX}{}", event.name());
    let function_name = function_name(&table.name, event);
    let function = format!("{}.{}", identifier(schema), identifier(&function_name));
    let watched = format!("{}.{}", identifier(schema), identifier(&table.name));
    let body = body::body(schema, table, event);
    let (clauses, kind, transition) = event.clauses(table.firing);
    // Whole rows: a condition that names columns would keep them from being dropped. `OLD` alone can be a column.
    // PostgreSQL 11 and 12 do not clone such a condition to partitions; the function compares once more anyway.
    let condition = if event == Event::Update && table.firing != Firing::Row {
        " WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)"
    } else {
        ""
    };
    let timing = match event {
        Event::Truncate => "BEFORE",
        Event::Insert | Event::Delete | Event::Update => "AFTER",
    };
    let settings = SETTINGS.map(|(name, value)| format!("SET {name} = {}", setting(value)));
    let drop_trigger = format!("DROP TRIGGER IF EXISTS {name} ON {watched}");
    let create = format!(
        "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER\n{}\nAS {};\n\
         REVOKE ALL ON FUNCTION {function}() FROM PUBLIC;\n\
         {drop_trigger};\n\
         CREATE TRIGGER {name} {timing} {} ON {watched} {clauses}{condition} EXECUTE FUNCTION {function}();\n\
         ALTER TABLE {watched} ENABLE ALWAYS TRIGGER {name}",
        settings.join(" "),
        dollar_quoted(&body),
        event.name().to_uppercase(),
    );
    // `concat_ws` leaves NULLs out, which absent transition tables are.
    let stored = [
        "A".to_owned(),
        kind.to_string(),
        transition.to_owned(),
        if condition.is_empty() { "f" } else { "t" }.to_owned(),
        function_name,
        "t".to_owned(),
        SETTINGS
            .map(|(name, value)| format!("{name}={value}"))
            .join(", "),
        body,
    ];
    let stored: Vec<_> = stored.into_iter().filter(|part| !part.is_empty()).collect();
    Trigger {
        drop: drop_trigger,
        name,
        create,
        definition: stored.join(" "),
    }
}

/// A query of all rows of `table` with the record id and the image that the triggers would write for an INSERT.
pub(in crate::database) fn select_images(schema: &str, table: &AuditedTable) -> String {
    format!(
        "SELECT {} AS record_id, {} AS image FROM {}{}.{} AS live",
        key::record_id(table, "live"),
        image::image(table, "live"),
        match table.firing {
            Firing::Row => "",
            Firing::Statement | Firing::OwnRow => "ONLY ",
        },
        identifier(schema),
        identifier(&table.name)
    )
}
