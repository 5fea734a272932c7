//! Accession imports directories of JSON files into a SQL database, with an audit log of every change.
//!
//! The library is a pipeline. Every folder is one stage and uses only the stages before it:
//!
//! ```text
//! model → layout → source → parse → validate → infer → map → plan → audit → database → archive → operations → report → cli
//! ```
//!
//! `plan` is pure. Only `source`, `database`, `archive` and `cli` touch the outside world (`model` has one function
//! that opens files). Only `cli` prints, reads the environment or ends the process. `tests/it/architecture.rs` and
//! `clippy.toml` enforce these rules.

#![cfg_attr(
    test,
    expect(
        clippy::disallowed_methods,
        reason = "unit tests touch the outside world"
    )
)]

pub mod archive;
pub mod audit;
pub mod cli;
pub mod database;
pub mod infer;
pub mod layout;
pub mod map;
pub mod model;
pub mod operations;
pub mod parse;
pub mod plan;
pub mod report;
pub mod source;
pub mod validate;
