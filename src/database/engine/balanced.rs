//! Writes long lists as nested SQL expressions within the limits of all databases on depth and number of arguments.
//!
//! `a || b || c …` of a table of a thousand columns is a tree a thousand levels deep, and SQLite stops at that depth
//! (<https://sqlite.org/limits.html#max_expr_depth>). A function call takes 127 arguments in SQLite before 3.48 and 100
//! in PostgreSQL.

/// Number of terms in a row without parentheses.
const SIDE_BY_SIDE: usize = 16;

/// Columns per function call: each can be three arguments, and a call has up to two more.
#[cfg(feature = "servers")]
const ARGUMENTS: usize = 32;

/// The pieces joined by a left-associative operator, in parentheses of at most sixteen each: the result is at most
/// sixteen levels deep for each power of sixteen.
pub(super) fn joined(pieces: Vec<String>, operator: &str) -> String {
    let mut pieces = pieces;
    while pieces.len() > SIDE_BY_SIDE {
        let groups = pieces.chunks(SIDE_BY_SIDE);
        pieces = groups
            .map(|group| match group {
                [one] => one.clone(),
                group => format!("({})", group.join(operator)),
            })
            .collect();
    }
    pieces.join(operator)
}

/// Arguments of a variadic function; if there are too many, groups of them are combined by `call`.
#[cfg(feature = "servers")]
pub(super) fn arguments(arguments: Vec<String>, call: impl Fn(&[String]) -> String) -> Vec<String> {
    let mut arguments = arguments;
    while arguments.len() > ARGUMENTS {
        arguments = arguments.chunks(ARGUMENTS).map(&call).collect();
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The deepest nesting of a text of parentheses and terms separated by `+`, as a left-associative parser sees it.
    fn depth(text: &str) -> usize {
        let (mut deepest, mut open, mut terms) = (0, 0_usize, vec![0]);
        for character in text.chars() {
            match character {
                '(' => {
                    open += 1;
                    terms.push(0);
                }
                ')' => {
                    open -= 1;
                    terms.pop();
                }
                '+' => *terms.last_mut().expect("open") += 1,
                _ => {}
            }
            deepest = deepest.max(terms.iter().sum::<usize>() + open);
        }
        deepest
    }

    #[test]
    fn two_thousand_terms_are_less_than_a_hundred_levels_deep() {
        let terms: Vec<_> = (0..2000).map(|number| number.to_string()).collect();
        let text = joined(terms.clone(), "+");
        assert!(depth(&text) < 100, "{}", depth(&text));
        assert_eq!(text.replace(['(', ')'], ""), terms.join("+"));
    }

    #[test]
    fn a_few_terms_stay_as_they_are() {
        let terms = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(joined(terms, " OR "), "a OR b OR c");
    }

    #[cfg(feature = "servers")]
    #[test]
    fn no_call_has_more_than_a_hundred_arguments() {
        let all = (0..10_000).map(|number| number.to_string()).collect();
        let calls = arguments(all, |some| {
            assert!(some.len() <= 100);
            format!("f({})", some.join(","))
        });
        assert!(calls.len() <= 100);
        let text = calls.join(",");
        assert_eq!(text.matches(',').count() + 1, 10_000);
    }
}
