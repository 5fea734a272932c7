//! Masks passwords in messages that quote arguments: a URL given as a directory, a connection string in the wrong
//! variable.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// The password of a URL (a path may have lost one slash), up to the last `@` of the word, because a password may
/// contain `@`.
static IN_URL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"([A-Za-z][A-Za-z0-9+.\-]*:/{1,2}[^ \t\r\n/:@]*:)[^ \t\r\n]*@").expect("valid")
});
static IN_PAIR: LazyLock<Regex> = LazyLock::new(|| {
    // A colon only after a quoted name: `password: other users can read the file` is a message about a file.
    let pair =
        r#"((?i-u:password|passwd|pwd)(?:["']?[ \t]*=|["'][ \t]*:)[ \t]*["']?)[^ \t\r\n;&'"`]+"#;
    Regex::new(pair).expect("valid")
});

/// Replaces passwords by `***`.
pub(super) fn mask_passwords(text: &str) -> String {
    let text: Cow<'_, str> = IN_URL.replace_all(text, "${1}***@");
    IN_PAIR.replace_all(&text, "${1}***").into_owned()
}

#[cfg(test)]
mod tests {
    use super::mask_passwords;

    #[test]
    fn passwords_are_masked_and_nothing_else() {
        for (text, shown) in [
            (
                "no such directory: `postgres://u:s3@cret@db/x`",
                "no such directory: `postgres://u:***@db/x`",
            ),
            (
                "/home/postgres:/u:p@db/x: no",
                "/home/postgres:/u:***@db/x: no",
            ),
            ("'mysql+x://u:p@db' found", "'mysql+x://u:***@db' found"),
            (
                "`host=db Password = s3 user=u`",
                "`host=db Password = *** user=u`",
            ),
            ("Server=db;Pwd=s3;Uid=u", "Server=db;Pwd=***;Uid=u"),
            (
                r#"{"password": "s3", "a": 1}"#,
                r#"{"password": "***", "a": 1}"#,
            ),
            ("postgres://u@db:5432/x", "postgres://u@db:5432/x"),
            ("see https://example.org/a:b", "see https://example.org/a:b"),
            ("password: no such file", "password: no such file"),
        ] {
            assert_eq!(mask_passwords(text), shown);
        }
    }
}
