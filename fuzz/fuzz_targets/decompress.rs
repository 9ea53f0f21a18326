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
        1 => libflate::gzip::MultiDecoder::new(bytes).and_then(|decoder| decoder.take(LIMIT + 1).read_to_end(&mut output)),
        3 => {
            // The reader of the C library stops at the end of the first frame, and does not say when that never comes.
            let mut decoder = lz4::Decoder::new(bytes).ok()?;
            let read = decoder.by_ref().take(LIMIT + 1).read_to_end(&mut output);
            let (rest, end) = decoder.finish();
            end.ok()?;
            read.and_then(|read| if rest.is_empty() { Ok(read) } else { Err(std::io::ErrorKind::Other.into()) })
        }
        4 => zstd::stream::read::Decoder::new(bytes).and_then(|decoder| decoder.take(LIMIT + 1).read_to_end(&mut output)),
        _ => return None,
    };
    read.ok()?;
    Some(output)
}
