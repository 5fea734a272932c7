//! File patterns, one or several per source: `*` and `{name}` match within a path segment, `**` across segments.

use regex::Regex;

/// A compiled file pattern.
#[derive(Debug, Clone)]
pub struct FilePattern {
    /// The patterns as written.
    texts: Vec<String>,
    regexes: Vec<Regex>,
    captures: Vec<String>,
}

/// The reason why a file pattern is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Empty, absolute, or with `.`, `..` or empty segments.
    #[error("a file pattern must be a relative path such as `users/{{user_id}}.json`")]
    NotRelative,
    /// `{` without `}` or a capture name that is not an identifier.
    #[error("a capture must be written as `{{name}}`, with letters, digits and `_`")]
    BadCapture,
    /// A capture occurs twice.
    #[error("duplicate capture `{{{0}}}`")]
    RepeatedCapture(String),
    /// Patterns of one source with different captures.
    #[error("`{0}` does not have the same captures in the same order as the earlier patterns")]
    OtherCaptures(String),
}

impl FilePattern {
    /// Compiles `text`.
    ///
    /// # Errors
    /// If it is not a relative path, or a capture is malformed or repeated.
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

    /// Returns a pattern that matches whatever either pattern matches.
    ///
    /// # Errors
    /// If the captures differ.
    pub fn or(mut self, other: Self) -> Result<Self, PatternError> {
        if self.captures != other.captures {
            return Err(PatternError::OtherCaptures(other.text()));
        }
        self.texts.extend(other.texts);
        self.regexes.extend(other.regexes);
        Ok(self)
    }

    /// Returns the patterns as written.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Returns the patterns as written, separated by commas.
    #[must_use]
    pub fn text(&self) -> String {
        self.texts.join(", ")
    }

    /// Returns one path per pattern, with the captures filled in; stars are kept.
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

    /// Returns the names of the captures, in order.
    #[must_use]
    pub fn captures(&self) -> &[String] {
        &self.captures
    }

    /// Returns the captured strings if `path` (relative, with `/`) matches.
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
    fn several_patterns_match_if_any_matches() {
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
    fn malformed_patterns_are_rejected() {
        for text in ["", "/a", "a//b", "../a", "{", "{}", "{a b}"] {
            assert!(FilePattern::parse(text).is_err(), "{text}");
        }
        assert!(matches!(
            FilePattern::parse("{a}/{a}"),
            Err(PatternError::RepeatedCapture(_))
        ));
    }
}
