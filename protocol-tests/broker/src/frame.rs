//! Frames on a socket: requests are read whole, responses are written from the pieces they are made of.

use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use tokio::io::{AsyncRead, AsyncReadExt};

/// No request is larger: what real Kafka allows by default (`socket.request.max.bytes`).
const MAX_REQUEST: i32 = 104_857_600;

/// Pieces below this are copied together: a write of many tiny slices is slower than the copy.
const WORTH_A_SLICE: usize = 1024;

/// Reads one request, without its length; nothing where the client closed between two.
pub(crate) async fn read_request(stream: &mut (impl AsyncRead + Unpin), buffer: &mut BytesMut) -> io::Result<Option<Bytes>> {
    loop {
        if let Some(prefix) = buffer.first_chunk::<4>() {
            let length = i32::from_be_bytes(*prefix);
            let length = usize::try_from(length).ok().filter(|_| length <= MAX_REQUEST);
            let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a request of impossible length"))?;
            if buffer.len() >= length + 4 {
                buffer.advance(4);
                return Ok(Some(buffer.split_to(length).freeze()));
            }
        }
        if buffer.capacity() - buffer.len() < 4096 {
            buffer.reserve(16 * 1024 + buffer.len());
        }
        if stream.read_buf(buffer).await? == 0 {
            return if buffer.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
    }
}

/// A response: its length, its header, and pieces that are written without being copied again.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    parts: VecDeque<Bytes>,
    scratch: BytesMut,
    len: usize,
}

impl Frame {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Where small things are encoded.
    pub(crate) fn scratch(&mut self) -> &mut BytesMut {
        &mut self.scratch
    }

    /// Puts bytes behind what is there, as they are.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if bytes.len() < WORTH_A_SLICE {
            self.scratch.extend_from_slice(&bytes);
        } else {
            self.flush();
            self.len += bytes.len();
            self.parts.push_back(bytes);
        }
    }

    /// Puts the length in front.
    pub(crate) fn finish(mut self) -> Self {
        self.flush();
        let length = u32::try_from(self.len).unwrap_or(u32::MAX);
        self.parts.push_front(Bytes::copy_from_slice(&length.to_be_bytes()));
        self.len += 4;
        self
    }

    /// A frame that is written as it is, without a length.
    pub(crate) fn verbatim(bytes: Bytes) -> Self {
        Self { len: bytes.len(), parts: VecDeque::from([bytes]), scratch: BytesMut::new() }
    }

    /// All its bytes, copied together.
    pub(crate) fn flat(&self) -> Vec<u8> {
        let mut flat = Vec::with_capacity(self.len);
        self.parts.iter().for_each(|part| flat.extend_from_slice(part));
        flat
    }

    fn flush(&mut self) {
        if !self.scratch.is_empty() {
            let part = self.scratch.split().freeze();
            self.len += part.len();
            self.parts.push_back(part);
        }
    }
}

impl Buf for Frame {
    fn remaining(&self) -> usize {
        self.len
    }

    fn chunk(&self) -> &[u8] {
        self.parts.front().map_or(&[], |part| part.as_ref())
    }

    fn advance(&mut self, mut count: usize) {
        self.len -= count;
        while let Some(part) = self.parts.front_mut() {
            if count < part.len() {
                part.advance(count);
                return;
            }
            count -= part.len();
            self.parts.pop_front();
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let filled = slices.iter_mut().zip(&self.parts);
        filled.map(|(slice, part)| *slice = IoSlice::new(part)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_are_read_one_by_one_however_the_bytes_arrive() {
        let mut stream: &[u8] = &[0, 0, 0, 2, b'a', b'b', 0, 0, 0, 1, b'c', 0, 0];
        let mut buffer = BytesMut::new();
        assert_eq!(read_request(&mut stream, &mut buffer).await.expect("a request").as_deref(), Some(b"ab".as_slice()));
        assert_eq!(read_request(&mut stream, &mut buffer).await.expect("a request").as_deref(), Some(b"c".as_slice()));
        assert!(read_request(&mut stream, &mut buffer).await.is_err(), "it ends inside a request");
    }

    #[tokio::test]
    async fn a_negative_or_huge_length_is_refused_before_anything_is_read() {
        for prefix in [[0xff; 4], [0x7f, 0xff, 0xff, 0xff]] {
            let mut stream = prefix.as_slice();
            assert!(read_request(&mut stream, &mut BytesMut::new()).await.is_err());
        }
    }

    #[test]
    fn pieces_come_out_in_order_behind_their_length() {
        let mut frame = Frame::new();
        frame.push(Bytes::from_static(b"head"));
        frame.push(Bytes::from(vec![7; 5000]));
        frame.push(Bytes::from_static(b"tail"));
        let mut frame = frame.finish();
        let flat = frame.flat();
        assert_eq!(flat.len(), 5012);
        assert_eq!(flat[..8], [0, 0, 0x13, 0x90, b'h', b'e', b'a', b'd']);
        let mut taken = Vec::new();
        while frame.has_remaining() {
            let step = frame.chunk().len().min(7);
            taken.extend_from_slice(&frame.chunk()[..step]);
            frame.advance(step);
        }
        assert_eq!(taken, flat);
    }
}
