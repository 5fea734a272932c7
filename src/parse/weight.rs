//! Estimates, from the punctuation of a text, how much memory it will need when parsed.

use crate::model::{JsonLexer, JsonToken};

/// The size of a `serde_json::Value` in a growing array, with the text of a number or string.
const VALUE: usize = 136;
/// The additional size of a member: its name, its hash and its index entry.
const MEMBER: usize = 100;
/// Texts up to this length are not examined: they cannot need enough memory to matter.
const SMALL: usize = 256 * 1024;
/// The maximum ratio of memory to text for ordinary records.
const ORDINARY: usize = 24;

/// Estimates how many bytes the values of `json` need; overestimates for a long text.
pub(super) fn weight(json: &[u8]) -> usize {
    if json.len() <= SMALL {
        return json.len() * ORDINARY;
    }
    let (mut values, mut members) = (1_usize, 0_usize);
    let mut lexer = JsonLexer::default();
    while let Some(token) = lexer.next_mark(json) {
        match token {
            JsonToken::Comma | JsonToken::Open(_) => values += 1,
            JsonToken::Colon => members += 1,
            JsonToken::Close(_) | JsonToken::String | JsonToken::Word => {}
        }
    }
    values
        .saturating_mul(VALUE)
        .saturating_add(members.saturating_mul(MEMBER))
        .saturating_add(json.len())
}

/// How many items or members each array and object of a long `json` has, in the order in which they begin; 0 for the
/// few that need no room made for them. An array that grows as it is read takes up to three times its size while it is
/// moved.
///
/// Stops at what is nested deeper than `max_depth`, which is not read.
pub(super) fn sizes(json: &[u8], max_depth: usize) -> Vec<u32> {
    /// Fewer items grow on their own.
    const MANY: u32 = 1024;
    let mut sizes = Vec::new();
    if json.len() <= SMALL {
        return sizes;
    }
    let mut open: Vec<(usize, u32)> = Vec::new();
    let mut lexer = JsonLexer::default();
    while let Some(token) = lexer.next_mark(json) {
        match token {
            JsonToken::Open(_) => {
                if open.len() > max_depth {
                    break;
                }
                open.push((sizes.len(), 1));
                sizes.push(0);
            }
            JsonToken::Comma => {
                if let Some((_, items)) = open.last_mut() {
                    *items = items.saturating_add(1);
                }
            }
            JsonToken::Close(_) => {
                if let Some((container, items)) = open.pop()
                    && items >= MANY
                {
                    sizes[container] = items;
                }
            }
            JsonToken::Colon | JsonToken::String | JsonToken::Word => {}
        }
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_small_values_need_more_memory_than_one_long_string() {
        let long = format!("[\"{}\"]", "[1,\\\",".repeat(100_000));
        assert!(weight(long.as_bytes()) < long.len() + 1000);
        let many = format!("[{}1]", "1,".repeat(500_000));
        assert!(weight(many.as_bytes()) > 500_000 * VALUE);
        let object = format!("{{{}\"a\":1}}", "\"a\":1,".repeat(100_000));
        assert!(weight(object.as_bytes()) > 100_000 * (VALUE + MEMBER));
    }

    #[test]
    fn sizes_are_those_of_long_arrays_and_objects_in_their_order() {
        let items = format!("[{}1]", "1,".repeat(1999));
        let members = format!("{{{}\"a\":\"[,\"}}", "\"a\":1,".repeat(99_999));
        let json = format!("[{items},[1,2],{{\"a\":{items},\"b\":{members}}}]");
        assert_eq!(sizes(json.as_bytes(), 127), [0, 2000, 0, 0, 2000, 100_000]);
        assert!(sizes(b"[1,2]", 127).is_empty());
        let deep = "[".repeat(SMALL + 1);
        assert_eq!(sizes(deep.as_bytes(), 10), [0; 11]);
    }

    #[test]
    fn an_unterminated_string_is_estimated() {
        for end in ["\"", "\"\\", "["] {
            let json = format!("{}{end}", " ".repeat(SMALL));
            assert!(weight(json.as_bytes()) >= json.len());
        }
    }
}
