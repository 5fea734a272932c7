//! Audit triggers for PostgreSQL.
//!
//! INSERT and DELETE are recorded once per statement, from transition tables; UPDATE row by row, because nothing says
//! which old row of a transition table belongs to which new one once a key changes. TRUNCATE is recorded as the
//! deletion of every row. The functions belong to whoever made them (SECURITY DEFINER), so that a writer needs no right
//! on the trail, and pin every setting that changes how values are written. The context is read from the settings
//! `accession.…` of the transaction; afterwards they are empty texts, which means another program. All triggers are ALWAYS
//! ones: they fire in replication roles too.

use super::table::{AuditedColumn, AuditedTable, Firing, Form};
use super::trigger::{EXTERNAL, TRIGGER_PREFIX, Trigger, bounded, member_name};
use crate::model::ColumnType;

pub use super::sqlite::identifier;

/// PostgreSQL cuts names off after so many bytes (NAMEDATALEN).
pub const LONGEST_NAME: usize = 63;

/// Name and definition of each trigger made by this program on the table `$2` of the schema `$1`.
pub const STORED: &str = "SELECT t.tgname::text AS name, \
     concat_ws(' ', t.tgenabled, t.tgtype, t.tgoldtable, t.tgnewtable, t.tgqual IS NOT NULL, p.prosecdef, \
     array_to_string(p.proconfig, ', '), p.prosrc) AS definition \
     FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid \
     JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname = $2 AND NOT t.tgisinternal AND t.tgname LIKE 'accession\\_%' ORDER BY 1";

/// Without these the session decides how values look, and which operators are meant. Written as `pg_proc` keeps them.
const SETTINGS: [(&str, &str); 6] = [
    ("search_path", "pg_catalog, pg_temp"),
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO"),
    ("IntervalStyle", "iso_8601"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
];

/// The triggers of `table`, which stands in `schema` like the ledger.
#[must_use]
pub fn triggers(schema: &str, table: &AuditedTable) -> Vec<Trigger> {
    let events = [Event::Insert, Event::Delete, Event::Update, Event::Truncate];
    events
        .into_iter()
        .map(|event| trigger(schema, table, event))
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Insert,
    Delete,
    Update,
    Truncate,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Delete => "delete",
            Self::Update => "update",
            Self::Truncate => "truncate",
        }
    }

    /// How it stands in `CREATE TRIGGER`, and in `pg_trigger` as the bits of `tgtype` and the transition tables.
    fn clauses(self, firing: Firing) -> (String, i16, &'static str) {
        let rows = "FOR EACH ROW";
        let statement = "FOR EACH STATEMENT";
        let (clauses, kind, transition) = match (self, firing) {
            (Self::Insert, Firing::Statement) => (statement, 4, "accession_rows"),
            (Self::Delete, Firing::Statement) => (statement, 8, "accession_rows"),
            (Self::Insert, Firing::Row) => (rows, 4 + 1, ""),
            (Self::Delete, Firing::Row) => (rows, 8 + 1, ""),
            (Self::Update, Firing::Statement | Firing::Row) => (rows, 16 + 1, ""),
            (Self::Truncate, Firing::Statement | Firing::Row) => (statement, 32 + 2, ""),
        };
        let clauses = match (self, transition) {
            (_, "") => clauses.to_owned(),
            (Self::Insert, transition) => {
                format!("REFERENCING NEW TABLE AS {transition} {clauses}")
            }
            (Self::Delete | Self::Update | Self::Truncate, transition) => {
                format!("REFERENCING OLD TABLE AS {transition} {clauses}")
            }
        };
        (clauses, kind, transition)
    }
}

fn trigger(schema: &str, table: &AuditedTable, event: Event) -> Trigger {
    let name = format!("{TRIGGER_PREFIX}{}", event.name());
    let function = bounded(
        &format!("{TRIGGER_PREFIX}{}_{}", table.name, event.name()),
        LONGEST_NAME,
    );
    let function = format!("{}.{}", identifier(schema), identifier(&function));
    let watched = format!("{}.{}", identifier(schema), identifier(&table.name));
    let body = body(schema, table, event, &watched);
    let (clauses, kind, transition) = event.clauses(table.firing);
    let condition = match event {
        Event::Update => format!(" WHEN ({})", any_differs(table)),
        Event::Insert | Event::Delete | Event::Truncate => String::new(),
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
    let (old, new) = match event {
        Event::Insert => ("", transition),
        Event::Delete | Event::Update | Event::Truncate => (transition, ""),
    };
    // `concat_ws` leaves NULLs out, which absent transition tables are.
    let stored = [
        "A".to_owned(),
        kind.to_string(),
        old.to_owned(),
        new.to_owned(),
        if condition.is_empty() { "f" } else { "t" }.to_owned(),
        "t".to_owned(),
        SETTINGS
            .map(|(name, value)| format!("{name}={value}"))
            .join(", "),
        body,
    ];
    let stored: Vec<_> = stored.into_iter().filter(|part| !part.is_empty()).collect();
    Trigger {
        drop: format!("{drop_trigger};\nDROP FUNCTION IF EXISTS {function}()"),
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

/// The function's text. Variables are written with the block's name, which no column can be mistaken for.
fn body(schema: &str, table: &AuditedTable, event: Event, watched: &str) -> String {
    let (side, rows) = match (event, table.firing) {
        (Event::Insert, Firing::Row) | (Event::Update, _) => ("NEW", String::new()),
        (Event::Delete, Firing::Row) => ("OLD", String::new()),
        (Event::Insert | Event::Delete, Firing::Statement) => {
            ("r", "\n    FROM accession_rows AS r".to_owned())
        }
        (Event::Truncate, Firing::Statement) => ("r", format!("\n    FROM ONLY {watched} AS r")),
        (Event::Truncate, Firing::Row) => ("r", format!("\n    FROM {watched} AS r")),
    };
    let (action, key_side, old, new) = match event {
        Event::Insert => ("INSERT", side, "NULL".to_owned(), image(table, side)),
        Event::Delete | Event::Truncate => ("DELETE", side, image(table, side), "NULL".to_owned()),
        Event::Update => (
            "UPDATE",
            "OLD",
            changed_image(table, "OLD"),
            changed_image(table, "NEW"),
        ),
    };
    format!(
        "
<<accession>>
DECLARE
    run_id text := NULLIF(current_setting('accession.run_id', true), '');
    source_file_id bigint := NULLIF(current_setting('accession.source_file_id', true), '')::bigint;
    changed_by text := COALESCE(NULLIF(current_setting('accession.changed_by', true), ''), '{EXTERNAL}');
    changed_at text := COALESCE(NULLIF(current_setting('accession.changed_at', true), ''), {now});
BEGIN
    INSERT INTO {log} (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)
    SELECT {table}, {record_id}, '{action}',
        {old},
        {new},
        accession.changed_at, accession.changed_by, accession.run_id, accession.source_file_id, session_user{rows};
    RETURN NULL;
END
",
        now = to_char("clock_timestamp()"),
        log = format_args!("{}.audit_log", identifier(schema)),
        table = literal(&table.name),
        record_id = record_id(table, key_side),
    )
}

/// Statement that makes queries of a transaction write values as the triggers do, whatever the session says.
#[must_use]
pub fn image_settings() -> String {
    let settings = SETTINGS.iter().filter(|(name, _)| *name != "search_path");
    let settings: Vec<_> = settings
        .map(|(name, value)| format!("SET LOCAL {name} = {}", setting(value)))
        .collect();
    settings.join("; ")
}

/// A query of all rows of `table` with the record id and the image that the triggers would write for an INSERT.
#[must_use]
pub fn select_images(schema: &str, table: &AuditedTable) -> String {
    format!(
        "SELECT {} AS record_id, {} AS image FROM {}.{} AS live",
        record_id(table, "live"),
        image(table, "live"),
        identifier(schema),
        identifier(&table.name)
    )
}

/// The whole row as a JSON object.
fn image(table: &AuditedTable, side: &str) -> String {
    let members: Vec<_> = table
        .columns
        .iter()
        .map(|column| member(column, side))
        .collect();
    format!(
        "'{{'\n        || {}\n        || '}}'",
        members.join(" || ','\n        || ")
    )
}

/// Key and changed columns as a JSON object; `concat_ws` leaves out what is NULL.
fn changed_image(table: &AuditedTable, side: &str) -> String {
    let key = table.key_columns().map(|column| member(column, side));
    let others = table.other_columns().map(|column| {
        format!(
            "CASE WHEN {} THEN {} END",
            differs(column),
            member(column, side)
        )
    });
    let members: Vec<_> = key.chain(others).collect();
    format!(
        "'{{' || concat_ws(',',\n        {}) || '}}'",
        members.join(",\n        ")
    )
}

fn member(column: &AuditedColumn, side: &str) -> String {
    let value = format!("{side}.{}", identifier(&column.name));
    let json = match column.form {
        Form::Text => format!("to_json({value}::text)::text"),
        Form::Integer | Form::Boolean => format!("{value}::text"),
        Form::Real | Form::SingleReal => format!(
            "CASE WHEN {value}::text IN ('NaN', 'Infinity', '-Infinity') \
             THEN '{{\"$real\":\"' || {value}::text || '\"}}' ELSE {value}::text END"
        ),
        Form::Timestamp | Form::SessionTimestamp => {
            format!("to_json({})::text", rfc3339(&value))
        }
        Form::Blob => format!("'{{\"$blob\":\"' || upper(encode({value}, 'hex')) || '\"}}'"),
    };
    format!(
        "{} || COALESCE({json}, 'null')",
        literal(&member_name(&column.name))
    )
}

/// The session's zone is UTC here. Instants that RFC 3339 cannot write stay as PostgreSQL writes them.
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

fn any_differs(table: &AuditedTable) -> String {
    let columns: Vec<_> = table.columns.iter().map(differs).collect();
    columns.join(" OR ")
}

/// NULL-safe and blind to the column's collation. What is written as a text is compared as one: some types cannot be
/// compared themselves, and numbers with more zeros would be equal.
fn differs(column: &AuditedColumn) -> String {
    let name = identifier(&column.name);
    match column.form {
        Form::Text => format!(
            "OLD.{name}::text COLLATE pg_catalog.\"C\" IS DISTINCT FROM NEW.{name}::text COLLATE pg_catalog.\"C\""
        ),
        Form::Integer
        | Form::Real
        | Form::SingleReal
        | Form::Boolean
        | Form::Timestamp
        | Form::SessionTimestamp
        | Form::Blob => format!("OLD.{name} IS DISTINCT FROM NEW.{name}"),
    }
}

/// The primary key as text; several columns as a JSON array of texts.
fn record_id(table: &AuditedTable, side: &str) -> String {
    let texts: Vec<_> = table
        .key_columns()
        .map(|column| {
            let value = format!("{side}.{}", identifier(&column.name));
            match column.form {
                Form::Boolean => format!("{value}::integer::text"),
                Form::Timestamp | Form::SessionTimestamp => rfc3339(&value),
                Form::Blob => format!("upper(encode({value}, 'hex'))"),
                Form::Text | Form::Integer | Form::Real | Form::SingleReal => {
                    format!("{value}::text")
                }
            }
        })
        .collect();
    match &texts[..] {
        [text] => text.clone(),
        texts => {
            let texts: Vec<_> = texts
                .iter()
                .map(|text| format!("to_json({text})::text"))
                .collect();
            format!("'[' || concat_ws(',', {}) || ']'", texts.join(", "))
        }
    }
}

/// How a column of PostgreSQL's type `declared` (`format_type`) is written, which the layout takes for a `wanted`.
/// Everything that is not one of ours keeps PostgreSQL's own text.
#[must_use]
pub fn form(declared: &str, wanted: Option<ColumnType>) -> Form {
    match declared {
        "smallint" | "integer" | "bigint" => Form::Integer,
        "boolean" => Form::Boolean,
        "real" => Form::SingleReal,
        "double precision" => Form::Real,
        "bytea" => Form::Blob,
        instant if instant.starts_with("timestamp") && instant.ends_with("with time zone") => {
            Form::Timestamp
        }
        // Civil time of nobody knows where, unless the layout says that it is an instant.
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

/// A quoted SQL text literal, whatever `standard_conforming_strings` is.
#[must_use]
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// A function's text between dollar quotes that do not occur in it.
fn dollar_quoted(body: &str) -> String {
    let mut tag = "$accession$".to_owned();
    while body.contains(&tag) {
        tag.insert(tag.len() - 1, '_');
    }
    format!("{tag}{body}{tag}")
}
