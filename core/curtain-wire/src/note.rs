//! Signed notes (`c2sp.org/signed-note`): text, a blank line, signature lines. What is written reads back as
//! the same bytes, and nothing that would be written differently is read.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, signature};
use thiserror::Error;

/// The largest note that is read or written, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// The most signatures that a note may carry: as many as every reader must accept.
pub const MAX_SIGNATURES: usize = 16;

/// The longest base64 that a signature line may hold; ours need 92 and 104 characters.
const MAX_SIGNATURE_CHARS: usize = 16 << 10;

/// Something is no note, no key, or not signed as it should be.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteError {
    /// Beyond [`MAX_BYTES`].
    #[error("the note is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// Not UTF-8, or a control character other than the line feed.
    #[error("the note is not plain text: it must be UTF-8 without control characters")]
    NotText,
    /// No blank line before the signatures, or text or signatures do not end with a line feed.
    #[error("the note must be text, a blank line and signature lines, each ended by a line feed")]
    Shape,
    /// A signature line that reads otherwise than it would be written.
    #[error("signature line {line} is not an em dash, a key name and canonical base64")]
    SignatureLine {
        /// Which one, from 1.
        line: usize,
    },
    /// Beyond [`MAX_SIGNATURES`].
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// A name that is empty or holds a space or a plus sign.
    #[error("a key name must not be empty and must hold no space and no plus sign")]
    KeyName,
    /// Not `name+id+key` with an id that follows from name and key.
    #[error(
        "this is no verifier key: it must be name, 8 hexadecimal digits and base64, joined by plus signs"
    )]
    KeyText,
    /// A key of another kind than Ed25519 or cosignature/v1.
    #[error("the key is of a kind that this version does not know")]
    UnknownAlgorithm,
    /// A key was used to sign in the other key's way.
    #[error("the key is of the wrong kind for this signature")]
    WrongAlgorithm,
    /// The time of a cosignature is beyond 2^63 - 1 seconds.
    #[error("the time of the cosignature is out of range")]
    Time,
    /// The note holds no signature of the key.
    #[error("the note is not signed by this key")]
    NotSigned,
    /// The note holds more than one signature of the key.
    #[error("the note is signed more than once by this key")]
    SignedTwice,
    /// The signature is not one by this key over this text.
    #[error("the signature does not fit the text: the text was changed or another key signed it")]
    BadSignature,
}

/// How a key signs. The number is the type byte of its verifier key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Algorithm {
    /// Ed25519 over the text. [signed-note, signature types]
    Ed25519 = 0x01,
    /// Ed25519 over a header, a time and the text: what witnesses make. [tlog-cosignature]
    CosignatureV1 = 0x04,
}

/// A public key with its name: what is needed to check a signature.
///
/// Reads and writes as `name+id+key`, the id in 8 hexadecimal digits and the key in base64.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    algorithm: Algorithm,
    public: [u8; 32],
}

impl VerifierKey {
    /// The key with this name; `public` is an Ed25519 public key. [RFC 8032]
    ///
    /// # Errors
    /// [`NoteError::KeyName`].
    pub fn new(name: &str, algorithm: Algorithm, public: [u8; 32]) -> Result<Self, NoteError> {
        if !is_name(name) {
            return Err(NoteError::KeyName);
        }
        Ok(Self { name: name.to_owned(), id: key_id(name, algorithm, &public), algorithm, public })
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first bytes of a hash over name, kind and key: tells keys of one name apart, and proves nothing.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// How it signs.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The Ed25519 public key.
    #[must_use]
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public
    }

    fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), NoteError> {
        signature::UnparsedPublicKey::new(&signature::ED25519, &self.public)
            .verify(message, signature)
            .map_err(|_| NoteError::BadSignature)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id);
        let key = STANDARD.encode([&[self.algorithm as u8], self.public.as_slice()].concat());
        write!(f, "{}+{id:08x}+{key}", self.name)
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        // Base64 may hold plus signs, a name may not.
        let (name, rest) = text.split_once('+').ok_or(NoteError::KeyText)?;
        let (_, key) = rest.split_once('+').ok_or(NoteError::KeyText)?;
        let key = STANDARD.decode(key).map_err(|_| NoteError::KeyText)?;
        let (kind, public) = key.split_first().ok_or(NoteError::KeyText)?;
        let algorithm = match *kind {
            0x01 => Algorithm::Ed25519,
            0x04 => Algorithm::CosignatureV1,
            _ => return Err(NoteError::UnknownAlgorithm),
        };
        let public = public.try_into().map_err(|_| NoteError::KeyText)?;
        let key = Self::new(name, algorithm, public)?;
        (key.to_string() == text && !has_controls(text)).then_some(key).ok_or(NoteError::KeyText)
    }
}

/// One signature line of a note. Shown as that line, without its line feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl Signature {
    /// The name of the key that it says it is by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key that it says it is by.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// What follows the id: 64 bytes of Ed25519, or a time (8 bytes, big-endian) and such 64 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it says that it is by `key`. Says nothing about whether it is.
    #[must_use]
    pub fn names(&self, key: &VerifierKey) -> bool {
        self.name == key.name && self.id == key.id
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        if !is_name(name) || encoded.len() > MAX_SIGNATURE_CHARS {
            return None;
        }
        let decoded = STANDARD.decode(encoded).ok()?;
        let (id, bytes) = decoded.split_first_chunk::<4>()?;
        (!bytes.is_empty()).then(|| Self { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
    }
}

impl FromStr for Signature {
    type Err = NoteError;

    /// Reads one line, without its line feed.
    fn from_str(line: &str) -> Result<Self, NoteError> {
        Self::parse(line).filter(|_| !has_controls(line)).ok_or(NoteError::SignatureLine { line: 1 })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = STANDARD.encode([self.id.as_slice(), &self.bytes].concat());
        write!(f, "\u{2014} {} {encoded}", self.name)
    }
}

/// What a signature that holds says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// The key signed the text.
    Signed,
    /// The witness saw the log in this state, and no larger one, at this time.
    Cosigned {
        /// Seconds since 1970, by the witness's clock.
        at_unix_s: u64,
    },
}

/// Text and its signatures. Having one proves nothing: see [`Note::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// Puts a note together. `text` must end with a line feed.
    ///
    /// # Errors
    /// [`NoteError::NotText`], [`NoteError::Shape`] without the line feed or without signatures,
    /// [`NoteError::TooManySignatures`], [`NoteError::TooLarge`].
    pub fn new(text: String, signatures: Vec<Signature>) -> Result<Self, NoteError> {
        if has_controls(&text) {
            return Err(NoteError::NotText);
        }
        if !text.ends_with('\n') || signatures.is_empty() {
            return Err(NoteError::Shape);
        }
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let note = Self { text, signatures };
        if note.to_string().len() > MAX_BYTES { Err(NoteError::TooLarge) } else { Ok(note) }
    }

    /// Reads a note. Writing it again gives the same bytes.
    ///
    /// # Errors
    /// Those of [`Note::new`], and [`NoteError::SignatureLine`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_BYTES {
            return Err(NoteError::TooLarge);
        }
        let note = str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if has_controls(note) {
            return Err(NoteError::NotText);
        }
        // The text may hold empty lines: the last one ends it.
        let blank = note.rfind("\n\n").ok_or(NoteError::Shape)?;
        let (text, lines) = (&note[..=blank], &note[blank + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Shape)?;
        let mut signatures = Vec::new();
        for (at, line) in lines.split('\n').enumerate() {
            if at == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(Signature::parse(line).ok_or(NoteError::SignatureLine { line: at + 1 })?);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The text, with its last line feed. Not to be believed before [`Note::verify`].
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in their order.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The same note with one more signature line.
    ///
    /// # Errors
    /// [`NoteError::TooManySignatures`], [`NoteError::TooLarge`].
    pub fn with(mut self, signature: Signature) -> Result<Self, NoteError> {
        self.signatures.push(signature);
        Self::new(self.text, self.signatures)
    }

    /// Checks the signature of `key`. Those of other keys are not looked at.
    ///
    /// # Errors
    /// [`NoteError::NotSigned`], [`NoteError::SignedTwice`], [`NoteError::BadSignature`], [`NoteError::Time`].
    pub fn verify(&self, key: &VerifierKey) -> Result<Verified, NoteError> {
        let mut by_key = self.signatures.iter().filter(|signature| signature.names(key));
        let signature = by_key.next().ok_or(NoteError::NotSigned)?;
        if by_key.next().is_some() {
            return Err(NoteError::SignedTwice);
        }
        match key.algorithm {
            Algorithm::Ed25519 => {
                key.check(self.text.as_bytes(), &signature.bytes)?;
                Ok(Verified::Signed)
            }
            Algorithm::CosignatureV1 => {
                let (time, signature) =
                    signature.bytes.split_first_chunk::<8>().ok_or(NoteError::BadSignature)?;
                let at_unix_s = u64::from_be_bytes(*time);
                key.check(&cosigned(&self.text, at_unix_s)?, signature)?;
                Ok(Verified::Cosigned { at_unix_s })
            }
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

/// Signs `text`: `sign` gets the message and gives the Ed25519 signature of `key`'s private half.
///
/// # Errors
/// [`NoteError::WrongAlgorithm`] unless the key is [`Algorithm::Ed25519`].
pub fn sign_ed25519(
    text: &str,
    key: &VerifierKey,
    sign: impl FnOnce(&[u8]) -> [u8; 64],
) -> Result<Signature, NoteError> {
    if key.algorithm != Algorithm::Ed25519 {
        return Err(NoteError::WrongAlgorithm);
    }
    Ok(Signature { name: key.name.clone(), id: key.id, bytes: sign(text.as_bytes()).to_vec() })
}

/// Cosigns the text of a checkpoint as a witness, at `at_unix_s` seconds since 1970. [tlog-cosignature]
///
/// # Errors
/// [`NoteError::WrongAlgorithm`] unless the key is [`Algorithm::CosignatureV1`]; [`NoteError::Time`].
pub fn cosign(
    text: &str,
    key: &VerifierKey,
    at_unix_s: u64,
    sign: impl FnOnce(&[u8]) -> [u8; 64],
) -> Result<Signature, NoteError> {
    if key.algorithm != Algorithm::CosignatureV1 {
        return Err(NoteError::WrongAlgorithm);
    }
    let signature = sign(&cosigned(text, at_unix_s)?);
    let bytes = [at_unix_s.to_be_bytes().as_slice(), &signature].concat();
    Ok(Signature { name: key.name.clone(), id: key.id, bytes })
}

/// What a witness signs. [tlog-cosignature, Ed25519 signed message]
fn cosigned(text: &str, at_unix_s: u64) -> Result<Vec<u8>, NoteError> {
    i64::try_from(at_unix_s).map_err(|_| NoteError::Time)?;
    Ok(format!("cosignature/v1\ntime {at_unix_s}\n{text}").into_bytes())
}

/// [signed-note, signatures]
fn key_id(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> [u8; 4] {
    let message = [name.as_bytes(), b"\n", &[algorithm as u8], public].concat();
    let hash = digest::digest(&digest::SHA256, &message);
    let mut id = [0; 4];
    id.copy_from_slice(&hash.as_ref()[..4]);
    id
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c == '+' || c.is_whitespace()) && !has_controls(name)
}

fn has_controls(text: &str) -> bool {
    text.bytes().any(|byte| byte < 0x20 && byte != b'\n')
}

#[cfg(test)]
mod tests;
