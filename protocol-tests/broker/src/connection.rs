//! One connection: requests are handled one after the other, in order, as Kafka does it.

use crate::api::{self, Answer, Context, Effect, Request, Response};
use crate::delay::Frames;
use crate::fault::{RequestInfo, Verdict};
use crate::frame::{Frame, read_request};
use crate::requests::RequestRecord;
use crate::sasl::{Gate, SaslConnection};
use crate::tls::Socket;
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::decode_request_header_from_buffer;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Serves a connection until it ends, by either side or by a verdict.
pub(crate) async fn serve(context: Context, number: u64, stream: TcpStream) {
    let requests = &context.shared.requests;
    requests.opened(context.node, number);
    let _closed = Closed(&context, number);
    if let Err(error) = run(&context, number, stream).await {
        tracing::debug!(node = context.node, connection = number, %error, "the connection ended");
    }
}

async fn run(context: &Context, number: u64, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let tls = context.shared.state().tls.clone();
    let stream = match tls {
        Some(tls) => tls.accept(stream).await?,
        None => Socket::Plain(stream),
    };
    let sasl = SaslConnection::default();
    Connection { context, number, stream, buffer: BytesMut::new(), sasl }.run().await
}

/// Counts the connection as closed also when its node is killed.
struct Closed<'a>(&'a Context, u64);

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.0.shared.requests.closed(self.1);
    }
}

struct Connection<'a> {
    context: &'a Context,
    number: u64,
    stream: Socket,
    /// What was read and not asked yet.
    buffer: BytesMut,
    sasl: SaslConnection,
}

/// A request whose header and body could be read.
struct Asked {
    api: ApiKey,
    version: i16,
    correlation_id: i32,
    client_id: Option<String>,
    /// Nothing for an ApiVersions of a version that is not served.
    request: Option<Arc<Request>>,
}

/// What happens after an answer was written.
enum After {
    GoOn,
    Close,
}

impl Connection<'_> {
    async fn run(mut self) -> io::Result<()> {
        while let Some(body) = read_request(&mut self.stream, &mut self.buffer).await? {
            let asked = self.decode(body)?;
            if !self.may_answer().await {
                return Ok(());
            }
            let after = self.answer(&asked).await?;
            self.stream.flush().await?;
            if matches!(after, After::Close) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// What cannot be decoded or is not served ends the connection, as it does with Kafka.
    fn decode(&self, mut body: Bytes) -> io::Result<Asked> {
        let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let fixed = body.first_chunk::<8>().copied().ok_or_else(|| invalid("a request of fewer than 8 bytes"))?;
        let [key_high, key_low, version_high, version_low, correlation @ ..] = fixed;
        let api = ApiKey::try_from(i16::from_be_bytes([key_high, key_low])).map_err(|()| invalid("an unknown API key"))?;
        let version = i16::from_be_bytes([version_high, version_low]);
        let correlation_id = i32::from_be_bytes(correlation);
        let served = self.context.shared.settings.versions_of(api).is_some_and(|(min, max)| (min..=max).contains(&version));
        if !served && api == ApiKey::ApiVersions {
            return Ok(Asked { api, version: 0, correlation_id, client_id: None, request: None });
        }
        if !served {
            return Err(invalid(&format!("{api:?} version {version}, which is not served")));
        }
        let header = decode_request_header_from_buffer(&mut body).map_err(|error| invalid(&error.to_string()))?;
        let request = Request::decode(api, version, &mut body).ok_or_else(|| invalid(&format!("a malformed {api:?}")))?;
        let client_id = header.client_id.map(|id| id.to_string());
        Ok(Asked { api, version, correlation_id, client_id, request: Some(Arc::new(request)) })
    }

    async fn answer(&mut self, asked: &Asked) -> io::Result<After> {
        let shared = Arc::clone(&self.context.shared);
        let count = shared.requests.count(self.context.node, asked.api);
        let Some(request) = &asked.request else {
            let answer = Response::ApiVersions(api::unsupported(&shared)).into();
            let frame = encode(asked, asked.correlation_id, answer)?;
            self.write(frame).await?;
            return Ok(After::GoOn);
        };
        let number = shared.requests.push(RequestRecord {
            node: self.context.node,
            connection: self.number,
            api: asked.api,
            version: asked.version,
            correlation_id: asked.correlation_id,
            client_id: asked.client_id.clone(),
            count,
            request: (asked.api != ApiKey::Produce).then(|| Arc::clone(request)),
            response_bytes: 0,
        });
        let verdict = shared.hooks.ask(&RequestInfo {
            node: self.context.node,
            connection: self.number,
            api: asked.api,
            version: asked.version,
            correlation_id: asked.correlation_id,
            client_id: asked.client_id.as_deref(),
            count,
            request,
        });
        let gate = self.sasl.ask(shared.settings.sasl.as_ref(), &shared.sasl, request, asked.version);
        let login = match gate {
            Gate::Pass => None,
            Gate::Answer(response) => Some(response),
            Gate::Close => return Ok(After::Close),
        };
        let context = self.context;
        let handle = async {
            match login {
                Some(response) => response.into(),
                None => api::handle(context, request, asked.version, Effect::of(&verdict)).await,
            }
        };
        let answer = match &verdict {
            Verdict::Silence => return self.never_answer().await,
            Verdict::Skip => return Ok(After::GoOn),
            Verdict::Close => return Ok(After::Close),
            Verdict::Reset => {
                self.stream.tcp().set_zero_linger()?;
                return Ok(After::Close);
            }
            Verdict::ReplaceBytes(bytes) => {
                self.write(Frame::verbatim(bytes.clone())).await?;
                return Ok(After::GoOn);
            }
            Verdict::ReplaceBody(bytes) => {
                let mut frame = header(asked, asked.correlation_id);
                frame.push(bytes.clone());
                self.write(frame.finish()).await?;
                return Ok(After::GoOn);
            }
            Verdict::Delay(time) => {
                tokio::time::sleep(*time).await;
                handle.await
            }
            Verdict::Edit(edit) => handle.await.edited(&**edit),
            _ => handle.await,
        };
        if matches!(answer, Answer::Nothing) {
            return Ok(if matches!(verdict, Verdict::CloseAfter | Verdict::CutAt(_)) { After::Close } else { After::GoOn });
        }
        let correlation_id = if let Verdict::CorrelationId(id) = verdict { id } else { asked.correlation_id };
        let frame = encode(asked, correlation_id, answer)?;
        shared.requests.answered(number, bytes::Buf::remaining(&frame));
        self.look_ahead().await;
        // The node may have been paused or killed while a fetch waited.
        if !self.may_answer().await {
            return Ok(After::Close);
        }
        let after = self.write_as(frame, verdict).await?;
        Ok(if self.sasl.over { After::Close } else { after })
    }

    /// Writes an answer as the verdict has it.
    async fn write_as(&mut self, frame: Frame, verdict: Verdict) -> io::Result<After> {
        match verdict {
            Verdict::CloseAfter => {
                self.write(frame).await?;
                return Ok(After::Close);
            }
            Verdict::CutAt(at) => {
                let bytes = frame.flat();
                self.stream.write_all(bytes.get(..at).unwrap_or(&bytes)).await?;
                return Ok(After::Close);
            }
            Verdict::StallAt(at) => {
                let bytes = frame.flat();
                self.stream.write_all(bytes.get(..at).unwrap_or(&bytes)).await?;
                return self.never_answer().await;
            }
            Verdict::PauseAt(at, pause) => {
                let bytes = frame.flat();
                let (first, last) = bytes.split_at(at.min(bytes.len()));
                self.stream.write_all(first).await?;
                self.stream.flush().await?;
                tokio::time::sleep(pause).await;
                self.stream.write_all(last).await?;
            }
            Verdict::DripFrom(at, pause) => {
                let bytes = frame.flat();
                let (first, last) = bytes.split_at(at.min(bytes.len()));
                self.stream.write_all(first).await?;
                self.stream.flush().await?;
                self.drip(last, 1, pause).await?;
            }
            Verdict::Drip(count, pause) => self.drip(&frame.flat(), count.max(1), pause).await?,
            Verdict::CorruptAt(at, bits) => {
                let mut bytes = frame.flat();
                bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= bits);
                self.stream.write_all(&bytes).await?;
            }
            Verdict::Twice => {
                let bytes = frame.flat();
                self.stream.write_all(&bytes).await?;
                self.stream.write_all(&bytes).await?;
            }
            Verdict::EditFrame(edit) => {
                let mut bytes = frame.flat();
                edit(&mut bytes);
                self.stream.write_all(&bytes).await?;
            }
            _ => self.write(frame).await?,
        }
        Ok(After::GoOn)
    }

    async fn write(&mut self, mut frame: Frame) -> io::Result<()> {
        self.stream.write_all_buf(&mut frame).await
    }

    async fn drip(&mut self, bytes: &[u8], count: usize, pause: Duration) -> io::Result<()> {
        for drop in bytes.chunks(count) {
            self.stream.write_all(drop).await?;
            self.stream.flush().await?;
            if pause.is_zero() {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(pause).await;
            }
        }
        Ok(())
    }

    /// Reads on, so that the client can send, until the client closes.
    async fn never_answer(&mut self) -> io::Result<After> {
        let mut ignored = [0_u8; 4096];
        while self.stream.read(&mut ignored).await? > 0 {}
        Ok(After::Close)
    }

    /// Counts the requests that the client has sent although this one is not answered.
    async fn look_ahead(&mut self) {
        // What has arrived is known after the runtime has looked.
        tokio::task::yield_now().await;
        loop {
            self.buffer.reserve(4096);
            let mut read = pin!(self.stream.read_buf(&mut self.buffer));
            let arrived = poll_fn(|context| Poll::Ready(read.as_mut().poll(context))).await;
            if !matches!(arrived, Poll::Ready(Ok(count)) if count > 0) {
                break;
            }
        }
        let waiting = Frames::default().pass(&self.buffer);
        self.context.shared.requests.in_flight(self.number, waiting + 1);
    }

    /// Waits while the node is paused; false where it was killed meanwhile and must not answer any more.
    async fn may_answer(&self) -> bool {
        let shared = &self.context.shared;
        let mut changes = shared.changes();
        loop {
            let (alive, paused) =
                shared.state().nodes.get(&self.context.node).map_or((false, false), |node| (node.alive, node.paused));
            if !alive || !paused {
                return alive;
            }
            if changes.changed().await.is_err() {
                return false;
            }
        }
    }
}

fn header(asked: &Asked, correlation_id: i32) -> Frame {
    let mut frame = Frame::new();
    frame.scratch().put_i32(correlation_id);
    if asked.api.response_header_version(asked.version) >= 1 {
        frame.scratch().put_u8(0);
    }
    frame
}

fn encode(asked: &Asked, correlation_id: i32, answer: Answer) -> io::Result<Frame> {
    let mut frame = header(asked, correlation_id);
    if answer.encode(&mut frame, asked.version) {
        Ok(frame.finish())
    } else {
        let text = format!("the answer to {:?} cannot be said in version {}", asked.api, asked.version);
        Err(io::Error::new(io::ErrorKind::InvalidData, text))
    }
}
