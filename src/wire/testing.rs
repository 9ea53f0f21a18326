//! A scripted network for the tests of this room and of those above it: no sockets, any clock.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiKey, ApiVersionsResponse, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::transport::{Stream, Transport, Unresolved};

/// A request as a broker of the script sees it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) broker: String,
    pub(crate) key: i16,
    pub(crate) version: i16,
    pub(crate) correlation: i32,
    pub(crate) client_id: Option<String>,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn request<Q: Decodable>(&self) -> Q {
        Q::decode(&mut self.body.clone(), self.version).expect("a request of this type")
    }

    pub(crate) fn is(&self, api: ApiKey) -> bool {
        self.key == api as i16
    }

    pub(crate) fn answer<R: Encodable + HeaderVersion>(&self, response: &R) -> Reply {
        Reply::Bytes(response_frame(self.correlation, self.version, response))
    }
}

/// What a broker of the script does with a request.
#[derive(Debug)]
pub(crate) enum Reply {
    Bytes(Vec<u8>),
    Silence,
    Close,
}

/// A response with its header and length.
pub(crate) fn response_frame<R: Encodable + HeaderVersion>(correlation: i32, version: i16, response: &R) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    let header = ResponseHeader::default().with_correlation_id(correlation);
    header.encode(&mut bytes, R::header_version(version)).expect("a header");
    response.encode(&mut bytes, version).expect("a response of this version");
    frame(&bytes)
}

/// Bytes with their length before them.
pub(crate) fn frame(bytes: &[u8]) -> Vec<u8> {
    let length = i32::try_from(bytes.len()).expect("short");
    [&length.to_be_bytes(), bytes].concat()
}

/// An answer to ApiVersions with wide ranges.
pub(crate) fn all_versions() -> ApiVersionsResponse {
    let api = |key: i16, max: i16| ApiVersion::default().with_api_key(key).with_min_version(0).with_max_version(max);
    let apis = [(1, 17), (2, 10), (3, 13), (9, 10), (10, 6), (17, 1), (18, 4), (23, 4), (36, 2)];
    ApiVersionsResponse::default().with_api_keys(apis.into_iter().map(|(key, max)| api(key, max)).collect())
}

type Script = Arc<dyn Fn(&Asked) -> Reply + Send + Sync>;

enum Host {
    Answers(Script),
    /// Connections are neither accepted nor refused.
    Dark,
    Unresolved,
}

/// Hosts by `host:port`; those that nobody named refuse connections.
#[derive(Clone, Default)]
pub(crate) struct Network {
    hosts: Arc<Mutex<HashMap<String, Host>>>,
    seen: Arc<Mutex<Vec<Asked>>>,
    connects: Arc<Mutex<Vec<String>>>,
}

impl Network {
    /// A broker that answers by the script, ApiVersions included.
    pub(crate) fn host(&self, broker: &str, script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) {
        self.put(broker, Host::Answers(Arc::new(script)));
    }

    /// A broker that answers ApiVersions with [`all_versions`] and everything else by the script.
    pub(crate) fn broker(&self, broker: &str, script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) {
        self.host(broker, move |asked| if asked.is(ApiKey::ApiVersions) { asked.answer(&all_versions()) } else { script(asked) });
    }

    pub(crate) fn dark(&self, broker: &str) {
        self.put(broker, Host::Dark);
    }

    pub(crate) fn unresolved(&self, broker: &str) {
        self.put(broker, Host::Unresolved);
    }

    /// What was asked so far, ApiVersions left out.
    pub(crate) fn seen(&self) -> Vec<Asked> {
        self.seen.lock().expect("unpoisoned").iter().filter(|asked| !asked.is(ApiKey::ApiVersions)).cloned().collect()
    }

    /// The brokers that a connection was opened to, in order.
    pub(crate) fn connects(&self) -> Vec<String> {
        self.connects.lock().expect("unpoisoned").clone()
    }

    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(self.clone())
    }

    fn put(&self, broker: &str, host: Host) {
        self.hosts.lock().expect("unpoisoned").insert(broker.to_owned(), host);
    }
}

impl Transport for Network {
    fn connect(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let broker = format!("{host}:{port}");
        self.connects.lock().expect("unpoisoned").push(broker.clone());
        match self.hosts.lock().expect("unpoisoned").get(&broker) {
            Some(Host::Answers(script)) => {
                let (client, server) = tokio::io::duplex(1 << 16);
                tokio::spawn(serve(server, broker, Arc::clone(script), Arc::clone(&self.seen)));
                async move { Ok(Box::new(client) as Box<dyn Stream>) }.boxed()
            }
            Some(Host::Dark) => std::future::pending().boxed(),
            Some(Host::Unresolved) => async { Err(Unresolved("no such host".into()).into()) }.boxed(),
            None => async { Err(io::ErrorKind::ConnectionRefused.into()) }.boxed(),
        }
    }
}

async fn serve(mut stream: DuplexStream, broker: String, script: Script, seen: Arc<Mutex<Vec<Asked>>>) {
    while let Some(asked) = next_request(&mut stream, &broker).await {
        seen.lock().expect("unpoisoned").push(asked.clone());
        match script(&asked) {
            Reply::Bytes(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Reply::Silence => {}
            Reply::Close => return,
        }
    }
}

/// The next request; none where the client closed the stream.
pub(crate) async fn next_request(stream: &mut DuplexStream, broker: &str) -> Option<Asked> {
    let length = usize::try_from(stream.read_i32().await.ok()?).expect("no negative length");
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.ok()?;
    let mut body = Bytes::from(bytes);
    let (key, version) = (i16::from_be_bytes([body[0], body[1]]), i16::from_be_bytes([body[2], body[3]]));
    let api = ApiKey::try_from(key).expect("a known API");
    let header = RequestHeader::decode(&mut body, api.request_header_version(version)).expect("a header");
    let client_id = header.client_id.map(|id| id.to_string());
    Some(Asked { broker: broker.to_owned(), key, version, correlation: header.correlation_id, client_id, body })
}
