//! The last wall before the terminal: whatever a text from outside slipped into, only colours get through.

use std::borrow::Cow;

use crate::model::harmless_char;

/// `text` with every character that a terminal would obey made harmless, except line ends and the sequences that set
/// colours (SGR), which reports write.
///
/// Reports make harmless what they quote from files, where they quote it; this is for what comes by other ways, as the
/// error messages of libraries do.
pub(super) fn tamed(text: &str) -> Cow<'_, str> {
    let tame = |c: char| matches!(c, '\n' | '\x1b') || harmless_char(c) == c;
    if text.chars().all(tame) && !text.contains('\x1b') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\x1b' => colour(rest).unwrap_or(0),
            '\n' => 1,
            _ => 0,
        };
        if length > 0 {
            out.push_str(&rest[..length]);
            rest = &rest[length..];
        } else {
            out.push(harmless_char(c));
            rest = &rest[c.len_utf8()..];
        }
    }
    Cow::Owned(out)
}

/// The length of the SGR sequence at the beginning of `text`.
fn colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\x1b[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    (parameters.as_bytes().get(end) == Some(&b'm')).then_some(end + 3)
}

/// JSON in which no character is left that a terminal would obey: they are all inside of texts, and are escaped there.
pub(super) fn escaped(json: &str) -> Cow<'_, str> {
    let tame = |c: char| c == '\n' || harmless_char(c) == c;
    if json.chars().all(tame) {
        return Cow::Borrowed(json);
    }
    let escape = |c: char| {
        if tame(c) {
            c.to_string()
        } else {
            // None of them lies beyond the basic plane.
            format!("\\u{:04x}", u32::from(c))
        }
    };
    Cow::Owned(json.chars().map(escape).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_get_through_and_nothing_else() {
        assert_eq!(
            tamed("\x1b[1;31merror\x1b[0m: 恐\n"),
            "\x1b[1;31merror\x1b[0m: 恐\n"
        );
        assert_eq!(tamed("a\x1b[2Jb\x1b]0;t\x07\r"), "a␛[2Jb␛]0;t␇␍");
        assert_eq!(tamed("\x1b[31"), "␛[31");
        assert_eq!(tamed("\u{9b}\u{202e}"), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({"a\u{9b}": "\u{202e}\u{feff}\x1b恐😀"});
        let text = format!("{value:#}\n");
        let told = escaped(&text);
        assert!(
            told.chars().all(|c| c == '\n' || harmless_char(c) == c),
            "{told}"
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&told).ok(),
            Some(value)
        );
    }
}
