//! Ways in for the fuzz targets of `fuzz/`: one function for each place where bytes from outside are first looked at.
//!
//! It is there under `--cfg fuzzing` only, which `cargo fuzz` sets, and in tests, where the corpus is replayed. Each function takes what
//! comes, returns nothing, and panics where a promise of its room does not hold.

pub use crate::config::fuzzing::properties;
pub use crate::decode::fuzzing::payload;
pub use crate::record::fuzzing::{batches, decompress, decompressed, messages, records};
pub use crate::wire::fuzzing::{fetch_response, frames, response};

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What each target does with an input. The names are those of the folders of the corpus and of the targets.
    const TARGETS: [(&str, fn(&[u8])); 9] = [
        ("batches", batches),
        ("decompress", decompress),
        ("fetch_response", fetch_response),
        ("frames", frames),
        ("messages", messages),
        ("payload", payload),
        ("properties", properties),
        ("records", records),
        ("response", response),
    ];

    fn folder(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
    }

    #[test]
    fn the_corpus_of_every_target_passes() {
        for (name, target) in TARGETS {
            let mut count = 0;
            for file in std::fs::read_dir(folder("corpus").join(name)).unwrap_or_else(|error| panic!("{name}: {error}")) {
                let path = file.unwrap().path();
                let bytes = std::fs::read(&path).unwrap();
                if std::panic::catch_unwind(|| target(&bytes)).is_err() {
                    panic!("target {name} panics on {}", path.display());
                }
                count += 1;
            }
            assert!(count > 0, "the corpus of {name} is empty");
        }
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
