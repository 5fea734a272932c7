//! Quotes words of the shell commands that hints suggest. Nothing is run.

use std::borrow::Cow;

/// `text` as one word for a POSIX shell: quoted if the shell would read it differently.
#[must_use]
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    match !text.is_empty() && text.chars().all(plain) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(shell_quoted(text)),
    }
}

/// `text` as one quoted word for a POSIX shell.
#[must_use]
pub fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_if_the_shell_would_split_or_expand_them() {
        for plain in ["members", "größe", "./a-b_c.json"] {
            assert_eq!(shell_word(plain), plain);
        }
        assert_eq!(shell_word("my pets"), "'my pets'");
        assert_eq!(shell_word("$HOME"), "'$HOME'");
        assert_eq!(shell_word("it's"), "'it'\\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
