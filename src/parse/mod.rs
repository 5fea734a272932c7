//! Strict JSON with positions: splitting a file into elements, parsing each, finding places in the text.
//!
//! Stricter than most parsers, because what is read twice differently cannot be trusted: UTF-8 only, no two members
//! of one name, no lone surrogates, no U+0000, bounded depth and size; numbers keep their digits. Memory is bounded
//! by one chunk, not by the file. This stage opens no files; it is handed readers and bytes.

mod bounds;
mod chunk;
mod chunks;
mod encoding;
mod excerpt;
mod framing;
mod limits;
mod locate;
mod mask;
mod position;
mod record_text;
mod search;
mod split;
pub mod strict;
mod trail;
mod visitor;
mod window;

pub use chunk::{Chunk, Shape, place};
pub use chunks::Chunks;
pub use excerpt::excerpts;
pub use framing::Framing;
pub use limits::Limits;
pub use locate::{Located, locate};
pub use position::{Position, line_column};
pub use record_text::{Passed, RecordTexts};
pub use search::{FilePosition, position_in_file};
pub use strict::SyntaxError;
