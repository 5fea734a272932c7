//! A loaded layout: names resolved to indexes, checked, ready for mapping.
//!
//! It contains everything that later stages need to know about a kind of directory; none of them names a layout.

use crate::model::{PerSource, PerTable, Pointer, Sha256, SourceIndex, Table, TableIndex};

use super::pattern::FilePattern;

/// A loaded and checked layout.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Short name, as given to `--layout`.
    pub name: String,
    /// The name or path by which `--layout` finds it.
    pub reference: String,
    /// One line of description.
    pub title: String,
    /// Digest of all files of the layout. After a change of the layout, every source file is read again.
    pub digest: Sha256,
    /// Parameters given as `--set name=value`.
    pub parameters: Vec<Parameter>,
    /// The tables, parents before children.
    pub tables: PerTable<LayoutTable>,
    /// The sources in the order in which they are matched: the first match reads the file.
    pub sources: PerSource<Source>,
    /// Source indexes in reading order. Sources in a wave do not refer to each other's tables; a wave refers only to
    /// tables of earlier waves, or its own.
    pub waves: Vec<Vec<SourceIndex>>,
}

/// A table, and which of its columns are mapped.
#[derive(Debug, Clone)]
pub struct LayoutTable {
    /// The table.
    pub table: Table,
    /// For each column, whether any record rule fills it. The others get their DEFAULT or a generated key.
    pub mapped: Vec<bool>,
}

/// A parameter of the layout.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Name, as in `--set name=value`.
    pub name: String,
    /// One line of description.
    pub help: String,
    /// The value if the parameter is not set.
    pub default: Option<ParameterDefault>,
}

/// The default of a parameter.
#[derive(Debug, Clone)]
pub enum ParameterDefault {
    /// `{ only = "table.column" }`: the value in the only row of that table.
    Only {
        /// Table index.
        table: TableIndex,
        /// Column index.
        column: usize,
    },
    /// A fixed string.
    Text(String),
}

/// A kind of file.
#[derive(Debug, Clone)]
pub struct Source {
    /// The files.
    pub files: FilePattern,
    /// File name of the JSON Schema.
    pub schema_name: String,
    /// The JSON Schema (draft 2020-12 unless it declares another one).
    pub schema: serde_json::Value,
    /// How to handle unmapped members.
    pub unmapped: Unmapped,
    /// Record rules applied to each document.
    pub records: Vec<RecordRule>,
    /// Number of capture slots that the file pattern and all `each` patterns use.
    pub captures: usize,
    /// Whether the document is an array that is read element by element: every rule's `each` begins with a wildcard,
    /// and the schema restricts the root only by `"type": "array"` and `items`.
    pub streamed: bool,
}

/// How to handle unmapped members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmapped {
    /// Report them as a notice.
    Notice,
    /// Treat them as an error.
    Reject,
}

/// One `[[source.records]]`: a pattern for JSON values, each of which becomes a row.
#[derive(Debug, Clone)]
pub struct RecordRule {
    /// Table index.
    pub table: TableIndex,
    /// The values, relative to the enclosing record (or the document).
    pub each: Vec<EachToken>,
    /// Names of the captures in scope of this rule, by slot: those of the file name, then those of each `each`,
    /// outermost first. Sibling rules use the same slots for captures of different names.
    pub captures: Vec<String>,
    /// Separators that split a string into records; empty if it is not split.
    pub split: Vec<String>,
    /// The record is skipped if this reference finds another row: it is only a placeholder for a record missing in
    /// the files.
    pub unless: Option<Reference>,
    /// The source of each mapped column.
    pub columns: Vec<ColumnRule>,
    /// How a record is identified.
    pub identity: IdentityRule,
    /// Records inside this record.
    pub records: Vec<RecordRule>,
    /// Whether identity and digest depend on a generated key of an enclosing row ([`crate::model::Value::ParentKey`]).
    pub depends_on_parent_key: bool,
}

/// One reference token of an `each` pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EachToken {
    /// A member of this name, or an element of this index.
    Name(String),
    /// `*`: every element or member.
    Every,
    /// `{name}`: every element or member; its index or name is stored in this capture slot.
    Capture(usize),
}

/// `column = …`.
#[derive(Debug, Clone)]
pub struct ColumnRule {
    /// Column index in the rule's table.
    pub column: usize,
    /// The source of the value.
    pub expression: Expression,
    /// Used if the expression has no value or null.
    pub default: Option<serde_json::Value>,
    /// An explicit conversion.
    pub conversion: Option<As>,
}

/// The source of a column's value.
#[derive(Debug, Clone)]
pub enum Expression {
    /// A JSON Pointer inside the record.
    Pointer(Pointer),
    /// A capture from the file name or an `each`.
    Capture(usize),
    /// A column of an enclosing row: `^id` is one level up, `^^id` two.
    Parent {
        /// Number of levels up, from 1.
        levels: usize,
        /// Column index in that row's table.
        column: usize,
    },
    /// The first value that is present and not null.
    First(Vec<Expression>),
    /// A constant.
    Constant(serde_json::Value),
    /// A parameter, by index.
    Parameter(usize),
    /// A column of another row, found by a unique key.
    Reference(Reference),
    /// A JSON object of the members of the record that are not mapped otherwise.
    Rest,
    /// A UUID generated for a record that has no id.
    Uuid(UuidName),
}

/// The name of a name-based UUID (RFC 9562 §5.5): compact JSON, hashed in the namespace of the column's table.
#[derive(Debug, Clone)]
pub enum UuidName {
    /// An array of these values.
    Values(Vec<Expression>),
    /// An array of the file's path and the record's JSON Pointer, and, for a part of a split string, its number.
    Position,
}

/// `{ reference = "table.column", where = { … } }`.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Table index of the referenced row.
    pub table: TableIndex,
    /// Column index of the referenced value.
    pub column: usize,
    /// Key columns and their values, in the order of the key.
    pub key: Vec<(usize, Expression)>,
}

/// An explicit conversion, `as = "…"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// A number or boolean as JSON text.
    Text,
    /// Seconds since 1970 (a number, fractions allowed).
    Unix,
    /// Milliseconds since 1970.
    UnixMilliseconds,
    /// A JSON object, which PHP writes as `[]` if it is empty.
    Object,
    /// The index of an array as an ordinal number, counted from 1.
    Ordinal,
}

/// How a record is identified in the next run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityRule {
    /// By these columns: the primary key or a UNIQUE constraint that the mapping covers.
    Columns(Vec<usize>),
    /// By these values inside the record.
    Pointers(Vec<Pointer>),
    /// By the record's position in the file.
    Position,
}
