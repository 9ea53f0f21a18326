//! AWS_MSK_IAM: a request to Amazon's service that is signed and never sent; the broker checks the signature (SigV4).
//!
//! Source: the protocol that `aws-msk-iam-auth` documents, version 2020_10_22.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::mechanism::{Mechanism, MechanismError, Step};
use crate::config::{AwsCredentials, Secret};

const SERVICE: &str = "kafka-cluster";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const ACTION: &str = "kafka-cluster:Connect";
const VERSION: &str = "2020_10_22";
/// How long the signature is good, in seconds.
const EXPIRES: &str = "900";
const USER_AGENT: &str = concat!("kolumn/", env!("CARGO_PKG_VERSION"));

/// The client's side of AWS_MSK_IAM.
pub(crate) struct MskIam {
    host: String,
    credentials: AwsCredentials,
    now: SystemTime,
    sent: bool,
}

impl MskIam {
    /// An exchange with the broker of this host name.
    pub(crate) fn new(host: &str, credentials: &AwsCredentials, now: SystemTime) -> Self {
        Self { host: host.to_owned(), credentials: credentials.clone(), now, sent: false }
    }

    fn message(&self) -> Vec<u8> {
        let region = self.credentials.region_for(&self.host).unwrap_or_default();
        let date = Date::of(self.now);
        let scope = Scope { date: &date, region: &region, service: SERVICE };
        let credential = format!("{}/{}", self.credentials.access_key_id, scope.text());
        let mut query = vec![
            ("Action", ACTION),
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &date.time),
            ("X-Amz-Expires", EXPIRES),
        ];
        query.extend(self.credentials.session_token.as_ref().map(|token| ("X-Amz-Security-Token", token.expose())));
        query.push(("X-Amz-SignedHeaders", "host"));
        let query = canonical_query(&query);
        let request = format!("GET\n/\n{query}\nhost:{}\n\nhost\n{}", self.host, hex(&Sha256::digest(b"")));
        let signature = scope.sign(&self.credentials.secret_access_key, &request);
        let mut message = json!({
            "version": VERSION,
            "host": self.host,
            "user-agent": USER_AGENT,
            "action": ACTION,
            "x-amz-algorithm": ALGORITHM,
            "x-amz-credential": credential,
            "x-amz-date": date.time,
            "x-amz-expires": EXPIRES,
            "x-amz-signedheaders": "host",
            "x-amz-signature": signature,
        });
        if let (Some(token), Some(object)) = (&self.credentials.session_token, message.as_object_mut()) {
            object.insert("x-amz-security-token".into(), token.expose().into());
        }
        message.to_string().into_bytes()
    }
}

impl Mechanism for MskIam {
    fn step(&mut self, _: &[u8]) -> Result<Step, MechanismError> {
        // The broker's answer names a request for its operators, and proves nothing.
        if std::mem::replace(&mut self.sent, true) { Ok(Step::Done) } else { Ok(Step::Send(self.message())) }
    }
}

/// A moment as SigV4 writes it.
struct Date {
    /// `20150830`.
    day: String,
    /// `20150830T123600Z`.
    time: String,
}

impl Date {
    fn of(now: SystemTime) -> Self {
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil(days);
        let day = format!("{year:04}{month:02}{day:02}");
        let time = format!("{day}T{:02}{:02}{:02}Z", rest / 3600, rest / 60 % 60, rest % 60);
        Self { day, time }
    }
}

/// Year, month and day of a number of days since 1970, in the Gregorian calendar: eras of 400 years that begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// What a signature is good for.
struct Scope<'a> {
    date: &'a Date,
    region: &'a str,
    service: &'a str,
}

impl Scope<'_> {
    fn text(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.date.day, self.region, self.service)
    }

    fn sign(&self, secret: &Secret, request: &str) -> String {
        let digest = hex(&Sha256::digest(request.as_bytes()));
        let text = format!("{ALGORITHM}\n{}\n{}\n{digest}", self.date.time, self.text());
        hex(&hmac(&self.key(secret), &text))
    }

    fn key(&self, secret: &Secret) -> Vec<u8> {
        let begin = format!("AWS4{}", secret.expose()).into_bytes();
        [&self.date.day, self.region, self.service, "aws4_request"].iter().fold(begin, |key, part| hmac(&key, part))
    }
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac.chain_update(text.as_bytes()).finalize().into_bytes().to_vec(),
        // HMAC takes keys of any length.
        Err(_) => Vec::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Names must be in order already.
fn canonical_query(query: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

/// Encoded as RFC 3986 has it.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn moments_are_written_in_utc_and_leap_days_are_there() {
        for (seconds, time) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"),
            (1_440_938_160, "20150830T123600Z"),
            (4_107_542_399, "21000228T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(Date::of(at(seconds)).time, time);
        }
    }

    /// The example of the user guide of AWS, "Calculate a signature".
    #[test]
    fn the_signing_key_is_that_of_the_guide() {
        let date = Date::of(at(1_440_938_160));
        let scope = Scope { date: &date, region: "us-east-1", service: "iam" };
        assert_eq!(hex(&scope.key(&Secret::new(SECRET))), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    }

    /// `get-vanilla` of AWS's suite for SigV4.
    #[test]
    fn a_request_of_the_suite_is_signed_as_there() {
        let date = Date::of(at(1_440_938_160));
        let scope = Scope { date: &date, region: "us-east-1", service: "service" };
        let request = format!("GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n{EMPTY}");
        let signature = scope.sign(&Secret::new(SECRET), &request);
        assert_eq!(signature, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    }

    /// The example of a signature in a query of the reference of S3.
    #[test]
    fn a_query_is_signed_as_in_the_reference_of_s3() {
        let date = Date::of(at(1_369_353_600));
        let scope = Scope { date: &date, region: "us-east-1", service: "s3" };
        let query = canonical_query(&[
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &format!("AKIAIOSFODNN7EXAMPLE/{}", scope.text())),
            ("X-Amz-Date", &date.time),
            ("X-Amz-Expires", "86400"),
            ("X-Amz-SignedHeaders", "host"),
        ]);
        let request = format!("GET\n/test.txt\n{query}\nhost:examplebucket.s3.amazonaws.com\n\nhost\nUNSIGNED-PAYLOAD");
        let secret = Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        assert_eq!(scope.sign(&secret, &request), "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    }

    #[test]
    fn the_message_has_what_was_signed_and_not_the_secret() {
        let credentials = AwsCredentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: Secret::new(SECRET),
            session_token: Some(Secret::new("token/+=")),
            region: None,
        };
        let mut mechanism = MskIam::new("b-1.c.kafka.eu-west-1.amazonaws.com", &credentials, at(1_440_938_160));
        let Ok(Step::Send(bytes)) = mechanism.step(b"") else { panic!("it begins") };
        let message: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let part = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(part("x-amz-credential"), "AKIDEXAMPLE/20150830/eu-west-1/kafka-cluster/aws4_request");
        assert_eq!(part("x-amz-security-token"), "token/+=");
        assert_eq!((part("host").as_str(), part("x-amz-signature").len()), ("b-1.c.kafka.eu-west-1.amazonaws.com", 64));
        assert!(!String::from_utf8_lossy(&bytes).contains(SECRET));
        assert!(matches!(mechanism.step(b"{\"version\":\"2020_10_22\",\"request-id\":\"x\"}"), Ok(Step::Done)));
    }
}
