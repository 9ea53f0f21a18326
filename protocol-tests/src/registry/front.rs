//! What Apicurio lacks of Confluent's registry: GUIDs of schemas, and a password that costs no identity provider.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::apicurio::SchemaRegistry;
use super::http::{Message, ask, get};
use crate::error::{Result, Tried};

/// The beginning of every GUID; the schema's id follows.
const GUID: &str = "6b6f6c75-6d6e-4000-8000-";

/// A way to a registry that adds to its answers; it ends with the test's process.
#[derive(Debug)]
pub struct RegistryFront {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// How a [`RegistryFront`] is started.
#[derive(Debug, Clone)]
pub struct FrontBuilder {
    registry: SocketAddr,
    base: String,
    guids: bool,
    login: Option<String>,
}

impl FrontBuilder {
    /// Gives each schema a GUID, and schemas by GUID.
    #[must_use]
    pub fn guids(mut self) -> Self {
        self.guids = true;
        self
    }

    /// Lets in who names this user and password, by HTTP's basic authentication.
    #[must_use]
    pub fn login(mut self, user: &str, password: &str) -> Self {
        self.login = Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
        self
    }

    /// Begins to answer.
    ///
    /// # Errors
    /// Where no port can be had.
    pub fn start(self) -> Result<RegistryFront> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).tried(|| "opening a port before the registry".into())?;
        let address = listener.local_addr().tried(|| "opening a port before the registry".into())?;
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (front, questions) = (Arc::new(self), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(std::result::Result::ok) {
                let (front, questions) = (Arc::clone(&front), Arc::clone(&questions));
                // Who asked may be gone, and so may the registry: either way the connection ends.
                thread::spawn(move || front.serve(&stream, &questions));
            }
        });
        Ok(RegistryFront { address, asked })
    }

    fn serve(&self, stream: &TcpStream, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
        let Some(request) = Message::read(stream)? else { return Ok(()) };
        let (method, path) = request.request();
        asked.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{method} {path}"));
        if self.login.is_some() && request.header("authorization") != self.login.as_deref() {
            let body = r#"{"error_code":40101,"message":"Unauthorized"}"#;
            return Message::answer(401, body).write(stream);
        }
        self.answer(&request)?.write(stream)?;
        stream.shutdown(std::net::Shutdown::Write)?;
        // What is closed with bytes unread is reset, and the answer lost with it.
        stream.take(1 << 20).read_to_end(&mut Vec::new()).map(drop)
    }

    fn answer(&self, request: &Message) -> std::io::Result<Message> {
        let (method, path) = request.request();
        if let Some(guid) = path.strip_prefix("/schemas/guids/").filter(|_| self.guids) {
            let guid = guid.split('?').next().unwrap_or_default();
            let Some(id) = guid.strip_prefix(GUID).and_then(|id| u32::from_str_radix(id, 16).ok()) else {
                return Ok(Message::answer(404, r#"{"error_code":40403,"message":"Schema not found"}"#));
            };
            let mut answer = ask(self.registry, &get(&format!("{}/schemas/ids/{id}", self.base)))?;
            name(&mut answer, Some(id));
            return Ok(answer);
        }
        let mut onward = request.clone();
        onward.first = format!("{method} {}{path} HTTP/1.0", self.base);
        onward.headers.retain(|(name, _)| name == "content-type");
        let mut answer = ask(self.registry, &onward)?;
        if self.guids {
            name(&mut answer, None);
        }
        Ok(answer)
    }
}

impl RegistryFront {
    /// Before `registry`; it may be killed and come back behind it.
    pub fn of(registry: &SchemaRegistry) -> FrontBuilder {
        let base = registry.url().split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned()));
        FrontBuilder { registry: registry.address(), base: base.unwrap_or_default(), guids: false, login: None }
    }

    /// `schema.registry.url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked so far: method and path.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Adds its GUID to an answer that tells a schema's id.
fn name(answer: &mut Message, id: Option<u32>) {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(&answer.body) else { return };
    let id = id.or_else(|| fields.get("id")?.as_u64()?.try_into().ok());
    if let Some(id) = id {
        fields.insert("guid".into(), format!("{GUID}{id:012x}").into());
        answer.body = Value::Object(fields).to_string().into_bytes();
    }
}
