//! Private keys of issuers and officers, as a desk keeps them in a file.

use zeroize::Zeroizing;

use super::KeyError;

/// Whose key a file holds. A key of one kind is never taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFile {
    /// Ed25519: signs credentials.
    Issuer,
    /// X-Wing: opens what is sealed to a compliance officer.
    Officer,
}

impl KeyFile {
    /// The most bytes of a file.
    pub const MAX_BYTES: u64 = 128;

    fn name(self) -> &'static str {
        match self {
            Self::Issuer => "curtain/v1/issuer-key",
            Self::Officer => "curtain/v1/officer-key",
        }
    }

    /// The file of a key, of which `seed` are the 32 bytes: one line.
    #[must_use]
    pub fn print(self, seed: &[u8; 32]) -> Zeroizing<String> {
        let digits = Zeroizing::new(hex::encode(seed));
        Zeroizing::new(format!("{} {}\n", self.name(), digits.as_str()))
    }

    /// Reads what [`Self::print`] wrote.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn read(self, file: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let text = std::str::from_utf8(file).map_err(|_| KeyError::NotAKey)?;
        let digits = text.trim_end().strip_prefix(self.name()).and_then(|rest| rest.strip_prefix(' '));
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits.ok_or(KeyError::NotAKey)?, seed.as_mut())
            .map_err(|_| KeyError::NotAKey)?;
        Ok(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_what_it_is_and_as_nothing_else() {
        let file = KeyFile::Issuer.print(&[7; 32]);
        assert_eq!(*KeyFile::Issuer.read(file.as_bytes()).unwrap(), [7; 32]);
        assert_eq!(KeyFile::Officer.read(file.as_bytes()).err(), Some(KeyError::NotAKey));
        for end in 0..file.len() - 1 {
            assert_eq!(KeyFile::Issuer.read(&file.as_bytes()[..end]).err(), Some(KeyError::NotAKey), "{end}");
        }
    }
}
