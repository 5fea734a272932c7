#![no_main]

#[path = "../checks/layout.rs"]
mod layout;

libfuzzer_sys::fuzz_target!(|data: &[u8]| layout::check(data));
