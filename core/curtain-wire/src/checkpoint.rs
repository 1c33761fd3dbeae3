//! Checkpoints (`c2sp.org/tlog-checkpoint`): a log's size and root, as the text of a signed note.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::note::{Note, NoteError, Verified, VerifierKey};
use crate::tree::Hash;

/// A log's origin is this and the log's 128-bit name in 32 hexadecimal digits.
const ORIGIN: &str = "curtain/log/";

/// The state of a log: three lines of text, `curtain/log/<32 hexadecimal digits>`, the size, the root in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's random name.
    pub log: [u8; 16],
    /// Leaves in it.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// Something is no checkpoint of a Curtain log, or not signed by the log.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// More or fewer than three lines, each ended by a line feed.
    #[error("a checkpoint is three lines: origin, size and root")]
    Lines,
    /// The origin is not `curtain/log/` and 32 lowercase hexadecimal digits.
    #[error("the checkpoint is not one of a curtain log")]
    Origin,
    /// The size is no number in its shortest form.
    #[error("the checkpoint's size is not a whole number without leading zeros")]
    Size,
    /// The root is not canonical base64 of 32 bytes.
    #[error("the checkpoint's root is not a hash in base64")]
    Root,
    /// A log without leaves has only one possible root.
    #[error("the checkpoint says that the log is empty, but its root is that of another log")]
    NotEmpty,
    /// The key's name is not the origin.
    #[error("the key belongs to another log than the checkpoint")]
    OtherLog,
    /// It is no note, or the key did not sign it.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// The origin line, and the name of the key, of the log with this name.
#[must_use]
pub fn origin(log: [u8; 16]) -> String {
    use fmt::Write as _;
    log.iter().fold(ORIGIN.to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
        text
    })
}

/// The log that an [`origin`] names. None if it is not written exactly so.
#[must_use]
pub fn log_of(origin: &str) -> Option<[u8; 16]> {
    let digits = origin.strip_prefix(ORIGIN)?;
    if digits.len() != 32 || !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    u128::from_str_radix(digits, 16).ok().map(u128::to_be_bytes)
}

impl Checkpoint {
    /// The first line.
    #[must_use]
    pub fn origin(&self) -> String {
        origin(self.log)
    }

    /// Reads the checkpoint in a note and checks that the log signed it: `key` must bear the origin as its name.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn signed(note: &Note, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let checkpoint: Self = note.text().parse()?;
        if key.name() != checkpoint.origin() {
            return Err(CheckpointError::OtherLog);
        }
        match note.verify(key)? {
            Verified::Signed => Ok(checkpoint),
            // A witness under the log's name is not the log.
            Verified::Cosigned { .. } => Err(NoteError::WrongAlgorithm.into()),
        }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin(), self.size, self.root.to_base64())
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads a note's text. Extension lines are refused: nothing audits them.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = text.splitn(5, '\n').collect();
        let [origin, size, root, ""] = lines.as_slice() else {
            return Err(CheckpointError::Lines);
        };
        let log = log_of(origin).ok_or(CheckpointError::Origin)?;
        let size = decimal(size).ok_or(CheckpointError::Size)?;
        let root = Hash::from_base64(root).ok_or(CheckpointError::Root)?;
        if size == 0 && root != Hash::empty_root() {
            return Err(CheckpointError::NotEmpty);
        }
        Ok(Self { log, size, root })
    }
}

/// A number in ASCII digits without leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && digits).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::Algorithm;
    use crate::test_keys::TestKey;
    use crate::tree::leaf_hash;

    fn checkpoint() -> Checkpoint {
        Checkpoint { log: [0xab; 16], size: 109_482, root: leaf_hash(b"root") }
    }

    #[test]
    fn reads_back_as_written() {
        let text = checkpoint().to_string();
        assert!(text.starts_with("curtain/log/abababababababababababababababab\n109482\n"));
        assert_eq!(text.parse(), Ok(checkpoint()));
        let empty = Checkpoint { log: [0; 16], size: 0, root: Hash::empty_root() };
        assert_eq!(empty.to_string().parse(), Ok(empty));
    }

    #[test]
    fn any_other_writing_is_refused() {
        let text = checkpoint().to_string();
        for (other, error) in [
            (text.replace("ab", "AB"), CheckpointError::Origin),
            (text.replace("curtain", "kurtain"), CheckpointError::Origin),
            (text.replace("log/ab", "log/"), CheckpointError::Origin),
            (text.replace("log/ab", "log/+b"), CheckpointError::Origin),
            (text.replace("\n1094", "\n01094"), CheckpointError::Size),
            (text.replace("\n1094", "\n+1094"), CheckpointError::Size),
            (text.replace("\n109482", "\n"), CheckpointError::Size),
            (text.replace("\n109482", "\n18446744073709551616"), CheckpointError::Size),
            (text.replace("\n109482", "\n0"), CheckpointError::NotEmpty),
            (text.replace('=', ""), CheckpointError::Root),
            (format!("{text}extension\n"), CheckpointError::Lines),
            (format!("{text}\n"), CheckpointError::Lines),
            (text.trim_end().to_owned(), CheckpointError::Lines),
        ] {
            assert_eq!(other.parse::<Checkpoint>(), Err(error), "{other}");
        }
        for end in 0..text.len() {
            assert!(text[..end].parse::<Checkpoint>().is_err());
        }
    }

    #[test]
    fn only_the_log_signs_its_checkpoint() {
        let text = checkpoint().to_string();
        let log = TestKey::new(&checkpoint().origin(), Algorithm::Ed25519, 1);
        let note = Note::new(text.clone(), vec![log.sign(&text)]).unwrap();
        assert_eq!(Checkpoint::signed(&note, &log.public), Ok(checkpoint()));
        let other = TestKey::new(&origin([1; 16]), Algorithm::Ed25519, 1);
        assert_eq!(Checkpoint::signed(&note, &other.public), Err(CheckpointError::OtherLog));
        let witness = TestKey::new(&checkpoint().origin(), Algorithm::CosignatureV1, 1);
        let note = note.with(witness.cosign(&text, 5)).unwrap();
        let error = Checkpoint::signed(&note, &witness.public);
        assert_eq!(error, Err(CheckpointError::Note(NoteError::WrongAlgorithm)));
    }
}
