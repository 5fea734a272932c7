//! Layouts: what is known about one kind of legacy directory, loaded from data and checked.
//!
//! A layout is three kinds of file (`layout.toml`, `tables.sql`, JSON Schemas). This stage parses and checks them;
//! it does not look at source files.

mod hashing;
mod pattern;
mod rules;

pub use pattern::{FilePattern, PatternError};
pub use rules::{
    As, ColumnRule, EachToken, Expression, IdentityRule, Layout, LayoutTable, Parameter,
    ParameterDefault, RecordRule, Reference, Source, Unmapped,
};
