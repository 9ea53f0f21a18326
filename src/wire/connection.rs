//! One connection to one broker: requests out, responses in, in order.

mod login;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ApiVersionsRequest, RequestHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::Instrument;

use super::WireSettings;
use super::api::{Request, shape_of};
use super::frame::{FrameError, FrameReader};
use super::pool::FramePool;
use super::sasl::Session;
use super::shape::{walk, walk_tags};
use super::tls::TlsFailure;
use super::transport::{Stream, Transport, Unresolved, reason};
use super::versions::Versions;
use crate::config::HostPort;
use crate::error::{Error, Result};
use crate::metrics::{BrokerMetrics, OpenConnection};
use login::LoginError;

const UNSUPPORTED_VERSION: i16 = 35;

/// A broker that wants more rest than this is asked again after it (KIP-219 has no limit of its own).
pub(crate) const LONGEST_THROTTLE: Duration = Duration::from_secs(300);

/// The length before each request and each response.
const PREFIX: usize = 4;

/// The number that ties a response to its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Correlation(pub(crate) i32);

/// A request that is not yet answered.
#[derive(Debug)]
struct Asked {
    correlation: i32,
    key: i16,
    api: &'static str,
    version: i16,
    at: Instant,
}

/// A connection to a broker, versions negotiated.
///
/// Any error of reading or writing ends it: every later use fails at once with that error, and the owner opens another.
pub(crate) struct Connection {
    broker: Arc<str>,
    /// How to open it again.
    way: Way,
    stream: Box<dyn Stream>,
    settings: WireSettings,
    versions: Versions,
    next_correlation: i32,
    asked: VecDeque<Asked>,
    /// What a request has left to send: a dropped `send` loses nothing.
    outgoing: BytesMut,
    reader: FrameReader,
    own_pool: FramePool,
    /// Nothing is asked by `call` before this.
    throttled: Option<Instant>,
    /// An exchange of `call` is under way, or was when its future was dropped.
    calling: bool,
    answered: bool,
    /// It has answered something else than which versions it speaks.
    served: bool,
    /// What is left of the login, where it does not last for ever.
    session: Option<Session>,
    broken: Option<Error>,
    /// When something was last asked.
    used: Instant,
    meter: Arc<BrokerMetrics>,
    _open: OpenConnection,
}

/// Where a broker is, and how it is reached.
#[derive(Clone)]
struct Way {
    transport: Arc<dyn Transport>,
    host: String,
    port: u16,
}

impl Connection {
    /// Opens a connection, negotiates the versions and logs in, where the settings want that.
    ///
    /// A broker that does not speak our version of ApiVersions answers in version 0, whatever was asked (KIP-511); its answer says
    /// which version to ask in.
    ///
    /// Cancel safety: dropping it closes the stream.
    ///
    /// # Errors
    /// [`Error::Resolve`], [`Error::Connect`], [`Error::Tls`], [`Error::Timeout`]; while negotiating those of [`Self::receive`] and
    /// [`Error::UnsupportedVersion`]; while logging in [`Error::Authentication`] and [`Error::Token`] besides.
    pub(crate) async fn open(transport: &Arc<dyn Transport>, host: &str, port: u16, settings: &WireSettings) -> Result<Self> {
        let way = Way { transport: Arc::clone(transport), host: host.to_owned(), port };
        let mut connection = Self::connect(way.clone(), settings).await?;
        match connection.log_in().await {
            Ok(()) => Ok(connection),
            Err(LoginError::Rejected { another: true, .. }) => {
                let mut connection = Self::connect(way, settings).await?;
                connection.log_in().await?;
                Ok(connection)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn connect(way: Way, settings: &WireSettings) -> Result<Self> {
        let (transport, host, port) = (&way.transport, way.host.as_str(), way.port);
        let broker: Arc<str> = HostPort::new(host, port).to_string().into();
        let meter = settings.metrics.broker(&broker);
        let limit = settings.patience.limit(&broker, settings.connect_timeout, settings.connect_timeout_max);
        let span = tracing::debug_span!("connect", broker = %broker);
        let connected = timeout_at(Instant::now() + limit, transport.connect(host, port)).instrument(span).await;
        match &connected {
            Ok(Ok(_)) => settings.patience.opened(&broker),
            Ok(Err(_)) => {}
            Err(_) => settings.patience.took_too_long(&broker),
        }
        let stream = connected
            .map_err(|_| Error::Timeout { what: format!("connecting to {broker}"), limit })
            .and_then(|opened| opened.map_err(|error| unreachable_error(host, &broker, &error)))
            .inspect_err(|_| meter.connect_failed())?;
        let mut connection = Self {
            broker,
            way,
            stream,
            settings: settings.clone(),
            versions: Versions::default(),
            next_correlation: 0,
            asked: VecDeque::new(),
            outgoing: BytesMut::new(),
            reader: FrameReader::default(),
            own_pool: FramePool::none(),
            throttled: None,
            calling: false,
            answered: false,
            served: false,
            session: None,
            broken: None,
            used: Instant::now(),
            _open: meter.opened(),
            meter,
        };
        connection.negotiate().await?;
        tracing::debug!(broker = %connection.broker, "connected");
        Ok(connection)
    }

    /// `host:port`.
    pub(crate) fn broker(&self) -> &str {
        &self.broker
    }

    /// Whether it can still be used.
    pub(crate) fn is_usable(&self) -> bool {
        self.broken.is_none() && !self.calling
    }

    /// Whether nothing was asked on it for `connections.max.idle.ms`.
    pub(crate) fn is_idle(&self) -> bool {
        self.asked.is_empty() && self.settings.max_idle.is_some_and(|limit| self.used.elapsed() >= limit)
    }

    /// The highest version of this API that both sides speak.
    ///
    /// # Errors
    /// [`Error::UnsupportedVersion`].
    pub(crate) fn version_of<Q: Request>(&self) -> Result<i16> {
        self.versions.best::<Q>(&self.broker)
    }

    /// One exchange in the best version, within the request timeout; waits out a throttle of the broker first.
    ///
    /// Cancel safety: none. Dropping it leaves an answer that nobody waits for, so the connection is broken from then on.
    ///
    /// # Errors
    /// Those of [`Self::version_of`], [`Self::send`] and [`Self::receive`].
    pub(crate) async fn call<Q: Request>(&mut self, request: &Q) -> Result<Q::Response> {
        self.renew(Duration::ZERO).await?;
        let version = self.version_of::<Q>()?;
        self.call_in(request, version).await
    }

    async fn call_in<Q: Request>(&mut self, request: &Q, version: i16) -> Result<Q::Response> {
        self.check_usable()?;
        if let Some(until) = self.throttled {
            sleep_until(until).await;
            self.throttled = None;
        }
        self.calling = true;
        let exchanged = self.exchange(request, version).await;
        self.calling = false;
        let response = exchanged?;
        let throttle = throttle::<Q>(&response);
        if !throttle.is_zero() {
            self.throttled = Some(Instant::now() + throttle);
        }
        Ok(response)
    }

    async fn exchange<Q: Request>(&mut self, request: &Q, version: i16) -> Result<Q::Response> {
        let deadline = Instant::now() + self.settings.request_timeout;
        let pool = self.own_pool.clone();
        self.queue(request, version)?;
        let (_, response) = self.receive_answer::<Q>(&pool, deadline).await?;
        Ok(response)
    }

    /// Sends a request; its response is read by [`Self::receive`], after those of the requests before it.
    ///
    /// Cancel safety: safe; what is not yet sent leaves with the next `send` or `receive`.
    ///
    /// # Errors
    /// [`Error::Unencodable`], which leaves the connection as it was; [`Error::Disconnected`], [`Error::Timeout`]; where the session is
    /// due to be renewed those of [`Self::renew`].
    pub(crate) async fn send<Q: Request>(&mut self, request: &Q, version: i16) -> Result<Correlation> {
        self.renew(Duration::ZERO).await?;
        self.check_usable()?;
        let correlation = self.queue(request, version)?;
        let limit = self.settings.request_timeout;
        let sent = match timeout_at(Instant::now() + limit, self.flush()).await {
            Ok(sent) => sent,
            Err(_) => Err(Error::Timeout { what: format!("sending {} to {}", Q::NAME, self.broker), limit }),
        };
        self.keep_error(sent)?;
        Ok(correlation)
    }

    /// The next response, into a buffer of the pool: its records are slices of that buffer. `deadline` is total, however slowly
    /// the bytes drip.
    ///
    /// Cancel safety: safe; a response that arrived in part is read on by the next call.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Disconnected`], [`Error::FrameSize`], [`Error::MalformedResponse`]. All end the connection.
    pub(crate) async fn receive<Q: Request>(
        &mut self,
        pool: &FramePool,
        deadline: Instant,
    ) -> Result<(Correlation, Q::Response)> {
        self.check_usable()?;
        self.receive_answer::<Q>(pool, deadline).await
    }

    async fn negotiate(&mut self) -> Result<()> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("kolumn"))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let (_, highest) = ApiVersionsRequest::VERSIONS;
        let mut version = highest;
        loop {
            let response = self.call_in(&request, version).await?;
            let theirs = Versions::of(&response);
            match response.error_code {
                0 => {
                    tracing::debug!(broker = %self.broker, version, apis = response.api_keys.len(), "versions negotiated");
                    self.versions = theirs;
                    return Ok(());
                }
                UNSUPPORTED_VERSION if version > 0 => {
                    let proposed = theirs.best::<ApiVersionsRequest>(&self.broker).ok().filter(|best| *best < version);
                    let next = proposed.filter(|_| version == highest).unwrap_or(0);
                    tracing::debug!(broker = %self.broker, version, next, "the broker asks for an older version");
                    version = next;
                }
                code => {
                    let what = format!("ApiVersions, version {version}");
                    let name = super::error_name(code);
                    return Err(Error::Refused { broker: self.broker.to_string(), what, code, name, hint: "" });
                }
            }
        }
    }

    /// Puts a request into the outgoing bytes.
    fn queue<Q: Request>(&mut self, request: &Q, version: i16) -> Result<Correlation> {
        let correlation = self.next_correlation;
        let header = RequestHeader::default()
            .with_request_api_key(Q::KEY)
            .with_request_api_version(version)
            .with_correlation_id(correlation)
            .with_client_id(Some(StrBytes::from_string(self.settings.client_id.to_string())));
        let mut bytes = BytesMut::new();
        let encoded = header
            .encode(&mut bytes, Q::header_version(version))
            .and_then(|()| request.encode(&mut bytes, version))
            .map_err(|error| error.to_string())
            .and_then(|()| i32::try_from(bytes.len()).map_err(|error| error.to_string()));
        let length = encoded.map_err(|reason| Error::Unencodable { broker: self.broker.to_string(), api: Q::NAME, reason })?;
        self.used = Instant::now();
        self.meter.asked(Q::KEY, bytes.len().saturating_add(PREFIX));
        self.outgoing.put_i32(length);
        self.outgoing.unsplit(bytes);
        self.next_correlation = self.next_correlation.checked_add(1).unwrap_or(0);
        self.asked.push_back(Asked { correlation, key: Q::KEY, api: Q::NAME, version, at: Instant::now() });
        Ok(Correlation(correlation))
    }

    async fn flush(&mut self) -> Result<()> {
        while self.outgoing.has_remaining() {
            let written = self.stream.write_buf(&mut self.outgoing).await;
            match written {
                Ok(0) => return Err(self.disconnected("it takes no more bytes".into())),
                Ok(_) => {}
                Err(error) => return Err(self.io_error(&error)),
            }
        }
        self.stream.flush().await.map_err(|error| self.io_error(&error))
    }

    async fn receive_answer<Q: Request>(&mut self, pool: &FramePool, deadline: Instant) -> Result<(Correlation, Q::Response)> {
        let begin = Instant::now();
        let read = match timeout_at(deadline, self.read::<Q>(pool)).await {
            Ok(read) => read,
            Err(_) => {
                let limit = deadline.saturating_duration_since(begin);
                Err(Error::Timeout { what: format!("{} to {}", Q::NAME, self.broker), limit })
            }
        };
        self.keep_error(read)
    }

    async fn read<Q: Request>(&mut self, pool: &FramePool) -> Result<(Correlation, Q::Response)> {
        self.flush().await?;
        let (correlation, version, asked_at) = match self.asked.front() {
            Some(asked) if asked.key == Q::KEY => (asked.correlation, asked.version, asked.at),
            Some(asked) => return Err(self.malformed::<Q>(format!("the next response due is one of {}", asked.api))),
            None => return Err(self.malformed::<Q>("nothing was asked".into())),
        };
        let limit = Q::LIMIT.unwrap_or(usize::MAX).min(self.settings.max_frame);
        let frame = match self.reader.read(&mut *self.stream, pool, limit).await {
            Ok(frame) => frame,
            Err(error) => return Err(self.frame_error::<Q>(error, limit)),
        };
        self.answered = true;
        self.served |= Q::KEY != ApiVersionsRequest::KEY;
        let size = frame.len().saturating_add(PREFIX);
        let response = decode::<Q>(frame, correlation, version).map_err(|reason| self.malformed::<Q>(reason))?;
        self.asked.pop_front();
        self.meter.answered(Q::KEY, size, asked_at.elapsed());
        let throttle = throttle::<Q>(&response);
        if !throttle.is_zero() {
            tracing::debug!(broker = %self.broker, api = Q::NAME, ?throttle, "throttled");
            self.meter.throttled(throttle);
        }
        Ok((Correlation(correlation), response))
    }

    fn check_usable(&mut self) -> Result<()> {
        if self.calling && self.broken.is_none() {
            self.broken = Some(self.disconnected("an exchange on it was given up half-way".into()));
        }
        self.broken.clone().map_or(Ok(()), Err)
    }

    fn keep_error<T>(&mut self, outcome: Result<T>) -> Result<T> {
        if let Err(error) = &outcome {
            tracing::debug!(broker = %self.broker, %error, "connection given up");
            self.broken = Some(error.clone());
            self.meter.lost();
            self.asked.iter().for_each(|asked| self.meter.failed(asked.key));
        }
        outcome
    }

    fn disconnected(&self, reason: String) -> Error {
        Error::Disconnected { broker: self.broker.to_string(), reason }
    }

    /// A refusal within TLS 1.3 is heard with the first bytes that are read.
    fn io_error(&self, error: &io::Error) -> Error {
        TlsFailure::of(error).map_or_else(|| self.disconnected(reason(error)), |failure| failure.error(&self.broker))
    }

    fn malformed<Q: Request>(&self, reason: String) -> Error {
        Error::MalformedResponse { broker: self.broker.to_string(), api: Q::NAME, reason }
    }

    fn frame_error<Q: Request>(&self, error: FrameError, limit: usize) -> Error {
        match error {
            FrameError::Closed { after: 0 } if !self.served && self.answered && self.settings.login.is_none() => {
                let hint = "a listener for SASL does that (security.protocol has none)";
                self.disconnected(format!("before it answered {}; {hint}", Q::NAME))
            }
            FrameError::Closed { after: 0 } if self.answered => self.disconnected(format!("before it answered {}", Q::NAME)),
            FrameError::Closed { after: 0 } => {
                let protocol = self.settings.protocol;
                let other = if protocol.is_tls() { "SASL" } else { "TLS or SASL" };
                let name = protocol.name();
                self.disconnected(format!("without a word; a listener for {other} does that (security.protocol is {name})"))
            }
            FrameError::Closed { after } => {
                self.disconnected(format!("in the middle of a {} response, after {after} bytes", Q::NAME))
            }
            FrameError::Io(error) => self.io_error(&error),
            FrameError::Tiny { size } => self.malformed::<Q>(format!("a frame of {size} bytes, which is less than a header")),
            FrameError::Size { size, hint } => Error::FrameSize { broker: self.broker.to_string(), size, limit, hint },
        }
    }
}

/// How long the broker asks to be left alone.
fn throttle<Q: Request>(response: &Q::Response) -> Duration {
    Duration::from_millis(u64::try_from(Q::throttle(response)).unwrap_or(0)).min(LONGEST_THROTTLE)
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("broker", &self.broker)
            .field("asked", &self.asked)
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

fn unreachable_error(host: &str, broker: &str, error: &io::Error) -> Error {
    if let Some(failure) = TlsFailure::of(error) {
        return failure.error(broker);
    }
    let unresolved = error.get_ref().is_some_and(|source| source.is::<Unresolved>());
    let reason = reason(error);
    if unresolved {
        Error::Resolve { host: host.to_owned(), reason }
    } else {
        Error::Connect { broker: broker.to_owned(), reason }
    }
}

/// A response out of its frame; the walk comes before the decoder.
pub(super) fn decode<Q: Request>(mut frame: Bytes, expected: i32, version: i16) -> std::result::Result<Q::Response, String> {
    let correlation = frame.try_get_i32().map_err(|_| "it ends in its header".to_owned())?;
    if correlation != expected {
        return Err(format!("it answers request {correlation}, not {expected}"));
    }
    if Q::Response::header_version(version) >= 1 {
        let after = walk_tags(&frame)?;
        frame.advance(frame.len().saturating_sub(after));
    }
    let version = spoken_version::<Q>(&frame, version);
    let shape = shape_of(Q::KEY).ok_or("its shape is not known")?;
    let flexible = Q::header_version(version) >= 2;
    let trailing = walk(&frame, shape, version, flexible)?;
    if trailing > 0 {
        tracing::debug!(api = Q::NAME, version, trailing, "bytes after a response");
    }
    Q::Response::decode(&mut frame, version).map_err(|error| error.to_string())
}

/// The version that a response is in: an ApiVersions response with the error UNSUPPORTED_VERSION is in version 0 (KIP-511).
fn spoken_version<Q: Request>(body: &[u8], asked: i16) -> i16 {
    let refused = body.first_chunk() == Some(&UNSUPPORTED_VERSION.to_be_bytes());
    if Q::KEY == ApiVersionsRequest::KEY && refused { 0 } else { asked }
}

#[cfg(test)]
mod login_tests;
#[cfg(test)]
mod tests;
