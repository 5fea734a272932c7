//! A loaded layout: names resolved to indexes, checked, ready for mapping.
//!
//! Everything the later stages need to know about a kind of directory stands here; nothing in them names a layout.

use crate::model::{Pointer, Sha256, Table};

use super::pattern::FilePattern;

/// A loaded and checked layout.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Short name, as given to `--layout`.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// Digest of all files of the layout: a changed layout re-reads every source file.
    pub digest: Sha256,
    /// Parameters given as `--set name=value`.
    pub parameters: Vec<Parameter>,
    /// The tables, parents before children.
    pub tables: Vec<LayoutTable>,
    /// The sources in the order they are matched: the first that matches takes the file.
    pub sources: Vec<Source>,
    /// Source indexes in the order they are read. Sources of one wave do not refer to each other's tables; every
    /// wave refers only to tables of earlier waves, or its own.
    pub waves: Vec<Vec<usize>>,
}

/// A table and what the mapping does with it.
#[derive(Debug, Clone)]
pub struct LayoutTable {
    /// The table.
    pub table: Table,
    /// For each column, whether any record rule fills it. The others take their DEFAULT or a generated key.
    pub mapped: Vec<bool>,
}

/// A parameter of the layout.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Name, as in `--set name=value`.
    pub name: String,
    /// One line for people.
    pub help: String,
    /// What it is when it is not set.
    pub default: Option<ParameterDefault>,
}

/// The default of a parameter.
#[derive(Debug, Clone)]
pub enum ParameterDefault {
    /// `{ only = "table.column" }`: the value in the single row of that table.
    Only {
        /// Table index.
        table: usize,
        /// Column index.
        column: usize,
    },
    /// A fixed text.
    Text(String),
}

/// One kind of file.
#[derive(Debug, Clone)]
pub struct Source {
    /// Which files.
    pub files: FilePattern,
    /// File name of the JSON Schema.
    pub schema_name: String,
    /// The JSON Schema (draft 2020-12 unless it says otherwise).
    pub schema: serde_json::Value,
    /// What to do about members that nothing reads.
    pub unmapped: Unmapped,
    /// Record rules applied to each document.
    pub records: Vec<RecordRule>,
    /// Number of capture slots that the file pattern and all `each` patterns use.
    pub captures: usize,
    /// Whether the document is an array read element by element: every rule's `each` begins with a wildcard and
    /// the schema says no more about the root than `"type": "array"` and `items`.
    pub streamed: bool,
}

/// What to do about members that nothing reads.
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
    pub table: usize,
    /// Which values, relative to the enclosing record (or the document).
    pub each: Vec<EachToken>,
    /// Names of the captures that this rule sees, by slot: those of the file name, then those of each `each` from the
    /// outermost in. Rules beside each other use the same slots for captures of different names.
    pub captures: Vec<String>,
    /// Separators that make one text many records; empty for none.
    pub split: Vec<String>,
    /// The record is left out where this finds another row: it only stands in for one that no file has.
    pub unless: Option<Reference>,
    /// Where each mapped column takes its value from.
    pub columns: Vec<ColumnRule>,
    /// How a record is known again.
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
    /// `{name}`: every element or member, its index or name kept in this capture slot.
    Capture(usize),
}

/// `column = …`.
#[derive(Debug, Clone)]
pub struct ColumnRule {
    /// Column index in the rule's table.
    pub column: usize,
    /// Where the value comes from.
    pub expression: Expression,
    /// Taken when the expression gives nothing or null.
    pub default: Option<serde_json::Value>,
    /// An explicit conversion.
    pub conversion: Option<As>,
}

/// Where a column's value comes from.
#[derive(Debug, Clone)]
pub enum Expression {
    /// A JSON Pointer inside the record.
    Pointer(Pointer),
    /// A capture from the file name or an `each`.
    Capture(usize),
    /// A column of an enclosing row: `^id` is one level out, `^^id` two.
    Parent {
        /// How many levels out, from 1.
        levels: usize,
        /// Column index in that row's table.
        column: usize,
    },
    /// The first that is present and not null.
    First(Vec<Expression>),
    /// A constant.
    Constant(serde_json::Value),
    /// A parameter, by index.
    Parameter(usize),
    /// A column of another row, found by a unique key.
    Reference(Reference),
    /// A JSON object of the members of the record that nothing else in the layout reads.
    Rest,
    /// A UUID made for a record that has no id.
    Uuid(UuidName),
}

/// The name of a name-based UUID (RFC 9562 §5.5): compact JSON, hashed in the name space of the column's table.
#[derive(Debug, Clone)]
pub enum UuidName {
    /// An array of these values.
    Values(Vec<Expression>),
    /// An array of the file's path and the record's JSON Pointer, and, for a part of a split text, its number.
    Position,
}

/// `{ reference = "table.column", where = { … } }`.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Table index of the row looked for.
    pub table: usize,
    /// Column index of the value taken.
    pub column: usize,
    /// Key columns and what they must be equal to, in the order of the key.
    pub key: Vec<(usize, Expression)>,
}

/// An explicit conversion, `as = "…"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// A number or boolean as its JSON text.
    Text,
    /// Seconds since 1970 (a number, fractions allowed).
    Unix,
    /// Milliseconds since 1970.
    UnixMilliseconds,
    /// A JSON object, for which PHP writes `[]` when it is empty.
    Object,
    /// The index of an array as an ordinal number, which counts from 1.
    Ordinal,
}

/// How a record is known again on the next run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityRule {
    /// By these columns: the primary key or a UNIQUE constraint that the mapping covers.
    Columns(Vec<usize>),
    /// By these values inside the record.
    Pointers(Vec<Pointer>),
    /// By the record's place in the file.
    Position,
}
