//! Logging in on a connection, and again before the session ends (KIP-368).

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;
use tracing::Instrument;

use super::{Connection, Way};
use crate::error::{Error, Result};
use crate::wire::sasl::{Login, Session, Step};

impl Connection {
    /// Whether [`Self::renew`] would log in again, were nothing in flight.
    pub(crate) fn is_renewal_due(&self, wait: Duration) -> bool {
        self.session.is_some_and(|session| session.is_due(Instant::now(), wait))
    }

    /// Logs in again on this connection where the session is about to end (KIP-368), nothing being in flight. `wait` is how long the
    /// broker may take to answer what is asked next.
    ///
    /// A broker that has closed it meanwhile, or does not want to hear of it, is connected to anew: that is no error. Whether it was is
    /// returned.
    ///
    /// Cancel safety: none. Dropping it leaves a login half-way, so the connection is broken from then on.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub(crate) async fn renew(&mut self, wait: Duration) -> Result<bool> {
        if !self.is_renewal_due(wait) || !self.asked.is_empty() {
            return Ok(false);
        }
        self.check_usable()?;
        self.calling = true;
        let renewed = self.log_in().await;
        self.calling = false;
        let error = match renewed {
            Ok(()) => {
                tracing::debug!(broker = %self.broker, "session renewed");
                return Ok(false);
            }
            Err(error) => Error::from(error),
        };
        if !matches!(error, Error::Authentication { .. } | Error::Disconnected { .. }) {
            return self.keep_error(Err(error));
        }
        tracing::debug!(broker = %self.broker, %error, "session not renewed, connecting anew");
        let Way { transport, host, port } = self.way.clone();
        let opened = Self::open(&transport, &host, port, &self.settings).await;
        *self = self.keep_error(opened)?;
        Ok(true)
    }

    pub(super) async fn log_in(&mut self) -> std::result::Result<(), LoginError> {
        let Some(login) = self.settings.login.clone() else { return Ok(()) };
        let span = tracing::debug_span!("authenticate", broker = %self.broker, mechanism = login.name());
        let outcome = self.speak_sasl(&login).instrument(span).await;
        match &outcome {
            Ok(()) => self.meter.login(true),
            Err(LoginError::Rejected { .. } | LoginError::Other(Error::Authentication { .. })) => self.meter.login(false),
            Err(LoginError::Other(_)) => {}
        }
        outcome
    }

    /// SaslHandshake, then the mechanism's messages in SaslAuthenticate.
    async fn speak_sasl(&mut self, login: &Login) -> std::result::Result<(), LoginError> {
        let (handshake, version) = (self.version_of::<SaslHandshakeRequest>()?, self.version_of::<SaslAuthenticateRequest>()?);
        let mut attempt = login.begin(&self.broker, &self.way.host).await?;
        let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(login.name()));
        let shaken = self.exchange(&request, handshake).await?;
        if shaken.error_code != 0 {
            return Err(login.no_handshake(&self.broker, &shaken).into());
        }
        let (mut challenge, mut lifetime, mut asked) = (Bytes::new(), 0, Instant::now());
        loop {
            let step;
            (attempt, step) = attempt.step(challenge).await;
            let message = match step {
                Ok(Step::Send(message)) => message,
                Ok(Step::Done) => break,
                Err(error) => return Err(login.broken(&self.broker, &error, &attempt).into()),
            };
            asked = Instant::now();
            let request = SaslAuthenticateRequest::default().with_auth_bytes(message.into());
            let answer = self.exchange(&request, version).await?;
            if answer.error_code != 0 {
                let error = login.refused(&self.broker, &answer, &attempt);
                let another = matches!(error, Error::Authentication { .. }) && login.rejected(&attempt.secret).await;
                return Err(LoginError::Rejected { error, another });
            }
            challenge = answer.auth_bytes;
            lifetime = answer.session_lifetime_ms;
        }
        login.accepted();
        self.session = Session::new(asked, lifetime, fastrand::f64());
        tracing::debug!(broker = %self.broker, mechanism = login.name(), lifetime_ms = lifetime, "logged in");
        Ok(())
    }
}

/// Why a login failed.
pub(super) enum LoginError {
    /// The broker refuses; there may be another form of the same password.
    Rejected {
        error: Error,
        another: bool,
    },
    Other(Error),
}

impl From<Error> for LoginError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<LoginError> for Error {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Rejected { error, .. } | LoginError::Other(error) => error,
        }
    }
}
