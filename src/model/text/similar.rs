//! Suggests the known name that is most similar to a mistyped one.

/// The one of `names` that differs least from `name`: by case alone, or by one or two characters that are at most half of
/// it; `None` if none is so near.
#[must_use]
pub fn nearest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let lower = name.to_lowercase();
    names
        .into_iter()
        .map(|other| (edits(&lower, &other.to_lowercase()), other))
        .filter(|(edits, other)| *edits <= 2 && edits * 2 <= other.chars().count())
        .min()
        .map(|(_, other)| other)
}

/// The number of characters to insert, delete or replace between two strings (Levenshtein).
fn edits(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.chars().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.chars().count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_name_is_suggested() {
        let tables = ["members", "pieces", "fees"];
        let meant = |name| nearest(name, tables);
        assert_eq!(meant("member"), Some("members"));
        assert_eq!(meant("MEMBERS"), Some("members"));
        assert_eq!(meant("peices"), Some("pieces"));
        assert_eq!(meant("fee"), Some("fees"));
        assert_eq!(meant("rehearsals"), None);
        assert_eq!(meant("fxyz"), None);
        assert_eq!(nearest("id", ["xy"]), None);
        assert_eq!(nearest("a", ["b"]), None);
        assert_eq!(meant(""), None);
    }
}
