//! Decompresses, and compares with what another implementation says.
#![no_main]

use std::io::Read;

/// What kolumn allows.
const LIMIT: u64 = 1 << 20;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [codec, bytes @ ..] = input else { return };
    let ours = kolumn::fuzzing::decompressed(*codec, bytes);
    // kolumn compares no checksums within the codecs, and takes what others refuse for them: only what others take is compared.
    if let Some(theirs) = other(codec % 5, bytes).filter(|theirs| theirs.len() as u64 <= LIMIT) {
        assert_eq!(ours.as_deref(), Ok(theirs.as_slice()), "codec {}", codec % 5);
    }
});

fn other(codec: u8, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut output = Vec::new();
    let read = match codec {
        1 => {
            let mut decoder = libflate::gzip::Decoder::new(bytes).ok()?;
            let read = decoder.by_ref().take(LIMIT + 1).read_to_end(&mut output);
            // Built for fuzzing, libflate does not hold the end against the data; nor does it mind what follows it.
            let end = bytes.last_chunk::<8>().copied().map(u64::from_le_bytes);
            let right = (output.len() as u64) << 32 | u64::from(crc32fast::hash(&output));
            if end == Some(right) && decoder.into_inner().is_empty() { read } else { Err(std::io::ErrorKind::Other.into()) }
        }
        3 => {
            // The reader of the C library stops at the end of the first frame, and does not say when that never comes.
            let mut decoder = lz4::Decoder::new(bytes).ok()?;
            let read = decoder.by_ref().take(LIMIT + 1).read_to_end(&mut output);
            let (rest, end) = decoder.finish();
            end.ok()?;
            read.and_then(|read| if rest.is_empty() { Ok(read) } else { Err(std::io::ErrorKind::Other.into()) })
        }
        // Not as a stream, which would need the memory of the window that the frame names.
        4 => return zstd::bulk::decompress(bytes, LIMIT as usize).ok(),
        _ => return None,
    };
    read.ok()?;
    Some(output)
}
