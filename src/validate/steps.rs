//! Limits how often a validator examines the values of a document.
//!
//! Schemas may examine a value twice as often with each level of the document or of the schema, or compare each member
//! with thousands of alternatives, and jsonschema has no limit of its own. Therefore it validates a [view that takes
//! steps](super::counted); when the limit is reached, or the run is interrupted, it unwinds.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

/// The limit of steps was exceeded, or the run was interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exhausted;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
    static PER_MEMBER: Cell<MemberSteps> = const { Cell::new(MemberSteps { each: 1, reads_names_again: false }) };
}

/// Steps between two looks at the interrupt flag; a power of two.
const UNOBSERVED: u64 = 1 << 12;

/// The steps for each member of an object that is visited.
#[derive(Debug, Clone, Copy)]
pub(super) struct MemberSteps {
    pub(super) each: u64,
    /// Whether a pattern can read the name to its end from each of its characters.
    pub(super) reads_names_again: bool,
}

/// Bytes of a string that count as one step: patterns and formats read all of them.
pub(super) const BYTES_PER_STEP: usize = 64;

/// Runs `work`, which validates counted values, in at most this many steps.
pub(super) fn within<T>(
    steps: u64,
    per_member: MemberSteps,
    work: impl FnOnce() -> T,
) -> Result<T, Exhausted> {
    LEFT.set(steps);
    PER_MEMBER.set(per_member);
    // Intermediate state of `work` is dropped with its result; validators keep no state.
    let done = catch_unwind(AssertUnwindSafe(work));
    LEFT.set(u64::MAX);
    done.map_err(|payload| match payload.downcast::<Exhausted>() {
        Ok(exhausted) => *exhausted,
        Err(other) => resume_unwind(other),
    })
}

/// Takes the steps for a member of an object.
pub(super) fn take_member(name: &str, interrupted: Option<&AtomicBool>) {
    let steps = PER_MEMBER.get();
    let bytes = match steps.reads_names_again {
        true => name.len().saturating_mul(name.len()),
        false => 0,
    };
    take(steps.each + (bytes / BYTES_PER_STEP) as u64, interrupted);
}

/// Takes this many steps.
pub(super) fn take(steps: u64, interrupted: Option<&AtomicBool>) {
    let before = LEFT.get();
    let left = before.saturating_sub(steps);
    LEFT.set(left);
    let is_due = before / UNOBSERVED != left / UNOBSERVED;
    let is_interrupted = || interrupted.is_some_and(|flag| flag.load(Ordering::Relaxed));
    if before < steps || is_due && is_interrupted() {
        // Bypasses the panic hook, because this is not a bug.
        resume_unwind(Box::new(Exhausted));
    }
}
