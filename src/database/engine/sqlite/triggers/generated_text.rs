//! Extracts the expressions of generated columns from a `CREATE TABLE` statement, because SQLite provides them in no
//! other form.

use super::index_text::{Token, list, tokens, write};

/// The generated columns of the statement as `sqlite_master` keeps it, each with its expression.
pub(in crate::database) fn generated_columns(statement: &str) -> Vec<(String, String)> {
    let tokens = tokens(statement);
    let (columns, _) = list(&tokens).unwrap_or_default();
    columns.into_iter().filter_map(generated).collect()
}

/// Reads `name … AS (expression) …`.
fn generated(column: &[Token<'_>]) -> Option<(String, String)> {
    let name = column.iter().find_map(|token| token.name())?;
    let (mut depth, mut after_as) = (0_usize, false);
    for (at, token) in column.iter().enumerate() {
        match token {
            Token::Other('(') if after_as => {
                let (_, rest) = list(&column[at..])?;
                let close = column.len() - rest.len() - 1;
                let mut expression = String::new();
                write(&column[at + 1..close], &mut expression);
                return Some((name, expression.trim().to_owned()));
            }
            Token::Other('(') => depth += 1,
            Token::Other(')') => depth = depth.saturating_sub(1),
            Token::Comment => continue,
            Token::Other(blank) if blank.is_whitespace() => continue,
            Token::Word(_) | Token::Name(_) | Token::Text(_) | Token::Other(_) => {}
        }
        after_as =
            depth == 0 && matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("as"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_cut_out() {
        let found = generated_columns(
            "CREATE TABLE \"t (a)\"(k INTEGER PRIMARY KEY, [a b] TEXT DEFAULT ('as (x)') CHECK (cast(k AS TEXT) <> ''), \
             \"d\" TEXT GENERATED ALWAYS AS (coalesce([a b], ')') || /* ) */ k) STORED UNIQUE, e as(k+1), \
             CONSTRAINT c CHECK (k > 0))",
        );
        let found: Vec<_> = found
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        assert_eq!(found, [("d", "coalesce([a b], ')') ||   k"), ("e", "k+1")]);
    }
}
