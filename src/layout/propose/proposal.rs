//! The text of a proposed layout, and a summary of it.

use crate::layout::files::{LAYOUT_TOML, LayoutFiles, SCHEMA_SUFFIX, TABLES_SQL};

use super::keys::{FileNames, keys};
use super::outline::Outline;
use super::plan::{self, Findings, Table};
use super::references::{Known, references};
use super::values::TableValues;
use super::{write_mapping, write_schema, write_tables};

/// The text of a layout, and what it is made of.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The files of the layout.
    pub files: LayoutFiles,
    /// Per kind of files.
    pub kinds: Vec<ProposedKind>,
    /// Per table: name, records, number of columns, tables that it refers to.
    pub tables: Vec<ProposedTable>,
}

/// A kind of files of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedKind {
    /// File patterns.
    pub patterns: Vec<String>,
    /// File name of the JSON Schema.
    pub schema: String,
    /// Number of files.
    pub files: usize,
    /// Names of the tables that the records go to.
    pub tables: Vec<String>,
}

/// A table of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedTable {
    /// Its name.
    pub name: String,
    /// Records found.
    pub records: u64,
    /// Names of its columns.
    pub columns: Vec<String>,
    /// The primary key; empty if the rows are numbered.
    pub key: Vec<String>,
    /// Tables that it refers to.
    pub references: Vec<String>,
}

const HEADING: &str = "\
Proposed from what stands in the files; everything in it may be changed.
`in 8 of 9` says how many of the records found had a value that is not null.
What has no stable shape is kept as JSON, so nothing is lost.";

impl Outline {
    /// The layout, now that the values are known.
    pub(super) fn proposal(&self, values: &[TableValues]) -> Proposal {
        let names: Vec<FileNames> = self
            .kinds
            .iter()
            .map(
                |kind| match (kind.ways.len(), kind.patterns.len(), kind.files) {
                    (0, 1, 1) => FileNames::One,
                    (0, _, _) => FileNames::Nothing,
                    _ => FileNames::Captured,
                },
            )
            .collect();
        let keys = keys(&self.tables, values, &names);
        let equal = self.equal_columns(values);
        let ways = self.chosen_ways(values, &keys, &equal);
        let known = Known {
            tables: &self.tables,
            values,
            keys: &keys,
            ways: &ways,
        };
        let (references, notes) = references(known);
        let captures = self.capture_names(&equal, &references);
        let tables = plan::tables(Findings {
            drafts: &self.tables,
            values,
            keys: &keys,
            references: &references,
            notes: &notes,
            ways: &ways,
            captures: &captures,
        });
        let kinds = self.kinds.iter().zip(captures.iter().zip(&ways));
        let patterns: Vec<Vec<String>> = kinds
            .map(|(kind, (names, ways))| kind.pattern_texts(names, ways))
            .collect();
        self.written(&tables, &patterns)
    }

    fn written(&self, tables: &[Table], patterns: &[Vec<String>]) -> Proposal {
        let mut files: Vec<(String, String)> = Vec::new();
        let mut sources = Vec::new();
        let mut kinds = Vec::new();
        for (index, kind) in self.kinds.iter().enumerate() {
            let schema = format!("{}{SCHEMA_SUFFIX}", kind.name);
            let evidence = format!("{}, {}", count(kind.files, "file"), records(tables, index));
            let text = write_schema::schema(&patterns[index].join(", "), &evidence, &kind.shape);
            files.push((schema.clone(), text));
            sources.extend(patterns[index].iter().map(|files| write_mapping::Source {
                kind: index,
                files: files.clone(),
                schema: schema.clone(),
                evidence: evidence.clone(),
            }));
            let own = tables.iter().filter(|table| table.kind == index);
            kinds.push(ProposedKind {
                patterns: patterns[index].clone(),
                schema,
                files: kind.files,
                tables: own.map(|table| table.name.clone()).collect(),
            });
        }
        let mapping = write_mapping::mapping(HEADING, &self.name, &sources, tables);
        files.push((LAYOUT_TOML.to_owned(), mapping));
        files.push((TABLES_SQL.to_owned(), write_tables::tables(HEADING, tables)));
        Proposal {
            files: files.into_iter().collect(),
            kinds,
            tables: tables.iter().map(|table| proposed(table, tables)).collect(),
        }
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

fn records(tables: &[Table], kind: usize) -> String {
    let records = tables
        .iter()
        .filter(|table| table.kind == kind)
        .map(|table| table.records);
    let records: u64 = records.sum();
    match records {
        1 => "1 record".to_owned(),
        more => format!("{more} records"),
    }
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    }
}
