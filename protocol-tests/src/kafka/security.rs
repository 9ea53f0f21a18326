//! Listeners with TLS, SASL and access control, all on one broker: what a login can meet.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::Cache;
use crate::error::{Result, Tried};
use crate::program::run;
use crate::server::ReservedPort;
use crate::{fingerprint, servers_folder};

/// A way into a secured broker, beside the plaintext one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// TLS.
    Tls,
    /// TLS that asks for a client certificate.
    MutualTls,
    /// TLS 1.2 and nothing newer.
    Tls12,
    /// TLS with a certificate that was valid until yesterday.
    Expired,
    /// TLS with the certificate of another host.
    WrongName,
    /// SASL with PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and (unsecured) OAUTHBEARER, in the clear.
    Sasl,
    /// The same over TLS.
    SaslTls,
    /// SCRAM-SHA-256 whose sessions last three seconds (KIP-368).
    Reauthentication,
    /// PLAIN, and users who may not do everything: alice may, bob may what [`Admin::forbid_reading`](super::Admin::forbid_reading) leaves him.
    AccessControl,
}

impl Listener {
    const ALL: [Self; 9] = [
        Self::Tls,
        Self::MutualTls,
        Self::Tls12,
        Self::Expired,
        Self::WrongName,
        Self::Sasl,
        Self::SaslTls,
        Self::Reauthentication,
        Self::AccessControl,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Tls => "TLS",
            Self::MutualTls => "MTLS",
            Self::Tls12 => "TLS12",
            Self::Expired => "EXPIRED",
            Self::WrongName => "WRONGNAME",
            Self::Sasl => "SASL",
            Self::SaslTls => "SASLTLS",
            Self::Reauthentication => "REAUTH",
            Self::AccessControl => "ACL",
        }
    }

    fn protocol(self) -> &'static str {
        match self {
            Self::Tls | Self::MutualTls | Self::Tls12 | Self::Expired | Self::WrongName => "SSL",
            Self::Sasl | Self::Reauthentication | Self::AccessControl => "SASL_PLAINTEXT",
            Self::SaslTls => "SASL_SSL",
        }
    }
}

/// The files of `servers/security/certificates.sh`.
#[derive(Debug, Clone)]
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Made by openssl where the cache does not have them.
    ///
    /// # Errors
    /// [`crate::ServerError::MissingProgram`] without `openssl`.
    pub fn of_user() -> Result<Self> {
        let script = servers_folder().join("security/certificates.sh");
        let text = std::fs::read(&script).tried(|| format!("reading {}", script.display()))?;
        let folder = Cache::of_user().once(&format!("certificates-{}", fingerprint(&text)), |into| {
            run(Command::new("sh").arg(&script).current_dir(into)).map(drop)
        })?;
        Ok(Self { folder })
    }

    /// One of the files: `ca.crt`, `client.crt`, `client.key`, `client-encrypted.key` (password `key-secret`), `stranger.crt`, ….
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The content of one of the files.
    pub fn text(&self, name: &str) -> Result<String> {
        let path = self.file(name);
        std::fs::read_to_string(&path).tried(|| format!("reading {}", path.display()))
    }
}

/// The secured listeners of one broker.
#[derive(Debug)]
pub(super) struct SecuredListeners {
    ports: Vec<(Listener, ReservedPort)>,
    certificates: Certificates,
}

impl SecuredListeners {
    pub(super) fn new() -> Result<Self> {
        let ports = Listener::ALL.into_iter().map(|listener| Ok((listener, ReservedPort::take()?))).collect::<Result<_>>()?;
        Ok(Self { ports, certificates: Certificates::of_user()? })
    }

    pub(super) fn address(&self, listener: Listener) -> Option<SocketAddr> {
        let found = self.ports.iter().find(|(known, _)| *known == listener);
        found.map(|(_, port)| (Ipv4Addr::LOCALHOST, port.number).into())
    }

    /// The properties that open them beside the listeners of `plain_port` and `controller_port`.
    pub(super) fn properties(&self, plain_port: u16, controller_port: u16) -> Vec<(String, String)> {
        let mut listeners = format!("PLAINTEXT://127.0.0.1:{plain_port},CONTROLLER://127.0.0.1:{controller_port}");
        let mut protocols = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned();
        for (listener, port) in &self.ports {
            // By name: certificates are of localhost, and clients are sent to what is advertised.
            listeners.push_str(&format!(",{}://localhost:{}", listener.name(), port.number));
            protocols.push_str(&format!(",{}:{}", listener.name(), listener.protocol()));
        }
        let path = |name: &str| path_text(&self.certificates.file(name));
        let mut found = vec![
            ("listeners".to_owned(), listeners),
            ("listener.security.protocol.map".to_owned(), protocols),
            ("ssl.keystore.type".to_owned(), "PEM".to_owned()),
            ("ssl.keystore.location".to_owned(), path("server.pem")),
            ("ssl.truststore.type".to_owned(), "PEM".to_owned()),
            ("ssl.truststore.location".to_owned(), path("ca.crt")),
            ("sasl.enabled.mechanisms".to_owned(), "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER".to_owned()),
            ("listener.name.mtls.ssl.client.auth".to_owned(), "required".to_owned()),
            ("listener.name.tls12.ssl.enabled.protocols".to_owned(), "TLSv1.2".to_owned()),
            ("listener.name.tls12.ssl.protocol".to_owned(), "TLSv1.2".to_owned()),
            ("authorizer.class.name".to_owned(), "org.apache.kafka.metadata.authorizer.StandardAuthorizer".to_owned()),
            ("super.users".to_owned(), "User:ANONYMOUS;User:alice".to_owned()),
            ("allow.everyone.if.no.acl.found".to_owned(), "true".to_owned()),
        ];
        for (listener, file) in [("expired", "expired.pem"), ("wrongname", "wrongname.pem")] {
            found.push((format!("listener.name.{listener}.ssl.keystore.type"), "PEM".to_owned()));
            found.push((format!("listener.name.{listener}.ssl.keystore.location"), path(file)));
        }
        let module = |name: &str, options: &str| format!("org.apache.kafka.common.security.{name} required{options};");
        let scram = module("scram.ScramLoginModule", "");
        let mut jaas = |listener: &str, mechanism: &str, text: String| {
            found.push((format!("listener.name.{listener}.{mechanism}.sasl.jaas.config"), text));
        };
        for listener in ["sasl", "sasltls"] {
            jaas(listener, "plain", module("plain.PlainLoginModule", " user_alice=\"alice-secret\""));
            jaas(listener, "scram-sha-256", scram.clone());
            jaas(listener, "scram-sha-512", scram.clone());
            jaas(listener, "oauthbearer", module("oauthbearer.OAuthBearerLoginModule", ""));
        }
        jaas("reauth", "scram-sha-256", scram);
        let users = " user_alice=\"alice-secret\" user_bob=\"bob-secret\"";
        jaas("acl", "plain", module("plain.PlainLoginModule", users));
        found.push(("listener.name.reauth.sasl.enabled.mechanisms".to_owned(), "SCRAM-SHA-256".to_owned()));
        found.push(("listener.name.reauth.scram-sha-256.connections.max.reauth.ms".to_owned(), "3000".to_owned()));
        found.push(("listener.name.acl.sasl.enabled.mechanisms".to_owned(), "PLAIN".to_owned()));
        found
    }
}

fn path_text(path: &Path) -> String {
    path.display().to_string()
}
