//! Index definitions: `CREATE [UNIQUE] INDEX`.

use sqlparser::ast::{CreateIndex, Spanned as _};
use sqlparser::tokenizer::Location;

use crate::layout::problem::{Problems, suggest};
use crate::model::{Index, IndexColumn};

use super::{WrittenTable, column_index, keys, names, place, place_of, single};

/// Adds the index to its table.
pub(super) fn add(
    create: &CreateIndex,
    start: Location,
    tables: &mut [WrittenTable],
    problems: &mut Problems,
) {
    let Some(name) = create.name.as_ref() else {
        problems.error(
            place(start),
            "the index has no name",
            "write `CREATE INDEX idx_table_column ON …`",
        );
        return;
    };
    let (Some(name), Some(on)) = (single(name, problems), single(&create.table_name, problems))
    else {
        return;
    };
    names::check_relation(name, problems);
    if !is_plain(create) {
        problems.error(
            place_of(name.span),
            format!("index `{}` has unsupported clauses", name.value),
            "write `CREATE [UNIQUE] INDEX name ON table (columns)`",
        );
    }
    // Tables and indexes share a namespace in SQLite and PostgreSQL.
    let taken = tables.iter().any(|other| {
        let indexes = other.table.indexes.iter().map(|index| index.name.as_str());
        indexes
            .chain([other.table.name.as_str()])
            .any(|taken| taken.eq_ignore_ascii_case(&name.value))
    });
    if taken {
        let message = format!("the name `{}` is used twice", name.value);
        problems.error(
            place_of(name.span),
            message,
            "give every table and index its own name",
        );
    }
    let known: Vec<String> = tables
        .iter()
        .map(|other| other.table.name.clone())
        .collect();
    let Some(written) = tables.iter_mut().find(|other| other.table.name == on.value) else {
        let message = format!("there is no table `{}`", on.value);
        let hint = suggest(&on.value, known.iter().map(String::as_str));
        problems.error(place_of(on.span), message, hint);
        return;
    };
    let mut columns = Vec::new();
    for column in &create.columns {
        let Some((column, descending)) = keys::plain_column(column) else {
            problems.error(
                place_of(column.column.expr.span()),
                format!("`{column}` is not a plain column"),
                "use plain columns, with DESC if needed",
            );
            return;
        };
        let Some(index) = column_index(&written.table, column, problems) else {
            return;
        };
        let ty = written.table.columns[index].ty;
        if !keys::comparable(ty) {
            let message = format!("{ty} column `{}` cannot be indexed", column.value);
            problems.error(place_of(column.span), message, "remove it from the index");
            return;
        }
        columns.push(IndexColumn {
            column: index,
            descending,
        });
    }
    if create.unique {
        let unique = columns.iter().map(|column| column.column).collect();
        keys::add_unique(unique, written);
    }
    written.table.indexes.push(Index {
        name: name.value.clone(),
        columns,
        unique: create.unique,
    });
}

fn is_plain(create: &CreateIndex) -> bool {
    let CreateIndex {
        name: _,
        table_name: _,
        using,
        columns: _,
        unique: _,
        concurrently,
        r#async,
        if_not_exists: _,
        include,
        nulls_distinct,
        with,
        predicate,
        index_options,
        alter_options,
    } = create;
    using.is_none()
        && !concurrently
        && !r#async
        && include.is_empty()
        && nulls_distinct.is_none()
        && with.is_empty()
        && predicate.is_none()
        && index_options.is_empty()
        && alter_options.is_empty()
}
