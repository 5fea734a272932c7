//! One command, one file: the arguments, whose comments are the help, and `run`.

pub(super) mod archive;
pub(super) mod completions;
pub(super) mod import;
pub(super) mod layout;
pub(super) mod migrate;
pub(super) mod runs;
pub(super) mod validate;
pub(super) mod verify;
