//! Entries of a table that was altered after its triggers were created.
//!
//! The text of a trigger names the columns that the table had. Where it does not fit any more (a column was renamed,
//! dropped, added, or has another type), the trigger builds an equivalent statement from the catalog, so that writes
//! continue and are recorded until the triggers are made again. That costs several times as much per row. What has to
//! be read from a table whose name may have changed (TRUNCATE) is always read so.

use super::event::Event;
use super::image::{differs_between, json_text};
use super::key::key_text;
use crate::audit::Form;
use crate::database::engine::postgres::quote::literal;

/// The forms that columns can have by their type alone, and the condition on `format_type(atttypid, NULL)` as
/// `declared`; everything else is a string. [`form`](super::form()) does the same for a table without a layout.
const FORMS: [(Form, &str); 5] = [
    (Form::Integer, "IN ('smallint', 'integer', 'bigint')"),
    (Form::Boolean, "= 'boolean'"),
    (Form::Real, "IN ('real', 'double precision')"),
    (Form::Timestamp, "= 'timestamp with time zone'"),
    (Form::Blob, "= 'bytea'"),
];

/// A local time type that can store accession's timestamps.
const CIVIL: &str =
    "a.atttypid = 'timestamp without time zone'::regtype AND a.atttypmod IN (-1, 6)";

/// The names of the sides of an entry in the statement.
const OLD: &str = "o";
const NEW: &str = "n";

/// An SQL expression for the text of a SELECT that gives record id, old value and new value of each row of `source`, an
/// SQL expression for the text after `FROM`.
fn select(event: Event, source: &str) -> String {
    let side = match event {
        Event::Insert => NEW,
        Event::Delete | Event::Update | Event::Truncate => OLD,
    };
    let (old, new) = match event {
        Event::Insert => (literal("NULL"), whole("becomes")),
        Event::Delete | Event::Truncate => (whole("was"), literal("NULL")),
        Event::Update => (changed("was"), changed("becomes")),
    };
    let members = match event {
        Event::Insert => "becomes",
        Event::Delete | Event::Update | Event::Truncate => "was",
    };
    format!(
        "(
            WITH stored AS (
                SELECT a.attnum, a.attname::text AS name, k.place,
                    {json} AS json,
                    {key} AS key_text,
                    {differs} AS differs
                FROM pg_attribute AS a
                LEFT JOIN (SELECT u.attnum, u.place FROM pg_index AS i, unnest(i.indkey::int2[]) WITH ORDINALITY AS u (attnum, place)
                    WHERE i.indrelid = TG_RELID AND i.indisprimary AND u.place <= i.indnkeyatts) AS k ON k.attnum = a.attnum
                WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND NOT a.attisdropped
            ), written AS (
                SELECT attnum, place,
                    {member_old} AS was,
                    {member_new} AS becomes,
                    format(differs, quote_ident(name)) AS differs,
                    format(key_text, '{side}.' || quote_ident(name)) AS key_text
                FROM stored
            )
            SELECT 'SELECT ' || CASE count(place)
                    WHEN 0 THEN 'md5(' || {whole} || ')'
                    WHEN 1 THEN max(key_text) FILTER (WHERE place IS NOT NULL)
                    ELSE '''['' || array_to_string(ARRAY[' || string_agg('to_json(' || key_text || ')::text', ', ' ORDER BY place) FILTER (WHERE place IS NOT NULL) || '], '','') || '']'''
                END || ' AS record_id, ' || {old} || ' AS old_value, ' || {new} || ' AS new_value FROM ' || {source}
            FROM written
        )",
        json = by_form(|form| json_text("%1$s", form)),
        key = by_form(|form| key_text("%1$s", form)),
        differs = by_form(|form| {
            differs_between(&format!("{OLD}.%1$s"), &format!("{NEW}.%1$s"), form)
        }),
        member_old = member(OLD),
        member_new = member(NEW),
        whole = whole(members),
    )
}

/// Statement of PL/pgSQL that sets the record id and the values of the entry of one row.
pub(super) fn of_row(event: Event) -> String {
    let (source, rows) = match event {
        Event::Insert => ("'(SELECT ($1).*) AS n'", "NEW"),
        Event::Delete => ("'(SELECT ($1).*) AS o'", "OLD"),
        Event::Update | Event::Truncate => {
            ("'(SELECT ($1).*) AS o, (SELECT ($2).*) AS n'", "OLD, NEW")
        }
    };
    format!(
        "EXECUTE {}
            INTO accession.record_id, accession.old_value, accession.new_value USING {rows};",
        select(event, source)
    )
}

/// Statement of PL/pgSQL that records all rows of a statement by `insert`, an SQL expression for the beginning of an
/// INSERT; `values` are `$1` and so on in `selected`, the columns that it takes from `entries`.
pub(super) fn of_statement(event: Event, insert: &str, selected: &str, values: &str) -> String {
    let source = match event {
        Event::Insert | Event::Delete | Event::Update => literal("accession_rows AS n"),
        // Partitions that have the trigger themselves are read by theirs.
        Event::Truncate => "CASE (SELECT c.relkind FROM pg_class AS c WHERE c.oid = TG_RELID)
                WHEN 'p' THEN format('%s AS o WHERE o.tableoid <> ALL (ARRAY(SELECT t.tgrelid FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid \
                    WHERE t.tgtype & 32 <> 0 AND t.tgenabled <> %L AND strpos(p.prosrc, %L) > 0))', TG_RELID::regclass, 'D', '<<accession>>')
                ELSE format('ONLY %s AS o', TG_RELID::regclass) END"
            .to_owned(),
    };
    format!(
        "EXECUTE {insert} || {} || {} || ') AS entries'
            USING {values};",
        literal(&format!(" SELECT {selected} FROM (")),
        select(event, &source),
    )
}

/// The text that belongs to a column's form.
fn by_form(text: impl Fn(Form) -> String) -> String {
    let forms = FORMS.map(|(form, types)| {
        format!(
            "WHEN format_type(a.atttypid, NULL) {types} THEN {}",
            literal(&text(form))
        )
    });
    format!(
        "CASE {} WHEN {CIVIL} THEN {} ELSE {} END",
        forms.join(" "),
        literal(&text(Form::Timestamp)),
        literal(&text(Form::Text))
    )
}

/// The text of a member of an image.
fn member(side: &str) -> String {
    format!(
        "quote_literal(to_json(name)::text || ':') || ' || COALESCE(' || format(json, '{side}.' || quote_ident(name)) || ', ''null'')'"
    )
}

/// The text of an image of the whole row.
fn whole(members: &str) -> String {
    image(&format!("string_agg({members}, ', ' ORDER BY attnum)"))
}

/// The text of an image of key and changed columns: `array_to_string` skips NULLs.
fn changed(members: &str) -> String {
    image(&format!(
        "string_agg(CASE WHEN place IS NULL THEN 'CASE WHEN ' || differs || ' THEN ' || {members} || ' END' ELSE {members} END, ', ' ORDER BY place NULLS LAST, attnum)"
    ))
}

fn image(members: &str) -> String {
    format!("'''{{'' || array_to_string(ARRAY[' || {members} || ']::text[], '','') || ''}}'''")
}
