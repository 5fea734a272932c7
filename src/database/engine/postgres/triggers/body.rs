//! The text of a trigger's function: it finds out who writes, and records a row or all rows of a statement.

use super::event::Event;
use super::image::{changed_image, image, to_char};
use super::key::record_id;
use super::{altered, partitions};
use crate::audit::{AuditedTable, EXTERNAL, Firing};
use crate::database::engine::postgres::quote::{identifier, literal};

/// The columns of an entry, and the variables of the function that contain its attribution.
const ENTRY: &str = "table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user";
const CONTEXT: &str =
    "accession.changed_at, accession.changed_by, accession.run_id, accession.source_file_id";

/// The beginning of the statement that writes entries.
fn insert(ledger: &str) -> String {
    format!("INSERT INTO {ledger}.audit_log ({ENTRY})")
}

/// The function's text. Variables are qualified with the block's name, so that they are not confused with columns.
pub(super) fn body(schema: &str, table: &AuditedTable, event: Event) -> String {
    let work = match (event, table.firing) {
        (Event::Update | Event::Delete, _) | (Event::Insert, Firing::Row | Firing::OwnRow) => {
            record_row(schema, table, event)
        }
        (Event::Insert | Event::Truncate, _) => record_statement(schema, table, event),
    };
    let run = |ledger: &str| {
        format!(
            "SELECT run.id, NULLIF(current_setting('accession.source_file_id', true), '')::bigint, run.actor, run.started_at \
             FROM {ledger}.import_runs AS run WHERE run.id = current_setting('accession.run_id', true) AND run.status = 'running'"
        )
    };
    format!(
        "
<<accession>>
DECLARE
    run_id text;
    source_file_id bigint;
    changed_by text;
    changed_at text;
    record_id text;
    old_value text;
    new_value text;
    table_name text;
    moved_to text;
    ledger text;
BEGIN
    IF TG_TABLE_SCHEMA <> {name} THEN
        SELECT NULLIF(n.nspname, {name}) INTO accession.ledger FROM pg_trigger AS t
        JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE t.tgrelid = TG_RELID AND t.tgname = TG_NAME;
    END IF;
    IF current_setting('accession.run_id', true) <> '' THEN
        IF accession.ledger IS NULL THEN
            {run}
            INTO accession.run_id, accession.source_file_id, accession.changed_by, accession.changed_at;
        ELSE
            EXECUTE format({renamed_run}, accession.ledger)
            INTO accession.run_id, accession.source_file_id, accession.changed_by, accession.changed_at;
        END IF;
    END IF;
    accession.changed_by := COALESCE(accession.changed_by, '{EXTERNAL}');
    accession.changed_at := COALESCE(accession.changed_at, {now});
{work}
    RETURN NULL;
END
",
        now = to_char("clock_timestamp()"),
        name = literal(schema),
        run = run(&identifier(schema)),
        renamed_run = literal(&run("%I")),
    )
}

/// Records one row. If the columns of the trigger do not match the table, the current columns are used; the row
/// of literal columns fails where one was added. Nothing is written in the inner block, which would cost a
/// subtransaction's number per row.
fn record_row(schema: &str, table: &AuditedTable, event: Event) -> String {
    let (side, old, new) = match event {
        Event::Insert => ("NEW", "NULL".to_owned(), image(table, "NEW")),
        Event::Delete | Event::Truncate => ("OLD", image(table, "OLD"), "NULL".to_owned()),
        Event::Update => (
            "OLD",
            changed_image(table, "OLD"),
            changed_image(table, "NEW"),
        ),
    };
    let nothing_changed = match event {
        Event::Update => {
            "
    IF accession.old_value COLLATE pg_catalog.\"C\" = accession.new_value COLLATE pg_catalog.\"C\" THEN
        RETURN NULL;
    END IF;"
        }
        Event::Insert | Event::Delete | Event::Truncate => "",
    };
    let columns = table.columns.iter();
    let columns: Vec<_> = columns
        .map(|column| format!("{side}.{}", identifier(&column.name)))
        .collect();
    format!(
        "    BEGIN
        IF ROW({}) OPERATOR(pg_catalog.*<>) {side} THEN
            RAISE datatype_mismatch;
        END IF;
        accession.record_id := {};
        accession.old_value := {old};
        accession.new_value := {new};
    EXCEPTION WHEN OTHERS THEN
        {altered}
    END;{nothing_changed}
    IF accession.ledger IS NULL THEN
        {insert}
        VALUES ({name}, accession.record_id, '{action}', accession.old_value, accession.new_value,
            {CONTEXT}, session_user);
    ELSE
        EXECUTE format({renamed_insert}, accession.ledger)
        USING {name}::text, accession.record_id, accession.old_value, accession.new_value, {CONTEXT};
    END IF;",
        columns.join(", "),
        record_id(table, side),
        name = literal(&table.name),
        insert = insert(&identifier(schema)),
        renamed_insert = literal(&format!(
            "{} VALUES ($1, $2, '{}', $3, $4, $5, $6, $7, $8, session_user)",
            insert("%I"),
            event.action()
        )),
        altered = altered::of_row(event),
        action = event.action(),
    )
}

/// Records all rows of a statement. The inner block of INSERT checks whether the statement that does so matches the
/// table, without reading a row: columns are looked up by name, and counted.
fn record_statement(schema: &str, table: &AuditedTable, event: Event) -> String {
    let dynamic_insert = format!(
        "format({}, COALESCE(accession.ledger, {}))",
        literal(&insert("%I")),
        literal(schema)
    );
    let (name, action) = (literal(&table.name), event.action());
    let values = "old_value, new_value, $1, $2, $3, $4, session_user";
    if event == Event::Truncate {
        let selected = format!("$5, record_id, '{action}', {values}");
        let context = format!("{CONTEXT}, accession.table_name");
        return format!(
            "    SELECT {name}, {} INTO accession.table_name, accession.moved_to;
    accession.table_name := COALESCE(accession.moved_to, accession.table_name);
    {}",
            partitions::MOVED_TO,
            altered::of_statement(event, &dynamic_insert, &selected, &context),
        );
    }
    let selected = format!("{name}, record_id, '{action}', {values}");
    let altered = altered::of_statement(event, &dynamic_insert, &selected, CONTEXT);
    let (record_id, image) = (record_id(table, "r"), image(table, "r"));
    let columns = table.columns.iter();
    // A bare name could be a variable of the function.
    let columns: Vec<_> = columns
        .map(|column| format!("accession_rows.{}", identifier(&column.name)))
        .collect();
    format!(
        "    BEGIN
        IF accession.ledger IS NOT NULL THEN
            RAISE datatype_mismatch;
        END IF;
        PERFORM FROM (
            SELECT {record_id}, {image}
            FROM (SELECT {} FROM accession_rows WHERE false UNION ALL SELECT * FROM accession_rows WHERE false) AS r
        ) AS entries;
    EXCEPTION WHEN OTHERS THEN
        {altered}
        RETURN NULL;
    END;
    {insert}
    SELECT {name}, {record_id}, '{action}',
        NULL,
        {image},
        {CONTEXT}, session_user
    FROM accession_rows AS r;",
        columns.join(", "),
        insert = insert(&identifier(schema)),
    )
}
