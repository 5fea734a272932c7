//! The text of a generated layout, with a summary.

mod json_schema;
mod layout_toml;
mod tables_sql;

use serde::Serialize;

use crate::infer::tables::{ClusterDraft, InferredTables, Table};
use crate::layout::{LAYOUT_TOML, LayoutFiles, SCHEMA_SUFFIX, TABLES_SQL};
use crate::model::plural;

/// The text of a generated layout, with a summary.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The files of the layout.
    pub files: LayoutFiles,
    /// The clusters of files.
    pub clusters: Vec<ProposedCluster>,
    /// The tables.
    pub tables: Vec<ProposedTable>,
}

/// A cluster of files in a generated layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ProposedCluster {
    /// File patterns.
    pub patterns: Vec<String>,
    /// File name of the JSON Schema.
    pub schema: String,
    /// Number of files.
    pub files: usize,
    /// Names of the tables that its records fill.
    pub tables: Vec<String>,
}

/// A table in a generated layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ProposedTable {
    /// Name of the table.
    pub name: String,
    /// Number of records found.
    pub records: u64,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The primary key; empty if the rows are numbered.
    pub key: Vec<String>,
    /// Names of the tables that it refers to.
    pub references: Vec<String>,
}

const HEADING: &str = "\
Generated from the files by `accession layout init`; everything can be changed.
`in 8 of 9` means: 8 of 9 records have a value that is not null.
Properties without a stable structure are stored as JSON, so nothing is lost.";

/// Writes the layout called `name`.
pub(crate) fn proposal(
    name: &str,
    clusters: &[ClusterDraft],
    inferred: &InferredTables,
) -> Proposal {
    let InferredTables { tables, patterns } = inferred;
    let mut files: Vec<(String, String)> = Vec::new();
    let mut sources = Vec::new();
    let mut proposed_clusters = Vec::new();
    for (index, cluster) in clusters.iter().enumerate() {
        let schema = format!("{}{SCHEMA_SUFFIX}", cluster.name);
        let evidence = format!(
            "{}, {}",
            plural(cluster.files as u64, "file"),
            records(tables, index)
        );
        let text = json_schema::schema(&patterns[index].join(", "), &evidence, &cluster.profile);
        files.push((schema.clone(), text));
        sources.extend(patterns[index].iter().map(|files| layout_toml::Source {
            cluster: index,
            files: files.clone(),
            schema: schema.clone(),
            evidence: evidence.clone(),
        }));
        let own = tables.iter().filter(|table| table.cluster == index);
        proposed_clusters.push(ProposedCluster {
            patterns: patterns[index].clone(),
            schema,
            files: cluster.files,
            tables: own.map(|table| table.name.clone()).collect(),
        });
    }
    let mapping = layout_toml::mapping(HEADING, name, &sources, tables);
    files.push((LAYOUT_TOML.to_owned(), mapping));
    files.push((TABLES_SQL.to_owned(), tables_sql::tables(HEADING, tables)));
    Proposal {
        files: files.into_iter().collect(),
        clusters: proposed_clusters,
        tables: tables.iter().map(|table| proposed(table, tables)).collect(),
    }
}

fn proposed(table: &Table, tables: &[Table]) -> ProposedTable {
    let name = |field: &usize| table.fields[*field].name.clone();
    ProposedTable {
        name: table.name.clone(),
        records: table.records,
        columns: table
            .fields
            .iter()
            .map(|field| field.name.clone())
            .collect(),
        key: match table.by_position {
            true => Vec::new(),
            false => table.primary.iter().map(name).collect(),
        },
        references: table
            .foreign_keys
            .iter()
            .map(|key| tables[key.table].name.clone())
            .collect(),
    }
}

fn records(tables: &[Table], cluster: usize) -> String {
    let records = tables
        .iter()
        .filter(|table| table.cluster == cluster)
        .map(|table| table.records);
    let records: u64 = records.sum();
    plural(records, "record")
}
