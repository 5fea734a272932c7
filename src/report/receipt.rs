//! Receipts: written, and checked.

use std::path::Path;

use serde_json::{Value, json};

use crate::audit::seal::{Header, Receipt, ReceiptFault};
use crate::model::harmless;
use crate::operations::proof::CheckedReceipt;

use super::Style;
use super::counts::{facts, grouped, moment, plural};

/// That a receipt was written, and of what.
#[must_use]
pub fn written_receipt_text(receipt: &Receipt, path: &Path) -> String {
    let verdict = Style::paint(Style::SUCCESS, "written");
    let path = path.display().to_string();
    let row = row_of(receipt);
    let row = row.map(|[table, record, action]| {
        harmless(&format!("{action} {table} {record}")).into_owned()
    });
    let facts = facts(&[
        ("run", run_of(receipt)),
        ("seal", Some(receipt.hash().to_string())),
        ("proves", row),
    ]);
    format!(
        "{verdict}: a receipt into `{}`; `accession audit verify --receipt` checks it\n{facts}",
        harmless(&path)
    )
}

/// That a receipt was written, and of what; `docs/json.md` describes it.
#[must_use]
pub fn written_receipt_json(receipt: &Receipt, path: &Path) -> Value {
    json!({
        "path": path.display().to_string(),
        "run": run_of(receipt),
        "hash": receipt.hash().to_string(),
        "row": row_of(receipt).as_ref().map(row_json),
    })
}

fn run_of(receipt: &Receipt) -> Option<String> {
    let header = Header::parse(&receipt.header).ok()?;
    header.run_id().map(str::to_owned)
}

/// Table, record id and action of the entry that is proved.
fn row_of(receipt: &Receipt) -> Option<[String; 3]> {
    let [table, record, action, ..] = &receipt.entry.as_ref()?.texts;
    Some([table, record, action].map(|text| text.clone().unwrap_or_default()))
}

fn row_json([table, record, action]: &[String; 3]) -> Value {
    json!({"table": table, "record_id": record, "action": action})
}

/// What a receipt proves, for people.
#[must_use]
pub fn receipt_text(checked: &CheckedReceipt) -> String {
    let Some(header) = &checked.header else {
        let verdict = Style::paint(Style::ERROR, "different");
        let fault = checked.fault.as_ref().map(ToString::to_string);
        let mut out = format!("{verdict}: {}\n", fault.unwrap_or_default());
        if let Some(ReceiptFault::NoReceipt(_)) = checked.fault {
            out.push_str("  `accession audit receipt RUN --output FILE` writes one\n");
        }
        return out;
    };
    let mut out = if checked.in_database == Some(false) {
        let verdict = Style::paint(Style::ERROR, "different");
        format!("{verdict}: the receipt holds together, but the database has no such seal\n")
    } else {
        let verdict = Style::paint(Style::SUCCESS, "consistent");
        let found = match checked.in_database {
            Some(_) => "the database has its seal",
            None => "compare its hash with one that was kept elsewhere",
        };
        format!("{verdict}: the receipt holds together; {found}\n")
    };
    let run = header.run.as_ref();
    let column = |name: &str| Some(run?.get(name)?.as_str()?.to_owned());
    let files = header.files.map(|files| plural(files.count, "file"));
    let row = checked.row.as_ref();
    out.push_str(&facts(&[
        (
            "seal",
            checked
                .hash
                .as_ref()
                .map(|hash| format!("{} {hash}", header.number)),
        ),
        ("run", column("id")),
        ("by", column("actor")),
        ("reason", column("reason")),
        ("when", Some(moment(&header.sealed_at))),
        ("entries", Some(grouped(header.entries.count))),
        ("files", files),
        (
            "proved",
            row.map(|[table, record, action]| format!("{action} {table} {record}")),
        ),
    ]));
    out
}

/// What a receipt proves; `docs/json.md` describes it.
#[must_use]
pub fn receipt_json(checked: &CheckedReceipt) -> Value {
    let header = checked.header.as_ref();
    let row = checked.row.as_ref();
    json!({
        "status": if checked.holds() { "consistent" } else { "different" },
        "seal": header.map(|header| json!({
            "number": header.number, "hash": checked.hash, "sealed_at": header.sealed_at,
            "entries": header.entries.count,
        })),
        "run": header.and_then(Header::run_id),
        "in_database": checked.in_database,
        "row": row.map(row_json),
        "message": checked.fault.as_ref().map(ToString::to_string),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_documented, assert_lines};
    use super::*;

    #[test]
    fn what_is_no_receipt_is_told_how_to_get_one() {
        let checked = CheckedReceipt {
            header: None,
            hash: None,
            row: None,
            in_database: None,
            fault: Some(ReceiptFault::NoReceipt("receipt")),
        };
        assert_lines(
            &receipt_text(&checked),
            &[
                "different: it is no receipt: `receipt` is missing or wrong",
                "  `accession audit receipt RUN --output FILE` writes one",
            ],
        );
        assert_documented(&receipt_json(&checked));
    }

    #[test]
    fn a_receipt_that_was_written_is_named() {
        let receipt = Receipt {
            header: String::new(),
            files: Vec::new(),
            entry: None,
        };
        let text = written_receipt_text(&receipt, Path::new("receipt.json"));
        let hash = receipt.hash();
        assert_lines(
            &text,
            &[
                "written: a receipt into `receipt.json`; `accession audit verify --receipt` checks it",
                &format!("  seal  {hash}"),
            ],
        );
        let json = written_receipt_json(&receipt, Path::new("receipt.json"));
        assert_documented(&json);
        assert_eq!(json["path"], "receipt.json");
    }
}
