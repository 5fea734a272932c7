//! The unique indexes of a SQLite table: the keys for which REPLACE deletes other rows.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use diesel::{QueryResult, SqliteConnection};

use super::triggers::{IndexText, names};
use super::{identifier, literal};
use crate::audit::{AuditedTable, KeyTerm, Part, UniqueKey};
use crate::database::engine::{Count, Name};

/// A term of a unique index, in the order of the index. Those of UNIQUE and PRIMARY KEY constraints have no
/// `definition`.
#[derive(QueryableByName)]
struct Term {
    #[diesel(sql_type = Text)]
    index: String,
    /// NULL for an expression.
    #[diesel(sql_type = Nullable<Text>)]
    column: Option<String>,
    #[diesel(sql_type = Text)]
    collation: String,
    #[diesel(sql_type = Nullable<Text>)]
    definition: Option<String>,
}

const TERMS: &str = "SELECT l.name AS \"index\", t.name AS \"column\", t.coll AS collation, m.sql AS definition \
     FROM pragma_index_list(?1) AS l JOIN pragma_index_xinfo(l.name) AS t \
     LEFT JOIN sqlite_master AS m ON m.type = 'index' AND m.name = l.name \
     WHERE l.\"unique\" AND t.key ORDER BY l.name, t.seqno";

/// Generated columns too.
const COLUMNS: &str = "SELECT name FROM pragma_table_xinfo(?1)";

/// Columns in which REPLACE stores the default instead of NULL.
const NULL_DEFAULTS: &str = "SELECT name, dflt_value AS expression FROM pragma_table_xinfo(?1) \
     WHERE \"notnull\" AND dflt_value IS NOT NULL";

#[derive(QueryableByName)]
struct NullDefault {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    expression: String,
}

const KEY_INDEXES: &str = "SELECT count(*) AS count FROM pragma_index_list(?) WHERE origin = 'pk'";

const WITHOUT_ROWID: &str = "SELECT count(*) AS count FROM pragma_table_list \
     WHERE schema = 'main' AND name = ?1 COLLATE NOCASE AND wr";

/// Whether the primary key has no index of its own: it is the rowid.
pub(super) fn is_key_rowid(connection: &mut SqliteConnection, table: &str) -> QueryResult<bool> {
    let indexes: Count = diesel::sql_query(KEY_INDEXES)
        .bind::<Text, _>(table)
        .get_result(connection)?;
    Ok(indexes.count == 0)
}

/// Whether a table has a rowid.
fn has_rowid(connection: &mut SqliteConnection, table: &str) -> QueryResult<bool> {
    let query = diesel::sql_query(WITHOUT_ROWID).bind::<Text, _>(table);
    let without: Count = query.get_result(connection)?;
    Ok(without.count == 0)
}

/// Adds the unique keys of `table`, which the triggers need.
pub(super) fn add_unique_keys(
    connection: &mut SqliteConnection,
    table: &mut AuditedTable,
) -> QueryResult<()> {
    let bound = |query| diesel::sql_query(query).bind::<Text, _>(&table.name);
    let columns: Vec<Name> = bound(COLUMNS).load(connection)?;
    let columns: Vec<String> = columns.into_iter().map(|column| column.name).collect();
    let has_rowid = has_rowid(connection, &table.name)?;
    let terms: Vec<Term> = bound(TERMS).load(connection)?;
    // The names of the rowid, of which a column of the same name takes one.
    let is_free = |name: &&str| {
        !columns
            .iter()
            .any(|column| column.eq_ignore_ascii_case(name))
    };
    let free = ["rowid", "_rowid_", "oid"].into_iter().find(is_free);
    // The layout does not show it: `BIGINT PRIMARY KEY` is created as the rowid.
    table.rowid = match table.key[..] {
        [key] if is_key_rowid(connection, &table.name)? => Some(key),
        _ => None,
    };
    let key = table.rowid.map(|key| identifier(&table.columns[key].name));
    table.row_number = match has_rowid {
        true => key.or(free.map(str::to_owned)),
        false => None,
    };
    let terms = terms.chunk_by(|one, next| one.index == next.index);
    table.unique = terms.map(|terms| unique_key(terms, &columns)).collect();
    let defaults: Vec<NullDefault> = bound(NULL_DEFAULTS).load(connection)?;
    table.null_defaults = defaults
        .into_iter()
        .map(|default| (default.name, default_expression(&default.expression)))
        .collect();
    Ok(())
}

/// A default as it can be written in an expression. A name in DEFAULT, quoted or not, is a string.
fn default_expression(declared: &str) -> String {
    const KEYWORDS: [&str; 6] = [
        "null",
        "true",
        "false",
        "current_time",
        "current_date",
        "current_timestamp",
    ];
    let declared = declared.trim();
    let is_word = declared
        .chars()
        .all(|c| c.is_alphanumeric() || c == '_' || c == '$');
    let is_name = declared.starts_with(['"', '`', '['])
        || is_word && !declared.starts_with(|c: char| c.is_ascii_digit());
    if !is_name
        || KEYWORDS
            .iter()
            .any(|word| word.eq_ignore_ascii_case(declared))
    {
        return declared.to_owned();
    }
    let mut words = names(declared);
    match (words.next(), words.next()) {
        (Some(text), None) if is_word || declared.len() >= text.len() + 2 => literal(&text),
        _ => declared.to_owned(),
    }
}

fn unique_key(terms: &[Term], columns: &[String]) -> UniqueKey {
    let definition = terms[0].definition.as_deref();
    let text = definition.and_then(IndexText::of);
    let (expressions, condition) =
        text.map_or((Vec::new(), None), |text| (text.terms, text.condition));
    let part = |(place, term): (usize, &Term)| KeyTerm {
        part: match (&term.column, expressions.get(place)) {
            (Some(column), _) => Part::Column(column.clone()),
            (None, Some(expression)) => Part::Expression(expression.clone()),
            (None, None) => Part::Expression("NULL".to_owned()),
        },
        collation: term.collation.clone(),
    };
    let terms: Vec<_> = terms.iter().enumerate().map(part).collect();
    let mut mentioned: Vec<String> = condition.iter().flat_map(|text| names(text)).collect();
    for term in &terms {
        match &term.part {
            Part::Column(column) => mentioned.push(column.clone()),
            Part::Expression(expression) => mentioned.extend(names(expression)),
        }
    }
    let is_mentioned = |column: &&String| {
        mentioned
            .iter()
            .any(|name| name.eq_ignore_ascii_case(column))
    };
    UniqueKey {
        columns: columns.iter().filter(is_mentioned).cloned().collect(),
        terms,
        condition,
    }
}
