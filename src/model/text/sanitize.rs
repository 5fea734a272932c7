//! Makes text from outside safe to print on a terminal: file names and file contents must not move the cursor, change
//! colours or reverse the writing direction.

use std::borrow::Cow;

/// Returns `c`, or a visible replacement if a terminal would interpret it instead of showing it.
///
/// C0 controls become their Unicode control pictures; C1 controls, line separators and bidirectional formatting
/// characters (Unicode TR36) become U+FFFD.
#[must_use]
pub fn sanitize_char(c: char) -> char {
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

/// Applies [`sanitize_char`] to every character of `text`; the result is a single line.
#[must_use]
pub fn sanitize_for_terminal(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| sanitize_char(c) == c) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().map(sanitize_char).collect())
    }
}

/// Escapes the characters of a JSON text that a terminal would interpret; the value stays the same.
///
/// Outside of strings, JSON has no such characters except white space. Line feeds are kept: between tokens they are
/// formatting, and inside strings they are escaped already.
#[must_use]
pub fn escape_json_controls(json: &str) -> Cow<'_, str> {
    let is_safe = |c: char| c == '\n' || sanitize_char(c) == c;
    if json.chars().all(is_safe) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            c if is_safe(c) => out.push(c),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            // All of them are in the Basic Multilingual Plane, so four digits suffice.
            c => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    Cow::Owned(out)
}

/// Escapes `text` to one line without control characters, in the notation of JSON.
#[must_use]
pub fn escape_line(text: &str) -> String {
    escape_json_controls(text).replace('\n', "\\n")
}

/// The characters of [`escape_line`], without a copy of the text.
pub fn escaped_chars(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(|c| match c {
        '\n' => Escaped::of("\\n"),
        c if sanitize_char(c) == c => Escaped::One(Some(c)),
        c => Escaped::of(&escape_line(c.encode_utf8(&mut [0; 4]))),
    })
}

/// The characters that one character is escaped to.
enum Escaped {
    One(Option<char>),
    Several(std::vec::IntoIter<char>),
}

impl Escaped {
    fn of(text: &str) -> Self {
        Self::Several(text.chars().collect::<Vec<_>>().into_iter())
    }
}

impl Iterator for Escaped {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::One(c) => c.take(),
            Self::Several(chars) => chars.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_visible() {
        let hostile = "a\x1b[2J\u{9b}31m\r\n\t\u{202e}gpj.\u{7f}";
        let shown = sanitize_for_terminal(hostile);
        assert_eq!(shown, "a␛[2J\u{fffd}31m␍␊␉\u{fffd}gpj.␡");
        assert!(!shown.chars().any(char::is_control));
    }

    #[test]
    fn ordinary_text_in_any_script_is_unchanged() {
        for text in ["profiles/a b.json", "恐龙", "👩‍👧 é", "עברית"] {
            assert!(matches!(sanitize_for_terminal(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn escaped_json_is_the_same_value() {
        let value = serde_json::json!({"a\u{9b}": "\u{202e}\u{feff}\x1b恐😀"});
        let text = format!("{value:#}\n");
        let escaped = escape_json_controls(&text);
        assert!(
            escaped.chars().all(|c| c == '\n' || sanitize_char(c) == c),
            "{escaped}"
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&escaped).ok(),
            Some(value)
        );
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(
            escape_line("a\u{1b}[2Jb\nc\u{9b}\u{202e}汉"),
            "a\\u001b[2Jb\\nc\\u009b\\u202e汉"
        );
    }
}
