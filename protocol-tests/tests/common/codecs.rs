//! Compressors as producers have them, by crates other than those that kolumn decompresses with where there are two.

use std::io::Write;

use kolumn_test_broker::Codec;

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("in memory")
}

pub fn snappy(bytes: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(bytes).expect("in memory")
}

/// The framing of Java's snappy library.
pub fn xerial(bytes: &[u8]) -> Vec<u8> {
    let mut framed = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01".to_vec();
    for block in bytes.chunks(32 << 10) {
        let block = snappy(block);
        framed.extend(u32::try_from(block.len()).expect("small").to_be_bytes());
        framed.extend(block);
    }
    framed
}

pub fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    structured_zstd::encoding::compress_slice_to_vec(bytes, structured_zstd::encoding::CompressionLevel::Fastest)
}

pub type Compress = fn(&[u8]) -> Vec<u8>;

pub const CODECS: [(Codec, Compress); 5] =
    [(Codec::Gzip, gzip), (Codec::Snappy, snappy), (Codec::Snappy, xerial), (Codec::Lz4, lz4), (Codec::Zstd, zstd)];
