//! Exit codes. They are part of the interface, for scripts.

use std::process::ExitCode;

/// The result of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Success, or nothing to do.
    Done,
    /// An operation failed, and nothing was committed unless the message says so; or `doctor` found that imports
    /// would fail.
    Failed,
    /// Invalid arguments.
    Usage,
    /// Invalid input or an invalid layout; nothing was written.
    Invalid,
    /// A conflict, or a verification found a difference.
    Difference,
    /// Done, but records were rejected, now or by an earlier run.
    Rejected,
    /// Interrupted; nothing was committed.
    Interrupted,
}

/// Printed at the end of every `--help`.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0    done, or nothing to do
  1    something failed; nothing was committed unless the message says so
  2    invalid arguments
  3    invalid input or layout; nothing was written
  4    conflict, or a verification found a difference
  5    done, but records were rejected by --skip-invalid, now or by an earlier run
  130  interrupted; nothing was committed";

impl Exit {
    /// Returns the number.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Invalid => 3,
            Self::Difference => 4,
            Self::Rejected => 5,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
