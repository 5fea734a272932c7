//! The report of a validation.

use serde_json::{Value, json};

use crate::operations::validate::{ValidateOutcome, ValidateStatus};

use super::Style;
use super::counts::{grouped, grouped_or_empty, plural, table};
use super::findings::{finding_groups_json, findings_json};
use super::rows::{conversion_line, file_json};

/// What the files are, for people. The findings are told apart from it.
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
        let members = plural(outcome.unmapped, "member");
        out.push_str(&format!("  {members} that the layout does not read\n"));
    }
    out
}

/// The whole outcome as one JSON object; `docs/json.md` describes it.
#[must_use]
pub fn validate_json(outcome: &ValidateOutcome) -> Value {
    let status = match outcome.status {
        ValidateStatus::Valid => "valid",
        ValidateStatus::Invalid => "invalid",
    };
    let files: Vec<Value> = outcome.files.iter().map(file_json).collect();
    let tables = outcome.tables.iter();
    let tables = tables.map(|(name, rows)| (name.clone(), Value::from(*rows)));
    let conversions: Vec<Value> = outcome
        .conversions
        .iter()
        .map(|one| json!({"table": one.table, "column": one.column, "rule": one.rule, "count": one.count}))
        .collect();
    json!({
        "status": status,
        "layout": outcome.layout,
        "directory": outcome.directory,
        "files": files,
        "records": outcome.files.iter().map(|file| file.records).sum::<u64>(),
        "rejected": outcome.files.iter().map(|file| file.rejected).sum::<u64>(),
        "rows": Value::Object(tables.collect()),
        "conversions": conversions,
        "unmapped": outcome.unmapped,
        "findings": findings_json(&outcome.findings),
        "finding_groups": finding_groups_json(&outcome.findings),
        "findings_not_listed": outcome.findings.not_listed(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_documented, assert_lines};
    use super::*;
    use crate::model::FindingList;
    use crate::operations::import::{ConversionCount, FileOutcome};

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
    fn text_tells_files_conversions_and_what_is_not_read() {
        let text = validate_text(&outcome());
        assert_lines(
            &text,
            &[
                "invalid: 1 file of `/data` (sample)",
                "  file         records  invalid   rows",
                "  people.json    1 200        2  1 198",
                "  people.born: 1 value with another offset turned into UTC",
                "  3 members that the layout does not read",
            ],
        );
    }

    #[test]
    fn json_counts_everything() {
        let json = validate_json(&outcome());
        assert_documented(&json);
        assert_eq!(json["status"], "invalid");
        assert_eq!(json["records"], 1200);
        assert_eq!(json["rejected"], 2);
        assert_eq!(json["rows"]["people"], 1198);
        assert_eq!(json["conversions"][0]["rule"], "to_utc");
    }
}
