//! Strict JSON parsing with positions: splits a file into elements, parses each of them, finds places in the text.
//!
//! Stricter than most parsers, because data that two parsers read differently cannot be trusted: only UTF-8, no
//! duplicate member names, no unpaired surrogates, no U+0000, bounded depth and size. Numbers keep their digits. Memory
//! is bounded by one chunk, not by the file. This stage opens no files; it is given readers and bytes.

mod bounds;
mod chunk;
mod chunks;
mod encoding;
mod excerpt;
mod fault;
mod framing;
mod limits;
mod mask;
mod position;
mod record_text;
mod search;
mod split;
pub mod strict;
mod visitor;
mod weight;
mod window;

pub use chunk::{Chunk, Shape, place};
pub use chunks::Chunks;
pub use excerpt::excerpts;
pub use framing::Framing;
pub use limits::Limits;
pub use position::{Position, line_column};
pub use record_text::{OutOfOrder, RecordTexts};
pub use search::{FilePosition, position_in_file};
pub use strict::SyntaxError;
