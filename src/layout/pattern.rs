//! File patterns, one or several for one kind of file: `*` and `{name}` match within one path segment, `**` across segments.

use regex::Regex;

/// A compiled file pattern.
#[derive(Debug, Clone)]
pub struct FilePattern {
    /// The patterns as written.
    texts: Vec<String>,
    regexes: Vec<Regex>,
    captures: Vec<String>,
}

/// Why a file pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Empty, absolute, or with `.`, `..` or empty segments.
    #[error("a file pattern is a relative path such as `users/{{user_id}}.json`")]
    NotRelative,
    /// `{` without `}` or a capture name that is not an identifier.
    #[error("a capture is written `{{name}}`, with letters, digits and `_`")]
    BadCapture,
    /// The same capture twice.
    #[error("the capture `{{{0}}}` stands twice")]
    RepeatedCapture(String),
    /// Patterns of one source with different captures.
    #[error("`{0}` does not have the captures of the patterns before it, in their order")]
    OtherCaptures(String),
}

impl FilePattern {
    /// Compiles `text`.
    ///
    /// # Errors
    /// When it is not a relative path, or a capture is malformed or repeated.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text
            .split('/')
            .any(|segment| matches!(segment, "" | "." | ".."))
        {
            return Err(PatternError::NotRelative);
        }
        let mut regex = String::from(r"\A");
        let mut captures: Vec<String> = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("**/") {
                regex.push_str("(?:[^/]+/)*");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("**") {
                regex.push_str(".+");
                rest = after;
            } else if let Some(after) = rest.strip_prefix('*') {
                regex.push_str("[^/]*");
                rest = after;
            } else if let Some(after) = rest.strip_prefix('{') {
                let (name, after) = after.split_once('}').ok_or(PatternError::BadCapture)?;
                let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if name.is_empty() || !name.chars().all(word) {
                    return Err(PatternError::BadCapture);
                }
                if captures.iter().any(|known| known == name) {
                    return Err(PatternError::RepeatedCapture(name.to_owned()));
                }
                captures.push(name.to_owned());
                regex.push_str("([^/]+)");
                rest = after;
            } else {
                regex.push_str(&regex_escape(next));
                rest = &rest[next.len_utf8()..];
            }
        }
        regex.push_str(r"\z");
        let regex = Regex::new(&regex).expect("an escaped pattern is a valid expression");
        Ok(Self {
            texts: vec![text.to_owned()],
            regexes: vec![regex],
            captures,
        })
    }

    /// A pattern that matches what either matches.
    ///
    /// # Errors
    /// When the two have not the same captures.
    pub fn or(mut self, other: Self) -> Result<Self, PatternError> {
        if self.captures != other.captures {
            return Err(PatternError::OtherCaptures(other.text()));
        }
        self.texts.extend(other.texts);
        self.regexes.extend(other.regexes);
        Ok(self)
    }

    /// The patterns as written.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The pattern as written, several with commas between them.
    #[must_use]
    pub fn text(&self) -> String {
        self.texts.join(", ")
    }

    /// The paths that the pattern matches with these captures, other stars left as they are; one for each of several.
    pub fn filled<'p>(
        &'p self,
        captured: &'p dyn Fn(&str) -> Option<String>,
    ) -> impl Iterator<Item = String> + 'p {
        self.texts.iter().map(move |text| {
            self.captures.iter().fold(text.clone(), |text, name| {
                let value = captured(name).unwrap_or_else(|| "*".to_owned());
                text.replace(&format!("{{{name}}}"), &value)
            })
        })
    }

    /// Names of the captures, in order.
    #[must_use]
    pub fn captures(&self) -> &[String] {
        &self.captures
    }

    /// The captured texts if `path` (relative, with `/`) matches.
    #[must_use]
    pub fn matches(&self, path: &str) -> Option<Vec<String>> {
        let found = self.regexes.iter().find_map(|regex| regex.captures(path))?;
        Some(
            found
                .iter()
                .skip(1)
                .flatten()
                .map(|text| text.as_str().to_owned())
                .collect(),
        )
    }
}

fn regex_escape(c: char) -> String {
    regex::escape(c.encode_utf8(&mut [0; 4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> Option<Vec<String>> {
        FilePattern::parse(pattern).expect(pattern).matches(path)
    }

    #[test]
    fn stars_stay_inside_a_segment_and_double_stars_do_not() {
        assert!(matches("users/*.json", "users/a.json").is_some());
        assert!(matches("users/*.json", "users/b/a.json").is_none());
        assert!(matches("**/*.json", "a.json").is_some());
        assert!(matches("**/*.json", "x/y/a.json").is_some());
        assert!(matches("logs/**", "logs/x/y.log").is_some());
        assert!(matches("a.json", "aXjson").is_none());
    }

    #[test]
    fn captures_give_their_text() {
        let found = matches("chat/{chat_id}_session.json", "chat/c_1_session.json");
        assert_eq!(found, Some(vec!["c_1".to_owned()]));
        assert_eq!(
            matches("{a}/{b}.json", "x/y.z.json"),
            Some(vec!["x".to_owned(), "y.z".to_owned()])
        );
    }

    #[test]
    fn several_patterns_match_what_any_does_and_are_filled_one_by_one() {
        let parse = |text| FilePattern::parse(text).expect(text);
        let both = parse("a/{x}.json").or(parse("b/{x}-*.json")).expect("same");
        assert_eq!(both.matches("b/1-2.json"), Some(vec!["1".to_owned()]));
        assert_eq!(both.matches("c/1.json"), None);
        assert_eq!(both.text(), "a/{x}.json, b/{x}-*.json");
        let filled: Vec<String> = both.filled(&|_| Some("7".to_owned())).collect();
        assert_eq!(filled, ["a/7.json", "b/7-*.json"]);
        assert!(parse("a/{x}").or(parse("a/{y}")).is_err());
    }

    #[test]
    fn malformed_patterns_are_refused() {
        for text in ["", "/a", "a//b", "../a", "{", "{}", "{a b}"] {
            assert!(FilePattern::parse(text).is_err(), "{text}");
        }
        assert!(matches!(
            FilePattern::parse("{a}/{a}"),
            Err(PatternError::RepeatedCapture(_))
        ));
    }
}
