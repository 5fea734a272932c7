//! Maps elements of documents to rows.

use crate::layout::{EachToken, Layout};
use crate::model::{MappedRow, PerSource, PerTable, Value};

use super::coverage::{Coverage, UnmappedMembers};
use super::element::Element;
use super::record::Walk;
use super::resolved::Resolved;
use super::rule::{PreparedLayout, PreparedRule, PreparedTable};
use super::{MapError, MappingProblem};

/// Maps elements of documents by the rules of a layout; shared by all worker threads.
pub struct Mapper<'l> {
    prepared: PreparedLayout<'l>,
    sources: PerSource<(Vec<PreparedRule>, Coverage)>,
}

/// The accumulated result of mapping elements of one file.
#[derive(Debug, Default)]
pub struct MappedElement {
    /// The rows, each parent before its children.
    pub rows: Vec<MappedRow>,
    /// The rows of elements with problems; values that are not known are left to the default.
    pub invalid: Vec<MappedRow>,
    /// Members that the layout does not read.
    pub unmapped: UnmappedMembers,
}

impl<'l> Mapper<'l> {
    /// Prepares the rules of `layout`.
    ///
    /// # Errors
    /// When a constant does not fit its column.
    pub fn new(layout: &'l Layout) -> Result<Self, MapError> {
        let tables: PerTable<_> = layout
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
            sources: sources.collect::<Result<_, _>>()?,
            prepared: PreparedLayout { layout, tables },
        })
    }

    /// Maps `element` and appends its rows to `mapped`.
    ///
    /// # Errors
    /// All problems that prevent the element from being mapped; `mapped.rows` is then unchanged.
    pub fn map(
        &self,
        element: &Element<'_>,
        resolved: &Resolved<'_>,
        mapped: &mut MappedElement,
    ) -> Result<(), Vec<MappingProblem>> {
        let (rules, coverage) = &self.sources[element.source];
        let before = mapped.rows.len();
        let mut captures = element.captures.to_vec();
        captures.resize(
            self.prepared.layout.sources[element.source]
                .captures
                .max(captures.len()),
            String::new(),
        );
        let mut walk = Walk::new(
            &self.prepared,
            element,
            resolved,
            captures,
            &mut mapped.rows,
        );
        for rule in rules {
            walk.document(rule, coverage);
        }
        let problems = walk.problems;
        if !problems.is_empty() {
            for (row, column) in walk.unknown {
                mapped.rows[row].values[column] = Value::Default;
            }
            mapped.invalid.extend(mapped.rows.drain(before..));
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
