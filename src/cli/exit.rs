//! Exit codes: part of the interface, so that scripts can tell what happened.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Something failed; nothing was committed.
    Failed,
    /// Wrong usage.
    Usage,
    /// Invalid input; nothing was written.
    Invalid,
    /// A conflict, or a verification found a difference.
    Difference,
    /// Done, but records were rejected.
    Rejected,
    /// Interrupted; nothing was committed.
    Interrupted,
}

/// For the end of every `--help`.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0    done, or nothing to do
  1    something failed (files, database); nothing was committed
  2    wrong usage
  3    invalid input; nothing was written
  4    conflict, or a verification found a difference
  5    done with --skip-invalid, and some records were rejected
  130  interrupted; nothing was committed";

impl Exit {
    /// The number.
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
