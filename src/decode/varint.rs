//! Numbers of Avro and Protobuf, of up to eight bytes, many at a time.
#![allow(unsafe_code)] // to call what the compiler makes of it for processors that can more than the least

/// The bit of each byte that says that another follows.
pub(super) const MORE: u64 = 0x8080_8080_8080_8080;

/// Of each byte seven bits, side by side.
#[inline(always)]
pub(super) fn sevens(word: u64) -> u64 {
    let word = word & !MORE;
    let word = (word & 0x007f_007f_007f_007f) | ((word & 0x7f00_7f00_7f00_7f00) >> 1);
    let word = (word & 0x0000_3fff_0000_3fff) | ((word & 0x3fff_0000_3fff_0000) >> 2);
    (word & 0x0000_0000_0fff_ffff) | ((word & 0x0fff_ffff_0000_0000) >> 4)
}

/// The number of which these are the bits in zigzag form.
#[inline(always)]
pub(super) fn zigzag(bits: u64) -> i64 {
    (bits >> 1).cast_signed() ^ -(bits & 1).cast_signed()
}

/// Makes of each word the number that it begins with, in zigzag form: of eight bytes at most.
pub(super) fn zigzags(words: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") && std::arch::is_x86_feature_detected!("avx512vl") {
            // SAFETY: the processor has what the function is compiled for, as was asked just now.
            return unsafe { zigzags_avx512(words) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { zigzags_avx2(words) };
        }
    }
    zigzags_here(words);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl")]
fn zigzags_avx512(words: &mut [u64]) {
    zigzags_here(words);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn zigzags_avx2(words: &mut [u64]) {
    zigzags_here(words);
}

#[inline(always)]
fn zigzags_here(words: &mut [u64]) {
    for word in words {
        let ends = !*word & MORE;
        // The bytes up to the first that ends a number.
        *word = zigzag(sevens(*word & (ends ^ ends.wrapping_sub(1)))).cast_unsigned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number byte by byte.
    fn plain(word: u64) -> i64 {
        let mut bits = 0;
        for (index, byte) in word.to_le_bytes().into_iter().enumerate() {
            bits |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                break;
            }
        }
        zigzag(bits)
    }

    #[test]
    fn numbers_are_the_same_with_whatever_instructions() {
        let mut random = fastrand::Rng::with_seed(11);
        let words: Vec<u64> = (0..2000)
            .map(|_| {
                let more = u64::MAX.checked_shl(random.u32(..=8) * 8).unwrap_or(0);
                (random.u64(..) | (!more & MORE)) & !(more & MORE & random.u64(..))
            })
            .collect();
        let expected: Vec<u64> = words.iter().map(|word| plain(*word).cast_unsigned()).collect();
        for ways in [zigzags_here as fn(&mut [u64]), zigzags] {
            for length in [0, 1, 7, 64, words.len()] {
                let mut own = words[..length].to_vec();
                ways(&mut own);
                assert_eq!(own, expected[..length]);
            }
        }
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            let mut own = words.clone();
            // SAFETY: the processor has it.
            unsafe { zigzags_avx2(&mut own) };
            assert_eq!(own, expected);
        }
    }
}
