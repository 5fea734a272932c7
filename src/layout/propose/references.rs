//! Which columns hold keys of other tables: all values are among the keys, and the names or the texts themselves say
//! that this is no chance.
//!
//! References never form a circle, neither between tables nor between kinds of files: an import reads and writes what
//! is referred to first.

use std::cmp::Reverse;

use super::draft::Draft;
use super::identifier::{singular, word};
use super::keys::Key;
use super::value_set::Values;
use super::values::TableValues;

/// A value of a row that could be a key or refer to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// A column of the record.
    Column(usize),
    /// A capture of the file name, and the way it is cut out.
    Capture(usize, usize),
}

/// A reference from one table to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) table: usize,
    pub(super) spot: Spot,
    pub(super) to: usize,
    pub(super) key: Spot,
}

/// What is known of all tables.
#[derive(Clone, Copy)]
pub(super) struct Known<'k> {
    pub(super) tables: &'k [Draft],
    pub(super) values: &'k [TableValues],
    pub(super) keys: &'k [Key],
    /// Per kind and capture, the chosen way to cut it out.
    pub(super) ways: &'k [Vec<usize>],
}

/// The references, and notes on columns that nearly are.
pub(super) fn references(known: Known<'_>) -> (Vec<Reference>, Vec<(usize, Spot, String)>) {
    let targets = known.targets();
    let mut found: Vec<Reference> = Vec::new();
    let mut notes = Vec::new();
    for table in 0..known.tables.len() {
        for spot in known.spots(table) {
            let mut candidates = Vec::new();
            for &(to, key) in targets.iter().filter(|target| **target != (table, spot)) {
                let candidate = Reference {
                    table,
                    spot,
                    to,
                    key,
                };
                match known.score(candidate) {
                    Some((score, 0)) if !known.is_circle(candidate, &found) => {
                        candidates.push((score, candidate));
                    }
                    Some((_, 0)) | None => {}
                    Some((_, missing)) => notes.push((table, spot, known.note(candidate, missing))),
                }
            }
            // Of equals the smallest set of keys says most, and then the table that comes first.
            let best = candidates.into_iter().max_by_key(|(score, one)| {
                let keys = known.of(one.to, one.key).map_or(0, Values::distinct);
                (
                    *score,
                    known.is_primary(one.to, one.key),
                    Reverse((keys, one.to)),
                )
            });
            if let Some((_, reference)) = best {
                notes.retain(|(of, at, _)| (*of, *at) != (table, spot));
                found.push(reference);
            }
        }
    }
    (found, notes)
}

impl<'k> Known<'k> {
    /// What is known of the values of a spot.
    fn of(self, table: usize, spot: Spot) -> Option<&'k Values> {
        match spot {
            Spot::Column(column) => self.values[table].columns[column].as_ref(),
            Spot::Capture(capture, way) => Some(&self.values[table].captures[capture][way]),
        }
    }

    /// Spots that may refer to something.
    fn spots(self, table: usize) -> Vec<Spot> {
        let columns = 0..self.tables[table].columns.len();
        let captures = match self.tables[table].parent {
            None => &self.ways[self.tables[table].kind][..],
            Some(_) => &[],
        };
        let captures = captures.iter().enumerate();
        // A capture that a column holds is not stored again.
        let stored = |&(capture, way): &(usize, &usize)| {
            self.values[table].column_equal_to(capture, *way).is_none()
        };
        let captures = captures
            .filter(stored)
            .map(|(capture, way)| Spot::Capture(capture, *way));
        columns
            .map(Spot::Column)
            .chain(captures)
            .filter(|spot| self.of(table, *spot).is_some_and(|values| values.count > 0))
            .collect()
    }

    /// Spots that are unique in their table.
    fn targets(self) -> Vec<(usize, Spot)> {
        let mut targets = Vec::new();
        for table in 0..self.tables.len() {
            let unique = |spot: &Spot| self.of(table, *spot).is_some_and(Values::are_unique);
            let captures = &self.ways[self.tables[table].kind];
            // One of several captures tells nothing alone.
            let alone = |spot: &Spot| match spot {
                Spot::Column(_) => true,
                Spot::Capture(..) => captures.len() == 1 && self.keys[table] == Key::File,
            };
            targets.extend(
                self.spots(table)
                    .into_iter()
                    .filter(unique)
                    .filter(alone)
                    .map(|spot| (table, spot)),
            );
        }
        targets
    }

    fn is_primary(self, table: usize, spot: Spot) -> bool {
        match spot {
            Spot::Column(column) => self.keys[table] == Key::Column(column),
            Spot::Capture(..) => self.keys[table] == Key::File,
        }
    }

    /// How much speaks for the reference, and how many of the values have no row; `None` if nothing does.
    fn score(self, candidate: Reference) -> Option<(u8, usize)> {
        let child = self.of(candidate.table, candidate.spot)?;
        let parent = self.of(candidate.to, candidate.key)?;
        let (named, plain) = self.names(candidate);
        let by_text = match candidate.spot {
            Spot::Column(_) => {
                self.is_distinctive(candidate.table, candidate.spot)
                    && self.is_distinctive(candidate.to, candidate.key)
            }
            Spot::Capture(..) => true,
        };
        let score = match named {
            0 if by_text && candidate.table != candidate.to && child.distinct() >= 2 => 1,
            0 => return None,
            named => named + 1,
        };
        let among = child.among(parent).filter(|among| *among > 0)?;
        let missing = child.distinct() - among;
        // Of what is missing somebody should know only if the names say that it should be there.
        let told = missing == 0 || plain && among * 2 >= child.distinct();
        told.then_some((score, missing))
    }

    fn is_distinctive(self, table: usize, spot: Spot) -> bool {
        match spot {
            Spot::Column(column) => self.tables[table].columns[column].distinctive,
            Spot::Capture(..) => false,
        }
    }

    /// How much the names say that the reference is meant, and whether they say it plainly.
    fn names(self, candidate: Reference) -> (u8, bool) {
        let Spot::Column(column) = candidate.spot else {
            return (0, false);
        };
        let child = word(&self.tables[candidate.table].columns[column].wanted);
        let parent = singular(&word(&self.tables[candidate.to].wanted));
        let last = parent.rsplit('_').next().unwrap_or(&parent).to_owned();
        let key = match candidate.key {
            Spot::Column(column) => word(&self.tables[candidate.to].columns[column].wanted),
            Spot::Capture(..) => parent.clone(),
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
            Spot::Column(column) => word(&target.columns[column].wanted),
            Spot::Capture(..) => "file name".to_owned(),
        };
        let all = self
            .of(candidate.table, candidate.spot)
            .map_or(0, Values::distinct);
        let target = word(&target.wanted);
        format!(
            "{missing} of {all} different values are not in {target}.{key}, so this is no reference"
        )
    }

    /// Whether the reference would close a circle of tables or of kinds of files.
    fn is_circle(self, candidate: Reference, found: &[Reference]) -> bool {
        let kind = |table: usize| self.tables[table].kind;
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
        if kind(candidate.table) == kind(candidate.to) {
            return false;
        }
        let mut kinds = vec![kind(candidate.to)];
        let mut seen = vec![false; self.ways.len()];
        while let Some(at) = kinds.pop() {
            if at == kind(candidate.table) {
                return true;
            }
            if !std::mem::replace(&mut seen[at], true) {
                let next = found.iter().filter(|known| kind(known.table) == at);
                kinds.extend(next.map(|known| kind(known.to)).filter(|next| *next != at));
            }
        }
        false
    }
}
