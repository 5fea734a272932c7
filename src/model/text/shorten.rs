//! Long strings, cut with a visible mark.

/// Cuts `text` after at most `most` bytes.
pub fn shorten(text: &mut String, most: usize) {
    if text.len() > most {
        let mut end = most;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
}

/// At most `most` characters of `text`, from the character `from` on as far as there are enough, followed by the length
/// of the whole. A text that is no longer is returned whole.
#[must_use]
pub fn excerpt(text: &str, from: usize, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let from = from.min(length - most);
    let part: String = text.chars().skip(from).take(most).collect();
    let before = if from > 0 { "…" } else { "" };
    let after = if from + most < length { "…" } else { "" };
    format!("{before}{part}{after} ({length} characters)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_never_cut() {
        let cut = |most| {
            let mut text = "a字b".to_owned();
            shorten(&mut text, most);
            text
        };
        assert_eq!([1, 2, 3, 4].map(cut), ["a…", "a…", "a…", "a字…"]);
        assert_eq!(cut(5), "a字b");
    }

    #[test]
    fn excerpts_begin_where_they_are_wanted_and_are_full() {
        assert_eq!(excerpt("汉语汉语", 0, 2), "汉语… (4 characters)");
        assert_eq!(excerpt("abcdef", 2, 2), "…cd… (6 characters)");
        assert_eq!(excerpt("abcdef", 5, 4), "…cdef (6 characters)");
        assert_eq!(excerpt("abc", 2, 3), "abc");
    }
}
