//! The numbers that a workload is made of: a function of seed, index and lane, so that any record can be made without those before it.

/// One step of SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): short enough to be written the same in Rust, Java and Python.
fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// The word of `lane` (0 to 15) for the record `index` of the workload `seed`.
pub(super) fn word(seed: u64, index: u64, lane: u64) -> u64 {
    mix(mix(seed).wrapping_add(index.wrapping_mul(16)).wrapping_add(lane))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_output_of_splitmix64_from_zero_is_the_published_one() {
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn records_lanes_and_seeds_have_different_words() {
        let words = [word(1, 0, 0), word(1, 0, 1), word(1, 1, 0), word(2, 0, 0)];
        for (at, first) in words.iter().enumerate() {
            assert!(words[at + 1..].iter().all(|second| first != second));
        }
    }
}
