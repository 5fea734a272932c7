//! The audit trail's recipes: the triggers that record every change of a table, whichever program makes it.
//!
//! Pure: a table model goes in, SQL text comes out; `database` executes it. One file per kind of database.

pub mod sqlite;
