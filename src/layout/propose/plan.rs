//! The proposed layout: tables with names, fields, keys and foreign keys, and the captures of the file patterns.

use crate::model::{ColumnType, OnDelete};

use super::draft::Draft;
use super::fields::Planning;
use super::identifier::{Names, word};
use super::keys::Key;
use super::references::{Reference, Spot};
use super::values::TableValues;

/// A table of the proposal and the rule that fills it.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) kind: usize,
    pub(super) parent: Option<usize>,
    /// As it is written.
    pub(super) each: String,
    pub(super) records: u64,
    pub(super) fields: Vec<Field>,
    /// Indexes of fields.
    pub(super) primary: Vec<usize>,
    /// Fields that others refer to beside the primary key.
    pub(super) unique: Vec<usize>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    /// Whether a record is known again by its place.
    pub(super) by_position: bool,
}

/// A column and where its value comes from.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) ty: ColumnType,
    pub(super) nullable: bool,
    pub(super) from: From,
    /// What speaks for it.
    pub(super) evidence: String,
}

/// Where the value of a field comes from.
#[derive(Debug)]
pub(super) enum From {
    /// The database numbers the rows.
    Number,
    /// A capture of this name.
    Capture(String),
    /// A field of the enclosing row.
    Parent(usize),
    /// JSON Pointer tokens in the record.
    Pointer(Vec<String>),
    /// What nothing else reads.
    Rest,
}

/// A foreign key.
#[derive(Debug)]
pub(super) struct ForeignKey {
    pub(super) fields: Vec<usize>,
    pub(super) table: usize,
    /// Fields of that table.
    pub(super) to: Vec<usize>,
    pub(super) on_delete: OnDelete,
}

/// What was found out about the tables.
#[derive(Clone, Copy)]
pub(super) struct Findings<'f> {
    pub(super) drafts: &'f [Draft],
    pub(super) values: &'f [TableValues],
    pub(super) keys: &'f [Key],
    pub(super) references: &'f [Reference],
    pub(super) notes: &'f [(usize, Spot, String)],
    /// Per kind and capture, the chosen way to cut it out of the name.
    pub(super) ways: &'f [Vec<usize>],
    /// Per kind, the names of the captures.
    pub(super) captures: &'f [Vec<String>],
}

/// The tables of the proposal, in the order of the drafts.
pub(super) fn tables(found: Findings<'_>) -> Vec<Table> {
    let mut names = Names::default();
    let mut tables: Vec<Table> = Vec::new();
    for index in 0..found.drafts.len() {
        let name = table_name(found.drafts, index, &tables, &mut names);
        let table = Planning {
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

/// A member's name, after that of the enclosing table if it is taken or says nothing by itself.
fn table_name(drafts: &[Draft], index: usize, tables: &[Table], names: &mut Names) -> String {
    const VAGUE: [&str; 10] = [
        "data", "entries", "items", "list", "values", "value", "records", "rows", "children",
        "details",
    ];
    let draft = &drafts[index];
    let wanted = word(&draft.wanted);
    match draft.parent {
        Some(parent) if VAGUE.contains(&wanted.as_str()) || !names.is_free(&wanted) => {
            names.relation(&format!("{}_{wanted}", tables[parent].name))
        }
        Some(_) | None => names.relation(&wanted),
    }
}

/// Adds a foreign key, and the UNIQUE that it needs.
fn refer(found: Findings<'_>, reference: Reference, tables: &mut [Table]) {
    let field = |table: usize, spot: Spot| {
        let mut fields = tables[table].fields.iter();
        match spot {
            Spot::Column(column) => {
                let pointer = &found.drafts[table].columns[column].pointer;
                fields.position(
                    |field| matches!(&field.from, From::Pointer(tokens) if tokens == pointer),
                )
            }
            Spot::Capture(capture, _) => {
                let name = &found.captures[tables[table].kind][capture];
                fields
                    .position(|field| matches!(&field.from, From::Capture(known) if known == name))
            }
        }
    };
    let (Some(from), Some(to)) = (
        field(reference.table, reference.spot),
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

/// Gives both sides of a foreign key the type of the side that is referred to.
fn same_types(tables: &mut [Table]) {
    // Chains of references are no longer than there are tables.
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
