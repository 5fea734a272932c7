//! One command, one file: the arguments, whose comments are the help, and `run`.

pub(super) mod import;
pub(super) mod verify;
