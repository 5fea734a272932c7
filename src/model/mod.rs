//! The words the whole program speaks: tables, values, rows, origins, findings, runs.
//!
//! Plain data and pure functions. Nothing here reads a file, opens a connection or knows a layout.

mod canonical;
mod column_type;
mod digest;
mod excerpt;
mod finding;
mod findings;
mod harmless;
mod origin;
mod pointer;
mod row;
mod rule;
mod run;
mod table;
mod timestamp;
mod value;

pub use canonical::canonical_json;
pub use column_type::ColumnType;
pub use digest::{Fingerprint, Hasher, RowHasher, Sha256, TableDigest};
pub use excerpt::Excerpt;
pub use finding::{Finding, Level, Place, ShowValues};
pub use findings::{FindingGroup, FindingList, Findings, Keep};
pub use harmless::{harmless, harmless_char};
pub use origin::{FileId, Origin};
pub use pointer::{Pointer, PointerError};
pub use row::{Conversion, ConversionRule, Deferred, Row};
pub use rule::Rule;
pub use run::RunContext;
pub use table::{Column, DefaultValue, ForeignKey, Index, IndexColumn, OnDelete, Table};
pub use timestamp::{Timestamp, TimestampText};
pub use value::Value;
