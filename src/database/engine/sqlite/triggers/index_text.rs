//! Extracts the expressions and the condition of an index from its `CREATE INDEX` statement, because SQLite provides
//! them in no other form.

/// What an index is on, as it was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::database) struct IndexText {
    /// Its columns and expressions, without ASC and DESC.
    pub(in crate::database) terms: Vec<String>,
    /// Its WHERE clause, without the word.
    pub(in crate::database) condition: Option<String>,
}

impl IndexText {
    /// Reads the statement as `sqlite_master` keeps it; `None` if it has no list of terms.
    pub(in crate::database) fn of(statement: &str) -> Option<Self> {
        let tokens = tokens(statement);
        let (terms, rest) = list(&tokens)?;
        let mut condition = String::new();
        write(rest, &mut condition);
        let condition = condition.trim();
        let condition = condition
            .get(..5)
            .filter(|word| word.eq_ignore_ascii_case("where"))
            .map(|word| condition[word.len()..].trim().to_owned());
        let text = |term: &[Token<'_>]| {
            let mut text = String::new();
            write(term, &mut text);
            unordered(&text).to_owned()
        };
        let terms = terms.into_iter().map(text).collect();
        Some(Self { terms, condition })
    }
}

/// The first list in parentheses, split at its commas, and what follows it.
pub(super) fn list<'l, 't>(
    tokens: &'l [Token<'t>],
) -> Option<(Vec<&'l [Token<'t>]>, &'l [Token<'t>])> {
    let open = tokens
        .iter()
        .position(|token| *token == Token::Other('('))?;
    let tokens = &tokens[open + 1..];
    let (mut terms, mut begin, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Other(')') if depth == 0 => {
                terms.push(&tokens[begin..at]);
                return Some((terms, &tokens[at + 1..]));
            }
            Token::Other(',') if depth == 0 => {
                terms.push(&tokens[begin..at]);
                begin = at + 1;
            }
            Token::Other('(') => depth += 1,
            Token::Other(')') => depth -= 1,
            Token::Word(_) | Token::Name(_) | Token::Text(_) | Token::Comment | Token::Other(_) => {
            }
        }
    }
    terms.push(&tokens[begin..]);
    Some((terms, &[]))
}

pub(super) fn write(tokens: &[Token<'_>], text: &mut String) {
    tokens.iter().for_each(|token| token.write(text));
}

/// The names that occur in an expression, without their quotes.
pub(in crate::database) fn names(expression: &str) -> impl Iterator<Item = String> {
    tokens(expression).into_iter().filter_map(Token::name)
}

/// Whether an expression compares values, so that it depends on the affinity of its columns.
pub(in crate::database) fn compares(expression: &str) -> bool {
    const WORDS: [&str; 4] = ["between", "case", "in", "is"];
    tokens(expression).into_iter().any(|token| match token {
        Token::Word(word) => WORDS.iter().any(|one| one.eq_ignore_ascii_case(word)),
        Token::Other(character) => ['=', '<', '>'].contains(&character),
        Token::Name(_) | Token::Text(_) | Token::Comment => false,
    })
}

/// The term without ASC or DESC at its end.
fn unordered(term: &str) -> &str {
    let term = term.trim();
    for order in [" asc", " desc"] {
        let Some(at) = term.len().checked_sub(order.len()) else {
            continue;
        };
        if term.is_char_boundary(at) && term[at..].eq_ignore_ascii_case(order) {
            return term[..at].trim_end();
        }
    }
    term
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A keyword or a name without quotes, or a number.
    Word(&'t str),
    /// A name with its quotes.
    Name(&'t str),
    /// A string literal with its quotes.
    Text(&'t str),
    Comment,
    Other(char),
}

impl Token<'_> {
    /// The name without its quotes.
    pub(super) fn name(self) -> Option<String> {
        match self {
            Token::Word(word) => Some(word.to_owned()),
            Token::Name(quoted) => {
                let inner = &quoted[1..quoted.len() - 1];
                let quote = &quoted[..1];
                Some(inner.replace(&quote.repeat(2), quote))
            }
            Token::Text(_) | Token::Comment | Token::Other(_) => None,
        }
    }

    /// A comment is a blank: what follows one that ends with its line would be in it.
    fn write(self, text: &mut String) {
        match self {
            Token::Word(part) | Token::Name(part) | Token::Text(part) => text.push_str(part),
            Token::Comment => text.push(' '),
            Token::Other(character) => text.push(character),
        }
    }
}

/// <https://sqlite.org/lang_keywords.html> has the four ways to quote.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
        let (token, length) = match first {
            '\'' => {
                let length = quoted(rest, '\'');
                (Token::Text(&rest[..length]), length)
            }
            '"' | '`' => {
                let length = quoted(rest, first);
                (Token::Name(&rest[..length]), length)
            }
            '[' => {
                let length = rest.find(']').map_or(rest.len(), |end| end + 1);
                (Token::Name(&rest[..length]), length)
            }
            '-' if rest.starts_with("--") => {
                let length = rest.find('\n').unwrap_or(rest.len());
                (Token::Comment, length)
            }
            '/' if rest.starts_with("/*") => {
                let length = rest.find("*/").map_or(rest.len(), |end| end + 2);
                (Token::Comment, length)
            }
            first if is_word(first) => {
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                (Token::Word(&rest[..length]), length)
            }
            first => (Token::Other(first), first.len_utf8()),
        };
        tokens.push(token);
        rest = &rest[length..];
    }
    tokens
}

/// The length of the quoted text at the beginning of `text`; a doubled quote does not end it.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(statement: &str) -> (Vec<String>, Option<String>) {
        let text = IndexText::of(statement).expect("terms");
        (text.terms, text.condition)
    }

    #[test]
    fn terms_and_condition_are_cut_out() {
        let (terms, condition) = read(
            "CREATE UNIQUE INDEX \"i (a)\" ON [t,1](lower(\"a,b\") COLLATE NOCASE DESC, -- by name\n  c asc, coalesce(d, ')'))\n WHERE (gone IS NULL) AND x <> 'it''s' /* live */",
        );
        assert_eq!(
            terms,
            ["lower(\"a,b\") COLLATE NOCASE", "c", "coalesce(d, ')')"]
        );
        assert_eq!(
            condition.as_deref(),
            Some("(gone IS NULL) AND x <> 'it''s'")
        );
    }

    #[test]
    fn an_index_without_condition_has_none() {
        assert_eq!(
            read("CREATE UNIQUE INDEX i ON t (desc_of)"),
            (vec!["desc_of".to_owned()], None)
        );
    }

    #[test]
    fn names_are_found_whatever_their_quotes() {
        let found: Vec<_> = names("lower([a b]) || \"c\"\"d\" || `e` || 'f' + größe").collect();
        assert_eq!(found, ["lower", "a b", "c\"d", "e", "größe"]);
    }
}
