//! Text for people: numbers with their nouns, excerpts, control characters made visible, words of the shell, cells of
//! CSV.

mod csv;
mod number;
mod sanitize;
mod shell;
mod shorten;
mod similar;

pub use csv::neutral_cell;
pub use number::{grouped, number_of, plural};
pub use sanitize::{
    escape_json_controls, escape_line, escaped_chars, sanitize_char, sanitize_for_terminal,
};
pub use shell::{shell_quoted, shell_word};
pub use shorten::{excerpt, shorten};
pub use similar::nearest;
