//! Masks a line of JSON: structure and member names are kept, values are hidden.
//!
//! Works on any text, including invalid JSON, and shows too little rather than too much: a quoted string is shown only
//! where a member name is allowed and a colon follows; a word is shown only if it is `null` or one of a few words that
//! other languages use in its place. Characters are processed one by one, so that the length of a line does not matter.

use crate::model::{JsonLexer, JsonToken, sanitize_char};

/// A character to show, with its column in the line, or the column of the text it replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) glyph: char,
    /// Column, from 1.
    pub(super) column: u64,
    /// Cells of the same token have the same number.
    pub(super) token: u64,
}

/// The number of characters shown of a member name and of the spaces before its colon.
const NAME: usize = 60;
/// The length of the longest of [`WORDS`].
const WORD: usize = 9;
/// Words that reveal no personal data: they are the error itself, or mean null.
const WORDS: [&str; 6] = ["null", "NaN", "Infinity", "undefined", "None", "nil"];

#[derive(Debug)]
enum State {
    Between,
    /// In a string; its beginning is kept if it may be a member name.
    String {
        name: Option<Vec<(char, u64)>>,
        length: u64,
        start: u64,
    },
    /// After a string that is a member name if a colon follows.
    Held {
        name: Vec<(char, u64)>,
        length: u64,
        start: u64,
        end: u64,
        spaces: Vec<u64>,
    },
    Word(Vec<(char, u64)>),
}

/// Converts the characters of one line to cells.
#[derive(Debug)]
pub(super) struct Mask {
    /// Knows where strings end.
    lexer: JsonLexer,
    state: State,
    token: u64,
    /// Whether a member name may come next.
    name_next: bool,
}

impl Mask {
    pub(super) fn new() -> Self {
        Self {
            lexer: JsonLexer::default(),
            state: State::Between,
            token: 0,
            name_next: true,
        }
    }

    /// Processes the character at `column`; outputs the cells that are decided by it.
    pub(super) fn take(&mut self, c: char, column: u64, out: &mut impl FnMut(Cell)) {
        let mut utf8 = [0; 4];
        let bytes = c.encode_utf8(&mut utf8).as_bytes();
        let ended = self.lexer.next_mark(bytes) == Some(JsonToken::String);
        self.lexer.shift(bytes.len());
        match &mut self.state {
            State::String {
                name,
                length,
                start,
            } => {
                if ended {
                    let (start, length) = (*start, *length);
                    match name.take() {
                        Some(name) => {
                            self.state = State::Held {
                                name,
                                length,
                                start,
                                end: column,
                                spaces: Vec::new(),
                            };
                        }
                        None => self.mask_string(start, length, Some(column), out),
                    }
                    return;
                }
                *length += 1;
                if let Some(name) = name
                    && name.len() < NAME
                {
                    name.push((c, column));
                }
                return;
            }
            State::Held { spaces, .. } if c.is_whitespace() => {
                if spaces.len() < NAME {
                    spaces.push(column);
                }
                return;
            }
            State::Word(word) if is_word_char(c) => {
                if word.len() <= WORD {
                    word.push((c, column));
                }
                return;
            }
            State::Held { .. } | State::Word(_) => self.decide(Some(c), out),
            State::Between => {}
        }
        match c {
            '"' => {
                self.state = State::String {
                    name: self.name_next.then(Vec::new),
                    length: 0,
                    start: column,
                };
                self.name_next = false;
            }
            c if is_word_char(c) => self.state = State::Word(vec![(c, column)]),
            c => {
                let glyph = if c.is_whitespace() {
                    ' '
                } else {
                    sanitize_char(c)
                };
                if !c.is_whitespace() {
                    self.name_next = matches!(c, '{' | ',');
                }
                self.token += 1;
                out(Cell {
                    glyph,
                    column,
                    token: self.token,
                });
            }
        }
    }

    /// Ends the line: outputs the cells that were still undecided.
    pub(super) fn end(&mut self, out: &mut impl FnMut(Cell)) {
        if let State::String { start, length, .. } = self.state {
            self.mask_string(start, length, None, out);
        }
        self.decide(None, out);
    }

    /// Classifies a string or word by the character after it.
    fn decide(&mut self, next: Option<char>, out: &mut impl FnMut(Cell)) {
        match std::mem::replace(&mut self.state, State::Between) {
            State::Held {
                name,
                length,
                start,
                end,
                spaces,
            } => {
                if next == Some(':') {
                    self.name(&name, length, start..=end, out);
                } else {
                    self.mask_string(start, length, Some(end), out);
                }
                for column in spaces {
                    self.token += 1;
                    out(Cell {
                        glyph: ' ',
                        column,
                        token: self.token,
                    });
                }
            }
            State::Word(word) => {
                self.name_next = false;
                self.token += 1;
                let token = self.token;
                let text: String = word.iter().map(|(c, _)| c).collect();
                if WORDS.contains(&text.trim_start_matches(['-', '+'])) {
                    for (glyph, column) in word {
                        out(Cell {
                            glyph,
                            column,
                            token,
                        });
                    }
                } else if let Some(&(_, column)) = word.first() {
                    out(Cell {
                        glyph: '…',
                        column,
                        token,
                    });
                }
            }
            State::Between | State::String { .. } => {}
        }
    }

    fn name(
        &mut self,
        name: &[(char, u64)],
        length: u64,
        quotes: std::ops::RangeInclusive<u64>,
        out: &mut impl FnMut(Cell),
    ) {
        self.token += 1;
        let token = self.token;
        let mut show = |glyph, column| {
            out(Cell {
                glyph,
                column,
                token,
            });
        };
        show('"', *quotes.start());
        name.iter()
            .for_each(|&(c, column)| show(sanitize_char(c), column));
        if let Some((_, last)) = name.last()
            && (name.len() as u64) < length
        {
            show('…', last + 1);
        }
        show('"', *quotes.end());
    }

    fn mask_string(
        &mut self,
        start: u64,
        length: u64,
        end: Option<u64>,
        out: &mut impl FnMut(Cell),
    ) {
        self.state = State::Between;
        self.token += 1;
        let token = self.token;
        let mut show = |glyph, column| {
            out(Cell {
                glyph,
                column,
                token,
            });
        };
        show('"', start);
        if length > 0 {
            show('…', start + 1);
        }
        if let Some(end) = end {
            show('"', end);
        }
    }
}

/// Whether `c` can belong to a word: it is not structure, a quote or punctuation that indicates a fault.
fn is_word_char(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '+' | '-' | '.' | '_' | '@' | '$' | '%' | '&' | '~' | '^')
        || !c.is_ascii() && !c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(line: &str) -> String {
        let mut mask = Mask::new();
        let mut out = String::new();
        for (column, c) in (1..).zip(line.chars()) {
            mask.take(c, column, &mut |cell| out.push(cell.glyph));
        }
        mask.end(&mut |cell| out.push(cell.glyph));
        out
    }

    #[test]
    fn names_and_structure_are_shown_and_values_are_masked() {
        for (line, shown) in [
            (
                r#"  "name" : "Mira", "age": 7.5e3,"#,
                r#"  "name" : "…", "age": …,"#,
            ),
            (
                r#"[{"a": [true, null, ""], "b":{}}]"#,
                r#"[{"a": […, null, ""], "b":{}}]"#,
            ),
            (r#"["Mira", "Ada"]"#, r#"["…", "…"]"#),
            (r#""a\"b": "c\"d: e""#, r#""a\"b": "…""#),
            ("\t\"a\":\t1", " \"a\": …"),
            (
                r#"{"a": NaN, "b": -Infinity, "c": None}"#,
                r#"{"a": NaN, "b": -Infinity, "c": None}"#,
            ),
        ] {
            assert_eq!(masked(line), shown, "{line}");
        }
    }

    #[test]
    fn invalid_json_shows_less_rather_than_more() {
        for line in [
            r#"SECRET"#,
            r#"{'SECRET': 'SECRET'}"#,
            r#"SECRET", "name": "SECRET"#,
            r#""name": "a "SECRET": b""#,
            r#"// SECRET: hello"#,
            r#"<p class="SECRET">SECRET</p>"#,
            r#"SECRET@SECRET.org,+49 SECRET"#,
            r#""note": "SECRET"#,
            r#"{"name" "SECRET": 1}"#,
            "\u{1b}[31mSECRET\u{1b}[0m",
        ] {
            let shown = masked(line);
            assert!(!shown.contains("SECRET"), "{line}: {shown}");
            assert!(!shown.chars().any(char::is_control), "{line}");
        }
    }

    #[test]
    fn a_very_long_name_is_shown_in_part() {
        let line = format!(r#"{{"{}": 1}}"#, "n".repeat(1_000_000));
        assert_eq!(masked(&line), format!(r#"{{"{}…": …}}"#, "n".repeat(NAME)));
    }
}
