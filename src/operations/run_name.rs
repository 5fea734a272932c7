//! Finds a run by its id or a prefix of it.

use super::OperationError;
use crate::model::RunId;

/// Returns the one of `runs` that `text` identifies: by its full id, or by a prefix that no other run has. Case does
/// not matter.
///
/// # Errors
/// When no run or several match.
pub fn run_named(
    text: &str,
    runs: impl IntoIterator<Item = RunId>,
) -> Result<RunId, OperationError> {
    let wanted = text.to_ascii_lowercase();
    let mut found: Vec<RunId> = runs
        .into_iter()
        .filter(|run| !wanted.is_empty() && run.starts_with(&wanted))
        .collect();
    match found.len() {
        0 => Err(OperationError::UnknownRun(text.to_owned())),
        1 => Ok(found.remove(0)),
        _ => Err(OperationError::AmbiguousRun {
            prefix: text.to_owned(),
            runs: found,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Result<RunId, OperationError> {
        run_named(text, ["01a1f8d1-1c57", "01a1f8d1-2000"].map(RunId::from))
    }

    #[test]
    fn unique_prefix_identifies_a_run() {
        for text in ["01a1f8d1-1", "01A1F8D1-1C57"] {
            assert_eq!(named(text).expect(text).as_str(), "01a1f8d1-1c57");
        }
    }

    #[test]
    fn unknown_or_ambiguous_prefix_is_an_error() {
        for text in ["", "f8d1", "01a1f8d1-1c57-0"] {
            assert!(matches!(named(text), Err(OperationError::UnknownRun(_))));
        }
        match named("01a1f8d1") {
            Err(OperationError::AmbiguousRun { runs, .. }) => assert_eq!(runs.len(), 2),
            other => panic!("{other:?}"),
        }
    }
}
