//! Comparing reports in tests, line by line and without colours.

/// Fails unless `text` consists of `lines`.
#[track_caller]
pub(super) fn assert_lines(text: &str, lines: &[&str]) {
    let plain = anstream::adapter::strip_str(text).to_string();
    assert_eq!(plain.lines().collect::<Vec<_>>(), lines, "\n{plain}");
    assert!(plain.ends_with('\n'), "{plain}");
}
