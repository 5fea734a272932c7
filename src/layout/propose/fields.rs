//! The fields of a table and its primary key.

use crate::model::{ColumnType, OnDelete};

use super::draft::Step;
use super::identifier::{Names, singular};
use super::keys::Key;
use super::plan::{Field, Findings, ForeignKey, From, Table};
use super::references::Spot;

/// What holds a part of the key that a table inherits.
enum Inherited {
    Field(usize),
    /// A column of the record.
    Column(usize),
}

/// One table in the making.
pub(super) struct Planning<'p> {
    pub(super) found: Findings<'p>,
    pub(super) index: usize,
    /// The tables before this one: its ancestors are among them.
    pub(super) tables: &'p [Table],
}

impl Planning<'_> {
    /// The table called `name`.
    pub(super) fn table(&self, name: String) -> Table {
        let draft = &self.found.drafts[self.index];
        let key = &self.found.keys[self.index];
        let mut columns = Names::of_columns();
        // Members keep their names where they can; what comes from elsewhere gives way.
        let members: Vec<String> = draft
            .columns
            .iter()
            .map(|column| columns.column(&column.wanted))
            .collect();
        let mut table = Table {
            name,
            kind: draft.kind,
            parent: draft.parent,
            each: String::new(),
            records: draft.records,
            fields: Vec::new(),
            primary: Vec::new(),
            unique: Vec::new(),
            foreign_keys: Vec::new(),
            by_position: *key == Key::Position,
        };
        if *key == Key::Position {
            let name = ["id", "row_id", "row_number"]
                .into_iter()
                .find(|name| columns.is_free(name));
            table.fields.push(Field {
                name: columns.column(name.unwrap_or("row_number")),
                ty: ColumnType::Integer,
                nullable: false,
                from: From::Number,
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
                Key::Column(key) | Key::Within(key) => *key == of_column.len() - 1,
                Key::File | Key::Members | Key::Position => false,
            };
            let among = match (unique, key) {
                (true, Key::Within(_)) => ", unique within what encloses it",
                (true, _) => ", unique",
                (false, _) => "",
            };
            let note = column.note.iter().map(|note| format!("; {note}"));
            let note: String = note.chain(self.note(of_column.len() - 1)).collect();
            table.fields.push(Field {
                name,
                ty: column.ty,
                nullable: column.present < draft.records || column.ty == ColumnType::Json,
                from: From::Pointer(column.pointer.clone()),
                evidence: format!("in {} of {}{among}{note}", column.present, draft.records),
            });
        }
        // A row must hold something beside its number.
        let empty = table
            .fields
            .iter()
            .all(|field| matches!(field.from, From::Number));
        if draft.rest || empty {
            table.fields.push(Field {
                name: columns.column("rest"),
                ty: ColumnType::Json,
                nullable: true,
                from: From::Rest,
                evidence: "members that come and go".to_owned(),
            });
        }
        let inherited = inherited.into_iter().map(|part| match part {
            Inherited::Field(field) => field,
            Inherited::Column(column) => of_column[column],
        });
        match key {
            Key::Column(column) => table.primary = vec![of_column[*column]],
            Key::Within(column) => {
                table.primary = inherited.chain([of_column[*column]]).collect();
            }
            Key::Members => table.primary = inherited.chain(names).collect(),
            Key::File => table.primary = inherited.collect(),
            Key::Position => {}
        }
        table
    }

    fn note(&self, column: usize) -> Option<String> {
        let mut notes = self.found.notes.iter();
        let own =
            notes.find(|(table, spot, _)| *table == self.index && *spot == Spot::Column(column));
        own.map(|(_, _, note)| format!("; {note}"))
    }

    /// The key of the enclosing row, or the captures of the file name; a capture that a column holds in every record
    /// is not stored again.
    fn inherited(&self, table: &mut Table, columns: &mut Names) -> Vec<Inherited> {
        let Some(parent) = table.parent else {
            let values = &self.found.values[self.index];
            let names = &self.found.captures[table.kind];
            let captures = names.iter().zip(&self.found.ways[table.kind]).enumerate();
            return captures
                .map(|(capture, (name, way))| {
                    if let Some(column) = values.column_equal_to(capture, *way) {
                        return Inherited::Column(column);
                    }
                    table.fields.push(Field {
                        name: columns.column(name),
                        ty: ColumnType::Text { max_chars: None },
                        nullable: false,
                        from: From::Capture(name.clone()),
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
            let inherited = matches!(field.from, From::Parent(_) | From::Capture(_));
            let wanted = if own || inherited {
                field.name.clone()
            } else {
                format!("{prefix}_{}", field.name)
            };
            table.fields.push(Field {
                name: columns.column(&wanted),
                ty: field.ty,
                nullable: false,
                from: From::Parent(key),
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

    /// Writes `each`, and adds the fields of the member names that are data.
    fn each(&self, table: &mut Table, columns: &mut Names) -> Vec<usize> {
        let steps = &self.found.drafts[self.index].each;
        let captures = steps.iter().filter(|step| **step == Step::Capture).count();
        let first = table.fields.len();
        let mut taken = self.captures_in_sight();
        let mut each = String::new();
        for step in steps {
            match step {
                Step::Name(name) => {
                    each.push_str(&format!("/{}", crate::model::Pointer::escape(name)))
                }
                Step::Every => each.push_str("/*"),
                Step::Capture => {
                    let number = table.fields.len() - first;
                    let wanted = match (captures, number) {
                        (2, 0) => "group",
                        _ => "key",
                    };
                    let name = taken.column(wanted);
                    each.push_str(&format!("/{{{name}}}"));
                    table.fields.push(Field {
                        name: columns.column(&name),
                        ty: ColumnType::Text { max_chars: None },
                        nullable: false,
                        from: From::Capture(name),
                        evidence: "the name of the member".to_owned(),
                    });
                }
            }
        }
        table.each = each;
        (first..table.fields.len()).collect()
    }

    /// Names of captures that must not stand a second time.
    fn captures_in_sight(&self) -> Names {
        let mut names = Names::default();
        let kind = self.found.drafts[self.index].kind;
        for name in &self.found.captures[kind] {
            names.column(name);
        }
        let mut ancestor = self.found.drafts[self.index].parent;
        while let Some(index) = ancestor {
            for field in &self.tables[index].fields {
                if let From::Capture(name) = &field.from {
                    names.column(name);
                }
            }
            ancestor = self.tables[index].parent;
        }
        names
    }
}
