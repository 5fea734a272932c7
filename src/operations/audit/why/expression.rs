//! Explains how the layout maps a column of one record.

use crate::layout::{ColumnRule, EachToken, Expression, Layout, RecordRule, Source};
use crate::model::{Pointer, TableIndex};

use super::evidence::Element;
use super::{ParameterStandIn, ValueSource};

/// The rule that created a row, and the tables of the enclosing rules.
pub(super) struct FoundRule<'l> {
    pub(super) rule: &'l RecordRule,
    enclosing: Vec<TableIndex>,
    captures: Vec<(usize, String)>,
}

/// The rule of `source` that creates rows of `table` from the record at `pointer`.
pub(super) fn find_rule<'l>(
    source: &'l Source,
    table: TableIndex,
    pointer: &Pointer,
    part: Option<u32>,
) -> Option<FoundRule<'l>> {
    let wanted = (table, part.is_some());
    source
        .records
        .iter()
        .find_map(|rule| descend(rule, wanted, &pointer.tokens, Vec::new(), Vec::new()))
}

fn descend<'l>(
    rule: &'l RecordRule,
    wanted: (TableIndex, bool),
    tokens: &[String],
    enclosing: Vec<TableIndex>,
    mut captures: Vec<(usize, String)>,
) -> Option<FoundRule<'l>> {
    let (own, rest) = tokens.split_at_checked(rule.each.len())?;
    for (each, token) in rule.each.iter().zip(own) {
        match each {
            EachToken::Name(name) if name != token => return None,
            EachToken::Capture(slot) => captures.push((*slot, token.clone())),
            EachToken::Name(_) | EachToken::Every => {}
        }
    }
    if rest.is_empty() && (rule.table, !rule.split.is_empty()) == wanted {
        return Some(FoundRule {
            rule,
            enclosing,
            captures,
        });
    }
    let around: Vec<TableIndex> = enclosing.into_iter().chain([rule.table]).collect();
    rule.records
        .iter()
        .find_map(|inner| descend(inner, wanted, rest, around.clone(), captures.clone()))
}

/// A record in its file, with the rule of the layout.
pub(super) struct Explained<'a> {
    pub(super) layout: &'a Layout,
    pub(super) found: FoundRule<'a>,
    /// The captures of the file's name.
    pub(super) captures: &'a [String],
    pub(super) pointer: &'a str,
    pub(super) part: Option<u32>,
    pub(super) element: Option<&'a Element>,
}

impl Explained<'_> {
    /// The source of a column's value.
    pub(super) fn source(&self, column: usize) -> ValueSource {
        let rules = self.found.rule.columns.iter();
        match rules.into_iter().find(|rule| rule.column == column) {
            Some(rule) => self.by_rule(rule),
            None => ValueSource::Database,
        }
    }

    fn by_rule(&self, rule: &ColumnRule) -> ValueSource {
        let source = self.by_expression(&rule.expression);
        match (source, &rule.default) {
            (
                ValueSource::Absent {
                    pointers, nulls, ..
                },
                default,
            ) => ValueSource::Absent {
                pointers,
                nulls,
                default: default.clone(),
            },
            (source, _) => source,
        }
    }

    fn by_expression(&self, expression: &Expression) -> ValueSource {
        match expression {
            Expression::Pointer(inner) => self.in_file(inner),
            Expression::Capture(slot) => self.captured(*slot),
            Expression::Parent { levels, column } => self.parent(*levels, *column),
            Expression::First(choices) => {
                let (mut absent, mut null) = (Vec::new(), Vec::new());
                for choice in choices {
                    match self.by_expression(choice) {
                        ValueSource::Absent {
                            pointers, nulls, ..
                        } => {
                            absent.extend(pointers);
                            null.extend(nulls);
                        }
                        present => return present,
                    }
                }
                ValueSource::Absent {
                    pointers: absent,
                    nulls: null,
                    default: None,
                }
            }
            Expression::Constant(value) => ValueSource::Constant {
                value: value.clone(),
            },
            Expression::Parameter(index) => {
                let parameter = &self.layout.parameters[*index];
                let default = parameter.default.as_ref();
                let default = default.map(|default| ParameterStandIn::of(default, self.layout));
                let name = parameter.name.clone();
                ValueSource::Parameter { name, default }
            }
            Expression::Reference(reference) => {
                let table = &self.layout.tables[reference.table].table;
                let name = |column: &usize| table.columns[*column].name.clone();
                ValueSource::Reference {
                    table: table.name.clone(),
                    column: name(&reference.column),
                    key: reference
                        .key
                        .iter()
                        .map(|(column, _)| name(column))
                        .collect(),
                }
            }
            Expression::Rest => ValueSource::Rest {
                pointer: self.pointer.to_owned(),
            },
            Expression::Uuid(_) => ValueSource::MadeId,
        }
    }

    fn in_file(&self, inner: &Pointer) -> ValueSource {
        let pointer = format!("{}{inner}", self.pointer);
        let Some(element) = self.element else {
            return ValueSource::File {
                pointer,
                position: None,
                text: None,
            };
        };
        match element.find(&pointer) {
            None => ValueSource::Absent {
                pointers: vec![pointer],
                nulls: Vec::new(),
                default: None,
            },
            Some((_, text)) if text == "null" => ValueSource::Absent {
                pointers: vec![pointer.clone()],
                nulls: vec![pointer],
                default: None,
            },
            Some((position, text)) => ValueSource::File {
                pointer,
                position: Some(position),
                // Only the part is shown: the whole string may have thousands of parts.
                text: self.part.is_none().then_some(text),
            },
        }
    }

    fn captured(&self, slot: usize) -> ValueSource {
        let inner = self.found.captures.iter().find(|(of, _)| *of == slot);
        let value = inner
            .map(|(_, value)| value)
            .or_else(|| self.captures.get(slot));
        let names = self.found.rule.captures.get(slot);
        ValueSource::Capture {
            name: names.cloned().unwrap_or_default(),
            value: value.cloned().unwrap_or_default(),
        }
    }

    fn parent(&self, levels: usize, column: usize) -> ValueSource {
        let enclosing = &self.found.enclosing;
        let table = enclosing.len().checked_sub(levels).map(|at| enclosing[at]);
        let table = table.map(|table| &self.layout.tables[table].table);
        ValueSource::Parent {
            table: table.map(|table| table.name.clone()).unwrap_or_default(),
            column: table
                .map(|table| table.columns[column].name.clone())
                .unwrap_or_default(),
        }
    }
}
