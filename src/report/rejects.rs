//! The reports of records that were left out: for people, as data, and to be mended.

use serde_json::{Value, json};

use crate::model::harmless;
use crate::operations::{Original, Reject, RejectStatus};

use super::Style;
use super::counts::{facts, moment, plural};

/// One reject on two lines, without its original.
#[must_use]
pub fn reject_text(reject: &Reject) -> String {
    let record = &reject.record;
    let (style, status) = match &reject.status {
        RejectStatus::Open => (Style::WARNING, "open".to_owned()),
        RejectStatus::Mended(run) => (Style::SUCCESS, format!("mended in run {run}")),
        RejectStatus::Repeated(run) => (Style::DIM, format!("left out again in run {run}")),
        RejectStatus::Gone(run) => (Style::DIM, format!("the file was gone in run {run}")),
    };
    let (id, rule) = (record.id, &record.rule);
    let (place, message) = (place(reject), harmless(&record.message));
    let status = Style::paint(style, &status);
    format!("{id}  {place}: {message} [{rule}]\n    {status}\n")
}

/// How many there are, of how many records: one record may have several faults.
#[must_use]
pub fn rejects_count_text(rejects: u64, records: u64) -> String {
    format!(
        "{} of {}\n",
        plural(rejects, "fault"),
        plural(records, "record")
    )
}

/// `path:line:column pointer`.
fn place(reject: &Reject) -> String {
    let record = &reject.record;
    let mut place = harmless(&record.path).into_owned();
    for number in [record.line, record.column].into_iter().flatten() {
        place.push_str(&format!(":{number}"));
    }
    let pointer = record.pointer.as_deref().filter(|text| !text.is_empty());
    if let Some(pointer) = pointer {
        place.push_str(&format!(" {}", harmless(pointer)));
    }
    place
}

/// Everything about one reject, and the original text of its record as it stood in the file.
#[must_use]
pub fn reject_details_text(reject: &Reject, original: &Original) -> String {
    let record = &reject.record;
    let mut out = reject_text(reject);
    out.push_str(&facts(&[
        ("run", Some(record.run_id.clone())),
        ("began", Some(moment(&record.started_at))),
        ("source", Some(harmless(&record.source).into_owned())),
        ("layout", Some(record.layout.clone())),
        ("sha256", record.sha256.clone()),
    ]));
    out.push('\n');
    match original {
        Original::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            // As lines: only what is inside of them is made harmless.
            for line in text.lines() {
                let line = line.replace('\t', "    ");
                out.push_str(&format!("{}\n", harmless(&line)));
            }
        }
        Original::RestOfFile => {
            out.push_str("the file cannot be read beyond this place: all behind it was left out\n");
        }
        Original::Missing(why) => {
            out.push_str(&format!(
                "the original is not to be had: {}\n",
                harmless(why)
            ));
        }
    }
    out
}

/// A reject as an object; `docs/json.md` describes it.
#[must_use]
pub fn reject_json(reject: &Reject) -> Value {
    let record = &reject.record;
    json!({
        "id": record.id,
        "status": reject.status.name(),
        "settled_by": reject.status.run(),
        "run": record.run_id,
        "started_at": record.started_at,
        "source": record.source,
        "layout": record.layout,
        "path": record.path,
        "sha256": record.sha256,
        "line": record.line,
        "column": record.column,
        "pointer": record.pointer,
        "record": record.record,
        "rule": record.rule,
        "message": record.message,
    })
}

/// The same with the record's original text.
#[must_use]
pub fn reject_details_json(reject: &Reject, original: &Original) -> Value {
    let mut object = reject_json(reject);
    let (text, base64, missing) = match original {
        Original::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => (Some(text.to_owned()), None, None),
            Err(_) => (None, Some(data_encoding::BASE64.encode(bytes)), None),
        },
        Original::RestOfFile => (None, None, None),
        Original::Missing(why) => (None, None, Some(why.clone())),
    };
    object["original"] = text.into();
    object["original_base64"] = base64.into();
    object["original_missing"] = missing.into();
    object
}

/// The names of the cells of [`reject_cells`].
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

/// A line of a table for spreadsheets.
///
/// A cell that a spreadsheet would take for a formula gets an apostrophe in front, as OWASP advises.
#[must_use]
pub fn reject_cells(reject: &Reject, original: &Original) -> Vec<String> {
    let object = reject_details_json(reject, original);
    let cell = |name: &&str| match &object[*name] {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            format!("'{text}")
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    REJECT_COLUMNS.iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_documented, assert_lines};
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
            run_id: "01a1".to_owned(),
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
    fn a_reject_is_shown_with_its_original_and_nothing_raw() {
        let original = Original::Text(b"{\"dob\":\n\t\"\x1b[2J\"}".to_vec());
        let lines = [
            "7  a␛.json:41:13 /3/dob: expected a string [schema]",
            "    open",
            "  run     01a1",
            "  began   2024-05-01 10:00:00Z",
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
    fn data_has_the_exact_text_whatever_its_bytes() {
        let text = reject_details_json(&reject(), &Original::Text(b"{ \"a\" : 1.0 }".to_vec()));
        assert_documented(&text);
        assert_eq!(text["original"], "{ \"a\" : 1.0 }");
        let bytes = reject_details_json(&reject(), &Original::Text(vec![0xFF]));
        assert_eq!(
            (&bytes["original"], &bytes["original_base64"]),
            (&Value::Null, &json!("/w=="))
        );
        let missing = reject_details_json(&reject(), &Original::Missing("no archive".to_owned()));
        assert_eq!(missing["original_missing"], "no archive");
    }

    #[test]
    fn no_cell_is_a_formula() {
        let cells = reject_cells(&reject(), &Original::Text(b"=1+1".to_vec()));
        assert_eq!(cells.len(), REJECT_COLUMNS.len());
        assert_eq!(cells.last().map(String::as_str), Some("'=1+1"));
    }
}
