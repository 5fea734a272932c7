//! Reaching a database server: its address, the runtime of the drivers, TLS, and trying again.
//!
//! The drivers are written in Rust alone and asynchronous; a runtime of our own makes them look like every other Diesel
//! connection. What each server is told once it is reached stands in `postgres` and `mysql`.

mod address;
#[cfg(feature = "servers")]
pub(super) mod blocking;
#[cfg(feature = "servers")]
mod parse;
mod retry;
#[cfg(feature = "servers")]
pub(super) mod runtime;
#[cfg(feature = "servers")]
pub(super) mod tls;

pub use address::{Announce, Patience, Secret, ServerAddress, ServerKind, Tls, TlsMode};
#[cfg(feature = "servers")]
pub(super) use parse::parse_url;
pub(super) use retry::connect;
pub use retry::repeat;
