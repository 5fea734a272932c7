//! Names the tables, builds them in order, and adds their references.

use crate::model::{ColumnType, OnDelete};

use super::draft::TableDraft;
use super::names::{Namespace, word};
use super::references::{Reference, ValueLocation};
use super::table::{FieldSource, ForeignKey, Table};
use super::table_builder::{Inference, TableBuilder};

/// Returns the tables of the layout, in the order of the drafts.
pub(crate) fn tables(found: Inference<'_>) -> Vec<Table> {
    let mut names = Namespace::default();
    let mut tables: Vec<Table> = Vec::new();
    for index in 0..found.drafts.len() {
        let name = table_name(found.drafts, index, &tables, &mut names);
        let table = TableBuilder {
            found,
            index,
            tables: &tables,
        }
        .table(name);
        tables.push(table);
    }
    for reference in found.references {
        refer(found, *reference, &mut tables);
    }
    same_types(&mut tables);
    tables
}

/// Returns the member's name, with the name of the enclosing table as a prefix if it is taken or too generic.
fn table_name(
    drafts: &[TableDraft],
    index: usize,
    tables: &[Table],
    names: &mut Namespace,
) -> String {
    const VAGUE: [&str; 10] = [
        "data", "entries", "items", "list", "values", "value", "records", "rows", "children",
        "details",
    ];
    let draft = &drafts[index];
    let preferred = word(&draft.raw_name);
    match draft.parent {
        Some(parent) if VAGUE.contains(&preferred.as_str()) || !names.is_free(&preferred) => {
            names.relation(&format!("{}_{preferred}", tables[parent].name))
        }
        Some(_) | None => names.relation(&preferred),
    }
}

/// Adds a foreign key, and the UNIQUE constraint that it needs.
fn refer(found: Inference<'_>, reference: Reference, tables: &mut [Table]) {
    let field = |table: usize, location: ValueLocation| {
        let mut fields = tables[table].fields.iter();
        match location {
            ValueLocation::Column(column) => {
                let pointer = &found.drafts[table].columns[column].pointer;
                fields.position(
                    |field| matches!(&field.source, FieldSource::Pointer(tokens) if tokens == pointer),
                )
            }
            ValueLocation::Capture(capture, _) => {
                let name = &found.captures[tables[table].cluster][capture];
                fields.position(
                    |field| matches!(&field.source, FieldSource::Capture(known) if known == name),
                )
            }
        }
    };
    let (Some(from), Some(to)) = (
        field(reference.table, reference.location),
        field(reference.to, reference.key),
    ) else {
        return;
    };
    let target = format!(
        "{}.{}",
        tables[reference.to].name, tables[reference.to].fields[to].name
    );
    if tables[reference.to].primary != [to] && !tables[reference.to].unique.contains(&to) {
        tables[reference.to].unique.push(to);
    }
    let table = &mut tables[reference.table];
    let field = &mut table.fields[from];
    field
        .evidence
        .push_str(&format!(", every value is in {target}"));
    let on_delete = match field.nullable {
        true => OnDelete::SetNull,
        false => OnDelete::Restrict,
    };
    table.foreign_keys.push(ForeignKey {
        fields: vec![from],
        table: reference.to,
        to: vec![to],
        on_delete,
    });
}

/// Gives both sides of a foreign key the type of the referenced side.
fn same_types(tables: &mut [Table]) {
    // Chains of references are at most as long as the number of tables.
    for _ in 0..tables.len() {
        for table in 0..tables.len() {
            for key in 0..tables[table].foreign_keys.len() {
                let ForeignKey {
                    fields,
                    table: parent,
                    to,
                    ..
                } = &tables[table].foreign_keys[key];
                let types: Vec<(usize, ColumnType)> = fields
                    .iter()
                    .zip(to)
                    .map(|(field, to)| (*field, tables[*parent].fields[*to].ty))
                    .collect();
                for (field, ty) in types {
                    tables[table].fields[field].ty = ty;
                }
            }
        }
    }
}
