//! Mapping one element of a document to rows.

use serde_json::Value as Json;

use crate::layout::{EachToken, Layout};
use crate::model::{FileId, Row};

use super::coverage::{Coverage, UnmappedMembers};
use super::evaluate::Resolved;
use super::record::Walk;
use super::rule::{PreparedRule, PreparedTable};
use super::{MapError, Problem};

/// Maps elements of documents by the rules of one layout; shared by all worker threads.
pub struct Mapper<'l> {
    pub(super) layout: &'l Layout,
    pub(super) tables: Vec<PreparedTable>,
    sources: Vec<(Vec<PreparedRule>, Coverage)>,
}

/// One element: a whole document, or one item of a streamed array.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    /// Index of the layout's source.
    pub source: usize,
    /// The file.
    pub file: FileId,
    /// The document's relative path: the file's, without the `.gz` of a packed one.
    pub path: &'a str,
    /// What the file pattern captured.
    pub captures: &'a [String],
    /// The item's index in a streamed array; `None` for a whole document.
    pub index: Option<usize>,
    /// The validated JSON.
    pub value: &'a Json,
}

/// What mapping collects over many elements of one file.
#[derive(Debug, Default)]
pub struct MappedElement {
    /// The rows, parents before their children.
    pub rows: Vec<Row>,
    /// Members that nothing reads.
    pub unmapped: UnmappedMembers,
}

impl<'l> Mapper<'l> {
    /// Prepares the rules of `layout`.
    ///
    /// # Errors
    /// When a constant does not fit its column.
    pub fn new(layout: &'l Layout) -> Result<Self, MapError> {
        let tables: Vec<_> = layout
            .tables
            .iter()
            .map(|table| PreparedTable::new(layout, table))
            .collect();
        let sources = layout.sources.iter().map(|source| {
            let rules = source
                .records
                .iter()
                .map(|rule| PreparedRule::new(layout, &tables, rule));
            Ok((
                rules.collect::<Result<_, _>>()?,
                Coverage::of(&source.records),
            ))
        });
        Ok(Self {
            layout,
            sources: sources.collect::<Result<_, _>>()?,
            tables,
        })
    }

    /// Appends the rows of `element` to `mapped`.
    ///
    /// # Errors
    /// Everything that keeps the element from becoming rows; `mapped.rows` is then as before.
    pub fn map(
        &self,
        element: &Element<'_>,
        resolved: &Resolved<'_>,
        mapped: &mut MappedElement,
    ) -> Result<(), Vec<Problem>> {
        let (rules, coverage) = &self.sources[element.source];
        let before = mapped.rows.len();
        let mut captures = element.captures.to_vec();
        captures.resize(
            self.layout.sources[element.source]
                .captures
                .max(captures.len()),
            String::new(),
        );
        let mut walk = Walk::new(self, element, resolved, captures, &mut mapped.rows);
        for rule in rules {
            walk.document(rule, coverage);
        }
        let problems = walk.problems;
        if !problems.is_empty() {
            mapped.rows.truncate(before);
            return Err(problems);
        }
        match element.index {
            Some(index) => {
                let every = coverage.record(&[EachToken::Every]);
                let mut pointer = format!("/{index}");
                if let Some(node) = every {
                    node.report(element.value, &mut pointer, &mut mapped.unmapped);
                }
            }
            None => coverage.report(element.value, &mut String::new(), &mut mapped.unmapped),
        }
        Ok(())
    }
}
