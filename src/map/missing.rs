//! What is needed and not there: how it is told, and the names of the files that would hold it.

use crate::layout::{Expression, Layout, RecordRule, Source};
use crate::model::{Rule, Value};

use super::evaluate::References;
use super::from_json::Misfit;

/// Why an expression that must have a value has none.
pub(super) enum Missing {
    /// The parameter has no value.
    Parameter { parameter: usize, why: String },
    /// The referred row is nowhere.
    Reference {
        table: usize,
        key: Vec<(usize, Value)>,
        /// Whether the key is made of captures from the file's name alone, so that it may be told.
        captured: bool,
    },
}

impl Missing {
    pub(super) fn misfit(self, layout: &Layout, references: &dyn References) -> Misfit {
        match self {
            Self::Parameter { parameter, why } => Misfit {
                rule: Rule::Parameter,
                message: why,
                remedy: format!(
                    "give the value with `--set {}=…`",
                    layout.parameters[parameter].name
                ),
            },
            Self::Reference {
                table,
                key,
                captured,
            } => {
                let columns: Vec<_> = key
                    .iter()
                    .map(|(column, _)| layout.tables[table].table.columns[*column].name.as_str())
                    .collect();
                let name = &layout.tables[table].table.name;
                let message = format!("no row of `{name}` has this `{}`", columns.join("`, `"));
                // What stands in a file is not told; what its name says is told with every finding.
                let files = match captured {
                    true => missing_files(layout, table, &key),
                    false => Vec::new(),
                };
                let there = files.iter().find(|file| references.has_file(file));
                let (message, remedy) = match (there, &files[..]) {
                    (Some(there), _) => (
                        format!("{message}: `{there}` holds none that can be imported"),
                        format!("mend `{there}`"),
                    ),
                    (None, []) => (
                        message,
                        "add the file that holds the missing record".to_owned(),
                    ),
                    (None, files) => {
                        let files = format!("`{}`", files.join("` or `"));
                        (
                            format!("{message}: {files} is missing"),
                            format!("add {files}, or take this file out of the directory"),
                        )
                    }
                };
                Misfit {
                    rule: Rule::MissingReference,
                    message,
                    remedy,
                }
            }
        }
    }
}

/// Paths of the files that would become a row of `table` with this key: of sources whose file names hold it.
fn missing_files(layout: &Layout, table: usize, key: &[(usize, Value)]) -> Vec<String> {
    let mut files = Vec::new();
    for source in &layout.sources {
        let makes = |rule: &&RecordRule| rule.table == table && rule.unless.is_none();
        let Some(rule) = source.records.iter().find(makes) else {
            continue;
        };
        let named: Option<Vec<(&str, String)>> = key
            .iter()
            .map(|(column, value)| Some((name_part(source, rule, *column)?, value.key_text())))
            .collect();
        let Some(named) = named else { continue };
        let captured = |name: &str| {
            let mut named = named.iter();
            let (_, value) = named.find(|(part, _)| *part == name)?;
            Some(value.clone())
        };
        files.extend(source.files.filled(&captured));
    }
    files
}

/// The capture of the file name that the column takes its value from, or falls back on.
fn name_part<'s>(source: &'s Source, rule: &RecordRule, column: usize) -> Option<&'s str> {
    let mut columns = rule.columns.iter();
    let expression = &columns.find(|mapped| mapped.column == column)?.expression;
    let choices = match expression {
        Expression::First(choices) => choices.as_slice(),
        one => std::slice::from_ref(one),
    };
    choices.iter().find_map(|choice| match choice {
        Expression::Capture(slot) => source.files.captures().get(*slot).map(String::as_str),
        Expression::Pointer(_)
        | Expression::Parent { .. }
        | Expression::First(_)
        | Expression::Constant(_)
        | Expression::Parameter(_)
        | Expression::Reference(_)
        | Expression::Uuid(_)
        | Expression::Rest => None,
    })
}
