//! The tables of layouts and applications: their columns, their rows, and what refers to them.

pub(in crate::database) mod application;
pub(in crate::database) mod check;
pub(in crate::database) mod deferred;
pub(in crate::database) mod layout;
pub(in crate::database) mod partitions;
pub(in crate::database) mod reader;
pub(in crate::database) mod referring_rows;
pub(in crate::database) mod rejected_rows;
pub(in crate::database) mod restored_table;
pub(in crate::database) mod restored_values;
pub(in crate::database) mod statistics;
pub(in crate::database) mod structure;
pub(in crate::database) mod target;
pub(in crate::database) mod undo;
