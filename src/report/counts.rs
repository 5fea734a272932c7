//! Formatting of times and tables, and of numbers in them.

use comfy_table::{CellAlignment, Table, presets};

use crate::model::{Timestamp, sanitize_for_terminal};
pub(super) use crate::model::{grouped, plural};

/// Like [`grouped`], but empty for zero, so that other numbers stand out in a table.
pub(super) fn grouped_or_empty(number: u64) -> String {
    match number {
        0 => String::new(),
        number => grouped(number),
    }
}

/// Converts a count from the ledger, where integers are signed.
pub(super) fn counted(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// What belongs to `count` things, as the subject of a sentence, and the pronoun for the things: `its record is` and
/// `it`, `their records are` and `them`.
pub(super) fn theirs(count: u64, word: &str) -> (String, &'static str) {
    match count {
        1 => (format!("its {word} is"), "it"),
        _ => (format!("their {word}s are"), "them"),
    }
}

/// A timestamp to the second, `2024-05-01 10:00:00Z`; other text is returned unchanged.
pub(super) fn short_timestamp(text: &str) -> String {
    match Timestamp::parse(text) {
        Some(read) => read
            .timestamp
            .to_utc()
            .format("%Y-%m-%d %H:%M:%SZ")
            .to_string(),
        None => text.to_owned(),
    }
}

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows under a header; the first column is left-aligned, the others, which contain numbers, are right-aligned.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let sides = std::iter::once(Align::Left).chain(std::iter::repeat(Align::Right));
    let header: Vec<_> = header.iter().copied().zip(sides).collect();
    aligned(&header, rows)
}

/// Rows under a header. Widths are display widths: Chinese characters take two columns.
pub(super) fn aligned(header: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let sanitized_row = |row: &Vec<String>| {
        row.iter()
            .map(|cell| sanitize_for_terminal(cell).into_owned())
            .collect()
    };
    painted(header, &rows.iter().map(sanitized_row).collect::<Vec<_>>())
}

/// Rows whose cells are already sanitized, and may be coloured.
pub(super) fn painted(header: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(header.iter().map(|(name, _)| *name))
        .add_rows(rows);
    for (column, (_, side)) in table.column_iter_mut().zip(header) {
        column.set_padding((0, 2)).set_cell_alignment(match side {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        });
    }
    let lines = table.lines();
    lines
        .map(|line| format!("  {}\n", line.trim_end()))
        .collect()
}

/// Names and values, one per line; names without a value are omitted.
pub(super) fn facts(facts: &[(&str, Option<String>)]) -> String {
    let present = || {
        facts
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)))
    };
    let width = present().map(|(name, _)| name.len()).max().unwrap_or(0);
    present()
        .map(|(name, value)| format!("  {name:<width$}  {value}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_under_wide_characters_and_lines_end_without_spaces() {
        let rows = [["汉语", "1", "x"], ["b", "22", ""]].map(|row| row.map(str::to_owned).to_vec());
        let header = [
            ("name", Align::Left),
            ("n", Align::Right),
            ("", Align::Left),
        ];
        assert_eq!(
            aligned(&header, &rows),
            "  name   n\n  汉语   1  x\n  b     22\n"
        );
    }

    #[test]
    fn timestamps_are_shown_to_the_second() {
        assert_eq!(
            short_timestamp("2024-05-01T10:00:00.123456Z"),
            "2024-05-01 10:00:00Z"
        );
        assert_eq!(short_timestamp("never"), "never");
    }
}
