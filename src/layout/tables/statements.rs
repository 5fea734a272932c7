//! Splits SQL text into statements with their locations. Parsing continues after an invalid statement.

use sqlparser::ast::helpers::stmt_create_table::CreateTableBuilder;
use sqlparser::ast::{CreateTable, Statement};
use sqlparser::dialect::SQLiteDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, Tokenizer};

use crate::layout::problem::Problems;

use super::place;

/// Parses the statements of `text`.
pub(super) fn parse(text: &str, problems: &mut Problems) -> Vec<(Location, Statement)> {
    let dialect = SQLiteDialect {};
    let tokens = match Tokenizer::new(&dialect, text).tokenize_with_location() {
        Ok(tokens) => tokens,
        Err(error) => {
            problems.error(place(error.location), lower(&error.message), HINT);
            return Vec::new();
        }
    };
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(tokens);
    let mut statements = Vec::new();
    loop {
        while parser.consume_token(&Token::SemiColon) {}
        let first = parser.peek_token();
        if first.token == Token::EOF {
            return statements;
        }
        let start = first.span.start;
        if is_trigger(&mut parser) {
            problems.error(
                place(start),
                "a trigger is not portable",
                "remove it: the audit triggers are generated",
            );
            skip_past_end(&mut parser);
            continue;
        }
        match parser.parse_statement() {
            Ok(statement) => {
                statements.push((start, statement));
                let next = parser.peek_token();
                if !matches!(next.token, Token::SemiColon | Token::EOF) {
                    let message = format!("unexpected `{}`", next.token);
                    problems.error(place(next.span.start), message, HINT);
                }
            }
            Err(error) => {
                let (at, message) = explain(&error, start);
                problems.error(place(at), message, HINT);
            }
        }
        while !matches!(parser.peek_token_ref().token, Token::SemiColon | Token::EOF) {
            parser.next_token();
        }
    }
}

const HINT: &str =
    "use plain CREATE TABLE and CREATE [UNIQUE] INDEX statements, each terminated by `;`";

/// Whether `create` has more than a name, columns and constraints. The comparison with the plain statement also
/// covers options added in later versions of the parser.
pub(super) fn is_embellished(create: &CreateTable) -> bool {
    let plain = CreateTableBuilder::new(create.name.clone())
        .if_not_exists(create.if_not_exists)
        .columns(create.columns.clone())
        .constraints(create.constraints.clone())
        .build();
    plain.to_string() != create.to_string()
}

fn is_trigger(parser: &mut Parser<'_>) -> bool {
    let words = parser.peek_tokens::<3>().map(|token| match token {
        Token::Word(word) => word.keyword,
        _ => Keyword::NoKeyword,
    });
    let [first, second, third] = words;
    let temporary = matches!(second, Keyword::TEMP | Keyword::TEMPORARY);
    first == Keyword::CREATE
        && (second == Keyword::TRIGGER || temporary && third == Keyword::TRIGGER)
}

/// Skips the body of a trigger, whose statements do not belong to the file.
fn skip_past_end(parser: &mut Parser<'_>) {
    loop {
        match parser.next_token().token {
            Token::EOF => return,
            Token::Word(word) if word.keyword == Keyword::END => return,
            _ => {}
        }
    }
}

/// Extracts the location from the parser's message, because its errors contain it only as text.
fn explain(error: &ParserError, start: Location) -> (Location, String) {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.as_str(),
        ParserError::RecursionLimitExceeded => return (start, "nested too deeply".to_owned()),
    };
    let parsed = text.rsplit_once(" at Line: ").and_then(|(message, at)| {
        let (line, column) = at.split_once(", Column: ")?;
        let at = Location::new(line.parse().ok()?, column.trim().parse().ok()?);
        Some((at, lower(message)))
    });
    parsed.unwrap_or_else(|| (start, lower(text)))
}

fn lower(message: &str) -> String {
    let mut chars = message.chars();
    chars
        .next()
        .map(|first| first.to_lowercase().chain(chars).collect())
        .unwrap_or_default()
}
