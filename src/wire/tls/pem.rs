//! PEM: blocks of base64 between two lines that say what is in them (RFC 7468), however the lines are broken.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// One block.
pub(super) struct Block {
    /// What it says it is: `CERTIFICATE`, `PRIVATE KEY`.
    pub(super) label: String,
    pub(super) contents: Vec<u8>,
    /// It is encrypted as OpenSSL did it before PKCS#8: with headers inside the block.
    pub(super) is_legacy_encrypted: bool,
}

/// The blocks of a text; what is between them is skipped.
///
/// # Errors
/// What is wrong, without anything of what is in the text.
pub(super) fn blocks(text: &[u8]) -> Result<Vec<Block>, String> {
    let Ok(text) = std::str::from_utf8(text) else { return Err(foreign(text).into()) };
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (label, after) = after.split_once(DASHES).ok_or("a line -----BEGIN has no end")?;
        if label.len() > 64 || label.contains('\n') {
            return Err("a line -----BEGIN has no end".into());
        }
        let end = format!("-----END {label}-----");
        let (body, after) = after.split_once(&end).ok_or_else(|| format!("the block {label} has no end"))?;
        found.push(block(label, body)?);
        rest = after;
    }
    if found.is_empty() && !text.trim().is_empty() {
        return Err(foreign(text.as_bytes()).into());
    }
    Ok(found)
}

fn block(label: &str, body: &str) -> Result<Block, String> {
    let label = label.to_owned();
    if body.contains(':') {
        // Only blocks of OpenSSL's old encryption have headers.
        return Ok(Block { label, contents: Vec::new(), is_legacy_encrypted: true });
    }
    let compact: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    // The decoder's error would name a byte of a key.
    let contents = BASE64.decode(compact).map_err(|_| format!("the block {label} is not base64"))?;
    Ok(Block { label, contents, is_legacy_encrypted: false })
}

fn foreign(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xfe, 0xed, 0xfe, 0xed, ..] => "this is a Java key store (JKS), not PEM",
        [0xce, 0xce, 0xce, 0xce, ..] => "this is a Java key store (JCEKS), not PEM",
        [0x30, 0x80..=0x84, ..] => "this is DER or PKCS#12, not PEM",
        _ => "there is no PEM in it (-----BEGIN ...)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<(String, Vec<u8>)> {
        blocks(text.as_bytes()).expect("PEM").into_iter().map(|block| (block.label, block.contents)).collect()
    }

    #[test]
    fn blocks_are_read_whatever_is_between_them_and_however_the_lines_are_broken() {
        let expected = [("A".to_owned(), b"kolumn".to_vec()), ("PRIVATE KEY".to_owned(), b"abc".to_vec())];
        let text = "subject=x\n-----BEGIN A-----\na29s\ndW1u\n-----END A-----\r\n\r\n-----BEGIN PRIVATE KEY-----\r\nYWJj\r\n-----END PRIVATE KEY-----";
        assert_eq!(labels(text), expected);
        assert_eq!(labels(&text.replace(['\n', '\r'], " ")), expected, "Java allows it on one line");
    }

    #[test]
    fn what_is_no_pem_says_what_it_looks_like() {
        let reason = |bytes: &[u8]| blocks(bytes).map(drop).expect_err("no PEM");
        assert!(reason(&[0xfe, 0xed, 0xfe, 0xed, 0, 0]).contains("JKS"));
        assert!(reason(&[0x30, 0x82, 4, 0xff]).contains("PKCS#12"));
        assert!(reason(b"hello").contains("no PEM"));
        assert!(reason(b"-----BEGIN A-----\nYWJj").contains("has no end"));
        assert!(blocks(b" \n").expect("empty").is_empty());
    }

    #[test]
    fn what_is_wrong_with_a_key_is_told_without_the_key() {
        let reason =
            blocks(b"-----BEGIN PRIVATE KEY-----\nhunter2!\n-----END PRIVATE KEY-----").map(drop).expect_err("no base64");
        assert!(!reason.contains("hunter2"), "{reason}");
    }

    #[test]
    fn old_encryption_is_recognised_by_its_headers() {
        let text = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nYWJj\n-----END RSA PRIVATE KEY-----";
        assert!(blocks(text.as_bytes()).expect("PEM").iter().all(|block| block.is_legacy_encrypted));
    }
}
