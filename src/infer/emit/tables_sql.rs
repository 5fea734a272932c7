//! Writes `tables.sql` of a generated layout.

use std::fmt::Write as _;

use crate::infer::tables::{FieldSource, Namespace, Table};
use crate::layout::is_plain_identifier;
use crate::model::plural;

/// Returns the text of the file, with a heading as comment lines.
pub(crate) fn tables(heading: &str, tables: &[Table]) -> String {
    let mut out = String::new();
    for line in heading.lines() {
        let _ = writeln!(out, "-- {line}");
    }
    let mut names = Namespace::default();
    for table in tables {
        names.relation(&table.name);
    }
    for table in tables {
        let _ = writeln!(out, "\n-- {}", plural(table.records, "record"));
        create(&mut out, table, tables);
        indexes(&mut out, table, &mut names);
    }
    out
}

fn create(out: &mut String, table: &Table, tables: &[Table]) {
    let _ = writeln!(out, "CREATE TABLE {} (", in_sql(&table.name));
    let names = |fields: &[usize]| list(table, fields);
    let width = table
        .fields
        .iter()
        .map(|field| in_sql(&field.name).chars().count())
        .max()
        .unwrap_or(0);
    let mut lines: Vec<(String, &str)> = Vec::new();
    for (index, field) in table.fields.iter().enumerate() {
        let key = match (table.primary == [index], &field.source) {
            (true, FieldSource::Number) => " PRIMARY KEY AUTOINCREMENT",
            (true, _) => " PRIMARY KEY",
            (false, _) if !field.nullable => " NOT NULL",
            (false, _) => "",
        };
        let line = format!("{:width$}  {}{key}", in_sql(&field.name), field.ty);
        lines.push((line, &field.evidence));
    }
    if table.primary.len() > 1 {
        lines.push((format!("PRIMARY KEY ({})", names(&table.primary)), ""));
    }
    for &field in &table.unique {
        lines.push((format!("UNIQUE ({})", names(&[field])), ""));
    }
    for key in &table.foreign_keys {
        let parent = &tables[key.table];
        let line = format!(
            "FOREIGN KEY ({}) REFERENCES {} ({}){}",
            names(&key.fields),
            in_sql(&parent.name),
            list(parent, &key.to),
            key.on_delete.clause(),
        );
        lines.push((line, ""));
    }
    let last = lines.len() - 1;
    for (index, (line, evidence)) in lines.iter().enumerate() {
        let comma = if index == last { "" } else { "," };
        let _ = match evidence.is_empty() {
            true => writeln!(out, "    {line}{comma}"),
            false => writeln!(out, "    {line}{comma}  -- {evidence}"),
        };
    }
    out.push_str(");\n");
}

/// Adds an index for every foreign key that is not a prefix of another key.
fn indexes(out: &mut String, table: &Table, names: &mut Namespace) {
    let mut done: Vec<&[usize]> = Vec::new();
    for key in &table.foreign_keys {
        let fields = &key.fields[..];
        let unique = table.unique.iter().any(|field| fields == [*field]);
        if !table.primary.starts_with(fields) && !unique && !done.contains(&fields) {
            done.push(fields);
            let columns: Vec<&str> = fields
                .iter()
                .map(|&field| table.fields[field].name.as_str())
                .collect();
            let name = names.relation(&format!("idx_{}_{}", table.name, columns.join("_")));
            let _ = writeln!(
                out,
                "CREATE INDEX {} ON {} ({});",
                in_sql(&name),
                in_sql(&table.name),
                list(table, fields)
            );
        }
    }
}

fn list(table: &Table, fields: &[usize]) -> String {
    let names = fields
        .iter()
        .map(|&field| in_sql(&table.fields[field].name));
    names.collect::<Vec<_>>().join(", ")
}

/// Formats a name for `tables.sql`, quoted if necessary.
fn in_sql(name: &str) -> String {
    if is_plain_identifier(name) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_quoted() {
        for name in ["order", "select", "名前", "_1", "primary"] {
            let written = in_sql(name);
            assert!(
                is_plain_identifier(&written) || written.starts_with('"'),
                "{name}"
            );
        }
        assert_eq!(in_sql("order"), "\"order\"");
        assert_eq!(in_sql("user_id"), "user_id");
    }
}
