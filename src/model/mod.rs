//! The types that all stages share: tables, values, rows, origins, findings, runs.
//!
//! Plain data and pure functions. Nothing here opens a connection or knows a layout; only `regular_file` opens files,
//! on behalf of the stages that read them.

mod canonical;
mod canonical_output;
mod column_type;
mod digest;
mod entry_id;
mod excerpt;
mod finding;
mod findings;
mod index;
mod json_lexer;
mod json_locate;
mod origin;
mod pointer;
mod record_id;
mod regular_file;
mod row;
mod rule;
mod run;
mod run_id;
mod run_kind;
mod table;
mod text;
mod text_id;
mod timestamp;
mod timing;
mod value;

pub use canonical::{canonical_json, same_json};
pub use column_type::ColumnType;
pub use digest::{Fingerprint, Hasher, RowHasher, Sha256, TableDigest};
pub use entry_id::EntryId;
pub use excerpt::Excerpt;
pub use finding::{Finding, FirstRecord, Level, Place, SharedKey, ShowValues};
pub use findings::{FindingGroup, FindingList, Findings, Keep};
pub use index::{IndexedVec, PerSource, PerTable, SourceIndex, TableIndex};
pub use json_lexer::{JsonLexer, JsonToken, json_depth, unescape_json};
pub use json_locate::{Located, locate, locate_nearest};
pub use origin::{FileId, Origin};
pub use pointer::{Pointer, PointerError};
pub use record_id::RecordId;
pub use regular_file::{
    LARGE, SMALL, not_following, not_waiting, open_regular, read_regular, read_regular_text,
    regular,
};
pub use row::{Conversion, ConversionRule, Deferred, MappedRow};
pub use rule::Rule;
pub use run::RunContext;
pub use run_id::RunId;
pub use run_kind::{RunKind, RunStatus};
pub use table::{Column, DefaultValue, ForeignKey, Index, IndexColumn, OnDelete, Table};
pub use text::{
    escape_json_controls, escape_line, escaped_chars, excerpt, grouped, nearest, neutral_cell,
    number_of, plural, sanitize_char, sanitize_for_terminal, shell_quoted, shell_word, shorten,
};
pub use timestamp::{Timestamp, TimestampText};
pub use timing::Timing;
pub use value::Value;
