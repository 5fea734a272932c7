//! The unique indexes of a SQLite table: the keys for which REPLACE deletes other rows.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{QueryResult, SqliteConnection};

use super::affinity::Affinity;
use super::referring_columns::converted_columns;
use super::triggers::{IndexText, ROW_NUMBERS, compares, generated_columns, names};
use super::{identifier, literal};
use crate::audit::{AuditedTable, GeneratedColumn, KeyTerm, Part, UniqueKey};
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
const COLUMNS: &str = "SELECT x.name, x.type AS declared, COALESCE(l.strict, 0) AS is_strict FROM pragma_table_xinfo(?1) AS x \
     LEFT JOIN pragma_table_list AS l ON l.schema = 'main' AND l.name = ?1 COLLATE NOCASE";

/// Columns in which REPLACE stores the default instead of NULL.
const NULL_DEFAULTS: &str = "SELECT name, dflt_value AS expression FROM pragma_table_xinfo(?1) \
     WHERE \"notnull\" AND dflt_value IS NOT NULL";

/// Columns of the primary key that can be NULL, if the table has a rowid and the key is another.
const NULLABLE_KEY: &str = "SELECT name FROM pragma_table_info(?1) WHERE pk AND NOT \"notnull\"";

const DEFINITION: &str =
    "SELECT sql AS name FROM sqlite_master WHERE type = 'table' AND name = ?1 COLLATE NOCASE";

#[derive(QueryableByName)]
struct Declared {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    declared: String,
    #[diesel(sql_type = BigInt)]
    is_strict: i64,
}

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
    let columns: Vec<Declared> = bound(COLUMNS).load(connection)?;
    let affinities = columns.iter().map(|column| {
        let affinity = Affinity::of(&column.declared, column.is_strict != 0);
        (column.name.to_lowercase(), affinity)
    });
    let affinities: HashMap<String, Affinity> = affinities.collect();
    let affinity = |column: &str| affinities.get(&column.to_lowercase()).copied();
    let columns: Vec<String> = columns.into_iter().map(|column| column.name).collect();
    let has_rowid = has_rowid(connection, &table.name)?;
    let terms: Vec<Term> = bound(TERMS).load(connection)?;
    let is_free = |name: &&str| {
        !columns
            .iter()
            .any(|column| column.eq_ignore_ascii_case(name))
    };
    let free = ROW_NUMBERS.into_iter().find(is_free);
    // The layout does not show it: `BIGINT PRIMARY KEY` is created as the rowid.
    table.rowid = match table.key[..] {
        [key] if is_key_rowid(connection, &table.name)? => Some(key),
        _ => None,
    };
    let key = table.rowid.map(|key| identifier(&table.columns[key].name));
    if has_rowid && table.rowid.is_none() {
        let nullable: Vec<Name> = bound(NULLABLE_KEY).load(connection)?;
        let is_nullable = |&column: &usize| {
            let name = &table.columns[column].name;
            nullable.iter().any(|nullable| nullable.name == *name)
        };
        table.nullable_key = table.key.iter().copied().filter(is_nullable).collect();
    }
    table.row_number = match has_rowid {
        true => key.or(free.map(str::to_owned)),
        false => None,
    };
    let terms = terms.chunk_by(|one, next| one.index == next.index);
    table.unique = terms.map(|terms| unique_key(terms, &columns)).collect();
    let keyed = table.unique.iter().flat_map(|key| &key.columns);
    let keyed: Vec<String> = keyed.cloned().collect();
    let definition: Vec<Name> = bound(DEFINITION).load(connection)?;
    let generated = definition
        .iter()
        .flat_map(|text| generated_columns(&text.name));
    let generated: Vec<_> = generated
        .map(|(name, expression)| GeneratedColumn {
            columns: mentioned(&columns, &names(&expression).collect::<Vec<_>>()),
            expression: affinity(&name).unwrap_or_default().applied(&expression),
            name,
        })
        .collect();
    table.generated = within(generated, keyed);
    let compares = |key: &&UniqueKey| {
        let mut terms = key.terms.iter();
        terms.any(|term| matches!(&term.part, Part::Expression(text) if compares(text)))
    };
    let compared = table.unique.iter().filter(compares);
    let compared: HashSet<&String> = compared
        .flat_map(|key| &key.columns)
        .chain(table.generated.iter().flat_map(|column| &column.columns))
        .collect();
    let compared = columns.iter().filter(|name| compared.contains(name));
    let cast = |name: &String| Some((name.clone(), affinity(name)?.cast_type()?));
    table.compared = compared.filter_map(cast).collect();
    let defaults: Vec<NullDefault> = bound(NULL_DEFAULTS).load(connection)?;
    table.null_defaults = defaults
        .into_iter()
        .map(|default| {
            let expression = default_expression(&default.expression);
            let affinity = affinity(&default.name).unwrap_or_default();
            (default.name, affinity.applied(&expression))
        })
        .collect();
    table.converted = converted_columns(connection, table, &affinity)?;
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
    let mut used: Vec<String> = condition.iter().flat_map(|text| names(text)).collect();
    for term in &terms {
        match &term.part {
            Part::Column(column) => used.push(column.clone()),
            Part::Expression(expression) => used.extend(names(expression)),
        }
    }
    UniqueKey {
        columns: mentioned(columns, &used),
        terms,
        condition,
    }
}

/// The columns with these names.
fn mentioned(columns: &[String], names: &[String]) -> Vec<String> {
    let is_mentioned =
        |column: &&String| names.iter().any(|name| name.eq_ignore_ascii_case(column));
    columns.iter().filter(is_mentioned).cloned().collect()
}

/// The generated columns with these names, and those from which they are generated.
fn within(generated: Vec<GeneratedColumn>, mut names: Vec<String>) -> Vec<GeneratedColumn> {
    let mut found: Vec<GeneratedColumn> = Vec::new();
    while let Some(name) = names.pop() {
        let is_new = !found.iter().any(|column| column.name == name);
        let column = generated.iter().find(|column| column.name == name);
        if let Some(column) = column.filter(|_| is_new) {
            names.extend(column.columns.iter().cloned());
            found.push(column.clone());
        }
    }
    found
}
