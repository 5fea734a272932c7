//! Infers tables from the profiles and values of clusters: the types of columns, keys, references.

mod assemble;
mod captures;
mod cluster_draft;
mod column;
mod draft;
mod keys;
mod names;
mod references;
mod table;
mod table_builder;
mod types;
mod values;

pub(crate) use cluster_draft::{ClusterDraft, cluster_name};
pub(crate) use draft::{Files, TableDraft, drafts};
pub(crate) use names::Namespace;
pub(crate) use table::{FieldSource, Table};
pub(crate) use types::{InferredType, MapType, are_records, as_map, infer_type, members};
pub use values::Collector;

use captures::CaptureContext;
use keys::{FileNames, keys};
use references::{ReferenceContext, references};
use table_builder::Inference;
use values::TableValues;

/// The tables of a layout, and the file patterns of its clusters.
pub(crate) struct InferredTables {
    pub(crate) tables: Vec<Table>,
    /// For each cluster, its patterns as written in the layout.
    pub(crate) patterns: Vec<Vec<String>>,
}

/// Infers the tables from their drafts, after all values were collected.
pub(crate) fn infer(
    clusters: &[ClusterDraft],
    drafts: &[TableDraft],
    values: &[TableValues],
) -> InferredTables {
    let names: Vec<FileNames> = clusters
        .iter()
        .map(|cluster| {
            match (
                cluster.alternatives.len(),
                cluster.patterns.len(),
                cluster.files,
            ) {
                (0, 1, 1) => FileNames::One,
                (0, _, _) => FileNames::Unusable,
                _ => FileNames::Captured,
            }
        })
        .collect();
    let keys = keys(drafts, values, &names);
    let captures = CaptureContext {
        clusters,
        tables: drafts,
        values,
    };
    let equal = captures.equal_columns();
    let alternatives = captures.chosen_alternatives(&keys, &equal);
    let (references, notes) = references(ReferenceContext {
        tables: drafts,
        values,
        keys: &keys,
        alternatives: &alternatives,
    });
    let captures = captures.capture_names(&equal, &references);
    let tables = assemble::tables(Inference {
        drafts,
        values,
        keys: &keys,
        references: &references,
        notes: &notes,
        alternatives: &alternatives,
        captures: &captures,
    });
    let patterns = clusters.iter().zip(captures.iter().zip(&alternatives));
    let patterns = patterns
        .map(|(cluster, (names, alternatives))| cluster.pattern_texts(names, alternatives))
        .collect();
    InferredTables { tables, patterns }
}
