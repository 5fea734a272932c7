//! The parsed `layout.toml`: every item with its location, names unresolved.
//!
//! This module implements the grammar of the file (keys, types of values). `compile` checks whether tables, columns
//! and captures exist.

mod columns;
mod grammar;
mod json;
mod shape;

use std::ops::Range;

use toml::Spanned;

use super::rules::{As, Unmapped};

pub(super) use grammar::read;

/// The whole file.
#[derive(Debug)]
pub(super) struct WrittenLayout {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) parameters: Vec<WrittenParameter>,
    pub(super) sources: Vec<WrittenSource>,
}

/// `[parameters.name]`.
#[derive(Debug)]
pub(super) struct WrittenParameter {
    pub(super) name: Spanned<String>,
    pub(super) help: String,
    pub(super) default: Option<WrittenDefault>,
}

/// The default of a parameter.
#[derive(Debug)]
pub(super) enum WrittenDefault {
    /// A fixed string.
    Text(String),
    /// `{ only = "table.column" }`.
    Only(Spanned<String>),
}

/// `[[source]]`.
#[derive(Debug)]
pub(super) struct WrittenSource {
    pub(super) at: usize,
    /// One pattern, or several.
    pub(super) files: Vec<Spanned<String>>,
    pub(super) schema: Spanned<String>,
    pub(super) unmapped: Unmapped,
    pub(super) records: Vec<WrittenRecords>,
}

/// `[[source.records]]`.
#[derive(Debug)]
pub(super) struct WrittenRecords {
    pub(super) table: Spanned<String>,
    pub(super) each: Spanned<String>,
    pub(super) split: Option<Spanned<Vec<String>>>,
    pub(super) unless: Option<WrittenExpression>,
    pub(super) identity: Option<Spanned<WrittenIdentity>>,
    /// In the order of the file.
    pub(super) columns: Vec<WrittenColumn>,
    pub(super) records: Vec<WrittenRecords>,
}

/// `identity = …`.
#[derive(Debug)]
pub(super) enum WrittenIdentity {
    /// `"position"`.
    Position,
    /// An array of pointers.
    Pointers(Vec<Spanned<String>>),
}

/// `column = …`.
#[derive(Debug)]
pub(super) struct WrittenColumn {
    pub(super) name: Spanned<String>,
    /// `None` if it is invalid, which has been reported.
    pub(super) expression: Option<WrittenExpression>,
    pub(super) default: Option<Spanned<serde_json::Value>>,
    pub(super) conversion: Option<Spanned<As>>,
}

/// An expression with its location.
#[derive(Debug)]
pub(super) struct WrittenExpression {
    pub(super) span: Range<usize>,
    pub(super) form: WrittenForm,
}

/// The forms of an expression.
#[derive(Debug)]
pub(super) enum WrittenForm {
    /// `"/pointer"`, `"{capture}"`, `"^column"`.
    Text(String),
    /// `[…, …]`.
    First(Vec<WrittenExpression>),
    /// `{ value = … }`.
    Value(serde_json::Value),
    /// `{ parameter = "…" }`.
    Parameter(Spanned<String>),
    /// `{ reference = "table.column", where = { … } }`.
    Reference {
        target: Spanned<String>,
        key: Vec<(Spanned<String>, WrittenExpression)>,
    },
    /// `{ rest = true }`.
    Rest,
    /// `{ uuid = […] }`; `None` for `{ uuid = "position" }`.
    Uuid(Option<Vec<WrittenExpression>>),
}
