use proptest::prelude::*;

use super::message::{LEAST_ITERATIONS, MOST_ITERATIONS};
use super::*;

const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
/// RFC 7677, section 3.
const SERVER_FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

fn scram(hash: Hash, username: &str, password: &str) -> Scram {
    Scram::with_nonce(hash, username, &Secret::new(password), NONCE.into())
}

fn sent(step: Result<Step, MechanismError>) -> String {
    match step {
        Ok(Step::Send(bytes)) => String::from_utf8(bytes).expect("text"),
        Ok(Step::Done) => panic!("it is done"),
        Err(error) => panic!("{error}"),
    }
}

/// An exchange that has sent its first message.
fn begun() -> Scram {
    let mut scram = scram(Hash::Sha256, "user", "pencil");
    scram.step(b"").expect("the first message");
    scram
}

#[test]
fn the_exchange_of_rfc_7677_is_spoken_byte_for_byte() {
    let mut scram = scram(Hash::Sha256, "user", "pencil");
    assert_eq!(sent(scram.step(b"")), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    assert!(scram.is_slow());
    let last = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    assert_eq!(sent(scram.step(SERVER_FIRST.as_bytes())), last);
    assert!(matches!(scram.step(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Ok(Step::Done)));
    assert_eq!(scram.step(b"").err(), Some(MechanismError::Superfluous));
}

/// `Hi`, and what RFC 5802 derives from it, with the test vectors for PBKDF2 with SHA-512 that are in use everywhere.
#[test]
fn the_salted_password_is_pbkdf2_of_as_many_iterations() {
    let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let sha256 = Hash::Sha256.salted("password", b"salt", 4096);
    assert_eq!(hex(sha256), "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a");
    let sha512 = Hash::Sha512.salted("password", b"salt", 4096);
    assert_eq!(
        hex(sha512),
        "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5"
    );
}

#[test]
fn a_server_that_cannot_prove_the_password_is_refused() {
    for signature in ["v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95A==", "v="] {
        let mut scram = begun();
        scram.step(SERVER_FIRST.as_bytes()).expect("the proof");
        assert_eq!(scram.step(signature.as_bytes()).err(), Some(MechanismError::ServerSignature), "{signature}");
    }
}

#[test]
fn a_nonce_that_does_not_extend_ours_is_refused() {
    for nonce in ["rOprNGfwEbeRWgbNEkqO", "rOprNGfwEbeRWgbNEkq", "xOprNGfwEbeRWgbNEkqO%hv", "x"] {
        let first = format!("r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        assert_eq!(begun().step(first.as_bytes()).err(), Some(MechanismError::Nonce), "{nonce}");
    }
}

#[test]
fn an_iteration_count_that_is_weak_or_burns_the_processor_is_refused_before_it_is_begun() {
    for asked in ["0", "1", "4095", "1000001", "4294967296", "99999999999999999999999999"] {
        let first = format!("r={NONCE}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i={asked}");
        match begun().step(first.as_bytes()) {
            Err(MechanismError::Iterations { asked: shown, least: LEAST_ITERATIONS, most: MOST_ITERATIONS }) => {
                assert!(asked.starts_with(&shown));
            }
            other => panic!("{asked}: {:?}", other.err()),
        }
    }
}

#[test]
fn what_is_no_first_message_is_refused_with_the_reason() {
    for (message, reason) in [
        (&b""[..], "it does not begin with a nonce"),
        (b"m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=4096", "it does not begin with a nonce"),
        (b"r=,s=AAAA,i=4096", "it does not begin with a nonce"),
        (b"r=a b,s=AAAA,i=4096", "it does not begin with a nonce"),
        (b"r=rOprNGfwEbeRWgbNEkqOx,i=4096,s=AAAA", "it has no salt"),
        (b"r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096", "it has no salt"),
        (b"r=rOprNGfwEbeRWgbNEkqOx,s=A*,i=4096", "it has no salt"),
        (b"r=rOprNGfwEbeRWgbNEkqOx,s=AAAA", "it has no iteration count"),
        (b"r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=-4096", "its iteration count is no number"),
        (b"r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=", "its iteration count is no number"),
        (b"r=\xff\xfe", "it is no UTF-8"),
        (&[b'r'; 5000], "it is too long"),
    ] {
        let expected = MechanismError::Malformed { message: "first message", reason };
        assert_eq!(begun().step(message).err(), Some(expected), "{}", message.escape_ascii());
    }
}

#[test]
fn an_error_of_the_server_is_told_in_its_words() {
    let refused = MechanismError::Refused("unknown-user".into());
    assert_eq!(begun().step(b"e=unknown-user,x=y").err(), Some(refused));
    let mut scram = begun();
    scram.step(SERVER_FIRST.as_bytes()).expect("the proof");
    assert_eq!(scram.step(b"e=invalid-proof").err(), Some(MechanismError::Refused("invalid-proof".into())));
}

#[test]
fn commas_and_equals_signs_in_a_name_are_escaped() {
    assert_eq!(sent(scram(Hash::Sha512, "a,b=c", "x").step(b"")), "n,,n=a=2Cb=3Dc,r=rOprNGfwEbeRWgbNEkqO");
}

#[test]
fn each_exchange_has_a_nonce_of_its_own() {
    let nonce = || Scram::new(Hash::Sha256, "user", &Secret::new("x")).expect("random numbers").nonce;
    let nonces = [nonce(), nonce()];
    assert!(nonces[0] != nonces[1] && nonces.iter().all(|nonce| nonce.len() == 32 && !nonce.contains(',')));
}

/// RFC 4013, section 3.
#[test]
fn sasl_prepares_what_the_examples_of_rfc_4013_prepare() {
    let password = |text: &str| prepared("user", &Secret::new(text)).map(|(_, word)| word.expose().to_owned());
    assert_eq!(password("I\u{ad}X").as_deref(), Some("IX"), "a soft hyphen is mapped to nothing");
    assert_eq!(password("user"), None, "no transformation");
    assert_eq!(password("USER"), None, "case is preserved");
    assert_eq!(password("\u{aa}").as_deref(), Some("a"), "the output is NFKC");
    assert_eq!(password("\u{2168}").as_deref(), Some("IX"), "the output is NFKC");
    assert_eq!(password("\u{7}"), None, "a prohibited character");
    assert_eq!(password("\u{627}1"), None, "a bidirectional check");
}

proptest! {
    #[test]
    fn no_message_of_a_server_makes_it_panic(first in proptest::collection::vec(any::<u8>(), 0..200), last in ".{0,60}") {
        let mut scram = begun();
        let _ = scram.step(&first);
        let _ = server_final(last.as_bytes());
        let _ = ServerFirst::parse(last.as_bytes());
    }
}
