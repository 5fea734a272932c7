//! A line of JSON with its structure and member names, and without its values.
//!
//! Works on any text, also on what is not JSON, and then shows less rather than more: a text in quotes is shown only
//! where a member name may stand and a colon follows; words are shown only if they are `null` or one of the few that
//! other languages write instead of JSON. Fed character by character, so that a line of any length needs no memory.

use crate::model::harmless_char;

/// One character to be shown, and where in the line it stands or what it stands for begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) glyph: char,
    /// Column, from 1.
    pub(super) column: u64,
    /// Cells of one token have the same number.
    pub(super) token: u64,
}

/// Of a name, and of spaces before its colon, so much is shown.
const NAME: usize = 60;
/// Longest word of [`WORDS`].
const WORD: usize = 9;
/// No values of anybody: they are what is wrong, or nothing.
const WORDS: [&str; 6] = ["null", "NaN", "Infinity", "undefined", "None", "nil"];

#[derive(Debug)]
enum State {
    Between,
    /// In a text; the beginning of it is kept if it may be a name.
    Text {
        escaped: bool,
        name: Option<Vec<(char, u64)>>,
        length: u64,
        start: u64,
    },
    /// Behind a text that is a name if a colon follows.
    Held {
        name: Vec<(char, u64)>,
        length: u64,
        start: u64,
        end: u64,
        spaces: Vec<u64>,
    },
    Word(Vec<(char, u64)>),
}

/// Turns the characters of one line into cells.
#[derive(Debug)]
pub(super) struct Mask {
    state: State,
    token: u64,
    /// Whether a member name may come next.
    name_next: bool,
}

impl Mask {
    pub(super) fn new() -> Self {
        Self {
            state: State::Between,
            token: 0,
            name_next: true,
        }
    }

    /// Takes the character at `column`; gives out what is decided by it.
    pub(super) fn take(&mut self, c: char, column: u64, out: &mut impl FnMut(Cell)) {
        match &mut self.state {
            State::Text {
                escaped,
                name,
                length,
                start,
            } => {
                if c == '"' && !*escaped {
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
                        None => self.masked(start, length, Some(column), out),
                    }
                    return;
                }
                *escaped = c == '\\' && !*escaped;
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
            State::Word(word) if is_of_word(c) => {
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
                self.state = State::Text {
                    escaped: false,
                    name: self.name_next.then(Vec::new),
                    length: 0,
                    start: column,
                };
                self.name_next = false;
            }
            c if is_of_word(c) => self.state = State::Word(vec![(c, column)]),
            c => {
                let glyph = if c.is_whitespace() {
                    ' '
                } else {
                    harmless_char(c)
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

    /// The line ends: gives out what was still undecided.
    pub(super) fn end(&mut self, out: &mut impl FnMut(Cell)) {
        if let State::Text { start, length, .. } = self.state {
            self.masked(start, length, None, out);
        }
        self.decide(None, out);
    }

    /// What follows decides what a text or word was.
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
                    self.masked(start, length, Some(end), out);
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
            State::Between | State::Text { .. } => {}
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
            .for_each(|&(c, column)| show(harmless_char(c), column));
        if let Some((_, last)) = name.last()
            && (name.len() as u64) < length
        {
            show('…', last + 1);
        }
        show('"', *quotes.end());
    }

    fn masked(&mut self, start: u64, length: u64, end: Option<u64>, out: &mut impl FnMut(Cell)) {
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

/// What is not structure, quotes or a sign that says more about the fault than about a person.
fn is_of_word(c: char) -> bool {
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
    fn names_and_structure_stay_and_values_go() {
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
    fn what_is_not_json_shows_less_rather_than_more() {
        for line in [
            r#"SECRET"#,
            r#"{'SECRET': 'SECRET'}"#,
            r#"SECRET", "name": "SECRET"#,
            r#""name": "a "SECRET": b""#,
            r#"// SECRET says: hello"#,
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
    fn a_name_of_any_length_is_shown_in_part() {
        let line = format!(r#"{{"{}": 1}}"#, "n".repeat(1_000_000));
        assert_eq!(masked(&line), format!(r#"{{"{}…": …}}"#, "n".repeat(NAME)));
    }
}
