//! Checks every row against the limits of this database, which may be narrower than the layout.

use std::fmt;
use std::sync::Arc;

use crate::layout::{Layout, LayoutTable};
use crate::model::{MappedRow, Origin, Rule, Value, json_depth, plural};

use super::change::{RowProblem, TableColumns};

/// The limits of a column. `None` means unlimited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ColumnLimit {
    /// Unicode scalar values of a string.
    pub chars: Option<u32>,
    /// Bytes of a string or a BLOB.
    pub bytes: Option<u64>,
    /// Nesting depth of JSON.
    pub depth: Option<usize>,
}

/// The limits of a table.
#[derive(Debug, Clone, Default)]
pub struct TableLimits {
    /// Limits of the columns of the layout's table; empty if there are none.
    pub columns: Vec<ColumnLimit>,
    /// The limit of a whole row, if a row of this table can exceed it.
    pub row: Option<RowLimit>,
}

/// The longest row that a table can store.
#[derive(Debug, Clone)]
pub struct RowLimit {
    /// Maximum number of bytes.
    pub most: u64,
    /// Computes the size of a row.
    pub size: Arc<dyn RowSize>,
}

/// How one kind of database stores rows.
pub trait RowSize: fmt::Debug + Send + Sync {
    /// A lower bound of the bytes that a row with these values takes: never more than the database needs. There is a
    /// value for each column of the layout's table.
    fn at_least(&self, values: &[Value]) -> u64;
}

/// Checks whether the database can store a row. `values` are all values of the new row, including defaults.
pub(super) fn check_row(
    table: &LayoutTable,
    limit: &RowLimit,
    origin: &Origin,
    values: &[Value],
) -> Result<(), RowProblem> {
    let bytes = limit.size.at_least(values);
    if bytes <= limit.most {
        return Ok(());
    }
    Err(RowProblem {
        origin: origin.clone(),
        columns: None,
        shared: None,
        cause: None,
        rule: Rule::TooLong,
        message: format!(
            "the row for `{}` needs at least {bytes} bytes, and the database stores at most {} per row",
            table.table.name,
            plural(limit.most, "byte")
        ),
        hint: "split the columns over several tables, or map several properties to one JSON column"
            .to_owned(),
    })
}

/// Reports the first value of a row that exceeds a limit of its column. `limits` are those of the row's table.
pub(super) fn check(
    layout: &Layout,
    limits: &[ColumnLimit],
    row: &MappedRow,
) -> Result<(), RowProblem> {
    let table = &layout.tables[row.table].table;
    let columns = table.columns.iter().enumerate();
    for (((index, column), value), limit) in columns.zip(&row.values).zip(limits) {
        let found = match value {
            Value::Text(text) => too_long(text, *limit),
            Value::Blob(bytes) => too_many_bytes(bytes.len(), *limit),
            Value::Json(text) => {
                too_many_bytes(text.len(), *limit).or_else(|| too_deep(text, *limit))
            }
            Value::Null
            | Value::Default
            | Value::ParentKey(_)
            | Value::Boolean(_)
            | Value::Integer(_)
            | Value::Real(_)
            | Value::Timestamp(_)
            | Value::Date(_)
            | Value::Uuid(_)
            | Value::InvalidText(_) => None,
        };
        if let Some((rule, what)) = found {
            return Err(RowProblem {
                origin: row.origin.clone(),
                columns: Some(Box::new(TableColumns {
                    table: row.table,
                    columns: vec![index],
                })),
                shared: None,
                cause: None,
                rule,
                message: format!("the value for `{}.{}` {what}", table.name, column.name),
                hint: "shorten it; if the table is your own, you can also enlarge the column"
                    .to_owned(),
            });
        }
    }
    Ok(())
}

fn too_long(text: &str, limit: ColumnLimit) -> Option<(Rule, String)> {
    if let Some(most) = limit.chars {
        // A string never has more characters than bytes.
        if text.len() > most as usize {
            let chars = text.chars().count();
            if chars > most as usize {
                let what = format!("has {chars} characters, but the database column allows {most}");
                return Some((Rule::TooLong, what));
            }
        }
    }
    too_many_bytes(text.len(), limit)
}

fn too_many_bytes(bytes: usize, limit: ColumnLimit) -> Option<(Rule, String)> {
    let most = limit.bytes.filter(|most| bytes as u64 > *most)?;
    let what = format!("has {bytes} bytes, but the database column allows {most}");
    Some((Rule::TooLong, what))
}

fn too_deep(json: &str, limit: ColumnLimit) -> Option<(Rule, String)> {
    let most = limit.depth?;
    let depth = json_depth(json);
    (depth > most).then(|| {
        let what = format!("is nested {depth} levels deep, but the database allows {most}");
        (Rule::TooDeep, what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_not_bytes() {
        let limit = ColumnLimit {
            chars: Some(3),
            ..ColumnLimit::default()
        };
        assert_eq!(too_long("苹果汁", limit), None);
        assert!(too_long("苹果汁!", limit).is_some());
    }
}
