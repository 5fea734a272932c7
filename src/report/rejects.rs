//! Reports of `rejects`: as text, as JSON, and for export.

use serde::Serialize;
use serde_json::Value;

use crate::model::{RunId, neutral_cell, sanitize_for_terminal};
use crate::operations::{Original, Reject, RejectStatus};

use super::Style;
use super::counts::{facts, plural, short_timestamp};

/// One reject on two lines, without its original.
#[must_use]
pub fn reject_text(reject: &Reject) -> String {
    let record = &reject.record;
    let (style, status) = match &reject.status {
        RejectStatus::Open => (Style::WARNING, "open".to_owned()),
        RejectStatus::Fixed(run) => (Style::SUCCESS, format!("resolved by run {run}")),
        RejectStatus::Repeated(run) => (Style::DIM, format!("rejected again in run {run}")),
        RejectStatus::Removed(run) => (
            Style::DIM,
            format!("the file was no longer read in run {run}"),
        ),
        RejectStatus::Reverted(run) => (
            Style::DIM,
            format!("the run that rejected it was reverted in run {run}"),
        ),
    };
    let (id, rule) = (record.id, &record.rule);
    let (place, message) = (place(reject), sanitize_for_terminal(&record.message));
    let status = Style::paint(style, &status);
    format!("{id}  {place}: {message} [{rule}]\n    {status}\n")
}

/// States that no reject was found, in the given run if there is one, and how many are no longer open.
#[must_use]
pub fn no_rejects_text(run: Option<&str>, resolved: u64) -> String {
    let of_run = run.map_or_else(String::new, |run| {
        format!(" of run {}", sanitize_for_terminal(run))
    });
    match resolved {
        0 => format!("no rejects{of_run}\n"),
        resolved => {
            let (rejects, are) = match resolved {
                1 => ("1 reject".to_owned(), "is"),
                _ => (plural(resolved, "reject"), "are"),
            };
            format!("no open rejects{of_run}; `--all` lists {rejects} that {are} resolved\n")
        }
    }
}

/// The number of findings and of records; one record can have several findings.
#[must_use]
pub fn rejects_count_text(rejects: u64, records: u64) -> String {
    format!(
        "{} of {}\n",
        plural(rejects, "finding"),
        plural(records, "record")
    )
}

/// `path:line:column pointer`.
fn place(reject: &Reject) -> String {
    let record = &reject.record;
    let mut place = sanitize_for_terminal(&record.path).into_owned();
    for number in [record.line, record.column].into_iter().flatten() {
        place.push_str(&format!(":{number}"));
    }
    let pointer = record.pointer.as_deref().filter(|text| !text.is_empty());
    if let Some(pointer) = pointer {
        place.push_str(&format!(" {}", sanitize_for_terminal(pointer)));
    }
    place
}

/// All details of a reject, with the original text of its record in the file.
#[must_use]
pub fn reject_details_text(reject: &Reject, original: &Original) -> String {
    let record = &reject.record;
    let mut out = reject_text(reject);
    out.push_str(&facts(&[
        ("run", Some(record.run_id.to_string())),
        ("when", Some(short_timestamp(&record.started_at))),
        (
            "source",
            Some(sanitize_for_terminal(&record.source).into_owned()),
        ),
        ("layout", Some(record.layout.clone())),
        ("sha256", record.sha256.clone()),
    ]));
    out.push('\n');
    match original {
        Original::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            // Line by line, because line ends must not be escaped.
            for line in text.lines() {
                let line = line.replace('\t', "    ");
                out.push_str(&format!("{}\n", sanitize_for_terminal(&line)));
            }
        }
        Original::RestOfFile => {
            out.push_str("the file cannot be read from here on: the rest of it was rejected\n");
        }
        Original::Missing(why) => {
            out.push_str(&format!(
                "the original is unavailable: {}\n",
                sanitize_for_terminal(why)
            ));
        }
    }
    out
}

/// The rejects of `rejects list` as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RejectsView<'o> {
    /// The first `--limit` rejects.
    rejects: Vec<RejectView<'o>>,
    /// How many more there are.
    rejects_not_listed: u64,
    /// Number of records that all of them concern.
    records: u64,
}

impl<'o> RejectsView<'o> {
    /// The listed rejects, the number of others, and the number of records.
    #[must_use]
    pub fn new(listed: &'o [Reject], rejects_not_listed: u64, records: u64) -> Self {
        Self {
            rejects: listed.iter().map(Into::into).collect(),
            rejects_not_listed,
            records,
        }
    }
}

/// A reject: an error for which a record was rejected.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RejectView<'o> {
    /// Number in the ledger.
    id: i64,
    /// `open`, or the outcome of a later run: `mended` (the record in its place was accepted), `repeated` (rejected
    /// again, and listed again), `gone` (the file does not exist any more) or `reverted` (the run that rejected it was
    /// reverted).
    #[cfg_attr(test, schemars(extend("enum" = ["open", "mended", "repeated", "gone", "reverted"])))]
    status: &'o str,
    /// Id of that run.
    settled_by: Option<&'o RunId>,
    /// The run that rejected the record.
    run: &'o RunId,
    /// When it began.
    started_at: &'o str,
    /// The directory's name in the ledger.
    source: &'o str,
    /// Name of the layout.
    layout: &'o str,
    /// The file, relative to the directory.
    path: &'o str,
    /// Digest of the file as that run read it.
    sha256: Option<&'o str>,
    /// Line, from 1.
    line: Option<i64>,
    /// Column, from 1.
    column: Option<i64>,
    /// JSON Pointer to the error.
    pointer: Option<&'o str>,
    /// JSON Pointer to the record; `null` for everything after an error of the file.
    record: Option<&'o str>,
    /// What kind of problem it is, as in a finding.
    rule: &'o str,
    /// For people; the wording can change.
    message: &'o str,
}

impl<'o> From<&'o Reject> for RejectView<'o> {
    fn from(reject: &'o Reject) -> Self {
        let record = &reject.record;
        Self {
            id: record.id,
            status: reject.status.name(),
            settled_by: reject.status.run(),
            run: &record.run_id,
            started_at: &record.started_at,
            source: &record.source,
            layout: &record.layout,
            path: &record.path,
            sha256: record.sha256.as_deref(),
            line: record.line,
            column: record.column,
            pointer: record.pointer.as_deref(),
            record: record.record.as_deref(),
            rule: &record.rule,
            message: &record.message,
        }
    }
}

/// A reject with the original text of its record.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RejectDetailsView<'o> {
    #[serde(flatten)]
    reject: RejectView<'o>,
    /// The record's text in the archived file; `null` if it is not UTF-8, unavailable, or not a single record.
    original: Option<&'o str>,
    /// Its bytes, if they are not UTF-8.
    original_base64: Option<String>,
    /// Why it is unavailable.
    original_missing: Option<&'o str>,
}

impl<'o> RejectDetailsView<'o> {
    pub(crate) fn new(reject: &'o Reject, original: &'o Original) -> Self {
        let (original, original_base64, original_missing) = match original {
            Original::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => (Some(text), None, None),
                Err(_) => (None, Some(data_encoding::BASE64.encode(bytes)), None),
            },
            Original::RestOfFile => (None, None, None),
            Original::Missing(why) => (None, None, Some(why.as_str())),
        };
        Self {
            reject: reject.into(),
            original,
            original_base64,
            original_missing,
        }
    }
}

/// Column names of [`reject_cells`].
pub const REJECT_COLUMNS: [&str; 11] = [
    "id",
    "status",
    "settled_by",
    "run",
    "path",
    "line",
    "column",
    "pointer",
    "rule",
    "message",
    "original",
];

/// The cells of a CSV line.
///
/// Cells that a spreadsheet would run as a formula are prefixed with an apostrophe.
#[must_use]
pub fn reject_cells(reject: &Reject, original: &Original) -> Vec<String> {
    let object = serde_json::json!(RejectDetailsView::new(reject, original));
    let cell = |name: &&str| match &object[*name] {
        Value::Null => String::new(),
        Value::String(text) => neutral_cell(text.into()).into_owned(),
        other => other.to_string(),
    };
    REJECT_COLUMNS.iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_lines, json};
    use super::*;
    use crate::database::ledger::RejectRecord;

    fn reject() -> Reject {
        let record = RejectRecord {
            id: 7,
            record: Some("/3".to_owned()),
            pointer: Some("/3/dob".to_owned()),
            line: Some(41),
            column: Some(13),
            rule: "schema".to_owned(),
            message: "expected a string".to_owned(),
            source_file_id: 2,
            path: "a\x1b.json".to_owned(),
            sha256: Some("00".to_owned()),
            run_id: "01a1".into(),
            started_at: "2024-05-01T10:00:00.000000Z".to_owned(),
            source: "/data".to_owned(),
            layout: "sample".to_owned(),
            archive: None,
        };
        Reject {
            record,
            status: RejectStatus::Open,
        }
    }

    #[test]
    fn a_reject_is_shown_with_its_sanitized_original() {
        let original = Original::Text(b"{\"dob\":\n\t\"\x1b[2J\"}".to_vec());
        let lines = [
            "7  a␛.json:41:13 /3/dob: expected a string [schema]",
            "    open",
            "  run     01a1",
            "  when    2024-05-01 10:00:00Z",
            "  source  /data",
            "  layout  sample",
            "  sha256  00",
            "",
            "{\"dob\":",
            "    \"␛[2J\"}",
        ];
        assert_lines(&reject_details_text(&reject(), &original), &lines);
    }

    #[test]
    fn json_preserves_the_original_bytes() {
        let view = |original| json(RejectDetailsView::new(&reject(), &original));
        let text = view(Original::Text(b"{ \"a\" : 1.0 }".to_vec()));
        assert_eq!(text["original"], "{ \"a\" : 1.0 }");
        let bytes = view(Original::Text(vec![0xFF]));
        assert!(bytes["original"].is_null());
        assert_eq!(bytes["original_base64"], "/w==");
        let missing = view(Original::Missing("no archive".to_owned()));
        assert_eq!(missing["original_missing"], "no archive");
    }

    #[test]
    fn formulas_are_neutralized() {
        for formula in ["=1+1", "\n=1+1", "＝1+1"] {
            let cells = reject_cells(&reject(), &Original::Text(formula.into()));
            assert_eq!(cells.len(), REJECT_COLUMNS.len());
            assert_eq!(cells.last(), Some(&format!("'{formula}")));
        }
    }
}
