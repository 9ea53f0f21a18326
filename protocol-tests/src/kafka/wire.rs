//! One request, one answer, on a connection of its own: enough to administer a broker, and independent of kolumn's connections.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};

use crate::error::{Result, ServerError, Tried};

/// The longest that a connection, or an answer, is waited for.
const LIMIT: Duration = Duration::from_secs(30);

/// Sends `request` in `version` to `broker` and reads the answer.
pub(super) fn call<Q: Request>(broker: SocketAddr, version: i16, request: &Q) -> Result<Q::Response> {
    let said = |what: &str| format!("{what} {broker} (api {})", Q::KEY);
    let mut stream = TcpStream::connect_timeout(&broker, LIMIT).tried(|| said("connecting to"))?;
    stream.set_read_timeout(Some(LIMIT)).tried(|| said("setting up the connection to"))?;
    stream.set_write_timeout(Some(LIMIT)).tried(|| said("setting up the connection to"))?;
    stream.write_all(&frame(version, request)?).tried(|| said("writing to"))?;
    let mut length = [0; 4];
    stream.read_exact(&mut length).tried(|| said("reading from"))?;
    let length = usize::try_from(i32::from_be_bytes(length)).map_err(answer)?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).tried(|| said("reading from"))?;
    let mut body = Bytes::from(body);
    ResponseHeader::decode(&mut body, Q::Response::header_version(version)).map_err(answer)?;
    let response = Q::Response::decode(&mut body, version).map_err(answer)?;
    if body.has_remaining() {
        return Err(answer(format!("{} bytes after the answer to api {}", body.remaining(), Q::KEY)));
    }
    Ok(response)
}

/// The bytes of `request`, length and header in front.
fn frame<Q: Request>(version: i16, request: &Q) -> Result<BytesMut> {
    let header = RequestHeader::default()
        .with_request_api_key(Q::KEY)
        .with_request_api_version(version)
        .with_correlation_id(1)
        .with_client_id(Some(StrBytes::from_static_str("kolumn-suites")));
    let mut message = BytesMut::new();
    header.encode(&mut message, Q::header_version(version)).map_err(answer)?;
    request.encode(&mut message, version).map_err(answer)?;
    let mut frame = BytesMut::with_capacity(message.len() + 4);
    frame.put_u32(u32::try_from(message.len()).map_err(answer)?);
    frame.extend_from_slice(&message);
    Ok(frame)
}

fn answer(reason: impl std::fmt::Display) -> ServerError {
    ServerError::Answer { program: "the broker".into(), reason: reason.to_string() }
}
