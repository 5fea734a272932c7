//! Parsers of options that are numbers: their errors name what is expected, with an example.

use std::time::Duration;

use crate::model::EntryId;

/// Parses how many lines, rows or findings to print.
pub(super) fn how_many(text: &str) -> Result<usize, &'static str> {
    text.parse().map_err(|_| "expected a number such as `100`")
}

/// Parses a number of seconds.
pub(super) fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().map(Duration::from_secs);
    seconds.map_err(|_| "expected a whole number of seconds, such as `30`")
}

/// Parses a number of attempts.
pub(super) fn attempts(text: &str) -> Result<u32, &'static str> {
    match text.parse() {
        Ok(attempts) if attempts > 0 => Ok(attempts),
        Ok(_) | Err(_) => Err("expected a number from 1 on, such as `5`"),
    }
}

/// Parses the number of an entry of the audit log.
pub(super) fn entry(text: &str) -> Result<EntryId, &'static str> {
    let entry = text.parse::<i64>().map(EntryId::from);
    entry.map_err(|_| "expected the id of an entry, such as `12`, as shown by `accession audit log --entries`")
}

/// Parses the number of a reject.
pub(super) fn reject(text: &str) -> Result<i64, &'static str> {
    let reject = text.parse();
    reject.map_err(
        |_| "expected the number of a reject, such as `1`, as listed by `accession rejects list`",
    )
}
