//! What the names of the files of one kind have in common, and what is different.

/// Ends of names that say how a file is read; the longest first.
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

/// What stands before and after the part of a name that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Affixes {
    pub(super) prefix: String,
    pub(super) suffix: String,
}

impl Affixes {
    pub(super) fn none() -> Self {
        Self {
            prefix: String::new(),
            suffix: String::new(),
        }
    }

    /// What `names`, which have one ending, have in common: whole words only. A name that is `alone` in its folder
    /// needs no suffix to be told apart.
    pub(super) fn of(names: &[&str], alone: bool) -> Self {
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

    /// The ways to cut the part that differs out of `names`: as it is, and without the words that all of them begin
    /// or end with. The shortest is the last.
    pub(super) fn ways(&self, names: &[&str]) -> Vec<Self> {
        let mut ways = vec![self.clone()];
        let captured: Vec<&str> = names.iter().map(|name| self.captured(name)).collect();
        let is_left = |affix: &str, of: &[&str]| {
            !affix.is_empty() && of.iter().all(|text| text.len() > affix.len())
        };
        let suffix = common_suffix(&captured);
        if is_left(suffix, &captured) {
            ways.push(Self {
                prefix: self.prefix.clone(),
                suffix: format!("{suffix}{}", self.suffix),
            });
        }
        for way in ways.clone() {
            let captured: Vec<&str> = names.iter().map(|name| way.captured(name)).collect();
            let prefix = common_prefix(&captured);
            if is_left(prefix, &captured) {
                ways.push(Self {
                    prefix: format!("{}{prefix}", way.prefix),
                    suffix: way.suffix,
                });
            }
        }
        ways
    }

    /// The part of `name` that differs.
    pub(super) fn captured<'n>(&self, name: &'n str) -> &'n str {
        let rest = name.strip_prefix(&*self.prefix).unwrap_or(name);
        rest.strip_suffix(&*self.suffix).unwrap_or(rest)
    }
}

/// The end of a file's name that says how it is read; the last extension if it says nothing.
pub(super) fn ending(name: &str) -> &str {
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
pub(super) fn is_code(name: &str) -> bool {
    let stem = &name[..name.len() - ending(name).len()];
    stem.chars().any(|c| c.is_ascii_digit())
}

/// A part of a path as it is written in a file pattern, which has no way to write a brace that is none of its own.
pub(super) fn literal(text: &str) -> String {
    text.replace('{', "*")
}

fn is_separator(c: char) -> bool {
    matches!(c, '_' | '-' | '.' | ' ')
}

/// The longest common beginning that ends with a separator.
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

/// The longest common end that begins with a separator.
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
        let ways = alone.ways(&names);
        let captured: Vec<&str> = ways.iter().map(|way| way.captured(names[0])).collect();
        assert_eq!(captured, ["user_10_session", "user_10", "10_session", "10"]);
    }

    #[test]
    fn something_is_left_of_every_name() {
        assert_eq!(Affixes::of(&["_a.json", "b_a.json"], false).suffix, ".json");
        assert_eq!(Affixes::none().ways(&["x_", "x_1"]).len(), 1);
    }

    #[test]
    fn endings_say_how_a_file_is_read() {
        assert_eq!(ending("a.b.json"), ".json");
        assert_eq!(ending("A.JSON.GZ"), ".JSON.GZ");
        assert_eq!(ending(".json"), "");
        assert_eq!(ending("ä.txt"), "");
        assert!(is_code("2024.json") && !is_code("words.jsonl"));
    }
}
