//! Cells of comma-separated values.

use std::borrow::Cow;

/// Prefixes an apostrophe to strings that a spreadsheet would run as a formula
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
#[must_use]
pub fn neutral_cell(text: Cow<'_, str>) -> Cow<'_, str> {
    let dangerous = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    match text.starts_with(dangerous) {
        true => format!("'{text}").into(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cells_that_a_spreadsheet_would_run_are_changed() {
        for dangerous in "=+-@\t\r\n＝＋－＠".chars() {
            let text = format!("{dangerous}1");
            assert_eq!(neutral_cell(text.as_str().into()), format!("'{text}"));
        }
        for harmless in ["", "a=1", "'=1", " =1", "1-1"] {
            assert_eq!(neutral_cell(harmless.into()), harmless);
        }
    }
}
