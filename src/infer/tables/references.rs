//! References: columns whose values are all keys of another table, where the names or the values themselves rule out
//! coincidence.
//!
//! References never form a cycle, neither between tables nor between clusters of files, because an import reads and
//! writes referenced rows first.

use std::cmp::Reverse;

use crate::infer::profile::ValueSet;

use super::draft::TableDraft;
use super::keys::PrimaryKey;
use super::names::{singular, word};
use super::values::TableValues;

/// A value of a row that can be a key or refer to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueLocation {
    /// A column of the record.
    Column(usize),
    /// A capture of the file name, and the alternative for cutting it out.
    Capture(usize, usize),
}

/// A reference from one table to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) table: usize,
    pub(crate) location: ValueLocation,
    pub(crate) to: usize,
    pub(crate) key: ValueLocation,
}

/// The data from which references are inferred.
#[derive(Clone, Copy)]
pub(crate) struct ReferenceContext<'k> {
    pub(crate) tables: &'k [TableDraft],
    pub(crate) values: &'k [TableValues],
    pub(crate) keys: &'k [PrimaryKey],
    /// For each cluster and capture, the selected alternative for cutting it out.
    pub(crate) alternatives: &'k [Vec<usize>],
}

/// Returns the references, and comments on columns that are nearly references.
pub(crate) fn references(
    ctx: ReferenceContext<'_>,
) -> (Vec<Reference>, Vec<(usize, ValueLocation, String)>) {
    let targets = ctx.targets();
    let mut found: Vec<Reference> = Vec::new();
    let mut notes = Vec::new();
    for table in 0..ctx.tables.len() {
        for location in ctx.locations(table) {
            let mut candidates = Vec::new();
            for &(to, key) in targets
                .iter()
                .filter(|target| **target != (table, location))
            {
                let candidate = Reference {
                    table,
                    location,
                    to,
                    key,
                };
                match ctx.score(candidate) {
                    Some((score, 0)) if !ctx.closes_cycle(candidate, &found) => {
                        candidates.push((score, candidate));
                    }
                    Some((_, 0)) | None => {}
                    Some((_, missing)) => {
                        notes.push((table, location, ctx.note(candidate, missing)))
                    }
                }
            }
            // Among equal scores, the smallest set of keys is the strongest evidence, then the first table.
            let best = candidates.into_iter().max_by_key(|(score, one)| {
                let keys = ctx.of(one.to, one.key).map_or(0, ValueSet::distinct);
                (
                    *score,
                    ctx.is_primary(one.to, one.key),
                    Reverse((keys, one.to)),
                )
            });
            if let Some((_, reference)) = best {
                notes.retain(|(of, at, _)| (*of, *at) != (table, location));
                found.push(reference);
            }
        }
    }
    (found, notes)
}

impl<'k> ReferenceContext<'k> {
    /// Returns the values at a location.
    fn of(self, table: usize, location: ValueLocation) -> Option<&'k ValueSet> {
        match location {
            ValueLocation::Column(column) => self.values[table].columns[column].as_ref(),
            ValueLocation::Capture(capture, alternative) => {
                Some(&self.values[table].captures[capture][alternative])
            }
        }
    }

    /// Returns the locations that may refer to something.
    fn locations(self, table: usize) -> Vec<ValueLocation> {
        let columns = 0..self.tables[table].columns.len();
        let captures = match self.tables[table].parent {
            None => &self.alternatives[self.tables[table].cluster][..],
            Some(_) => &[],
        };
        let captures = captures.iter().enumerate();
        // A capture that equals a column is not stored.
        let stored = |&(capture, alternative): &(usize, &usize)| {
            self.values[table]
                .column_equal_to(capture, *alternative)
                .is_none()
        };
        let captures = captures
            .filter(stored)
            .map(|(capture, alternative)| ValueLocation::Capture(capture, *alternative));
        columns
            .map(ValueLocation::Column)
            .chain(captures)
            .filter(|location| {
                self.of(table, *location)
                    .is_some_and(|values| values.count > 0)
            })
            .collect()
    }

    /// Returns the locations that are unique in their table.
    fn targets(self) -> Vec<(usize, ValueLocation)> {
        let mut targets = Vec::new();
        for table in 0..self.tables.len() {
            let unique = |location: &ValueLocation| {
                self.of(table, *location).is_some_and(ValueSet::are_unique)
            };
            let captures = &self.alternatives[self.tables[table].cluster];
            // One of several captures does not identify a file.
            let alone = |location: &ValueLocation| match location {
                ValueLocation::Column(_) => true,
                ValueLocation::Capture(..) => {
                    captures.len() == 1 && self.keys[table] == PrimaryKey::File
                }
            };
            targets.extend(
                self.locations(table)
                    .into_iter()
                    .filter(unique)
                    .filter(alone)
                    .map(|location| (table, location)),
            );
        }
        targets
    }

    fn is_primary(self, table: usize, location: ValueLocation) -> bool {
        match location {
            ValueLocation::Column(column) => self.keys[table] == PrimaryKey::Column(column),
            ValueLocation::Capture(..) => self.keys[table] == PrimaryKey::File,
        }
    }

    /// Returns the strength of the evidence for a reference, and the number of values without a row; `None` without
    /// evidence.
    fn score(self, candidate: Reference) -> Option<(u8, usize)> {
        let child = self.of(candidate.table, candidate.location)?;
        let parent = self.of(candidate.to, candidate.key)?;
        let (named, plain) = self.names(candidate);
        let by_text = match candidate.location {
            ValueLocation::Column(_) => {
                self.is_distinctive(candidate.table, candidate.location)
                    && self.is_distinctive(candidate.to, candidate.key)
            }
            ValueLocation::Capture(..) => true,
        };
        let score = match named {
            0 if by_text && candidate.table != candidate.to && child.distinct() >= 2 => 1,
            0 => return None,
            named => named + 1,
        };
        let among = child.among(parent).filter(|among| *among > 0)?;
        let missing = child.distinct() - among;
        // Missing values are worth a comment only if the names indicate a reference.
        let worth_a_note = missing == 0 || plain && among * 2 >= child.distinct();
        worth_a_note.then_some((score, missing))
    }

    fn is_distinctive(self, table: usize, location: ValueLocation) -> bool {
        match location {
            ValueLocation::Column(column) => self.tables[table].columns[column].distinctive,
            ValueLocation::Capture(..) => false,
        }
    }

    /// Returns how strongly the names indicate the reference, and whether they do so explicitly.
    fn names(self, candidate: Reference) -> (u8, bool) {
        let ValueLocation::Column(column) = candidate.location else {
            return (0, false);
        };
        let child = word(&self.tables[candidate.table].columns[column].raw_name);
        let parent = singular(&word(&self.tables[candidate.to].raw_name));
        let last = parent.rsplit('_').next().unwrap_or(&parent).to_owned();
        let key = match candidate.key {
            ValueLocation::Column(column) => {
                word(&self.tables[candidate.to].columns[column].raw_name)
            }
            ValueLocation::Capture(..) => parent.clone(),
        };
        let generic = ["id", "uuid", "guid", "key", "code", "slug", "name"].contains(&key.as_str());
        if candidate.table == candidate.to {
            return if child.starts_with("parent") {
                (2, true)
            } else {
                (0, false)
            };
        }
        let meant = [&parent, &last].into_iter().any(|name| {
            child == *name || child == format!("{name}_{key}") || child == format!("{name}_id")
        });
        if meant || child == key && !generic {
            return (3, true);
        }
        let ends = [&parent, &last].into_iter().any(|name| {
            child.ends_with(&format!("_{name}")) || child.ends_with(&format!("_{name}_{key}"))
        });
        (if ends { 2 } else { 0 }, ends)
    }

    fn note(self, candidate: Reference, missing: usize) -> String {
        let target = &self.tables[candidate.to];
        let key = match candidate.key {
            ValueLocation::Column(column) => word(&target.columns[column].raw_name),
            ValueLocation::Capture(..) => "file name".to_owned(),
        };
        let all = self
            .of(candidate.table, candidate.location)
            .map_or(0, ValueSet::distinct);
        let target = word(&target.raw_name);
        format!(
            "{missing} of {all} distinct values are not in {target}.{key}, so this is not a reference"
        )
    }

    /// Whether the reference would close a cycle of tables or of clusters of files.
    fn closes_cycle(self, candidate: Reference, found: &[Reference]) -> bool {
        let cluster = |table: usize| self.tables[table].cluster;
        let mut tables = vec![candidate.to];
        let mut seen = vec![false; self.tables.len()];
        let own = candidate.table == candidate.to;
        while let Some(table) = tables.pop() {
            if std::mem::replace(&mut seen[table], true) {
                continue;
            }
            if table == candidate.table && !own {
                return true;
            }
            tables.extend(self.tables[table].parent);
            tables.extend(
                found
                    .iter()
                    .filter(|known| known.table == table && known.to != table)
                    .map(|known| known.to),
            );
        }
        if cluster(candidate.table) == cluster(candidate.to) {
            return false;
        }
        let mut clusters = vec![cluster(candidate.to)];
        let mut seen = vec![false; self.alternatives.len()];
        while let Some(at) = clusters.pop() {
            if at == cluster(candidate.table) {
                return true;
            }
            if !std::mem::replace(&mut seen[at], true) {
                let next = found.iter().filter(|known| cluster(known.table) == at);
                clusters.extend(
                    next.map(|known| cluster(known.to))
                        .filter(|next| *next != at),
                );
            }
        }
        false
    }
}
