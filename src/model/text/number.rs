//! Numbers with their nouns.

use std::fmt::Display;

/// A number with digits in groups of three: `1 234 567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// `1 file`, `2345 files`, `2 audit entries`: for messages.
#[must_use]
pub fn number_of(count: impl Display, thing: &str) -> String {
    with_noun(count.to_string(), thing)
}

/// `1 file`, `2 345 files`, `2 audit entries`: for reports, which group digits.
#[must_use]
pub fn plural(count: u64, thing: &str) -> String {
    with_noun(grouped(count), thing)
}

fn with_noun(number: String, thing: &str) -> String {
    let stem = thing.strip_suffix('y');
    match stem.filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u'])) {
        _ if number == "1" => number + " " + thing,
        Some(stem) => number + " " + stem + "ies",
        None => number + " " + thing + "s",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1 234 567");
    }

    #[test]
    fn nouns_follow_the_count() {
        assert_eq!(plural(1, "audit entry"), "1 audit entry");
        assert_eq!(plural(2, "audit entry"), "2 audit entries");
        assert_eq!(plural(0, "file"), "0 files");
        assert_eq!(plural(1234, "key"), "1 234 keys");
        assert_eq!(number_of(1234, "file"), "1234 files");
        assert_eq!(number_of(1, "file"), "1 file");
    }
}
