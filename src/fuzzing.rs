//! Ways in for the fuzz targets of `fuzz/`: one function for each place where bytes from outside are first looked at.
//!
//! It is there under `--cfg fuzzing` only, which `cargo fuzz` sets, and in tests, where the corpus is replayed. Each function takes what
//! comes, returns nothing, and panics where a promise of its room does not hold.

pub use crate::config::fuzzing::{jaas, properties};
pub use crate::decode::fuzzing::{avro, avro_schema, json, payload, protobuf, registry};
pub use crate::record::fuzzing::{batches, decompress, decompressed, messages, records};
pub use crate::wire::fuzzing::{fetch_response, frames, response, scram, token};

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    type Target = (&'static str, fn(&[u8]));

    /// What each target does with an input. The names are those of the folders of the corpus and of the targets.
    const TARGETS: [Target; 17] = [
        ("avro", avro),
        ("avro_schema", avro_schema),
        ("batches", batches),
        ("decompress", decompress),
        ("fetch_response", fetch_response),
        ("frames", frames),
        ("jaas", jaas),
        ("json", json),
        ("messages", messages),
        ("payload", payload),
        ("properties", properties),
        ("protobuf", protobuf),
        ("records", records),
        ("registry", registry),
        ("response", response),
        ("scram", scram),
        ("token", token),
    ];

    fn folder(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
    }

    /// The inputs of a target's corpus, by their path.
    fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let files = std::fs::read_dir(folder("corpus").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        assert!(!paths.is_empty(), "the corpus of {name} is empty");
        paths.into_iter().map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
    }

    #[test]
    fn the_corpus_of_every_target_passes() {
        for (name, target) in TARGETS {
            for (path, bytes) in corpus(name) {
                if std::panic::catch_unwind(|| target(&bytes)).is_err() {
                    panic!("target {name} panics on {}", path.display());
                }
            }
        }
    }

    #[test]
    fn what_is_a_little_different_from_the_corpus_passes() {
        // As many for each target; `KOLUMN_MUTATIONS` says another number, for a while by hand.
        let rounds = std::env::var("KOLUMN_MUTATIONS").map_or(200, |text| text.parse().unwrap());
        for (name, target) in TARGETS {
            let corpus = corpus(name);
            let mut random = fastrand::Rng::with_seed(rounds);
            for _ in 0..rounds {
                let (_, bytes) = &corpus[random.usize(..corpus.len())];
                let (_, other) = &corpus[random.usize(..corpus.len())];
                let input = mutated(bytes, other, &mut random);
                if std::panic::catch_unwind(|| target(&input)).is_err() {
                    panic!("target {name} panics on {:?}", input.escape_ascii().to_string());
                }
            }
        }
    }

    /// Some of the ways in which fuzzers change an input.
    fn mutated(bytes: &[u8], other: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
        const TELLING: [i32; 9] = [0, -1, 1, i32::MAX, i32::MIN, 127, 128, 1 << 16, 1 << 24];
        let mut input = bytes.to_vec();
        for _ in 0..random.usize(1..5) {
            let at = random.usize(..=input.len());
            let end = random.usize(at..=input.len().min(at + 64));
            match random.u8(..7) {
                0 | 1 if at < input.len() => input[at] = random.u8(..),
                2 if at < input.len() => input[at] ^= 1 << random.u8(..8),
                3 => {
                    let number = TELLING[random.usize(..TELLING.len())].to_be_bytes();
                    let width = [1, 2, 4][random.usize(..3)].min(input.len() - at);
                    input[at..at + width].copy_from_slice(&number[4 - width..]);
                }
                4 => drop(input.drain(at..end)),
                5 => {
                    let from = random.usize(..=other.len());
                    let to = random.usize(from..=other.len().min(from + 64));
                    input.splice(at..end, other[from..to].iter().copied());
                }
                6 => input.truncate(at),
                _ => {}
            }
        }
        input
    }

    #[test]
    fn every_target_of_the_fuzz_crate_is_replayed() {
        let mut found: Vec<String> = std::fs::read_dir(folder("fuzz_targets"))
            .unwrap()
            .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        found.sort();
        assert_eq!(found, TARGETS.map(|(name, _)| name));
    }
}
