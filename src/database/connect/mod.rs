//! Connecting to a database server: its address, the runtime of the drivers, TLS, and retries.
//!
//! The drivers are asynchronous and written in pure Rust; a runtime makes them usable as blocking Diesel connections.
//! The settings of a new connection are in its engine.

mod address;
#[cfg(feature = "servers")]
mod parse;
mod retry;
#[cfg(feature = "servers")]
pub(super) mod runtime;
#[cfg(feature = "servers")]
pub(super) mod tls;

pub use address::{RetryObserver, RetryPolicy, Secret, ServerAddress, Tls, TlsMode};
#[cfg(feature = "servers")]
pub(super) use parse::parse_url;
pub(super) use retry::connect;
pub use retry::repeat;
