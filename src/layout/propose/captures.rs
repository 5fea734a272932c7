//! The captures of file patterns: how each is cut out of the name, and what it is called.

use std::collections::BTreeSet;

use super::affix::Affixes;
use super::identifier::{Names, singular, word};
use super::keys::Key;
use super::outline::{Outline, OutlinedKind};
use super::patterns::{PatternDraft, Segment};
use super::references::{Known, Reference, Spot, references};
use super::values::TableValues;

/// Per kind and capture, the way and the column that holds the same in every record of the kind.
pub(super) type Equal = Vec<Vec<Option<(usize, usize)>>>;

/// The ways to cut each capture out of its segment; none if there are several patterns, or files of one name.
pub(super) fn ways(patterns: &[PatternDraft], paths: &[&str]) -> Vec<Vec<Affixes>> {
    let [pattern] = patterns else {
        return Vec::new();
    };
    // A document and its packed copy have one name: it tells them apart no more.
    let distinct: BTreeSet<&&str> = paths.iter().collect();
    if distinct.len() < paths.len() {
        return Vec::new();
    }
    let segments = pattern.segments.iter().enumerate();
    segments
        .filter_map(|(at, segment)| {
            let Segment::Capture(affixes) = segment else {
                return None;
            };
            let names = paths.iter().filter_map(|path| path.split('/').nth(at));
            Some(affixes.ways(&names.collect::<Vec<_>>()))
        })
        .collect()
}

impl Outline {
    /// Per kind and capture, the way and the column that holds the same in every record of the kind.
    pub(super) fn equal_columns(&self, values: &[TableValues]) -> Equal {
        let of_kind = |kind: usize| {
            let roots = self.tables.iter().zip(values);
            let mut roots = roots.filter(|(table, _)| table.kind == kind && table.parent.is_none());
            let only = match (roots.next(), roots.next()) {
                (Some((_, values)), None) => Some(values),
                _ => None,
            };
            let ways = self.kinds[kind].ways.iter().enumerate();
            ways.map(|(capture, ways)| {
                let values = only?;
                (0..ways.len()).find_map(|way| Some((way, values.column_equal_to(capture, way)?)))
            })
            .collect()
        };
        (0..self.kinds.len()).map(of_kind).collect()
    }

    /// Per kind and capture, the way to cut it out: the one that gives what a column holds, or keys of something, or
    /// else the shortest.
    pub(super) fn chosen_ways(
        &self,
        values: &[TableValues],
        keys: &[Key],
        equal: &Equal,
    ) -> Vec<Vec<usize>> {
        let shortest = |kind: &OutlinedKind| kind.ways.iter().map(|ways| ways.len() - 1).collect();
        let mut chosen: Vec<Vec<usize>> = self.kinds.iter().map(shortest).collect();
        for (kind, equal) in equal.iter().enumerate() {
            for (capture, equal) in equal.iter().enumerate() {
                let ways = chosen[kind][capture];
                chosen[kind][capture] = match equal {
                    Some((way, _)) => *way,
                    None if ways == 0 => 0,
                    None => {
                        let refers = |&way: &usize| {
                            let mut trial = chosen.clone();
                            trial[kind][capture] = way;
                            self.refers(values, keys, &trial, (kind, capture))
                        };
                        (0..=ways).find(refers).unwrap_or(ways)
                    }
                };
            }
        }
        chosen
    }

    fn refers(
        &self,
        values: &[TableValues],
        keys: &[Key],
        ways: &[Vec<usize>],
        (kind, capture): (usize, usize),
    ) -> bool {
        let tables = &self.tables;
        let (found, _) = references(Known {
            tables,
            values,
            keys,
            ways,
        });
        found.iter().any(|reference| {
            let here = self.tables[reference.table].kind == kind;
            here && matches!(reference.spot, Spot::Capture(of, _) if of == capture)
        })
    }

    /// A capture is called like the column that holds the same, or the key it refers to, or the folder it stands in.
    pub(super) fn capture_names(
        &self,
        equal: &Equal,
        references: &[Reference],
    ) -> Vec<Vec<String>> {
        let wanted = |kind: usize, capture: usize| -> String {
            let root = self
                .tables
                .iter()
                .position(|table| table.kind == kind && table.parent.is_none());
            if let (Some((_, column)), Some(root)) = (equal[kind][capture], root) {
                return word(&self.tables[root].columns[column].wanted);
            }
            let refers = references.iter().find(|reference| {
                let here = self.tables[reference.table].kind == kind;
                here && matches!(reference.spot, Spot::Capture(of, _) if of == capture)
            });
            if let Some(reference) = refers {
                let target = &self.tables[reference.to];
                let owner = singular(&word(&target.wanted));
                return match reference.key {
                    Spot::Capture(..) => owner,
                    Spot::Column(column) => match word(&target.columns[column].wanted) {
                        key if key.starts_with(&owner) || key.contains('_') => key,
                        key => format!("{owner}_{key}"),
                    },
                };
            }
            let segments = &self.kinds[kind].patterns[0].segments;
            let captures = segments.iter().enumerate();
            let mut captures =
                captures.filter(|(_, segment)| matches!(segment, Segment::Capture(_)));
            let at = captures.nth(capture).map_or(0, |(at, _)| at);
            match at.checked_sub(1).map(|before| &segments[before]) {
                Some(Segment::Literal(folder)) => singular(&word(folder)),
                Some(Segment::Capture(_)) | None => "name".to_owned(),
            }
        };
        (0..self.kinds.len())
            .map(|kind| {
                let mut names = Names::default();
                (0..self.kinds[kind].ways.len())
                    .map(|capture| {
                        let name = wanted(kind, capture);
                        // `{…}` takes ASCII words.
                        names.column(if name.is_ascii() { &name } else { "name" })
                    })
                    .collect()
            })
            .collect()
    }
}

impl OutlinedKind {
    pub(super) fn pattern_texts(&self, names: &[String], chosen: &[usize]) -> Vec<String> {
        let patterns = self.patterns.iter().map(|pattern| {
            let mut capture = 0..;
            let segments = pattern.segments.iter().map(|segment| match segment {
                Segment::Capture(affixes) if !self.ways.is_empty() => {
                    let affixes = capture
                        .next()
                        .map(|index| &self.ways[index][chosen[index]])
                        .unwrap_or(affixes);
                    Segment::Capture(affixes.clone())
                }
                Segment::Capture(_) | Segment::Literal(_) => segment.clone(),
            });
            let segments = segments.collect();
            PatternDraft { segments }.text(names)
        });
        patterns.collect()
    }
}
