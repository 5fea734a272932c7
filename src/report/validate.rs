//! Report of `validate`.

use serde::Serialize;

use crate::operations::import::{ConversionCount, FileOutcome};
use crate::operations::validate::{ValidateOutcome, ValidateStatus};

use super::Style;
use super::counts::{grouped, grouped_or_empty, plural, table};
use super::findings::FindingsView;
use super::rows::{ByName, conversion_line};

/// The result as text. Findings are printed separately.
#[must_use]
pub fn validate_text(outcome: &ValidateOutcome) -> String {
    let files = plural(outcome.files.len() as u64, "file");
    let what = format!("`{}` ({})", outcome.directory, outcome.layout);
    let verdict = match outcome.status {
        ValidateStatus::Valid => Style::paint(Style::SUCCESS, "valid"),
        ValidateStatus::Invalid => Style::paint(Style::ERROR, "invalid"),
    };
    let mut out = format!("{verdict}: {files} of {what}\n");
    let rows: Vec<Vec<String>> = outcome
        .files
        .iter()
        .map(|file| {
            vec![
                file.path.clone(),
                grouped(file.records),
                grouped_or_empty(file.rejected),
                grouped(file.rows),
            ]
        })
        .collect();
    if !rows.is_empty() {
        out.push_str(&table(&["file", "records", "invalid", "rows"], &rows));
    }
    for one in &outcome.conversions {
        out.push_str(&conversion_line(
            &one.table,
            &one.column,
            one.rule,
            one.count,
        ));
    }
    if outcome.unmapped > 0 {
        let properties = plural(outcome.unmapped, "property");
        out.push_str(&format!("  {properties} not read by the layout\n"));
    }
    out
}

/// The outcome of the command.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ValidateView<'o> {
    /// Whether the files can be imported, as far as can be determined without a database.
    status: ValidateStatus,
    /// Name of the layout.
    layout: &'o str,
    /// Absolute path of the directory.
    directory: &'o str,
    /// The files that match the layout.
    files: &'o [FileOutcome],
    /// Records of all files.
    records: u64,
    /// Records of all files that have errors.
    rejected: u64,
    /// Per table: rows of the valid records; repeated records are counted again.
    rows: ByName<&'o str, u64>,
    /// Values that are stored differently from the file.
    conversions: &'o [ConversionCount],
    /// Properties of the files that the layout does not read.
    unmapped: u64,
    #[serde(flatten)]
    findings: FindingsView<'o>,
}

impl<'o> From<&'o ValidateOutcome> for ValidateView<'o> {
    fn from(outcome: &'o ValidateOutcome) -> Self {
        let tables = outcome.tables.iter();
        Self {
            status: outcome.status,
            layout: &outcome.layout,
            directory: &outcome.directory,
            files: &outcome.files,
            records: outcome.files.iter().map(|file| file.records).sum(),
            rejected: outcome.files.iter().map(|file| file.rejected).sum(),
            rows: tables.map(|(name, rows)| (name.as_str(), *rows)).collect(),
            conversions: &outcome.conversions,
            unmapped: outcome.unmapped,
            findings: (&outcome.findings).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_lines, json};
    use super::*;
    use crate::model::FindingList;

    fn outcome() -> ValidateOutcome {
        ValidateOutcome {
            status: ValidateStatus::Invalid,
            layout: "sample".to_owned(),
            directory: "/data".to_owned(),
            files: vec![FileOutcome {
                path: "people.json".to_owned(),
                records: 1200,
                rejected: 2,
                rows: 1198,
                cut_short: false,
            }],
            tables: vec![("people".to_owned(), 1198)],
            conversions: vec![ConversionCount {
                table: "people".to_owned(),
                column: "born".to_owned(),
                rule: "to_utc",
                count: 1,
            }],
            unmapped: 3,
            findings: FindingList::default(),
        }
    }

    #[test]
    fn text_lists_files_conversions_and_unread_members() {
        let text = validate_text(&outcome());
        assert_lines(
            &text,
            &[
                "invalid: 1 file of `/data` (sample)",
                "  file         records  invalid   rows",
                "  people.json    1 200        2  1 198",
                "  people.born: 1 value with another offset converted to UTC",
                "  3 properties not read by the layout",
            ],
        );
    }

    #[test]
    fn json_counts_everything() {
        let outcome = outcome();
        let json = json(ValidateView::from(&outcome));
        assert_eq!(json["status"], "invalid");
        assert_eq!(json["records"], 1200);
        assert_eq!(json["rejected"], 2);
        assert_eq!(json["rows"]["people"], 1198);
        assert_eq!(json["conversions"][0]["rule"], "to_utc");
    }
}
