//! The order of sources: a source is read after the sources it refers to.

use std::collections::BTreeSet;

use crate::layout::problem::quoted;
use crate::layout::rules::{ColumnRule, Expression, ParameterDefault, Source};
use crate::layout::written::WrittenSource;
use crate::model::{PerSource, SourceIndex, TableIndex};

use super::Compiler;
use super::source::used_parameters;

impl Compiler<'_> {
    /// Returns the sources in waves. A source refers only to tables of earlier waves or its own. Within a wave, the
    /// sources keep their order.
    pub(super) fn waves(
        &mut self,
        sources: &PerSource<Source>,
        written: &[WrittenSource],
    ) -> Vec<Vec<SourceIndex>> {
        let fills: PerSource<BTreeSet<TableIndex>> = sources.iter().map(filled).collect();
        let mut needs = Vec::new();
        for (source, written) in sources.iter().zip(written) {
            let only = self.only_tables(source);
            if let Some(table) = only.intersection(&filled(source)).next() {
                let message = format!(
                    "a parameter defaults to the only row of `{}`, which this source fills",
                    self.tables[*table].name
                );
                let hint =
                    "use `^column` of the enclosing row, or a parameter without this default";
                self.error(written.at, message, hint);
            }
            needs.push(&self.referred_tables(source) | &only);
        }
        let needs = PerSource::from(needs);
        let waits_for = |source: SourceIndex, other: SourceIndex| {
            source != other && !needs[source].is_disjoint(&fills[other])
        };
        let mut waiting: Vec<SourceIndex> = sources.indexes().collect();
        let mut waves = Vec::new();
        while !waiting.is_empty() {
            let (ready, rest): (Vec<_>, Vec<_>) = waiting
                .iter()
                .copied()
                .partition(|&source| !waiting.iter().any(|&other| waits_for(source, other)));
            if ready.is_empty() {
                let files: Vec<String> = rest
                    .iter()
                    .map(|&source| sources[source].files.text())
                    .collect();
                self.error(
                    written[usize::from(rest[0])].at,
                    format!(
                        "the sources {} refer to each other",
                        quoted(files.iter().map(String::as_str))
                    ),
                    "remove one of the references between their tables",
                );
                return waves;
            }
            waves.push(ready);
            waiting = rest;
        }
        waves
    }

    /// Returns the tables whose rows must be known before this source is mapped.
    ///
    /// Excluded are the table of an enclosing row from which the foreign key takes its value, since it comes from the
    /// same file, and foreign keys of a table to itself, which no order of files can satisfy.
    fn referred_tables(&self, source: &Source) -> BTreeSet<TableIndex> {
        let mut tables = BTreeSet::new();
        for rule in source.rules() {
            for key in &self.tables[rule.table].foreign_keys {
                let parent = self.tables.position(|table| table.name == key.table);
                let columns = key.columns.iter().map(|column| {
                    let mut columns = rule.columns.iter();
                    columns.find(|mapped| mapped.column == *column)
                });
                let elsewhere = columns.flatten().any(|column| !is_enclosing(column));
                tables.extend(parent.filter(|parent| *parent != rule.table && elsewhere));
            }
            tables.extend(rule.unless.as_ref().map(|unless| unless.table));
            let references = rule.expressions().filter_map(Expression::reference);
            tables.extend(references.map(|reference| reference.table));
        }
        tables
    }

    /// Returns the tables whose only row is the default of a parameter of this source.
    fn only_tables(&self, source: &Source) -> BTreeSet<TableIndex> {
        used_parameters(std::slice::from_ref(source))
            .into_iter()
            .filter_map(|index| match self.parameters[index].default {
                Some(ParameterDefault::Only { table, .. }) => Some(table),
                Some(ParameterDefault::Text(_)) | None => None,
            })
            .collect()
    }
}

fn is_enclosing(column: &ColumnRule) -> bool {
    matches!(column.expression, Expression::Parent { .. })
}

fn filled(source: &Source) -> BTreeSet<TableIndex> {
    source.rules().iter().map(|rule| rule.table).collect()
}
