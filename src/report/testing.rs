//! Test helpers: compare reports line by line without colours, and read views.

use serde::Serialize;
use serde_json::Value;

/// Fails unless `text` consists of `lines`.
#[track_caller]
pub(super) fn assert_lines(text: &str, lines: &[&str]) {
    let plain = anstream::adapter::strip_str(text).to_string();
    assert_eq!(plain.lines().collect::<Vec<_>>(), lines, "\n{plain}");
    assert!(plain.ends_with('\n'), "{plain}");
}

/// A view as it is printed.
pub(super) fn json(view: impl Serialize) -> Value {
    serde_json::json!(view)
}
