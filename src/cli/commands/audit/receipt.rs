//! `accession audit receipt`, `accession audit verify --receipt`.

use std::io::Write as _;
use std::path::Path;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::model::{LARGE, read_regular};
use crate::operations::proof::{check_receipt, make_receipt};
use crate::report::{CheckedReceiptView, WrittenReceiptView, receipt_text, written_receipt_text};

/// Prints a receipt, or writes it to `file`.
pub(super) fn receipt(
    run: &str,
    database: &DatabaseOptions,
    file: Option<&Path>,
    record: Option<&[String]>,
    output: &Output,
) -> Result<Exit, CommandError> {
    let row = record.and_then(|row| Some((row.first()?.as_str(), row.get(1)?.as_str())));
    let receipt = make_receipt(&database.url(output)?, database.wait(), run, row)?;
    let text = format!("{:#}\n", receipt.to_json());
    match file {
        None => output.data(&text),
        Some(path) => {
            write_private(path, &text).map_err(CommandError::unwritable(path))?;
            output.result(
                || written_receipt_text(&receipt, path),
                || WrittenReceiptView::new(&receipt, path),
            );
        }
    }
    Ok(Exit::Done)
}

/// Writes a file that only its owner can read, unless it exists with other permissions.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// Checks a receipt. A file that is not UTF-8 is an invalid receipt, not an error.
pub(super) fn verify_receipt(
    path: &Path,
    database: &DatabaseOptions,
    output: &Output,
) -> Result<Exit, CommandError> {
    let url = match database.is_argument() {
        true => Some(database.url(output)?),
        false => None,
    };
    let place = url.as_ref().map(|url| (url, database.wait()));
    let bytes = read_regular(path, LARGE).map_err(CommandError::unreadable(path))?;
    let checked = check_receipt(&String::from_utf8_lossy(&bytes), place)?;
    output.result(
        || receipt_text(&checked),
        || CheckedReceiptView::from(&checked),
    );
    Ok(if checked.holds() {
        Exit::Done
    } else {
        Exit::Difference
    })
}
