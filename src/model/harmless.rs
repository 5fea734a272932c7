//! Texts from outside made fit for a terminal: nothing in a file or its name may move the cursor, recolour, or turn
//! the direction of what is told.

use std::borrow::Cow;

/// `c`, or a picture of it if a terminal would obey it rather than show it.
///
/// C0 controls become their Unicode control pictures; C1 controls, line separators and the controls of writing
/// direction (Unicode TR36) become U+FFFD.
#[must_use]
pub fn harmless_char(c: char) -> char {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => '\u{fffd}',
        c => c,
    }
}

/// `text` with every character made harmless; also of more than one line there is one line left.
#[must_use]
pub fn harmless(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| harmless_char(c) == c) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().map(harmless_char).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_becomes_visible() {
        let hostile = "a\x1b[2J\u{9b}31m\r\n\t\u{202e}gpj.\u{7f}";
        let shown = harmless(hostile);
        assert_eq!(shown, "a␛[2J\u{fffd}31m␍␊␉\u{fffd}gpj.␡");
        assert!(!shown.chars().any(char::is_control));
    }

    #[test]
    fn ordinary_text_in_any_script_stays() {
        for text in ["profiles/a b.json", "恐龙", "👩‍👧 é", "עברית"] {
            assert!(matches!(harmless(text), Cow::Borrowed(same) if same == text));
        }
    }
}
