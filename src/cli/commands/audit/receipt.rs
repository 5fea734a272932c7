//! `accession audit receipt`, `accession audit verify --receipt`.

use std::path::Path;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::operations::proof::{check_receipt, make_receipt};
use crate::report::{receipt_json, receipt_text, written_receipt_json, written_receipt_text};

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
            std::fs::write(path, text).map_err(CommandError::unwritable(path))?;
            output.result(
                || written_receipt_text(&receipt, path),
                || written_receipt_json(&receipt, path),
            );
        }
    }
    Ok(Exit::Done)
}

/// Checks a receipt; what is no text is none.
pub(super) fn verify_receipt(
    path: &Path,
    database: &DatabaseOptions,
    output: &Output,
) -> Result<Exit, CommandError> {
    let url = match DatabaseOptions::is_argument() {
        true => Some(database.url(output)?),
        false => None,
    };
    let place = url.as_ref().map(|url| (url, database.wait()));
    let bytes = std::fs::read(path).map_err(CommandError::unreadable(path))?;
    let checked = check_receipt(&String::from_utf8_lossy(&bytes), place)?;
    output.result(|| receipt_text(&checked), || receipt_json(&checked));
    Ok(if checked.holds() {
        Exit::Done
    } else {
        Exit::Difference
    })
}
