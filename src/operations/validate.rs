//! The first steps of an import without a database: finds, parses, validates and maps the files. Writes nothing.
//!
//! Checks that need other records or the database are left to the import: whether referenced rows exist, and whether
//! keys are unique.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::layout::Layout;
use crate::model::{
    ConversionRule, FindingList, Keep, MappedRow, PerTable, Rule, ShowValues, TableIndex,
};
use crate::parse::Limits;

use super::directory::{Directory, ReadEvent, ReadOptions, ReadState};
use super::import::{ConversionCount, FileOutcome, InvalidPolicy};
use super::{Context, OperationError, Stage};

/// What to validate, and how.
#[derive(Debug, Clone)]
pub struct ValidateOptions {
    /// The source directory.
    pub directory: PathBuf,
    /// `--set name=value`; parameters that are not given are assumed to have a value.
    pub parameters: BTreeMap<String, String>,
    /// Whether findings may show values.
    pub show: ShowValues,
    /// How many findings to keep.
    pub keep: Keep,
    /// Limits of the parser.
    pub limits: Limits,
}

/// Whether the files can be imported, as far as can be determined without a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ValidateStatus {
    /// There are no errors.
    Valid,
    /// There are errors.
    Invalid,
}

/// The result of a validation.
#[derive(Debug, Clone)]
pub struct ValidateOutcome {
    /// Whether there are errors.
    pub status: ValidateStatus,
    /// Name of the layout.
    pub layout: String,
    /// The directory's absolute path.
    pub directory: String,
    /// The files that match the layout, in the order they were read.
    pub files: Vec<FileOutcome>,
    /// Number of rows of the valid records, per table; records with the same identity are not merged.
    pub tables: Vec<(String, u64)>,
    /// Values that would be stored differently from how they are written in the file.
    pub conversions: Vec<ConversionCount>,
    /// Members that the layout does not map.
    pub unmapped: u64,
    /// Findings, sorted by level and location.
    pub findings: FindingList,
}

/// Validates a directory.
///
/// # Errors
/// When the directory or the layout is unusable, or the operation is interrupted. Errors of the input are findings of
/// the outcome.
pub fn validate(
    options: &ValidateOptions,
    layout: &Layout,
    ctx: Context<'_>,
) -> Result<ValidateOutcome, OperationError> {
    let read = ReadOptions {
        directory: &options.directory,
        source: None,
        parameters: &options.parameters,
        limits: options.limits,
        show: options.show,
        keep: options.keep,
    };
    let directory = Directory::survey(read, layout, ctx)?;
    let mut counting = Counting {
        state: ReadState::new(&directory, InvalidPolicy::Abort),
        rows: vec![0; layout.tables.len()].into(),
        conversions: BTreeMap::new(),
    };
    // Each record is checked by itself, so the order of the files is of no importance.
    let files: Vec<_> = directory.survey.files.iter().collect();
    let _span = tracing::info_span!("read").entered();
    directory.begin(Stage::Validate, files.iter().copied());
    directory.read(&files, &directory.assumed(), |events| {
        for event in events {
            match event? {
                ReadEvent::Begin(_) => {}
                ReadEvent::Records(file, records) => {
                    let rows = counting.state.records(file, records);
                    rows.into_iter().for_each(|(rows, _)| counting.count(rows));
                }
                ReadEvent::End(file, findings) => {
                    counting.state.end(&directory, file, findings);
                }
            }
        }
        Ok(())
    })?;
    counting.state.finish(&directory);
    ctx.progress.end();
    Ok(counting.outcome(&directory))
}

/// Counts rows and discards them.
struct Counting {
    state: ReadState,
    rows: PerTable<u64>,
    conversions: BTreeMap<(TableIndex, usize, ConversionRule), u64>,
}

impl Counting {
    fn count(&mut self, rows: Vec<MappedRow>) {
        for row in rows {
            self.rows[row.table] += 1;
            for conversion in row.conversions {
                let key = (row.table, conversion.column, conversion.rule);
                *self.conversions.entry(key).or_default() += 1;
            }
        }
    }

    fn outcome(self, directory: &Directory<'_>) -> ValidateOutcome {
        let tables = &directory.layout.tables;
        let status = if self.state.has_errors() {
            ValidateStatus::Invalid
        } else {
            ValidateStatus::Valid
        };
        let conversions = self.conversions.iter();
        let findings = self.state.findings;
        ValidateOutcome {
            status,
            layout: directory.layout.name.clone(),
            directory: directory.survey.root.display().to_string(),
            files: self.state.files,
            tables: tables
                .iter()
                .zip(&self.rows)
                .map(|(table, rows)| (table.table.name.clone(), *rows))
                .collect(),
            conversions: conversions
                .map(|(&(table, column, rule), &count)| ConversionCount {
                    table: tables[table].table.name.clone(),
                    column: tables[table].table.columns[column].name.clone(),
                    rule: rule.name(),
                    count,
                })
                .collect(),
            unmapped: findings.count_of(Rule::UnmappedMember),
            findings: directory.complete(findings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CARDS, Home, PROFILES, with_context};
    use super::*;

    fn validated(home: &Home, set: &[(&str, &str)]) -> Result<ValidateOutcome, OperationError> {
        let set = set.iter();
        let options = ValidateOptions {
            directory: home.directory(),
            parameters: set
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            show: ShowValues::Masked,
            keep: Keep::Some,
            limits: Limits::default(),
        };
        with_context(|ctx| validate(&options, &home.layout, ctx))
    }

    #[test]
    fn parameter_without_a_value_is_not_an_error() {
        let outcome = validated(&Home::new(), &[]).expect("validated");
        assert_eq!(outcome.status, ValidateStatus::Valid);
        assert!(outcome.findings.is_empty(), "{:?}", outcome.findings);
        let rows: u64 = outcome.tables.iter().map(|(_, rows)| rows).sum();
        assert_eq!(rows, 5);
        assert_eq!(outcome.conversions[0].column, "approved_at");
    }

    #[test]
    fn unknown_parameter_is_an_error() {
        let aborted = validated(&Home::new(), &[("prof", "a")]);
        assert!(matches!(
            aborted,
            Err(OperationError::UnknownParameter { .. })
        ));
    }

    #[test]
    fn all_errors_are_reported_and_counted_per_file() {
        let home = Home::new();
        home.write(PROFILES, r#"[{"id": "a"}, {"id": "b", "name": "B"}]"#);
        home.write(CARDS, r#"[{"id": }]"#);
        let outcome = validated(&home, &[]).expect("validated");
        assert_eq!(outcome.status, ValidateStatus::Invalid);
        let of = |path: &str| {
            let mut files = outcome.files.iter();
            files.find(|file| file.path == path).expect("read")
        };
        assert_eq!((of(PROFILES).records, of(PROFILES).rejected), (2, 1));
        let rules: Vec<&str> = outcome
            .findings
            .iter()
            .map(|finding| finding.rule.code())
            .collect();
        assert_eq!(rules, ["invalid-json", "schema"], "{:?}", outcome.findings);
    }

    #[test]
    fn directory_without_matching_files_is_reported() {
        let home = Home::new();
        home.empty();
        let outcome = validated(&home, &[]).expect("validated");
        assert_eq!(outcome.findings[0].rule, Rule::NoFiles);
    }
}
