//! Frames and responses as a hostile broker sends them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::FutureExt;
use kafka_protocol::messages as kafka;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::decode;
use super::frame::FrameReader;
pub use super::sasl::fuzzing::{scram, token};
use super::{FramePool, Request};

/// The largest frame that the reader takes.
const LIMIT: usize = 1 << 16;

/// A stream that gives so many bytes at a time, and then ends.
struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let count = self.size.min(self.rest.len()).min(buffer.remaining());
        let (piece, rest) = self.rest.split_at(count);
        buffer.put_slice(piece);
        self.rest = rest;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Reads frames until the stream ends or is of no use. First byte: how many bytes arrive at a time.
///
/// # Panics
/// Where the frames are not what the lengths say.
pub fn frames(input: &[u8]) {
    let Some((&size, bytes)) = input.split_first() else { return };
    let mut stream = Pieces { rest: bytes, size: usize::from(size).max(1) };
    let (mut reader, pool) = (FrameReader::default(), FramePool::none());
    let mut expected = bytes;
    loop {
        let frame = reader.read(&mut stream, &pool, LIMIT).now_or_never().expect("the stream never waits");
        let Ok(frame) = frame else { return };
        let (length, rest) = expected.split_first_chunk::<4>().expect("a length was there");
        let (body, rest) = rest.split_at(i32::from_be_bytes(*length).try_into().expect("a length"));
        assert_eq!(frame, body);
        expected = rest;
    }
}

/// Decodes the answer to a request, from its header on. First byte: the version.
///
/// # Panics
/// Not by any promise; decoding must end, and allocate in proportion.
fn answer<Q: Request>(version: u8, bytes: &[u8]) {
    let (lowest, highest) = Q::VERSIONS;
    let version = lowest + i16::from(version) % (highest - lowest + 1);
    let mut frame = BytesMut::with_capacity(bytes.len() + 4);
    frame.put_i32(7);
    frame.put_slice(bytes);
    if let Ok(response) = decode::<Q>(frame.freeze(), 7, version) {
        // What is decoded is also dropped, and its throttle time is looked at.
        let _throttle = Q::throttle(&response);
    }
    assert!(decode::<Q>(Bytes::from_static(b"\0\0"), 7, version).is_err());
}

/// Decodes a Fetch response: version, then the bytes after the correlation id.
pub fn fetch_response(input: &[u8]) {
    if let [version, rest @ ..] = input {
        answer::<kafka::FetchRequest>(*version, rest);
    }
}

/// Decodes a response of another API: which, version, then the bytes after the correlation id.
pub fn response(input: &[u8]) {
    let [api, version, rest @ ..] = input else { return };
    match api % 8 {
        0 => answer::<kafka::ApiVersionsRequest>(*version, rest),
        1 => answer::<kafka::MetadataRequest>(*version, rest),
        2 => answer::<kafka::ListOffsetsRequest>(*version, rest),
        3 => answer::<kafka::OffsetFetchRequest>(*version, rest),
        4 => answer::<kafka::FindCoordinatorRequest>(*version, rest),
        5 => answer::<kafka::OffsetForLeaderEpochRequest>(*version, rest),
        6 => answer::<kafka::SaslHandshakeRequest>(*version, rest),
        _ => answer::<kafka::SaslAuthenticateRequest>(*version, rest),
    }
}
