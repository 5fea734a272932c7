//! Prefixes and suffixes of file names: the common parts and the varying part.

/// Extensions that determine how a file is read; longest first.
const ENDINGS: [&str; 8] = [
    ".jsonl.gz",
    ".ndjson.gz",
    ".json.gz",
    ".log.gz",
    ".ndjson",
    ".jsonl",
    ".json",
    ".log",
];

/// The text before and after the varying part of a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Affixes {
    pub(crate) prefix: String,
    pub(crate) suffix: String,
}

impl Affixes {
    pub(crate) fn none() -> Self {
        Self {
            prefix: String::new(),
            suffix: String::new(),
        }
    }

    /// Returns the common parts of `names`, which have the same extension, in whole words. A name that is `alone` in
    /// its folder needs no suffix.
    pub(crate) fn of(names: &[&str], alone: bool) -> Self {
        let end = ending(names[0]);
        let stems: Vec<&str> = names
            .iter()
            .map(|name| &name[..name.len() - end.len()])
            .collect();
        let same_end = names.iter().all(|name| name.ends_with(end));
        if !same_end {
            return Self::none();
        }
        let plain = Self {
            prefix: String::new(),
            suffix: end.to_owned(),
        };
        if alone {
            return plain;
        }
        let suffix = common_suffix(&stems);
        let something_is_left = stems.iter().all(|stem| stem.len() > suffix.len());
        if something_is_left {
            Self {
                prefix: String::new(),
                suffix: format!("{suffix}{end}"),
            }
        } else {
            plain
        }
    }

    /// Returns the alternatives for cutting the varying part out of `names`: as it is, and without common words at
    /// its beginning or end. The shortest is the last.
    pub(crate) fn alternatives(&self, names: &[&str]) -> Vec<Self> {
        let mut alternatives = vec![self.clone()];
        let captured: Vec<&str> = names.iter().map(|name| self.captured(name)).collect();
        let is_left = |affix: &str, of: &[&str]| {
            !affix.is_empty() && of.iter().all(|text| text.len() > affix.len())
        };
        let suffix = common_suffix(&captured);
        if is_left(suffix, &captured) {
            alternatives.push(Self {
                prefix: self.prefix.clone(),
                suffix: format!("{suffix}{}", self.suffix),
            });
        }
        for alternative in alternatives.clone() {
            let captured: Vec<&str> = names
                .iter()
                .map(|name| alternative.captured(name))
                .collect();
            let prefix = common_prefix(&captured);
            if is_left(prefix, &captured) {
                alternatives.push(Self {
                    prefix: format!("{}{prefix}", alternative.prefix),
                    suffix: alternative.suffix,
                });
            }
        }
        alternatives
    }

    /// Returns the varying part of `name`.
    pub(crate) fn captured<'n>(&self, name: &'n str) -> &'n str {
        let rest = name.strip_prefix(&*self.prefix).unwrap_or(name);
        rest.strip_suffix(&*self.suffix).unwrap_or(rest)
    }
}

/// Returns the extension that determines how a file is read; empty if there is none.
pub(crate) fn ending(name: &str) -> &str {
    let lower = name.to_ascii_lowercase();
    let known = ENDINGS
        .iter()
        .find(|end| lower.ends_with(**end) && lower.len() > end.len());
    match known {
        Some(end) => &name[name.len() - end.len()..],
        None => "",
    }
}

/// Whether a name looks like a code or an id rather than a word.
pub(crate) fn is_code(name: &str) -> bool {
    let stem = &name[..name.len() - ending(name).len()];
    stem.chars().any(|c| c.is_ascii_digit())
}

/// Escapes a part of a path for a file pattern. Patterns cannot express a literal brace, so `*` replaces it.
pub(crate) fn literal(text: &str) -> String {
    text.replace('{', "*")
}

fn is_separator(c: char) -> bool {
    matches!(c, '_' | '-' | '.' | ' ')
}

/// Returns the longest common beginning that ends with a separator.
fn common_prefix<'t>(texts: &[&'t str]) -> &'t str {
    let first = texts[0];
    let common = first
        .char_indices()
        .map(|(at, c)| at + c.len_utf8())
        .take_while(|&end| texts.iter().all(|text| text.starts_with(&first[..end])))
        .last()
        .unwrap_or(0);
    let end = first[..common].rfind(is_separator).map_or(0, |at| at + 1);
    &first[..end]
}

/// Returns the longest common end that begins with a separator.
fn common_suffix<'t>(texts: &[&'t str]) -> &'t str {
    let first = texts[0];
    let common = first
        .char_indices()
        .rev()
        .map(|(at, _)| at)
        .take_while(|&start| texts.iter().all(|text| text.ends_with(&first[start..])))
        .last()
        .unwrap_or(first.len());
    let start = first[common..]
        .find(is_separator)
        .map_or(first.len(), |at| common + at);
    &first[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affixes_are_whole_words() {
        let names = ["user_10_session.json", "user_11_session.json"];
        let affixes = Affixes::of(&names, false);
        assert_eq!(
            (affixes.prefix.as_str(), affixes.suffix.as_str()),
            ("", "_session.json")
        );
        assert_eq!(affixes.captured(names[0]), "user_10");
        let alone = Affixes::of(&names, true);
        assert_eq!(alone.suffix, ".json");
        let alternatives = alone.alternatives(&names);
        let captured: Vec<&str> = alternatives
            .iter()
            .map(|alternative| alternative.captured(names[0]))
            .collect();
        assert_eq!(captured, ["user_10_session", "user_10", "10_session", "10"]);
    }

    #[test]
    fn no_name_becomes_empty() {
        assert_eq!(Affixes::of(&["_a.json", "b_a.json"], false).suffix, ".json");
        assert_eq!(Affixes::none().alternatives(&["x_", "x_1"]).len(), 1);
    }

    #[test]
    fn extensions_determine_how_a_file_is_read() {
        assert_eq!(ending("a.b.json"), ".json");
        assert_eq!(ending("A.JSON.GZ"), ".JSON.GZ");
        assert_eq!(ending(".json"), "");
        assert_eq!(ending("ä.txt"), "");
        assert!(is_code("2024.json") && !is_code("words.jsonl"));
    }
}
