//! One column definition.

use sqlparser::ast::{ColumnDef, ColumnOption, DataType, Expr, Ident, Spanned as _};
use sqlparser::tokenizer::Token;

use crate::layout::problem::Problems;
use crate::model::{Column, ColumnType};

use super::foreign_keys::WrittenForeignKey;
use super::{WrittenTable, default, keys, names, place_of, types};

/// Adds the column and what its constraints say about the table.
pub(super) fn add(definition: &ColumnDef, written: &mut WrittenTable, problems: &mut Problems) {
    let name = &definition.name;
    names::check_column(name, problems);
    let taken = |column: &Column| column.name.eq_ignore_ascii_case(&name.value);
    if written.table.columns.iter().any(taken) {
        let message = format!("column `{}` is defined twice", name.value);
        problems.error(place_of(name.span), message, "remove one of the two");
        return;
    }
    let Some(ty) = types::portable(&definition.data_type) else {
        let message = match definition.data_type.to_string() {
            none if none.is_empty() => format!("column `{}` has no type", name.value),
            other => format!("the type `{other}` is not portable"),
        };
        let remedy = format!("use one of {}", types::PORTABLE);
        problems.error(place_of(name.span), message, remedy);
        // The column exists all the same, so that its other mentions are not reported as well.
        written
            .table
            .columns
            .push(plain(name, ColumnType::Text { max_chars: None }));
        return;
    };
    let index = written.table.columns.len();
    written.table.columns.push(plain(name, ty));
    for option in &definition.options {
        let column = &mut written.table.columns[index];
        match &option.option {
            ColumnOption::Null => column.nullable = true,
            ColumnOption::NotNull => column.nullable = false,
            ColumnOption::Default(expr) => match default::evaluate(expr, ty) {
                Ok(value) => column.default = value,
                Err(reason) => problems.error(
                    place_of(option_span(name, expr)),
                    format!("the default of `{}` cannot be used: {reason}", name.value),
                    format!("write a literal of type {ty}, or CURRENT_TIMESTAMP for a timestamp"),
                ),
            },
            ColumnOption::PrimaryKey(key) if keys::is_plain_primary(key) => {
                keys::set_primary(vec![index], name, written, problems);
            }
            ColumnOption::Unique(key) if keys::is_plain_unique(key) => {
                keys::add_unique(vec![index], written);
            }
            ColumnOption::ForeignKey(key) => {
                let columns = std::slice::from_ref(name);
                written
                    .foreign_keys
                    .extend(WrittenForeignKey::read(key, columns, problems));
            }
            ColumnOption::DialectSpecific(tokens) if is_autoincrement(tokens) => {
                let whole = written.table.primary_key == [index] && is_integer(definition);
                if !whole {
                    problems.error(
                        place_of(name.span),
                        "AUTOINCREMENT stands only in INTEGER PRIMARY KEY AUTOINCREMENT",
                        format!("write `{} INTEGER PRIMARY KEY AUTOINCREMENT`", name.value),
                    );
                }
            }
            other => refuse(name, other, problems),
        }
    }
}

fn plain(name: &Ident, ty: ColumnType) -> Column {
    Column {
        name: name.value.clone(),
        ty,
        nullable: true,
        default: None,
    }
}

fn refuse(name: &Ident, option: &ColumnOption, problems: &mut Problems) {
    let at = match option {
        ColumnOption::Check(check) => option_span(name, &check.expr),
        _ => name.span,
    };
    problems.error(
        place_of(at),
        format!("`{option}` on column `{}` is not portable", name.value),
        "remove it; NOT NULL, DEFAULT, PRIMARY KEY, AUTOINCREMENT, UNIQUE and REFERENCES … ON DELETE may stand here",
    );
}

/// The span of `expr`, or of the column's name where the parser keeps none.
fn option_span(name: &Ident, expr: &Expr) -> sqlparser::tokenizer::Span {
    let span = expr.span();
    if span.start.line == 0 {
        name.span
    } else {
        span
    }
}

/// Whether the type is written INTEGER: SQLite numbers the rows of a primary key of this type by itself, and of no
/// other (<https://sqlite.org/rowidtable.html>).
pub(super) fn is_integer(definition: &ColumnDef) -> bool {
    matches!(definition.data_type, DataType::Integer(None))
}

fn is_autoincrement(tokens: &[Token]) -> bool {
    matches!(tokens, [Token::Word(word)] if word.value.eq_ignore_ascii_case("AUTOINCREMENT"))
}
