//! Exit codes: part of the interface, so that scripts can tell what happened.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Something failed, and nothing was committed unless the message says so; or `doctor` found that imports would fail.
    Failed,
    /// Wrong usage.
    Usage,
    /// Invalid input or an invalid layout; nothing was written.
    Invalid,
    /// A conflict, or a verification found a difference.
    Difference,
    /// Done, but records were rejected, or still are.
    Rejected,
    /// Interrupted; nothing was committed.
    Interrupted,
}

/// For the end of every `--help`.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0    done, or nothing to do
  1    something failed; nothing was committed unless the message says so (doctor: imports would fail)
  2    wrong usage
  3    invalid input or layout; nothing was written
  4    conflict, or a verification found a difference (audit status: a table is no longer recorded)
  5    done with --skip-invalid; records were rejected now or are still left out
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
