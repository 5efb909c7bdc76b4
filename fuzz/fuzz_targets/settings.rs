#![no_main]

#[path = "../bodies.rs"]
#[expect(dead_code, reason = "one target of several")]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::settings(bytes));
