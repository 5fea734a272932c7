//! The first steps of an import without a database: find, parse, validate and map. Writes nothing.
//!
//! What needs the other records or the database is left to the import: whether rows that are referred to exist, and
//! whether keys are unique.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::database::TargetTables;
use crate::layout::Layout;
use crate::model::{ConversionRule, FindingList, Keep, Row, Rule, ShowValues};
use crate::parse::Limits;
use crate::plan::ConflictPolicy;

use super::directory::{Consumer, Directory, ReadOptions, Reading, SharedDatabase};
use super::import::{ConversionCount, FileOutcome, InvalidPolicy};
use super::{OperationError, Stage, Surroundings};

/// What to validate, and how.
#[derive(Debug, Clone)]
pub struct ValidateOptions {
    /// The legacy directory.
    pub directory: PathBuf,
    /// `--set name=value`; parameters that are not given are taken to have a value.
    pub parameters: BTreeMap<String, String>,
    /// Whether findings may quote values.
    pub show: ShowValues,
    /// How many findings are kept.
    pub keep: Keep,
    /// Bounds on what is parsed.
    pub limits: Limits,
}

/// Whether the files can be imported, as far as can be told without a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValidateStatus {
    /// They can.
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
    /// The files that the layout knows, in the order they were read.
    pub files: Vec<FileOutcome>,
    /// How many rows the valid records are, per table; records of one identity are not merged.
    pub tables: Vec<(String, u64)>,
    /// Values that would be stored otherwise than written.
    pub conversions: Vec<ConversionCount>,
    /// Members that nothing in the layout reads.
    pub unmapped: u64,
    /// What was noticed, sorted by level and place.
    pub findings: FindingList,
}

/// Validates a directory.
///
/// # Errors
/// When the directory or the layout cannot be used, or somebody interrupts. What is wrong with the input is in the
/// outcome's findings.
pub fn validate(
    options: &ValidateOptions,
    layout: &Layout,
    around: Surroundings<'_>,
) -> Result<ValidateOutcome, OperationError> {
    let read = ReadOptions {
        directory: &options.directory,
        source: None,
        parameters: &options.parameters,
        limits: options.limits,
        show: options.show,
        keep: options.keep,
    };
    let directory = Directory::survey(read, layout, around)?;
    let policies = (ConflictPolicy::Report, InvalidPolicy::Refuse);
    let target = TargetTables::absent(layout);
    let mut counting = Counting {
        reading: Reading::new(&directory, &target, policies, (around.clock)()),
        rows: vec![0; layout.tables.len()],
        conversions: BTreeMap::new(),
    };
    directory.read_alone(Stage::Validate, &mut counting)?;
    around.progress.end();
    Ok(counting.outcome(&directory))
}

/// Counts rows and forgets them.
struct Counting<'l> {
    reading: Reading<'l>,
    rows: Vec<u64>,
    conversions: BTreeMap<(usize, usize, ConversionRule), u64>,
}

impl<'l> Consumer<'l> for Counting<'l> {
    fn reading(&mut self) -> &mut Reading<'l> {
        &mut self.reading
    }

    fn rows(
        &mut self,
        _database: Option<&SharedDatabase<'_>>,
        rows: Vec<Row>,
    ) -> Result<(), OperationError> {
        for row in rows {
            self.rows[row.table] += 1;
            for conversion in row.conversions {
                let key = (row.table, conversion.column, conversion.rule);
                *self.conversions.entry(key).or_default() += 1;
            }
        }
        Ok(())
    }
}

impl Counting<'_> {
    fn outcome(self, directory: &Directory<'_>) -> ValidateOutcome {
        let tables = &directory.layout.tables;
        let status = if self.reading.has_errors() {
            ValidateStatus::Invalid
        } else {
            ValidateStatus::Valid
        };
        let conversions = self.conversions.iter();
        let findings = self.reading.findings;
        ValidateOutcome {
            status,
            layout: directory.layout.name.clone(),
            directory: directory.survey.root.display().to_string(),
            files: self.reading.files,
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
    use super::super::testing::{CARDS, Home, PROFILES, around};
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
        around(|around| validate(&options, &home.layout, around))
    }

    #[test]
    fn a_parameter_without_a_value_is_no_error() {
        let outcome = validated(&Home::new(), &[]).expect("validated");
        assert_eq!(outcome.status, ValidateStatus::Valid);
        assert!(outcome.findings.is_empty(), "{:?}", outcome.findings);
        let rows: u64 = outcome.tables.iter().map(|(_, rows)| rows).sum();
        assert_eq!(rows, 5);
        assert_eq!(outcome.conversions[0].column, "approved_at");
    }

    #[test]
    fn a_parameter_that_the_layout_does_not_have_is_refused() {
        let refused = validated(&Home::new(), &[("prof", "a")]);
        assert!(matches!(
            refused,
            Err(OperationError::UnknownParameter { .. })
        ));
    }

    #[test]
    fn all_errors_are_found_and_counted_per_file() {
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
    fn a_directory_without_a_file_of_the_layout_is_told() {
        let home = Home::new();
        home.empty();
        let outcome = validated(&home, &[]).expect("validated");
        assert_eq!(outcome.findings[0].rule, Rule::NoFiles);
    }
}
