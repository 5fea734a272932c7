//! Missing values: their messages, and the names of the files that would contain them.

use crate::layout::{Expression, Layout, RecordRule, Source};
use crate::model::{Place, Rule, TableIndex, Value};

use super::from_json::Misfit;
use super::resolved::References;

/// Why a required expression has no value.
pub(super) enum Missing {
    /// The parameter has no value.
    Parameter { parameter: usize, why: String },
    /// The referenced row does not exist.
    Reference {
        table: TableIndex,
        key: Vec<(usize, Value)>,
        /// Whether the key consists only of captures from the file name, so that it may be shown.
        captured: bool,
        /// The place of a rejected record with this key.
        cause: Option<Box<Place>>,
    },
}

impl Missing {
    pub(super) fn misfit(self, layout: &Layout, references: &dyn References) -> Misfit {
        match self {
            Self::Parameter { parameter, why } => Misfit {
                rule: Rule::Parameter,
                message: why,
                hint: format!(
                    "give the value with `--set {}=…`",
                    layout.parameters[parameter].name
                ),
                cause: None,
            },
            Self::Reference {
                table,
                key,
                captured,
                cause,
            } => {
                let columns: Vec<_> = key
                    .iter()
                    .map(|(column, _)| layout.tables[table].table.columns[*column].name.as_str())
                    .collect();
                let name = &layout.tables[table].table.name;
                let message = format!("no row of `{name}` has this `{}`", columns.join("`, `"));
                // Values from a file are not shown, but file names are part of every finding anyway.
                let files = match captured {
                    true => missing_files(layout, table, &key),
                    false => Vec::new(),
                };
                let there = files.iter().find(|file| references.has_file(file));
                let (message, hint) = match (there, &files[..]) {
                    _ if cause.is_some() => (
                        format!("{message}: its record is invalid"),
                        "fix that record".to_owned(),
                    ),
                    (Some(there), _) => (
                        format!("{message}: `{there}` contains none that can be imported"),
                        format!("fix `{there}`"),
                    ),
                    (None, []) => (
                        message,
                        "add the file that contains the missing record".to_owned(),
                    ),
                    (None, files) => {
                        let files = format!("`{}`", files.join("` or `"));
                        (
                            format!("{message}: {files} is missing"),
                            format!("add {files}, or move this file out of the directory"),
                        )
                    }
                };
                Misfit {
                    rule: Rule::MissingReference,
                    message,
                    hint,
                    cause,
                }
            }
        }
    }
}

/// Returns the paths of the files that would become a row of `table` with this key: those whose names contain the key.
fn missing_files(layout: &Layout, table: TableIndex, key: &[(usize, Value)]) -> Vec<String> {
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

/// Returns the capture of the file name that the column takes its value from, possibly as a fallback.
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
