//! Reports of `audit receipt` and `audit verify --receipt`.

use std::path::Path;

use serde::Serialize;

use crate::audit::seal::{Header, Receipt, ReceiptEntry, ReceiptFault};
use crate::model::{RecordId, RunId, sanitize_for_terminal};
use crate::operations::proof::CheckedReceipt;

use super::Style;
use super::counts::{facts, grouped, plural, short_timestamp};

/// The receipt that was written.
#[must_use]
pub fn written_receipt_text(receipt: &Receipt, path: &Path) -> String {
    let verdict = Style::paint(Style::SUCCESS, "written");
    let path = path.display().to_string();
    let row = row_of(receipt);
    let row = row.map(|[table, record, action]| {
        sanitize_for_terminal(&format!("{action} {table} {record}")).into_owned()
    });
    let facts = facts(&[
        ("run", run_of(receipt).map(String::from)),
        ("seal", Some(receipt.hash().to_string())),
        ("proves", row),
    ]);
    format!(
        "{verdict}: receipt `{}`; `accession audit verify --receipt` checks it\n{facts}",
        sanitize_for_terminal(&path)
    )
}

/// The receipt that was written, as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WrittenReceiptView {
    /// The file.
    path: String,
    /// The run.
    run: Option<RunId>,
    /// Hash of the run's seal.
    hash: String,
    /// The proved row, if one was named.
    row: Option<ProvedRowView>,
}

/// The row that a receipt proves.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ProvedRowView {
    /// The table.
    table: String,
    /// The row's primary key as text.
    record_id: RecordId,
    /// `INSERT`, `UPDATE` or `DELETE`.
    action: String,
}

impl WrittenReceiptView {
    pub(crate) fn new(receipt: &Receipt, path: &Path) -> Self {
        Self {
            path: path.display().to_string(),
            run: run_of(receipt),
            hash: receipt.hash().to_string(),
            row: row_of(receipt).map(Into::into),
        }
    }
}

impl From<[String; 3]> for ProvedRowView {
    fn from([table, record_id, action]: [String; 3]) -> Self {
        Self {
            table,
            record_id: record_id.into(),
            action,
        }
    }
}

fn run_of(receipt: &Receipt) -> Option<RunId> {
    let header = Header::parse(&receipt.header).ok()?;
    header.run_id()
}

/// Table, record id and action of the proved entry.
fn row_of(receipt: &Receipt) -> Option<[String; 3]> {
    receipt.entry.as_ref().map(ReceiptEntry::row)
}

/// The result of checking a receipt, as text.
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
        format!("{verdict}: the receipt is consistent, but the database does not have its seal\n")
    } else {
        let verdict = Style::paint(Style::SUCCESS, "consistent");
        let found = match checked.in_database {
            Some(_) => "the database has its seal",
            None => "compare its hash with one that was kept elsewhere",
        };
        format!("{verdict}: the receipt is consistent in itself; {found}\n")
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
        ("when", Some(short_timestamp(&header.sealed_at))),
        ("entries", Some(grouped(header.entries.count))),
        ("files", files),
        (
            "proved",
            row.map(|[table, record, action]| format!("{action} {table} {record}")),
        ),
    ]));
    out
}

/// The result of checking a receipt, as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckedReceiptView<'o> {
    /// Whether the receipt is valid, and the given database has its seal.
    #[cfg_attr(test, schemars(extend("enum" = ["consistent", "different"])))]
    status: &'static str,
    /// The seal, according to the receipt; `null` if the receipt is invalid.
    seal: Option<ReceiptSealView<'o>>,
    /// The run.
    run: Option<RunId>,
    /// Whether the given database has the seal; `null` if none was given.
    in_database: Option<bool>,
    /// The proved row, if there is one.
    row: Option<ProvedRowView>,
    /// Why the receipt is invalid.
    message: Option<String>,
}

/// The seal of a receipt.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ReceiptSealView<'o> {
    /// Its number, from 1.
    number: u64,
    /// SHA-256 of its header.
    hash: Option<&'o str>,
    /// When it was made.
    sealed_at: &'o str,
    /// Number of entries that it covers.
    entries: u64,
}

impl<'o> From<&'o CheckedReceipt> for CheckedReceiptView<'o> {
    fn from(checked: &'o CheckedReceipt) -> Self {
        let header = checked.header.as_ref();
        Self {
            status: match checked.holds() {
                true => "consistent",
                false => "different",
            },
            seal: header.map(|header| ReceiptSealView {
                number: header.number,
                hash: checked.hash.as_deref(),
                sealed_at: &header.sealed_at,
                entries: header.entries.count,
            }),
            run: header.and_then(Header::run_id),
            in_database: checked.in_database,
            row: checked.row.clone().map(Into::into),
            message: checked.fault.as_ref().map(ToString::to_string),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_lines, json};
    use super::*;

    #[test]
    fn an_invalid_receipt_is_reported_with_a_hint() {
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
                "different: it is not a receipt: `receipt` is missing or invalid",
                "  `accession audit receipt RUN --output FILE` writes one",
            ],
        );
    }

    #[test]
    fn a_written_receipt_is_named() {
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
                "written: receipt `receipt.json`; `accession audit verify --receipt` checks it",
                &format!("  seal  {hash}"),
            ],
        );
        let json = json(WrittenReceiptView::new(&receipt, Path::new("receipt.json")));
        assert_eq!(json["path"], "receipt.json");
    }
}
