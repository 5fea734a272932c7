//! Builds the fields of a table and its primary key.

use crate::model::{ColumnType, OnDelete, escape_line, plural};

use super::draft::{PathStep, TableDraft};
use super::keys::{PrimaryKey, is_named_like_key};
use super::names::{Namespace, singular};
use super::references::{Reference, ValueLocation};
use super::table::{Field, FieldSource, ForeignKey, Table};
use super::values::TableValues;

/// Longer values are not quoted in a comment.
const LONGEST_QUOTED: usize = 40;

/// Everything inferred about the tables.
#[derive(Clone, Copy)]
pub(crate) struct Inference<'f> {
    pub(crate) drafts: &'f [TableDraft],
    pub(crate) values: &'f [TableValues],
    pub(crate) keys: &'f [PrimaryKey],
    pub(crate) references: &'f [Reference],
    pub(crate) notes: &'f [(usize, ValueLocation, String)],
    /// For each cluster and capture, the selected alternative for cutting it out of the name.
    pub(crate) alternatives: &'f [Vec<usize>],
    /// For each cluster, the names of the captures.
    pub(crate) captures: &'f [Vec<String>],
}

/// A part of the key that a table inherits.
enum Inherited {
    Field(usize),
    /// A column of the record.
    Column(usize),
}

/// Builds one table.
pub(crate) struct TableBuilder<'p> {
    pub(crate) found: Inference<'p>,
    pub(crate) index: usize,
    /// The earlier tables, which include its ancestors.
    pub(crate) tables: &'p [Table],
}

impl TableBuilder<'_> {
    /// Builds the table called `name`.
    pub(crate) fn table(&self, name: String) -> Table {
        let draft = &self.found.drafts[self.index];
        let key = &self.found.keys[self.index];
        let mut columns = Namespace::of_columns();
        // Members keep their names where possible; other fields are renamed.
        let members: Vec<String> = draft
            .columns
            .iter()
            .map(|column| columns.column(&column.raw_name))
            .collect();
        let mut table = Table {
            name,
            cluster: draft.cluster,
            parent: draft.parent,
            each: String::new(),
            records: draft.records,
            fields: Vec::new(),
            primary: Vec::new(),
            unique: Vec::new(),
            foreign_keys: Vec::new(),
            by_position: *key == PrimaryKey::Position,
        };
        if *key == PrimaryKey::Position {
            let name = ["id", "row_id", "row_number"]
                .into_iter()
                .find(|name| columns.is_free(name));
            table.fields.push(Field {
                name: columns.column(name.unwrap_or("row_number")),
                ty: ColumnType::Integer,
                nullable: false,
                source: FieldSource::Number,
                evidence: String::new(),
            });
            table.primary = vec![0];
        }
        let inherited = self.inherited(&mut table, &mut columns);
        let names = self.each(&mut table, &mut columns);
        let mut of_column = Vec::new();
        for (column, name) in draft.columns.iter().zip(members) {
            of_column.push(table.fields.len());
            let unique = match key {
                PrimaryKey::Column(key) | PrimaryKey::Within(key) => *key == of_column.len() - 1,
                PrimaryKey::File | PrimaryKey::Members | PrimaryKey::Position => false,
            };
            let among = match (unique, key) {
                (true, PrimaryKey::Within(_)) => ", unique within the enclosing record",
                (true, _) => ", unique",
                (false, PrimaryKey::Position) => &self.repeated(of_column.len() - 1),
                (false, _) => "",
            };
            let note = column.note.iter().map(|note| format!("; {note}"));
            let note: String = note.chain(self.note(of_column.len() - 1)).collect();
            table.fields.push(Field {
                name,
                ty: column.ty,
                nullable: column.present < draft.records || column.ty == ColumnType::Json,
                source: FieldSource::Pointer(column.pointer.clone()),
                evidence: format!("in {} of {}{among}{note}", column.present, draft.records),
            });
        }
        // A row must contain more than its generated number.
        let empty = table
            .fields
            .iter()
            .all(|field| matches!(field.source, FieldSource::Number));
        if draft.rest || empty {
            table.fields.push(Field {
                name: columns.column("rest"),
                ty: ColumnType::Json,
                nullable: true,
                source: FieldSource::Rest,
                evidence: "properties that occur rarely".to_owned(),
            });
        }
        let inherited = inherited.into_iter().map(|part| match part {
            Inherited::Field(field) => field,
            Inherited::Column(column) => of_column[column],
        });
        match key {
            PrimaryKey::Column(column) => table.primary = vec![of_column[*column]],
            PrimaryKey::Within(column) => {
                table.primary = inherited.chain([of_column[*column]]).collect();
            }
            PrimaryKey::Members => table.primary = inherited.chain(names).collect(),
            PrimaryKey::File => table.primary = inherited.collect(),
            PrimaryKey::Position => {}
        }
        table
    }

    /// Why a column whose name is that of a key is none.
    fn repeated(&self, column: usize) -> String {
        let values = &self.found.values[self.index];
        let draft = &self.found.drafts[self.index];
        let value = is_named_like_key(draft, column, values)
            .then_some(values.columns[column].as_ref())
            .flatten();
        let Some((values, value)) = value.and_then(|all| Some((all, all.repeated()?))) else {
            return String::new();
        };
        let which = match value.chars().count() {
            ..=LONGEST_QUOTED => format!(", {} repeats", escape_line(value)),
            _ => String::new(),
        };
        let different = plural(values.distinct() as u64, "different value");
        format!("; not unique: {different} in {}{which}", values.count)
    }

    fn note(&self, column: usize) -> Option<String> {
        let mut notes = self.found.notes.iter();
        let own = notes.find(|(table, location, _)| {
            *table == self.index && *location == ValueLocation::Column(column)
        });
        own.map(|(_, _, note)| format!("; {note}"))
    }

    /// Adds the key of the enclosing row, or the captures of the file name. A capture that equals a column in every
    /// record is not stored again.
    fn inherited(&self, table: &mut Table, columns: &mut Namespace) -> Vec<Inherited> {
        let Some(parent) = table.parent else {
            let values = &self.found.values[self.index];
            let names = &self.found.captures[table.cluster];
            let captures = names
                .iter()
                .zip(&self.found.alternatives[table.cluster])
                .enumerate();
            return captures
                .map(|(capture, (name, alternative))| {
                    if let Some(column) = values.column_equal_to(capture, *alternative) {
                        return Inherited::Column(column);
                    }
                    table.fields.push(Field {
                        name: columns.column(name),
                        ty: ColumnType::Text { max_chars: None },
                        nullable: false,
                        source: FieldSource::Capture(name.clone()),
                        evidence: "from the name of the file".to_owned(),
                    });
                    Inherited::Field(table.fields.len() - 1)
                })
                .collect();
        };
        let first = table.fields.len();
        let owner = &self.tables[parent];
        let prefix = singular(&owner.name);
        for &key in &owner.primary {
            let field = &owner.fields[key];
            let own = field.name == prefix || field.name.starts_with(&format!("{prefix}_"));
            let inherited = matches!(
                field.source,
                FieldSource::Parent(_) | FieldSource::Capture(_)
            );
            let preferred = if own || inherited {
                field.name.clone()
            } else {
                format!("{prefix}_{}", field.name)
            };
            table.fields.push(Field {
                name: columns.column(&preferred),
                ty: field.ty,
                nullable: false,
                source: FieldSource::Parent(key),
                evidence: String::new(),
            });
        }
        let fields: Vec<usize> = (first..table.fields.len()).collect();
        table.foreign_keys.push(ForeignKey {
            fields: fields.clone(),
            table: parent,
            to: owner.primary.clone(),
            on_delete: OnDelete::Cascade,
        });
        fields.into_iter().map(Inherited::Field).collect()
    }

    /// Builds `each`, and adds fields for member names that are data.
    fn each(&self, table: &mut Table, columns: &mut Namespace) -> Vec<usize> {
        let steps = &self.found.drafts[self.index].each;
        let captures = steps
            .iter()
            .filter(|step| **step == PathStep::Capture)
            .count();
        let first = table.fields.len();
        let mut taken = self.captures_in_sight();
        let mut each = String::new();
        for step in steps {
            match step {
                PathStep::Member(name) => {
                    each.push_str(&format!("/{}", crate::model::Pointer::escape(name)))
                }
                PathStep::Each => each.push_str("/*"),
                PathStep::Capture => {
                    let number = table.fields.len() - first;
                    let preferred = match (captures, number) {
                        (2, 0) => "group",
                        _ => "key",
                    };
                    let name = taken.column(preferred);
                    each.push_str(&format!("/{{{name}}}"));
                    table.fields.push(Field {
                        name: columns.column(&name),
                        ty: ColumnType::Text { max_chars: None },
                        nullable: false,
                        source: FieldSource::Capture(name),
                        evidence: "the name of the property".to_owned(),
                    });
                }
            }
        }
        table.each = each;
        (first..table.fields.len()).collect()
    }

    /// Returns the names of captures that must not be repeated.
    fn captures_in_sight(&self) -> Namespace {
        let mut names = Namespace::default();
        let cluster = self.found.drafts[self.index].cluster;
        for name in &self.found.captures[cluster] {
            names.column(name);
        }
        let mut ancestor = self.found.drafts[self.index].parent;
        while let Some(index) = ancestor {
            for field in &self.tables[index].fields {
                if let FieldSource::Capture(name) = &field.source {
                    names.column(name);
                }
            }
            ancestor = self.tables[index].parent;
        }
        names
    }
}
