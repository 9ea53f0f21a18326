//! Decompresses, and compares with what other implementations say and write.
#![no_main]

use std::io::{Read, Write};

/// What kolumn allows.
const LIMIT: u64 = 1 << 20;

// First byte: the codec, and in its highest bit whether the rest is to be compressed first.
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [choice, bytes @ ..] = input else { return };
    let codec = choice & 0x7f;
    if choice & 0x80 != 0 {
        if let Some(packed) = packed(codec % 5, bytes) {
            assert_eq!(kolumn::fuzzing::decompressed(codec, &packed).as_deref(), Ok(bytes), "codec {}", codec % 5);
        }
        return;
    }
    let ours = kolumn::fuzzing::decompressed(codec, bytes);
    let Some(theirs) = unpacked(codec % 5, bytes).filter(|theirs| theirs.len() as u64 <= LIMIT) else { return };
    match ours {
        Ok(ours) => assert_eq!(ours, theirs, "codec {}", codec % 5),
        // The C implementation reads a match at the distance 0, which the format calls a corrupt block.
        Err(false) if codec % 5 == 3 => {}
        Err(_) => panic!("codec {} refuses what another takes", codec % 5),
    }
});

/// What the other implementation makes of it. kolumn compares no checksums within the codecs, so what is refused here may be read there.
fn unpacked(codec: u8, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut output = Vec::new();
    let whole = match codec {
        1 => {
            let mut decoder = libflate::gzip::Decoder::new(bytes).ok()?;
            decoder.by_ref().take(LIMIT + 1).read_to_end(&mut output).ok()?;
            // Built for fuzzing, libflate does not hold the end against the data; nor does it mind what follows it.
            let end = bytes.last_chunk::<8>().copied().map(u64::from_le_bytes);
            let right = (output.len() as u64) << 32 | u64::from(crc32fast::hash(&output));
            end == Some(right) && decoder.into_inner().is_empty()
        }
        3 => {
            // The reader of the C library stops at the end of the first frame, and does not say when that never comes.
            let mut decoder = lz4::Decoder::new(bytes).ok()?;
            decoder.by_ref().take(LIMIT + 1).read_to_end(&mut output).ok()?;
            let (rest, end) = decoder.finish();
            end.is_ok() && rest.is_empty()
        }
        // Not as a stream, which would need the memory of the window that the frame names.
        4 => return zstd::bulk::decompress(bytes, LIMIT as usize).ok(),
        _ => return None,
    };
    whole.then_some(output)
}

/// The bytes as the other implementation compresses them; how depends on their first.
fn packed(codec: u8, bytes: &[u8]) -> Option<Vec<u8>> {
    let manner = bytes.first().copied().unwrap_or_default();
    match codec {
        1 => {
            let mut encoder = libflate::gzip::Encoder::new(Vec::new()).ok()?;
            encoder.write_all(bytes).ok()?;
            encoder.finish().into_result().ok()
        }
        3 => {
            let mode = if manner & 1 == 0 { lz4::BlockMode::Linked } else { lz4::BlockMode::Independent };
            let mut builder = lz4::EncoderBuilder::new();
            builder.block_mode(mode).level(u32::from(manner >> 4)).auto_flush(manner & 2 != 0);
            let mut encoder = builder.build(Vec::new()).ok()?;
            for piece in bytes.chunks(1000) {
                encoder.write_all(piece).ok()?;
            }
            let (packed, end) = encoder.finish();
            end.ok().map(|()| packed)
        }
        4 => {
            // Higher levels want more memory than a target may have.
            let mut encoder = zstd::Encoder::new(Vec::new(), i32::from(manner % 7)).ok()?;
            encoder.include_checksum(manner & 1 != 0).ok()?;
            encoder.write_all(bytes).ok()?;
            encoder.finish().ok()
        }
        _ => None,
    }
}
