//! The records of batches of orders, decompressed: the pure Rust that kolumn has for each codec, and the C library.

use std::io::{Read, Write};

use bytes::Bytes;
use kolumn::stages::Batches;

use crate::Outcome;
use crate::arguments::Measure;
use crate::batch_walk;
use crate::contest::{Contest, Results};
use crate::measure::{Clock, Stopwatch};
use crate::sums::Sums;

/// Header of a batch, which is not compressed.
const HEADER: usize = 61;
/// Bytes are given out as rows of so many.
const ROW: usize = 193;
/// The least that a codec is to have of the C library's speed.
const GOAL: f64 = 0.85;

/// A codec: its name and number in batches, how a producer compresses, and how a C library decompresses.
struct Codec {
    name: &'static str,
    number: u8,
    compress: fn(&[u8]) -> Outcome<Vec<u8>>,
    libraries: &'static [Library],
}

/// A C library's name, and how it decompresses.
type Library = (&'static str, fn(&[u8], &mut [u8]) -> Outcome<usize>);

const CODECS: [Codec; 4] = [
    Codec { name: "zstd, level 3", number: 4, compress: zstd, libraries: &[("libzstd", libzstd)] },
    Codec { name: "lz4 frame, as the Java producer writes it", number: 3, compress: lz4, libraries: &[("liblz4", liblz4)] },
    Codec { name: "snappy", number: 2, compress: snappy, libraries: &[("libsnappy", libsnappy)] },
    // zlib is what librdkafka and Java decompress with; libdeflate, which cannot stream, the fastest that there is.
    Codec { name: "gzip, level 6", number: 1, compress: gzip, libraries: &[("zlib", zlib), ("libdeflate", libdeflate)] },
];

pub(crate) fn run(arguments: &Measure) -> Outcome<Vec<Results>> {
    let batches = batch_walk::batches(arguments.rows.min(100_000))?;
    let plain: Vec<Bytes> = batches.iter().map(|batch| batch.slice(HEADER..)).collect();
    let most = plain.iter().map(Bytes::len).max().unwrap_or(0);
    let mut results = Vec::new();
    for codec in CODECS {
        let packed: Vec<Vec<u8>> = plain.iter().map(|plain| (codec.compress)(plain)).collect::<Outcome<_>>()?;
        let mut own = Batches::default();
        let mut rooms = vec![vec![0; most]; codec.libraries.len()];
        let mut contest =
            Contest::new(format!("decompression, {}: records of orders, rows of {ROW} bytes", codec.name), Clock::Cpu)
                .bytes(plain.iter().map(Bytes::len).sum())
                .subject("kolumn, pure Rust", |watch| all(watch, &packed, |packed| add(own.decompress(codec.number, packed)?)));
        for ((library, decompress), room) in codec.libraries.iter().zip(&mut rooms) {
            let packed = &packed;
            contest = contest.peer(library, GOAL, move |watch| {
                all(watch, packed, |packed| {
                    let length = decompress(packed, room)?;
                    add(room.get(..length).unwrap_or_default())
                })
            });
        }
        results.push(contest.run(arguments.rounds, true)?);
    }
    Ok(results)
}

fn all(watch: &mut Stopwatch, packed: &[Vec<u8>], mut decompress: impl FnMut(&[u8]) -> Outcome<[i64; 2]>) -> Outcome<Sums> {
    let mut sums = Sums::default();
    for packed in packed {
        let columns = watch.measure(|| decompress(packed))?;
        sums.add(columns[0] as usize / ROW, columns);
    }
    Ok(sums)
}

/// The length, and of every page a byte: little beside the decompression, and no page may be missing.
fn add(plain: &[u8]) -> Outcome<[i64; 2]> {
    let bytes = plain.iter().step_by(509).zip(1_i64..).map(|(byte, place)| i64::from(*byte) * place).sum();
    Ok([plain.len() as i64, bytes])
}

fn zstd(plain: &[u8]) -> Outcome<Vec<u8>> {
    Ok(zstd::bulk::compress(plain, 3)?)
}

fn libzstd(packed: &[u8], room: &mut [u8]) -> Outcome<usize> {
    Ok(zstd::bulk::decompress_to_buffer(packed, room)?)
}

/// Blocks of 64 KiB that do not depend on each other, and no checksums.
fn lz4(plain: &[u8]) -> Outcome<Vec<u8>> {
    let mut encoder = lz4::EncoderBuilder::new()
        .block_size(lz4::BlockSize::Max64KB)
        .block_mode(lz4::BlockMode::Independent)
        .block_checksum(lz4::liblz4::BlockChecksum::NoBlockChecksum)
        .checksum(lz4::ContentChecksum::NoChecksum)
        .build(Vec::new())?;
    encoder.write_all(plain)?;
    let (packed, done) = encoder.finish();
    done?;
    Ok(packed)
}

fn liblz4(packed: &[u8], room: &mut [u8]) -> Outcome<usize> {
    let mut decoder = lz4::Decoder::new(packed)?;
    let mut length = 0;
    loop {
        match decoder.read(room.get_mut(length..).unwrap_or_default())? {
            0 => return Ok(length),
            more => length += more,
        }
    }
}

fn snappy(plain: &[u8]) -> Outcome<Vec<u8>> {
    Ok(snap::raw::Encoder::new().compress_vec(plain)?)
}

#[allow(unsafe_code)] // there is no safe binding of this library
fn libsnappy(packed: &[u8], room: &mut [u8]) -> Outcome<usize> {
    let mut length = room.len();
    // SAFETY: both pointers are of slices of the lengths given; the library writes at most `length` bytes.
    let status =
        unsafe { snappy_src::snappy_uncompress(packed.as_ptr().cast(), packed.len(), room.as_mut_ptr().cast(), &raw mut length) };
    if status == snappy_src::snappy_status_SNAPPY_OK { Ok(length) } else { Err("libsnappy refuses".into()) }
}

fn gzip(plain: &[u8]) -> Outcome<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(plain)?;
    Ok(encoder.finish()?)
}

fn libdeflate(packed: &[u8], room: &mut [u8]) -> Outcome<usize> {
    Ok(libdeflater::Decompressor::new().gzip_decompress(packed, room)?)
}

/// A gzip member is announced to zlib by 16 beside the bits of the window.
const GZIP: i32 = 15 + 16;

#[allow(unsafe_code)] // its safe binding is another library in this build
fn zlib(packed: &[u8], room: &mut [u8]) -> Outcome<usize> {
    let size = i32::try_from(size_of::<libz_sys::z_stream>())?;
    let mut stream = std::mem::MaybeUninit::<libz_sys::z_stream>::zeroed();
    // SAFETY: zeros are what `inflateInit2_` asks for: null pointers, and for the allocator the default. Afterwards the stream is
    // whole; it reads and writes within the slices, and is ended before they are given back.
    unsafe {
        if libz_sys::inflateInit2_(stream.as_mut_ptr(), GZIP, libz_sys::zlibVersion(), size) != libz_sys::Z_OK {
            return Err("zlib does not begin".into());
        }
        let pointer = stream.as_mut_ptr();
        (*pointer).next_in = packed.as_ptr().cast_mut();
        (*pointer).avail_in = u32::try_from(packed.len())?;
        (*pointer).next_out = room.as_mut_ptr();
        (*pointer).avail_out = u32::try_from(room.len())?;
        let status = libz_sys::inflate(pointer, libz_sys::Z_FINISH);
        let length = (*pointer).total_out;
        libz_sys::inflateEnd(pointer);
        if status == libz_sys::Z_STREAM_END { Ok(usize::try_from(length)?) } else { Err("zlib refuses".into()) }
    }
}
