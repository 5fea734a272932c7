//! The asynchronous runtime of the drivers: one per process, without a thread of its own.
//!
//! The thread that waits for an answer also serves the sockets: a separate thread would cost two context switches per
//! statement. A dropped connection is therefore closed by the next thread that waits.

use std::future::Future;
use std::io;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Runs `future` to completion on the calling thread.
///
/// # Errors
/// When the runtime cannot be started.
pub(in crate::database) fn block_on<F: Future>(future: F) -> io::Result<F::Output> {
    let runtime = match RUNTIME.get() {
        Some(runtime) => runtime,
        None => {
            let started = Builder::new_current_thread().enable_all().build()?;
            RUNTIME.get_or_init(|| started)
        }
    };
    Ok(runtime.block_on(future))
}

/// Like [`block_on`], for a connection that the runtime has made.
pub(in crate::database) fn wait_for<F: Future>(future: F) -> F::Output {
    let runtime = RUNTIME.get();
    let runtime = runtime.expect("there is no connection before the runtime");
    runtime.block_on(future)
}
