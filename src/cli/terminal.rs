//! The last filter before the terminal: colours and line ends pass, every other control character is replaced.

use std::borrow::Cow;

use crate::model::sanitize_char;

/// Sanitizes `text`, but keeps line ends and the sequences that set colours (SGR), which reports write.
///
/// Reports already sanitize what they quote from files. This covers text that arrives by other ways, such as the error
/// messages of libraries.
pub(super) fn sanitize_styled(text: &str) -> Cow<'_, str> {
    let is_safe = |c: char| c == '\n' || sanitize_char(c) == c;
    if text.chars().all(is_safe) {
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
            out.push(sanitize_char(c));
            rest = &rest[c.len_utf8()..];
        }
    }
    Cow::Owned(out)
}

/// Returns the length of the SGR sequence at the start of `text`.
fn colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\x1b[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    (parameters.as_bytes().get(end) == Some(&b'm')).then_some(end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_and_line_ends_pass() {
        assert_eq!(
            sanitize_styled("\x1b[1;31merror\x1b[0m: 恐\n"),
            "\x1b[1;31merror\x1b[0m: 恐\n"
        );
        assert_eq!(sanitize_styled("a\x1b[2Jb\x1b]0;t\x07\r"), "a␛[2Jb␛]0;t␇␍");
        assert_eq!(sanitize_styled("\x1b[31"), "␛[31");
        assert_eq!(sanitize_styled("\u{9b}\u{202e}"), "\u{fffd}\u{fffd}");
    }
}
