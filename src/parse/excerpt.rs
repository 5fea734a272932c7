//! Extracts the lines around places in a file, cut to a readable length, in one pass and bounded memory.

mod cut;

use std::collections::VecDeque;
use std::io::{self, Read};

use crate::model::{Excerpt, ShowValues, sanitize_char};

use super::mask::{Cell, Mask};
use super::position::Position;

use cut::{Cells, Cut};

/// The number of columns after the last requested place after which the rest of a line is not needed.
const AHEAD: u64 = 4096;
const BLOCK: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Returns the line of each of `places`; `None` after the end of the file or where the file cannot be read.
#[must_use]
pub fn excerpts(
    mut reader: impl Read,
    places: &[Position],
    show: ShowValues,
) -> Vec<Option<Excerpt>> {
    let mut wanted: Vec<(Position, usize)> = places.iter().copied().zip(0..).collect();
    wanted.sort_unstable();
    let mut scan = Scan {
        wanted: wanted.into(),
        found: vec![None; places.len()],
        line: 1,
        current: None,
        show,
    };
    let mut block = vec![0; BLOCK];
    let mut first = true;
    while !scan.wanted.is_empty() {
        let Ok(filled) = fill(&mut reader, &mut block) else {
            break;
        };
        let bytes = &block[..filled];
        let bytes = match bytes.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) if first => rest,
            _ => bytes,
        };
        first = false;
        scan.take(bytes);
        if filled < BLOCK {
            scan.end_line();
            break;
        }
    }
    scan.found
}

fn fill(reader: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match reader.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

struct Scan {
    /// The places still to be found, in file order.
    wanted: VecDeque<(Position, usize)>,
    found: Vec<Option<Excerpt>>,
    line: u64,
    /// The line being read, if a place in it is requested.
    current: Option<Line>,
    show: ShowValues,
}

impl Scan {
    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let end = memchr::memchr(b'\n', bytes);
            let of_line = &bytes[..end.unwrap_or(bytes.len())];
            if self.begin_line() {
                let (wanted, found) = (&mut self.wanted, &mut self.found);
                if let Some(line) = &mut self.current
                    && line.take(of_line, wanted, found) == Taken::Enough
                {
                    self.current = None;
                }
            }
            match end {
                None => return,
                Some(end) => {
                    self.end_line();
                    bytes = &bytes[end + 1..];
                }
            }
        }
    }

    /// Whether a place in this line is requested.
    fn begin_line(&mut self) -> bool {
        let next = self.wanted.front().map(|(position, _)| position.line);
        if next == Some(self.line) && self.current.is_none() {
            let of_line = self
                .wanted
                .iter()
                .take_while(|(at, _)| at.line == self.line);
            let last_wanted = of_line.map(|(at, _)| at.column).max().unwrap_or(0);
            self.current = Some(Line::new(self.line, last_wanted, self.show));
        }
        self.current.is_some()
    }

    fn end_line(&mut self) {
        self.begin_line();
        if let Some(line) = self.current.take() {
            line.end(&mut self.wanted, &mut self.found);
        }
        self.line += 1;
    }
}

/// Whether the rest of a line is needed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    All,
    Enough,
}

/// The line being read.
struct Line {
    line: u64,
    /// The last requested column.
    last_wanted: u64,
    /// The bytes of the incomplete character.
    pending: Vec<u8>,
    column: u64,
    /// `None` if values are shown.
    mask: Option<Mask>,
    cells: Cells,
}

impl Line {
    fn new(line: u64, last_wanted: u64, show: ShowValues) -> Self {
        Self {
            line,
            last_wanted,
            pending: Vec::new(),
            column: 0,
            mask: match show {
                ShowValues::Masked => Some(Mask::new()),
                ShowValues::Shown => None,
            },
            cells: Cells::default(),
        }
    }

    fn take(
        &mut self,
        bytes: &[u8],
        wanted: &mut VecDeque<(Position, usize)>,
        found: &mut [Option<Excerpt>],
    ) -> Taken {
        for &byte in bytes {
            // Consistent with how columns are counted: every byte except a continuation byte begins a character.
            if byte & 0xC0 != 0x80 {
                self.character(wanted, found);
                self.column += 1;
            }
            if self.pending.len() < 5 {
                self.pending.push(byte);
            }
            if self.is_enough(wanted) {
                self.finish(Cut::After, wanted, found);
                return Taken::Enough;
            }
        }
        Taken::All
    }

    fn character(
        &mut self,
        wanted: &mut VecDeque<(Position, usize)>,
        found: &mut [Option<Excerpt>],
    ) {
        if self.pending.is_empty() {
            return;
        }
        let read = std::str::from_utf8(&self.pending).ok();
        let c = read.and_then(|text| text.chars().next());
        let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
        self.pending.clear();
        let (cells, line) = (&mut self.cells, self.line);
        let mut out = |cell| cells.push(cell, line, wanted, found);
        match &mut self.mask {
            Some(mask) => mask.take(c, self.column, &mut out),
            None => out(Cell {
                glyph: if c.is_whitespace() {
                    ' '
                } else {
                    sanitize_char(c)
                },
                column: self.column,
                token: self.column,
            }),
        }
    }

    /// Whether the rest of this line is not needed because all requested places are far enough back. A string or a
    /// number can be arbitrarily long.
    fn is_enough(&self, wanted: &VecDeque<(Position, usize)>) -> bool {
        let next = wanted.front().filter(|(at, _)| at.line == self.line);
        next.is_none() && self.cells.is_idle() || self.column > self.last_wanted + AHEAD
    }

    fn end(mut self, wanted: &mut VecDeque<(Position, usize)>, found: &mut [Option<Excerpt>]) {
        self.finish(Cut::Nothing, wanted, found);
    }

    fn finish(
        &mut self,
        cut: Cut,
        wanted: &mut VecDeque<(Position, usize)>,
        found: &mut [Option<Excerpt>],
    ) {
        self.character(wanted, found);
        let (cells, line) = (&mut self.cells, self.line);
        if let Some(mask) = &mut self.mask {
            mask.end(&mut |cell| cells.push(cell, line, wanted, found));
        }
        self.cells.end(self.column, cut, line, wanted, found);
    }
}

#[cfg(test)]
mod tests {
    use super::cut::{AFTER, BEFORE};
    use super::*;

    fn view(text: &[u8], line: u64, column: u64, show: ShowValues) -> (String, String) {
        let place = Position { line, column };
        let found = excerpts(text, &[place], show);
        let excerpt = found[0].clone().expect("the line is there");
        let marked = excerpt.text.chars().skip(excerpt.marked.start);
        let marked = marked.take(excerpt.marked.len()).collect();
        (excerpt.text, marked)
    }

    fn masked(text: &str, line: u64, column: u64) -> (String, String) {
        view(text.as_bytes(), line, column, ShowValues::Masked)
    }

    fn pair(text: &str, marked: &str) -> (String, String) {
        (text.to_owned(), marked.to_owned())
    }

    #[test]
    fn a_value_is_marked_as_a_whole_and_not_shown() {
        let text = "[\n  {\"name\": \"Mira\", \"dob\": 20190401}\r\n]";
        assert_eq!(masked(text, 2, 27), pair(r#"{"name": "…", "dob": …}"#, "…"));
        assert_eq!(
            masked(text, 2, 12),
            pair(r#"{"name": "…", "dob": …}"#, r#""…""#)
        );
        assert_eq!(masked(text, 2, 3), pair(r#"{"name": "…", "dob": …}"#, "{"));
        let shown = view(text.as_bytes(), 2, 27, ShowValues::Shown);
        assert_eq!(shown, pair(r#"{"name": "Mira", "dob": 20190401}"#, "2"));
    }

    #[test]
    fn a_place_inside_a_masked_string_or_after_the_line_is_marked() {
        assert_eq!(masked(r#"["a\x"]"#, 1, 5), pair(r#"["…"]"#, "…"));
        assert_eq!(masked("[1,\n", 1, 4), pair("[…,", ""));
        assert_eq!(masked("[1,\n", 2, 1), pair("", ""));
        assert_eq!(masked("", 1, 1), pair("", ""));
        assert_eq!(masked(" \t\n", 1, 1), pair(" ", " "));
        assert_eq!(masked("1  \n", 1, 3), pair("…  ", " "));
        assert_eq!(masked("\u{feff}{\"a\" 1}", 1, 6), pair(r#"{"…" …}"#, "…"));
    }

    #[test]
    fn a_file_of_one_line_is_cut_around_each_place() {
        let record = r#"{"id":"0123456789","word":"abcdefghij"},"#;
        let text = format!("[{}1]", record.repeat(100_000));
        let column = (record.len() * 50_000 + 2) as u64;
        let at = |column| Position { line: 1, column };
        let last = text.len() as u64;
        let found = excerpts(
            text.as_bytes(),
            &[at(last), at(column), at(2)],
            ShowValues::Masked,
        );
        let found: Vec<_> = found.into_iter().map(|e| e.expect("found")).collect();
        assert!(
            found[0].text.starts_with('…') && found[0].text.ends_with("…]"),
            "{found:?}"
        );
        assert_eq!(found[0].marked.end, found[0].text.chars().count());
        assert!(found[1].text.starts_with('…') && found[1].text.ends_with('…'));
        let marked = |e: &Excerpt| e.text.chars().nth(e.marked.start);
        assert_eq!(marked(&found[1]), Some('{'));
        assert_eq!(marked(&found[2]), Some('{'));
        assert!(
            found
                .iter()
                .all(|e| e.text.chars().count() < BEFORE + AFTER + 4)
        );
    }

    #[test]
    fn only_the_beginning_of_an_endless_value_is_read() {
        let start = b"[\"".chain(io::repeat(b'a'));
        let place = Position { line: 1, column: 1 };
        let found = excerpts(start, &[place], ShowValues::Masked);
        let excerpt = found[0].as_ref().expect("found");
        assert_eq!((excerpt.text.as_str(), &excerpt.marked), ("[\"……", &(0..1)));
    }

    #[test]
    fn wide_and_combining_characters_are_counted_as_terminals_do() {
        let text = format!("{{\"{}\": 1}}", "恐龙".repeat(40));
        let (shown, marked) = masked(&text, 1, 86);
        let wide: usize = shown
            .chars()
            .filter_map(unicode_width::UnicodeWidthChar::width)
            .sum();
        assert!(wide <= BEFORE + AFTER + 2, "{shown}");
        assert_eq!(marked, "…");
        let (shown, marked) = view("{\"e\u{301}\": 1}".as_bytes(), 1, 8, ShowValues::Shown);
        assert_eq!(
            (shown.as_str(), marked.as_str()),
            ("{\"e\u{301}\": 1}", "1")
        );
    }

    #[test]
    fn invalid_utf_8_and_control_characters_are_replaced() {
        let (shown, marked) = view(b"[\"\xff\x1b[31m\"]", 1, 3, ShowValues::Shown);
        assert_eq!(
            (shown.as_str(), marked.as_str()),
            ("[\"\u{fffd}␛[31m\"]", "\u{fffd}")
        );
    }

    #[test]
    fn missing_lines_have_no_excerpt() {
        let place = Position { line: 9, column: 1 };
        assert_eq!(
            excerpts(b"[]".as_slice(), &[place], ShowValues::Masked),
            [None]
        );
    }
}
