//! What the columns of this database can take of what the layout allows: asked of every row before it is planned.

use crate::layout::Layout;
use crate::model::{Row, Rule, Value};

use super::change::{Problem, TableColumns};

/// How much a column takes. Nothing is bounded unless said so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ColumnLimit {
    /// Unicode scalar values of a text.
    pub chars: Option<u32>,
    /// Bytes of a text or a BLOB.
    pub bytes: Option<u64>,
    /// How deep JSON may be nested.
    pub depth: Option<usize>,
}

/// The first value of a row that its column does not take. `limits` are those of the row's table.
pub(super) fn check(layout: &Layout, limits: &[ColumnLimit], row: &Row) -> Result<(), Problem> {
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
            | Value::Uuid(_) => None,
        };
        if let Some((rule, what)) = found {
            return Err(Problem {
                origin: row.origin.clone(),
                columns: Some(TableColumns {
                    table: row.table,
                    columns: vec![index],
                }),
                rule,
                message: format!("the value for `{}.{}` {what}", table.name, column.name),
                remedy: "shorten it, in tables of your own give the column more room".to_owned(),
            });
        }
    }
    Ok(())
}

fn too_long(text: &str, limit: ColumnLimit) -> Option<(Rule, String)> {
    if let Some(most) = limit.chars {
        // No text has more characters than bytes.
        if text.len() > most as usize {
            let chars = text.chars().count();
            if chars > most as usize {
                let what =
                    format!("has {chars} characters, and the database's column takes {most}");
                return Some((Rule::TooLong, what));
            }
        }
    }
    too_many_bytes(text.len(), limit)
}

fn too_many_bytes(bytes: usize, limit: ColumnLimit) -> Option<(Rule, String)> {
    let most = limit.bytes.filter(|most| bytes as u64 > *most)?;
    let what = format!("has {bytes} bytes, and the database's column takes {most}");
    Some((Rule::TooLong, what))
}

fn too_deep(json: &str, limit: ColumnLimit) -> Option<(Rule, String)> {
    let most = limit.depth?;
    let depth = depth(json);
    (depth > most).then(|| {
        let what = format!("is nested {depth} deep, and the database takes {most}");
        (Rule::TooDeep, what)
    })
}

/// How deep the brackets of a JSON text are nested, leaving out those in strings.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => loop {
                match bytes.next() {
                    Some(b'\\') => {
                        bytes.next();
                    }
                    Some(b'"') | None => break,
                    Some(_) => {}
                }
            },
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
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

    #[test]
    fn brackets_in_strings_are_not_depth() {
        assert_eq!(depth(r#"{"a[\"[": [1, "]"]}"#), 2);
        assert_eq!(depth("1"), 0);
    }
}
