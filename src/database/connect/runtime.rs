//! The asynchronous runtime of the drivers: one for the whole process, and no thread of its own.
//!
//! Whoever waits for an answer serves the sockets meanwhile: a thread for that would have to be woken, and to wake the one
//! that waits, for each statement. A dropped connection is therefore closed by whoever waits next.

use std::future::Future;
use std::io;
use std::sync::OnceLock;

use diesel_async::async_connection_wrapper::BlockOn;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Runs `future` to its end on the calling thread.
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

/// For Diesel's wrapper of asynchronous connections.
pub struct Started(&'static Runtime);

impl BlockOn for Started {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn get_runtime() -> Self {
        let runtime = RUNTIME.get();
        Self(runtime.expect("a connection is wrapped after the runtime made it"))
    }
}
