//! Certificates and keys for tests, as PEM: made by `certificates/make.sh`, valid until 2086. Their keys protect nothing.

use std::path::PathBuf;

macro_rules! fixtures {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = include_str!(concat!("../certificates/", $file));)*
    };
}

fixtures! {
    /// The authority of most certificates here.
    AUTHORITY = "authority.pem";
    /// Another authority.
    OTHER_AUTHORITY = "other.pem";
    /// A broker's, for `localhost`, 127.0.0.1 and ::1: what is right.
    SERVER = "server.pem";
    /// Its key.
    SERVER_KEY = "server.key";
    /// A broker's, for `kafka.example.com` and 192.0.2.1.
    WRONG_HOST = "wrong-host.pem";
    /// Its key.
    WRONG_HOST_KEY = "wrong-host.key";
    /// A broker's that expired in 2001.
    EXPIRED = "expired.pem";
    /// Its key.
    EXPIRED_KEY = "expired.key";
    /// A broker's that is valid from 2085 on.
    FUTURE = "future.pem";
    /// Its key.
    FUTURE_KEY = "future.key";
    /// A broker's with a common name, `localhost`, and no subject alternative name.
    NO_NAMES = "no-names.pem";
    /// Its key.
    NO_NAMES_KEY = "no-names.key";
    /// A broker's, right but for its authority, which is the other one.
    BY_OTHER = "by-other.pem";
    /// Its key.
    BY_OTHER_KEY = "by-other.key";
    /// A broker's that it has signed itself, as an authority.
    SELF_SIGNED = "self-signed.pem";
    /// Its key.
    SELF_SIGNED_KEY = "self-signed.key";
    /// A client's.
    CLIENT = "client.pem";
    /// Its key, PKCS#8.
    CLIENT_KEY = "client.key";
    /// The same key as SEC1.
    CLIENT_KEY_SEC1 = "client.sec1.key";
    /// The same key, PKCS#8, encrypted with [`PASSWORD`].
    CLIENT_KEY_ENCRYPTED = "client.encrypted.key";
    /// The same key, encrypted as OpenSSL did it before PKCS#8.
    CLIENT_KEY_LEGACY = "client.legacy.key";
    /// A client's with an RSA key.
    CLIENT_RSA = "client-rsa.pem";
    /// Its key, PKCS#1.
    CLIENT_RSA_KEY = "client-rsa.pkcs1.key";
    /// A client's of the other authority.
    CLIENT_BY_OTHER = "client-by-other.pem";
    /// Its key.
    CLIENT_BY_OTHER_KEY = "client-by-other.key";
}

/// The password of the encrypted keys.
pub const PASSWORD: &str = "hunter2-password";

/// Where one of the files is, for programs that want a path.
pub fn path(file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "certificates", file].iter().collect()
}
