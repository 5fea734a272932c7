//! Captures in file patterns: where each is cut out of the name, and its own name.

use crate::infer::cluster::Segment;

use super::cluster_draft::ClusterDraft;
use super::draft::TableDraft;
use super::keys::PrimaryKey;
use super::names::{Namespace, singular, word};
use super::references::{Reference, ReferenceContext, ValueLocation, references};
use super::values::TableValues;

/// For each cluster and capture: the alternative, and the column that has the same value in every record of the
/// cluster.
type EqualColumns = Vec<Vec<Option<(usize, usize)>>>;

/// The drafts and values from which captures are chosen and named.
#[derive(Clone, Copy)]
pub(crate) struct CaptureContext<'c> {
    pub(crate) clusters: &'c [ClusterDraft],
    pub(crate) tables: &'c [TableDraft],
    pub(crate) values: &'c [TableValues],
}

impl CaptureContext<'_> {
    /// For each cluster and capture: the alternative, and the column that has the same value in every record of the
    /// cluster.
    pub(crate) fn equal_columns(self) -> EqualColumns {
        let of_cluster = |cluster: usize| {
            let roots = self.tables.iter().zip(self.values);
            let mut roots =
                roots.filter(|(table, _)| table.cluster == cluster && table.parent.is_none());
            let only = match (roots.next(), roots.next()) {
                (Some((_, values)), None) => Some(values),
                _ => None,
            };
            let alternatives = self.clusters[cluster].alternatives.iter().enumerate();
            alternatives
                .map(|(capture, alternatives)| {
                    let values = only?;
                    (0..alternatives.len()).find_map(|alternative| {
                        Some((alternative, values.column_equal_to(capture, alternative)?))
                    })
                })
                .collect()
        };
        (0..self.clusters.len()).map(of_cluster).collect()
    }

    /// For each cluster and capture, selects the alternative that equals a column, or that refers to a key; otherwise
    /// the shortest.
    pub(crate) fn chosen_alternatives(
        self,
        keys: &[PrimaryKey],
        equal: &EqualColumns,
    ) -> Vec<Vec<usize>> {
        let shortest = |cluster: &ClusterDraft| {
            cluster
                .alternatives
                .iter()
                .map(|alternatives| alternatives.len() - 1)
                .collect()
        };
        let mut chosen: Vec<Vec<usize>> = self.clusters.iter().map(shortest).collect();
        for (cluster, equal) in equal.iter().enumerate() {
            for (capture, equal) in equal.iter().enumerate() {
                let alternatives = chosen[cluster][capture];
                chosen[cluster][capture] = match equal {
                    Some((alternative, _)) => *alternative,
                    None if alternatives == 0 => 0,
                    None => {
                        let refers = |&alternative: &usize| {
                            let mut trial = chosen.clone();
                            trial[cluster][capture] = alternative;
                            self.refers(keys, &trial, cluster, capture)
                        };
                        (0..=alternatives).find(refers).unwrap_or(alternatives)
                    }
                };
            }
        }
        chosen
    }

    fn refers(
        self,
        keys: &[PrimaryKey],
        alternatives: &[Vec<usize>],
        cluster: usize,
        capture: usize,
    ) -> bool {
        let (found, _) = references(ReferenceContext {
            tables: self.tables,
            values: self.values,
            keys,
            alternatives,
        });
        found.iter().any(|reference| {
            let here = self.tables[reference.table].cluster == cluster;
            here && matches!(reference.location, ValueLocation::Capture(of, _) if of == capture)
        })
    }

    /// Names a capture after the column with the same values, the key it refers to, or the folder that contains it.
    pub(crate) fn capture_names(
        self,
        equal: &EqualColumns,
        references: &[Reference],
    ) -> Vec<Vec<String>> {
        let preferred = |cluster: usize, capture: usize| -> String {
            let root = self
                .tables
                .iter()
                .position(|table| table.cluster == cluster && table.parent.is_none());
            if let (Some((_, column)), Some(root)) = (equal[cluster][capture], root) {
                return word(&self.tables[root].columns[column].raw_name);
            }
            let refers = references.iter().find(|reference| {
                let here = self.tables[reference.table].cluster == cluster;
                here && matches!(reference.location, ValueLocation::Capture(of, _) if of == capture)
            });
            if let Some(reference) = refers {
                let target = &self.tables[reference.to];
                let owner = singular(&word(&target.raw_name));
                return match reference.key {
                    ValueLocation::Capture(..) => owner,
                    ValueLocation::Column(column) => match word(&target.columns[column].raw_name) {
                        key if key.starts_with(&owner) || key.contains('_') => key,
                        key => format!("{owner}_{key}"),
                    },
                };
            }
            let segments = &self.clusters[cluster].patterns[0].segments;
            let captures = segments.iter().enumerate();
            let mut captures =
                captures.filter(|(_, segment)| matches!(segment, Segment::Capture(_)));
            let at = captures.nth(capture).map_or(0, |(at, _)| at);
            match at.checked_sub(1).map(|before| &segments[before]) {
                Some(Segment::Literal(folder)) => singular(&word(folder)),
                Some(Segment::Capture(_)) | None => "name".to_owned(),
            }
        };
        (0..self.clusters.len())
            .map(|cluster| {
                let mut names = Namespace::default();
                (0..self.clusters[cluster].alternatives.len())
                    .map(|capture| {
                        let name = preferred(cluster, capture);
                        // Captures must be ASCII words.
                        names.column(if name.is_ascii() { &name } else { "name" })
                    })
                    .collect()
            })
            .collect()
    }
}
