//! Foreign keys: parsed with the tables, resolved once all tables are known, and used to order the tables.

use sqlparser::ast::{ForeignKeyConstraint, Ident, ReferentialAction};

use crate::layout::literal::same_kind;
use crate::layout::problem::{Problems, quoted, suggest};
use crate::model::{ForeignKey, OnDelete, Table, plural};

use super::{WrittenTable, column_index, place_of, single};

/// A foreign key with unresolved names.
#[derive(Debug)]
pub(super) struct WrittenForeignKey {
    columns: Vec<Ident>,
    table: Ident,
    references: Vec<Ident>,
    on_delete: OnDelete,
}

impl WrittenForeignKey {
    /// Reads the foreign key `key` of `columns`.
    pub(super) fn read(
        key: &ForeignKeyConstraint,
        columns: &[Ident],
        problems: &mut Problems,
    ) -> Option<Self> {
        let table = single(&key.foreign_table, problems)?;
        let at = place_of(table.span);
        let mut reject = |what: &str, hint: &str| problems.error(at.clone(), what, hint);
        if key.on_update.is_some() {
            reject(
                "ON UPDATE is not portable",
                "remove it: record ids do not change",
            );
        }
        if key.match_kind.is_some() || key.characteristics.is_some() || key.index_name.is_some() {
            reject(
                "MATCH, DEFERRABLE and index names are not portable",
                "use only `REFERENCES table (columns) ON DELETE …`",
            );
        }
        let on_delete = match key.on_delete {
            None | Some(ReferentialAction::Restrict | ReferentialAction::NoAction) => {
                OnDelete::Restrict
            }
            Some(ReferentialAction::Cascade) => OnDelete::Cascade,
            Some(ReferentialAction::SetNull) => OnDelete::SetNull,
            Some(ReferentialAction::SetDefault) => {
                reject(
                    "ON DELETE SET DEFAULT is not portable",
                    "use CASCADE, SET NULL or RESTRICT",
                );
                OnDelete::Restrict
            }
        };
        Some(Self {
            columns: columns.to_vec(),
            table: table.clone(),
            references: key.referred_columns.clone(),
            on_delete,
        })
    }

    fn resolve(
        &self,
        child: &Table,
        tables: &[WrittenTable],
        problems: &mut Problems,
    ) -> Option<ForeignKey> {
        let at = place_of(self.table.span);
        let parent = tables
            .iter()
            .find(|other| other.table.name == self.table.value);
        let Some(WrittenTable { table: parent, .. }) = parent else {
            let message = format!("there is no table `{}`", self.table.value);
            let known = tables.iter().map(|other| other.table.name.as_str());
            problems.error(at, message, suggest(&self.table.value, known));
            return None;
        };
        let columns = self
            .columns
            .iter()
            .map(|name| column_index(child, name, problems))
            .collect::<Option<Vec<_>>>()?;
        // Without columns, the reference means the primary key (SQL:2023, 11.8).
        let references = if self.references.is_empty() {
            parent.primary_key.clone()
        } else {
            self.references
                .iter()
                .map(|name| column_index(parent, name, problems))
                .collect::<Option<Vec<_>>>()?
        };
        let name_of = |&column: &usize| parent.columns[column].name.as_str();
        let names = quoted(references.iter().map(name_of));
        if !is_key(parent, &references) {
            problems.error(
                at,
                format!("{names} is not a key of `{}`", parent.name),
                "refer to its primary key, or to the columns of a UNIQUE constraint",
            );
            return None;
        }
        if columns.len() != references.len() {
            let message = format!(
                "the key of `{}` has {}",
                parent.name,
                plural(references.len() as u64, "column")
            );
            problems.error(at, message, "use the same number of columns on both sides");
            return None;
        }
        for (&column, &reference) in columns.iter().zip(&references) {
            let (column, reference) = (&child.columns[column], &parent.columns[reference]);
            if !same_kind(column.ty, reference.ty) {
                let message = format!(
                    "`{}` is {}, but refers to `{}.{}`, which is {}",
                    column.name, column.ty, parent.name, reference.name, reference.ty
                );
                problems.error(at.clone(), message, "give both columns the same type");
            }
            if self.on_delete == OnDelete::SetNull && !column.nullable {
                let message = format!("ON DELETE SET NULL on `{}`, which is NOT NULL", column.name);
                problems.error(at.clone(), message, "use CASCADE, or allow NULL");
            }
        }
        Some(ForeignKey {
            columns,
            table: parent.name.clone(),
            references: references.iter().map(name_of).map(str::to_owned).collect(),
            on_delete: self.on_delete,
        })
    }
}

/// Whether `columns`, in any order, are the primary key or a UNIQUE constraint of `table`.
fn is_key(table: &Table, columns: &[usize]) -> bool {
    let mut wanted = columns.to_vec();
    wanted.sort_unstable();
    table.unique.iter().chain([&table.primary_key]).any(|key| {
        let mut key = key.clone();
        key.sort_unstable();
        key == wanted
    })
}

/// Resolves the names of all foreign keys.
pub(super) fn resolve(tables: &mut [WrittenTable], problems: &mut Problems) {
    for child in 0..tables.len() {
        let resolved = tables[child]
            .foreign_keys
            .iter()
            .filter_map(|key| key.resolve(&tables[child].table, tables, problems))
            .collect();
        tables[child].table.foreign_keys = resolved;
    }
}

/// Sorts the tables so that parents come before their children; otherwise the order is kept.
pub(super) fn parents_first(
    mut waiting: Vec<WrittenTable>,
    problems: &mut Problems,
) -> Vec<WrittenTable> {
    let mut sorted: Vec<WrittenTable> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|candidate| {
            let parents = candidate.table.foreign_keys.iter().map(|key| &key.table);
            parents
                .filter(|parent| **parent != candidate.table.name)
                .all(|parent| !waiting.iter().any(|other| other.table.name == *parent))
        });
        let next = ready.unwrap_or_else(|| {
            let names = waiting.iter().map(|other| other.table.name.as_str());
            problems.error(
                waiting[0].place.clone(),
                format!("the foreign keys of {} form a cycle", quoted(names)),
                "remove one of them: parent rows are written first",
            );
            0
        });
        sorted.push(waiting.remove(next));
    }
    sorted
}
