//! The relay's two keys: one signs heads of logs, the other cosigns what it witnessed and nothing else.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use curtain_wire::note::{self, Algorithm, NoteError, Signature, VerifierKey};
use curtain_wire::time::UnixTime;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use thiserror::Error;

/// In front of the seed, in the file of keys.
const FEED: &str = "curtain/v1/feed-key";
const WITNESS: &str = "curtain/v1/witness-key";

/// The keys of the relay cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The file cannot be read or made.
    #[error("the file of the relay's keys cannot be read or made: {0}")]
    File(#[source] io::Error),
    /// Other than two lines, each the key's kind, a space and 64 hexadecimal digits.
    #[error(
        "the relay's keys must be two lines: {FEED} and {WITNESS}, a space and 64 hexadecimal digits each"
    )]
    Form,
    /// One key for both.
    #[error("the feed key and the witness key must not be the same")]
    Same,
    /// Others may read the file.
    #[error("others may read the file of the relay's keys: set its mode to 0600")]
    Mode,
    /// The relay's name does not do for a key.
    #[error("the relay's name does not do: {0}")]
    Name(#[source] NoteError),
}

/// The feed key (Ed25519) and the witness key (cosignature/v1), with their names.
pub struct RelayKeys {
    feed: (VerifierKey, Ed25519KeyPair),
    witness: (VerifierKey, Ed25519KeyPair),
}

impl fmt::Debug for RelayKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayKeys")
    }
}

impl RelayKeys {
    /// Reads the keys of `file`; makes them, and the file (mode 0600), if it is not there.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn open(file: &Path, name: &str) -> Result<Self, KeysError> {
        if let Some(text) = read(file)? {
            return Self::parse(&text, name);
        }
        let text = format!("{FEED} {}\n{WITNESS} {}\n", make_seed(), make_seed());
        let keys = Self::parse(&text, name)?;
        if make(file, &text).map_err(KeysError::File)? {
            return Ok(keys);
        }
        // Another relay was first.
        Self::parse(&read(file)?.ok_or(KeysError::Form)?, name)
    }

    /// Reads the two lines; white space of any kind is between their words.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn parse(text: &str, name: &str) -> Result<Self, KeysError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [FEED, feed, WITNESS, witness] = words.as_slice() else { return Err(KeysError::Form) };
        if feed == witness {
            return Err(KeysError::Same);
        }
        Ok(Self {
            feed: key(&format!("{name}/feed"), Algorithm::Ed25519, feed)?,
            witness: key(&format!("{name}/witness"), Algorithm::CosignatureV1, witness)?,
        })
    }

    /// The key that signs heads.
    #[must_use]
    pub fn feed(&self) -> &VerifierKey {
        &self.feed.0
    }

    /// The key that cosigns.
    #[must_use]
    pub fn witness(&self) -> &VerifierKey {
        &self.witness.0
    }

    /// Signs the text of a head.
    #[must_use]
    pub fn sign_note(&self, text: &str) -> Signature {
        let (key, pair) = &self.feed;
        note::sign_ed25519(text, key, |message| sign(pair, message))
            .expect("the feed key is made for Ed25519")
    }

    /// Cosigns the text of a checkpoint.
    #[must_use]
    pub fn cosign(&self, text: &str, at: UnixTime) -> Signature {
        let (key, pair) = &self.witness;
        note::cosign(text, key, at.seconds().unsigned_abs(), |message| sign(pair, message))
            .expect("the witness key is made for cosignatures, and a UnixTime is in their range")
    }
}

fn key(name: &str, kind: Algorithm, seed: &str) -> Result<(VerifierKey, Ed25519KeyPair), KeysError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(seed, &mut bytes).map_err(|_| KeysError::Form)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&bytes).map_err(|_| KeysError::Form)?;
    let public = pair.public_key().as_ref().try_into().expect("an Ed25519 public key has 32 bytes");
    Ok((VerifierKey::new(name, kind, public).map_err(KeysError::Name)?, pair))
}

fn sign(pair: &Ed25519KeyPair, message: &[u8]) -> [u8; 64] {
    pair.sign(message).as_ref().try_into().expect("an Ed25519 signature has 64 bytes")
}

fn make_seed() -> String {
    let mut seed = [0; 32];
    SystemRandom::new().fill(&mut seed).expect("the operating system gives random bytes");
    hex::encode(seed)
}

fn read(file: &Path) -> Result<Option<String>, KeysError> {
    match fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        result => {
            let found = result.map_err(KeysError::File)?;
            #[cfg(unix)]
            if std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 != 0 {
                return Err(KeysError::Mode);
            }
            #[cfg(not(unix))]
            let _ = found;
        }
    }
    fs::read_to_string(file).map(Some).map_err(KeysError::File)
}

/// Writes a file that was not there, whole and on the disk. Says whether it was this call that made it.
fn make(file: &Path, text: &str) -> io::Result<bool> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut name = file.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let staged = folder.join(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&staged).and_then(|mut staged| {
        staged.write_all(text.as_bytes())?;
        staged.sync_all()
    });
    // A link, unlike a renaming, does not replace what another relay made meanwhile.
    let linked = written.and_then(|()| fs::hard_link(&staged, file));
    let _ = fs::remove_file(&staged);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        linked => {
            linked?;
            fs::File::open(folder)?.sync_all()?;
            Ok(true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curtain_wire::note::{Note, Verified};

    #[test]
    fn keys_are_made_once_and_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("below/keys");
        let first = RelayKeys::open(&file, "relay.example").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let again = RelayKeys::open(&file, "relay.example").unwrap();
        assert_eq!(first.feed(), again.feed());
        assert_eq!(first.witness(), again.witness());
        assert_eq!(first.feed().name(), "relay.example/feed");
        assert_ne!(first.feed().public_key(), first.witness().public_key());
        assert_eq!(fs::read_dir(folder.path().join("below")).unwrap().count(), 1);
    }

    #[test]
    fn each_key_signs_in_its_own_way() {
        let folder = tempfile::tempdir().unwrap();
        let keys = RelayKeys::open(&folder.path().join("keys"), "relay").unwrap();
        let text = "origin\n1\nAAAA\n";
        let at = UnixTime::new(77).unwrap();
        let note = Note::new(text.to_owned(), vec![keys.sign_note(text), keys.cosign(text, at)]).unwrap();
        assert_eq!(note.verify(keys.feed()), Ok(Verified::Signed));
        assert_eq!(note.verify(keys.witness()), Ok(Verified::Cosigned { at_unix_s: 77 }));
    }

    #[test]
    fn what_are_no_keys_is_refused() {
        let seed = "01".repeat(32);
        for text in ["", &format!("{FEED} {seed}"), &format!("{WITNESS} {seed}\n{FEED} {seed}")] {
            assert!(matches!(RelayKeys::parse(text, "relay"), Err(KeysError::Form)), "{text}");
        }
        let same = format!("{FEED} {seed}\n{WITNESS} {seed}\n");
        assert!(matches!(RelayKeys::parse(&same, "relay"), Err(KeysError::Same)));
        let two = format!("{FEED} {seed}\n{WITNESS} {}\n", "02".repeat(32));
        assert!(RelayKeys::parse(&two, "relay").is_ok());
        assert!(matches!(RelayKeys::parse(&two, "two words"), Err(KeysError::Name(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        RelayKeys::open(&file, "relay").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(RelayKeys::open(&file, "relay"), Err(KeysError::Mode)));
    }
}
