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
mod partitions;

use super::quote::dollar_quoted;
use super::{identifier, literal};
use crate::audit::{
    AuditedColumn, AuditedTable, EXTERNAL, Firing, Form, TRIGGER_PREFIX, Trigger, member_name,
};
use crate::database::engine::balanced::{arguments, joined};
use crate::database::engine::names::bounded;
use crate::model::ColumnType;

pub(super) use partitions::{
    STORED_ON_PARTITIONS, is_bypassed, is_switched_off, name_on_partition, partition_trigger,
    partition_trigger_name, unrecorded_rows, writes_entries_of,
};

/// PostgreSQL cuts names off after so many bytes (NAMEDATALEN).
pub(in crate::database) const LONGEST_NAME: usize = 63;

/// Name, definition and DROP statement of each trigger made by accession on the table `$2` of the schema `$1`.
pub(in crate::database) const STORED: &str = concat!(
    "SELECT t.tgname::text AS name, format('DROP TRIGGER IF EXISTS %I ON %I.%I', t.tgname, n.nspname, c.relname) AS drop_statement, \
     concat_ws(' ', t.tgenabled, CASE WHEN p.pronamespace <> c.relnamespace THEN 'of another schema' END, t.tgtype, t.tgoldtable, t.tgnewtable, NULLIF(t.tgattr::text, ''), \
       CASE WHEN t.tgqual IS NULL THEN 'f' \
         WHEN pg_catalog.pg_get_triggerdef(t.oid) ~ ' WHEN \\(\\(old\\.\\* (\\*<>|OPERATOR\\(pg_catalog\\.\\*<>\\)) new\\.\\*\\)\\) EXECUTE ' THEN 't' \
         WHEN t.tgname = 'accession_import_runs_no_update' \
           AND pg_catalog.pg_get_triggerdef(t.oid) ~ ' WHEN \\(\\(old\\.status <> ''running''::text\\)\\) EXECUTE ' THEN 't' \
         ELSE 'another condition' END, p.proname, p.prosecdef, \
     array_to_string(p.proconfig, ', '), p.prosrc) AS definition \
     FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid \
     JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname = $2 AND NOT t.tgisinternal AND ",
    is_ours!("t"),
    " ORDER BY 1"
);

/// Without these the session's settings determine the format of values, and which operators are used. Written as
/// `pg_proc` stores them.
const SETTINGS: [(&str, &str); 9] = [
    ("search_path", "pg_catalog, pg_temp"),
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO"),
    ("IntervalStyle", "iso_8601"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("lc_monetary", "C"),
    ("quote_all_identifiers", "off"),
    // Rows that a policy hides are an error instead of missing rows.
    ("row_security", "off"),
];

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Insert,
    Delete,
    Update,
    Truncate,
}

impl Event {
    const ALL: [Self; 4] = [Self::Insert, Self::Delete, Self::Update, Self::Truncate];

    fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Delete => "delete",
            Self::Update => "update",
            Self::Truncate => "truncate",
        }
    }

    /// The action of its entries.
    fn action(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete | Self::Truncate => "DELETE",
        }
    }

    /// Its clauses in `CREATE TRIGGER`, and in `pg_trigger` the bits of `tgtype` and the transition table of new rows.
    fn clauses(self, firing: Firing) -> (String, i16, &'static str) {
        let rows = "FOR EACH ROW";
        let statement = "FOR EACH STATEMENT";
        let (clauses, kind, transition) = match (self, firing) {
            (Self::Insert, Firing::Statement) => (statement, 4, "accession_rows"),
            (Self::Insert, Firing::Row | Firing::OwnRow) => (rows, 4 + 1, ""),
            (Self::Delete, _) => (rows, 8 + 1, ""),
            (Self::Update, _) => (rows, 16 + 1, ""),
            (Self::Truncate, _) => (statement, 32 + 2, ""),
        };
        let clauses = match transition {
            "" => clauses.to_owned(),
            transition => format!("REFERENCING NEW TABLE AS {transition} {clauses}"),
        };
        (clauses, kind, transition)
    }
}

fn trigger(schema: &str, table: &AuditedTable, event: Event) -> Trigger {
    let name = format!("{TRIGGER_PREFIX}{}", event.name());
    let function_name = function_name(&table.name, event);
    let function = format!("{}.{}", identifier(schema), identifier(&function_name));
    let watched = format!("{}.{}", identifier(schema), identifier(&table.name));
    let body = body(schema, table, event);
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

/// A list stays a list: quoted, it would be one name.
fn setting(value: &str) -> String {
    if value.contains(", ") {
        value.to_owned()
    } else {
        literal(value)
    }
}

/// The columns of an entry, and the variables of the function that contain its attribution.
const ENTRY: &str = "table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user";
const CONTEXT: &str =
    "accession.changed_at, accession.changed_by, accession.run_id, accession.source_file_id";

/// The beginning of the statement that writes entries.
fn insert(ledger: &str) -> String {
    format!("INSERT INTO {ledger}.audit_log ({ENTRY})")
}

/// The function's text. Variables are qualified with the block's name, so that they are not confused with columns.
fn body(schema: &str, table: &AuditedTable, event: Event) -> String {
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

/// Statements that make queries of a transaction format values as the triggers do, whatever the session's settings.
/// Names of tables need a schema then, until [`after_images`].
pub(in crate::database) fn image_settings() -> String {
    let settings = SETTINGS.map(|(name, value)| format!("SET LOCAL {name} = {}", setting(value)));
    settings.join("; ")
}

/// Statements that make a transaction read what the triggers write. Strings with intervals and dates are unambiguous in
/// ISO form; amounts of money are not, and XML may be a part of a document.
pub(in crate::database) fn restore_settings() -> String {
    let money = SETTINGS.iter().find(|(name, _)| *name == "lc_monetary");
    let money = money.map_or("C", |(_, value)| value);
    format!(
        "SET LOCAL lc_monetary = {}; SET LOCAL xmloption = content",
        literal(money)
    )
}

/// Statement after which tables of `schema` are found by their names again.
pub(in crate::database) fn after_images(schema: &str) -> String {
    format!("SET LOCAL search_path = {}", identifier(schema))
}

/// A query of all rows of `table` with the record id and the image that the triggers would write for an INSERT.
pub(in crate::database) fn select_images(schema: &str, table: &AuditedTable) -> String {
    format!(
        "SELECT {} AS record_id, {} AS image FROM {}{}.{} AS live",
        record_id(table, "live"),
        image(table, "live"),
        match table.firing {
            Firing::Row => "",
            Firing::Statement | Firing::OwnRow => "ONLY ",
        },
        identifier(schema),
        identifier(&table.name)
    )
}

/// The whole row as a JSON object.
fn image(table: &AuditedTable, side: &str) -> String {
    let columns = table.columns.iter().enumerate();
    let members = columns.map(|(index, column)| {
        let comma = if index == 0 { "" } else { "',' || " };
        format!("{comma}{}", member(column, side))
    });
    format!(
        "'{{'\n        || {}\n        || '}}'",
        joined(members.collect(), "\n        || ")
    )
}

/// Key and changed columns as a JSON object; `concat_ws` skips NULLs.
fn changed_image(table: &AuditedTable, side: &str) -> String {
    let key = table.key_columns().map(|column| member(column, side));
    let others = table.other_columns().map(|column| {
        format!(
            "CASE WHEN {} THEN {} END",
            differs(column),
            member(column, side)
        )
    });
    // A group without changes contributes neither text nor comma.
    let group = |some: &[String]| {
        format!(
            "NULLIF(concat_ws(',',\n        {}), '')",
            some.join(",\n        ")
        )
    };
    let members = arguments(key.chain(others).collect(), group);
    format!(
        "'{{' || concat_ws(',',\n        {}) || '}}'",
        members.join(",\n        ")
    )
}

fn member(column: &AuditedColumn, side: &str) -> String {
    let value = format!("{side}.{}", identifier(&column.name));
    format!(
        "{} || COALESCE({}, 'null')",
        literal(&member_name(&column.name)),
        json_text(&value, column.form)
    )
}

/// A value as JSON. `+` and `AND` make what is not quoted fail where the column has become a string column.
fn json_text(value: &str, form: Form) -> String {
    match form {
        Form::Text => format!("to_json({value}::text)::text"),
        Form::Integer => format!("(+{value})::text"),
        Form::Boolean => format!("({value} AND true)::text"),
        Form::Real | Form::SingleReal => format!(
            "CASE WHEN (+{value})::text IN ('NaN', 'Infinity', '-Infinity') \
             THEN '{{\"$real\":\"' || {value}::text || '\"}}' ELSE {value}::text END"
        ),
        Form::Timestamp | Form::SessionTimestamp => {
            format!("to_json({})::text", rfc3339(value))
        }
        Form::Blob => format!("'{{\"$blob\":\"' || upper(encode({value}, 'hex')) || '\"}}'"),
    }
}

/// The session's zone is UTC here. Timestamps outside the range of RFC 3339 are written in PostgreSQL's format.
fn rfc3339(value: &str) -> String {
    format!(
        "CASE WHEN {value} >= '0001-01-01' AND {value} < '10000-01-01' \
         THEN {} ELSE {value}::text END",
        to_char(value)
    )
}

fn to_char(value: &str) -> String {
    format!("to_char({value}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
}

/// NULL-safe and independent of the column's collation. Values that are recorded as strings are compared as strings:
/// some types cannot be compared themselves, and numbers with more zeros would be equal, as would 0 and -0.
fn differs(column: &AuditedColumn) -> String {
    let name = identifier(&column.name);
    differs_between(&format!("OLD.{name}"), &format!("NEW.{name}"), column.form)
}

fn differs_between(old: &str, new: &str, form: Form) -> String {
    match form {
        Form::Text | Form::Real | Form::SingleReal => format!(
            "{old}::text COLLATE pg_catalog.\"C\" IS DISTINCT FROM {new}::text COLLATE pg_catalog.\"C\""
        ),
        Form::Integer | Form::Boolean | Form::Timestamp | Form::SessionTimestamp | Form::Blob => {
            format!("{old} IS DISTINCT FROM {new}")
        }
    }
}

/// The primary key as text; several columns as a JSON array of strings.
fn record_id(table: &AuditedTable, side: &str) -> String {
    let strings: Vec<_> = table
        .key_columns()
        .map(|column| {
            let value = format!("{side}.{}", identifier(&column.name));
            key_text(&value, column.form)
        })
        .collect();
    match &strings[..] {
        [text] => text.clone(),
        strings => {
            let strings: Vec<_> = strings
                .iter()
                .map(|text| format!("to_json({text})::text"))
                .collect();
            format!("'[' || concat_ws(',', {}) || ']'", strings.join(", "))
        }
    }
}

/// A value of the key as text.
fn key_text(value: &str, form: Form) -> String {
    match form {
        Form::Boolean => format!("{value}::integer::text"),
        Form::Timestamp | Form::SessionTimestamp => rfc3339(value),
        Form::Blob => format!("upper(encode({value}, 'hex'))"),
        Form::Text | Form::Integer | Form::Real | Form::SingleReal => format!("{value}::text"),
    }
}

/// How a column of PostgreSQL's type `declared` (`format_type`) is written, which the layout takes for a `wanted`.
/// Everything that is not one of ours keeps PostgreSQL's own text.
pub(in crate::database) fn form(declared: &str, wanted: Option<ColumnType>) -> Form {
    match declared {
        "smallint" | "integer" | "bigint" => Form::Integer,
        "boolean" => Form::Boolean,
        "real" => Form::SingleReal,
        "double precision" => Form::Real,
        "bytea" => Form::Blob,
        name if name.starts_with("timestamp") && name.ends_with("with time zone") => {
            Form::Timestamp
        }
        // Local time in an unknown zone, unless the layout declares a timestamp.
        civil
            if civil.starts_with("timestamp")
                && !civil.ends_with(']')
                && wanted == Some(ColumnType::Timestamp) =>
        {
            Form::Timestamp
        }
        _ => Form::Text,
    }
}
