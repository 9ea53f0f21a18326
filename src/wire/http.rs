//! One HTTP/1.1 request over a transport of ours, with limits.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::HOST;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{Method, Request, StatusCode, Uri};
use tokio::io::ReadBuf;

use crate::wire::Transport;
pub(crate) use crate::wire::transport::Stream;
use crate::wire::transport::reason;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) https: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Path and query.
    pub(crate) path: String,
}

impl Url {
    /// Reads an absolute address of http or https.
    ///
    /// # Errors
    /// What is wrong, as a sentence without the address.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let uri: Uri = text.parse().map_err(|_| "it is no URL")?;
        let https = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err("it does not begin with https:// or http://"),
        };
        let authority = uri.authority().ok_or("it names no host")?;
        if authority.as_str().contains('@') {
            return Err("it holds a user; who asks is said by properties of its own");
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(if https { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { https, host, port, path })
    }

    /// Host and port as HTTP names them.
    pub(crate) fn host_header(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.https { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

/// Posts a body, or gets without one, and returns status and body of the answer, which may have `limit` bytes. Redirects are not
/// followed: a secret goes to nobody but who was named.
///
/// Cancel safety: dropping it closes the connection.
///
/// # Errors
/// What went wrong, as a sentence.
pub(crate) async fn exchange(
    stream: Box<dyn Stream>,
    url: &Url,
    headers: &[(&'static str, &str)],
    body: Option<String>,
    limit: usize,
) -> Result<(StatusCode, Bytes), String> {
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(64 << 10)
        .handshake(Io(stream))
        .await
        .map_err(|error| words(&error))?;
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let mut request = Request::builder().method(method).uri(url.path.as_str()).header(HOST, url.host_header());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request =
        request.body(Full::new(Bytes::from(body.unwrap_or_default()))).map_err(|_| "a header cannot be sent".to_owned())?;
    let answered = async {
        let response = sender.send_request(request).await.map_err(|error| words(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), limit).collect().await;
        let body = body.map_err(|error| match error.downcast_ref::<hyper::Error>() {
            Some(error) => words(error),
            None => format!("the answer has more than {limit} bytes"),
        })?;
        Ok((status, body.to_bytes()))
    };
    let mut answered = std::pin::pin!(answered);
    // The connection is driven by whoever waits for the answer.
    tokio::select! {
        biased;
        answer = &mut answered => answer,
        // What it has read to its end is still to be handed over.
        _ = connection => answered.await,
    }
}

/// Connects, for [`exchange`].
///
/// # Errors
/// What went wrong, as a sentence.
pub(crate) async fn connect(transport: &Arc<dyn Transport>, url: &Url) -> Result<Box<dyn Stream>, String> {
    transport.connect(&url.host, url.port).await.map_err(|error| reason(&error))
}

fn words(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

/// hyper's way to read and write, over ours.
struct Io(Box<dyn Stream>);

impl Read for Io {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, mut space: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; 4096];
        let most = space.remaining().min(bytes.len());
        let mut read = ReadBuf::new(bytes.get_mut(..most).unwrap_or_default());
        let polled = Pin::new(&mut *self.0).poll_read(cx, &mut read);
        if matches!(polled, Poll::Ready(Ok(()))) {
            space.put_slice(read.filled());
        }
        polled
    }
}

impl Write for Io {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_what_is_none_is_refused() {
        let url = |https, host: &str, port, path: &str| Url { https, host: host.into(), port, path: path.into() };
        assert_eq!(Url::parse("https://idp.example/oauth2/token?x=y"), Ok(url(true, "idp.example", 443, "/oauth2/token?x=y")));
        assert_eq!(Url::parse("http://localhost:8080"), Ok(url(false, "localhost", 8080, "/")));
        assert_eq!(Url::parse("http://[::1]:8080/t").map(|url| url.host_header()).as_deref(), Ok("[::1]:8080"));
        for text in ["", "idp.example/token", "ftp://a/b", "https://", "https://me:hunter2@a/b", "file:///etc/token"] {
            let reason = Url::parse(text).expect_err(text);
            assert!(!reason.contains("hunter2"));
        }
    }
}
