//! The two requests that carry a login.

use kafka_protocol::messages::{SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse};

use crate::wire::Request;

/// A challenge has hundreds of bytes, a refusal a sentence.
const LIMIT: usize = 64 << 10;

/// Version 0 is followed by messages without a frame of Kafka's: brokers before 1.0.
impl Request for SaslHandshakeRequest {
    const KEY: i16 = 17;
    const NAME: &'static str = "SaslHandshake";
    const VERSIONS: (i16, i16) = (1, 1);
    const LIMIT: Option<usize> = Some(LIMIT);
    type Response = SaslHandshakeResponse;

    fn throttle(_: &SaslHandshakeResponse) -> i32 {
        0
    }
}

impl Request for SaslAuthenticateRequest {
    const KEY: i16 = 36;
    const NAME: &'static str = "SaslAuthenticate";
    const VERSIONS: (i16, i16) = (0, 2);
    const LIMIT: Option<usize> = Some(LIMIT);
    type Response = SaslAuthenticateResponse;

    fn throttle(_: &SaslAuthenticateResponse) -> i32 {
        0
    }
}
