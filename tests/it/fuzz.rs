//! The fuzz targets of `fuzz/` on the stable compiler: every kept input, and a bounded number of others made of them.

#[path = "../../fuzz/bodies.rs"]
mod bodies;

use std::{fs, path::PathBuf, time::Instant};

use bodies::{ALL, Target};
use proptest::{
    prelude::RngExt,
    test_runner::{RngAlgorithm, TestRng},
};

/// Bytes that are tried for each target. Enough for a few seconds; hours are for `cargo fuzz`.
const BYTES: usize = 20_000_000;
/// Most inputs of one target.
const MOST: u64 = 150_000;
/// What formats are made of.
const TOKENS: [&str; 16] =
    ["\"", "{", "}", "[", "]", ":", ",", "null", "-1", "1e400", "9223372036854775808", "\\u0000", "\n", "=", "#", "é"];

/// The same inputs on every machine.
struct Dice(TestRng);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end.max(1))
    }

    /// Changes some bytes, or splices in a piece of another input or something that formats are made of.
    fn mutate(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len() + 1);
        let end = (at + 1 + self.below(24)).min(bytes.len());
        match self.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            1 if at < bytes.len() => bytes[at] = b'0' + u8::try_from(self.below(10)).expect("a digit"),
            2 => drop(bytes.drain(at.min(end)..end)),
            3 => {
                let piece = bytes[at.min(end)..end].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            4 => {
                let from = self.below(other.len());
                let to = (from + 1 + self.below(64)).min(other.len());
                drop(bytes.splice(at..at, other[from..to].iter().copied()));
            }
            _ => drop(bytes.splice(at..at, TOKENS[self.below(TOKENS.len())].bytes())),
        }
    }
}

fn kept((name, _, elsewhere): Target) -> Vec<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folders = [Some(format!("fuzz/corpus/{name}")), elsewhere.map(str::to_owned)];
    let files = folders.into_iter().flatten().flat_map(|folder| fs::read_dir(root.join(folder)).expect("a folder"));
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    paths.retain(|path| path.is_file() && path.extension().is_none_or(|kind| kind == "toml"));
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("bytes")).collect()
}

/// No bytes make a reader panic, hang or contradict itself.
#[test]
fn no_bytes_bring_a_reader_down() {
    for target in ALL {
        let (name, body, _) = target;
        let (kept, started, mut dice) =
            (kept(target), Instant::now(), Dice(TestRng::deterministic_rng(RngAlgorithm::ChaCha)));
        assert!(!kept.is_empty(), "{name} has beginnings");
        kept.iter().for_each(|bytes| body(bytes));
        let (mut inputs, mut left) = (0, BYTES);
        while inputs < MOST && left > 0 {
            let mut bytes = kept[dice.below(kept.len())].clone();
            let other = &kept[dice.below(kept.len())];
            (0..=dice.below(4)).for_each(|_| dice.mutate(&mut bytes, other));
            left = left.saturating_sub(bytes.len().max(50));
            inputs += 1;
            body(&bytes);
        }
        println!("{name}: {} kept, {inputs} made of them, {:.1?}", kept.len(), started.elapsed());
    }
}
