#![no_main]

#[path = "../checks/lexer.rs"]
mod lexer;

libfuzzer_sys::fuzz_target!(|data: &[u8]| lexer::check(data));
