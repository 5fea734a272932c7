//! Accession turns directories of legacy JSON files into a relational database that can be trusted.
//!
//! The library is a pipeline. Every folder is one stage and uses only the stages before it:
//!
//! ```text
//! model → layout → source → parse → validate → map → plan → audit → database → archive → operations → report → cli
//! ```
//!
//! `plan` is pure; only `source`, `database`, `archive` and `cli` touch the outside world; only `cli` prints,
//! reads the environment or ends the process. `tests/it/architecture.rs` and `clippy.toml` keep it so.

#![cfg_attr(
    test,
    expect(
        clippy::disallowed_methods,
        reason = "unit tests look at the outside world"
    )
)]

pub mod archive;
pub mod audit;
pub mod cli;
pub mod database;
pub mod layout;
pub mod map;
pub mod model;
pub mod operations;
pub mod parse;
pub mod plan;
pub mod report;
pub mod source;
pub mod validate;
