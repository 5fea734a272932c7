//! One file per command: the arguments, whose doc comments are the help text, and `run`.

pub(super) mod archive;
pub(super) mod audit;
pub(super) mod completions;
pub(super) mod doctor;
pub(super) mod import;
pub(super) mod layout;
mod layout_init;
pub(super) mod migrate;
pub(super) mod rejects;
pub(super) mod revert;
pub(super) mod runs;
pub(super) mod validate;
pub(super) mod verify;
