//! Reading one length-prefixed response, whatever pieces it arrives in.

use std::io;

use bytes::{BufMut, Bytes};
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use super::pool::{Buffer, FramePool};
use super::transport::Stream;

/// A response has at least its correlation id.
const SMALLEST: usize = 4;

/// Why a frame could not be read. The stream is of no use any more.
#[derive(Debug)]
pub(super) enum FrameError {
    /// The peer closed the stream after this many bytes of a frame.
    Closed { after: usize },
    /// The length is negative or over the limit.
    Size { size: i64, hint: Option<&'static str> },
    /// The length is less than that of a header.
    Tiny { size: usize },
    /// The operating system said so.
    Io(io::Error),
}

/// What has arrived of the frame that is being read.
///
/// It stays here between calls, so that a reading future can be dropped at any time and the next one goes on.
#[derive(Default)]
pub(super) struct FrameReader {
    length: [u8; 4],
    length_arrived: usize,
    body: Option<Buffer>,
}

impl FrameReader {
    /// The next frame, its length taken off.
    ///
    /// Cancel safety: safe; nothing that has arrived is lost.
    pub(super) async fn read(&mut self, stream: &mut dyn Stream, pool: &FramePool, limit: usize) -> Result<Bytes, FrameError> {
        loop {
            if let Some(body) = self.body.as_mut().filter(|body| body.missing() > 0) {
                let missing = body.missing();
                let count = stream.read_buf(&mut body.room().limit(missing)).await.map_err(FrameError::Io)?;
                if count == 0 {
                    return Err(FrameError::Closed { after: body.arrived() + self.length.len() });
                }
                continue;
            }
            if let Some(body) = self.body.take() {
                self.length_arrived = 0;
                return Ok(body.freeze());
            }
            if self.length_arrived < self.length.len() {
                let rest = self.length.get_mut(self.length_arrived..).unwrap_or_default();
                match stream.read(rest).await.map_err(FrameError::Io)? {
                    0 => return Err(FrameError::Closed { after: self.length_arrived }),
                    count => self.length_arrived += count,
                }
                continue;
            }
            self.body = Some(pool.take(checked_size(self.length, limit)?, Instant::now()));
        }
    }
}

fn checked_size(length: [u8; 4], limit: usize) -> Result<usize, FrameError> {
    let signed = i32::from_be_bytes(length);
    match usize::try_from(signed) {
        Ok(size) if size < SMALLEST => Err(FrameError::Tiny { size }),
        Ok(size) if size <= limit => Ok(size),
        _ => Err(FrameError::Size { size: signed.into(), hint: looks_like(length) }),
    }
}

/// What the first bytes are, where they are no length: people mistake ports daily.
fn looks_like(first: [u8; 4]) -> Option<&'static str> {
    match &first {
        b"HTTP" => Some("this looks like HTTP: is it the port of a web server, a registry or a proxy?"),
        [0x15 | 0x16, 3, 0..=4, _] => {
            Some("this looks like TLS: the port is that of a TLS listener, for security.protocol=SSL or SASL_SSL")
        }
        b"SSH-" => Some("this looks like SSH"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    async fn read_all(bytes: &[u8], limit: usize) -> Result<Vec<Bytes>, (Vec<Bytes>, FrameError)> {
        let (mut client, mut server) = tokio::io::duplex(bytes.len().max(1));
        server.write_all(bytes).await.expect("fits");
        drop(server);
        let (mut reader, pool, mut frames) = (FrameReader::default(), FramePool::none(), Vec::new());
        loop {
            match reader.read(&mut client, &pool, limit).await {
                Ok(frame) => frames.push(frame),
                Err(FrameError::Closed { after: 0 }) => return Ok(frames),
                Err(error) => return Err((frames, error)),
            }
        }
    }

    #[tokio::test]
    async fn frames_are_taken_apart_however_they_are_glued_together() {
        let frames = read_all(b"\0\0\0\x04abcd\0\0\0\x05efghi", 100).await.expect("two frames");
        assert_eq!(frames, [Bytes::from_static(b"abcd"), Bytes::from_static(b"efghi")]);
    }

    #[tokio::test]
    async fn a_frame_that_arrives_byte_by_byte_survives_dropped_futures() {
        let (mut client, mut server) = tokio::io::duplex(1);
        let (mut reader, pool) = (FrameReader::default(), FramePool::none());
        let mut frame = None;
        for byte in b"\0\0\0\x06kolumn" {
            assert!(frame.is_none());
            server.write_all(&[*byte]).await.expect("one byte fits");
            tokio::select! {
                biased;
                read = reader.read(&mut client, &pool, 100) => frame = Some(read.expect("a frame")),
                () = tokio::task::yield_now() => {}
            }
        }
        assert_eq!(frame.as_deref(), Some(b"kolumn".as_slice()));
    }

    #[tokio::test]
    async fn a_stream_cut_at_any_byte_tells_how_far_it_came() {
        let whole = b"\0\0\0\x04abcd";
        for cut in 1..whole.len() {
            let outcome = read_all(whole.get(..cut).unwrap_or_default(), 100).await;
            assert!(matches!(outcome, Err((_, FrameError::Closed { after })) if after == cut), "{cut}: {outcome:?}");
        }
    }

    #[tokio::test]
    async fn a6_impossible_lengths_are_refused_before_anything_is_allocated() {
        let outcome = read_all(b"\xff\xff\xff\xff", 100).await;
        assert!(matches!(outcome, Err((_, FrameError::Size { size: -1, hint: None }))), "{outcome:?}");
        let outcome = read_all(b"\0\0\0\x65", 100).await;
        assert!(matches!(outcome, Err((_, FrameError::Size { size: 101, hint: None }))), "{outcome:?}");
        let outcome = read_all(b"\0\0\0\x03abc", 100).await;
        assert!(matches!(outcome, Err((_, FrameError::Tiny { size: 3 }))), "{outcome:?}");
    }

    #[tokio::test]
    async fn a7_http_and_tls_bytes_are_recognised() {
        for (bytes, word) in [(&b"HTTP/1.1 400 Bad Request"[..], "HTTP"), (&[0x15, 3, 3, 0, 2, 2, 80][..], "TLS")] {
            match read_all(bytes, 100 << 20).await {
                Err((_, FrameError::Size { hint: Some(hint), .. })) => assert!(hint.contains(word), "{hint}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
