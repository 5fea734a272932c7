//! `tables.sql` of a proposal.

use std::fmt::Write as _;

use crate::model::OnDelete;

use super::identifier::{Names, in_sql};
use super::plan::{From, Table};

/// The file, with a heading of comment lines.
pub(super) fn tables(heading: &str, tables: &[Table]) -> String {
    let mut out = String::new();
    for line in heading.lines() {
        let _ = writeln!(out, "-- {line}");
    }
    let mut names = Names::default();
    for table in tables {
        names.relation(&table.name);
    }
    for table in tables {
        let plural = if table.records == 1 { "" } else { "s" };
        let _ = writeln!(out, "\n-- {} record{plural}", table.records);
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
        let key = match (table.primary == [index], &field.from) {
            (true, From::Number) => " PRIMARY KEY AUTOINCREMENT",
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
        let action = match key.on_delete {
            OnDelete::Restrict => "",
            OnDelete::Cascade => " ON DELETE CASCADE",
            OnDelete::SetNull => " ON DELETE SET NULL",
        };
        let line = format!(
            "FOREIGN KEY ({}) REFERENCES {} ({}){action}",
            names(&key.fields),
            in_sql(&parent.name),
            list(parent, &key.to)
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

/// An index for every foreign key that no other key begins with.
fn indexes(out: &mut String, table: &Table, names: &mut Names) {
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
