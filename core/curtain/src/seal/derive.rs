//! Keys from keys, and what each is for: one table of labels, and contexts that say where sealed bytes belong.
//!
//! HKDF-Expand-SHA-512 [RFC 5869, 2.3] with the 32-byte key as PRK, which is uniform already;
//! info = label || 0x00 || suffix; 32 bytes out.

use curtain_wire::canonical;
use curtain_wire::hash::Sha256;
use ring::{hkdf, hmac};
use serde::Serialize;
use zeroize::Zeroizing;

use super::stream::Key;

/// What a derived key is for. There are no others than those of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(&'static str);

/// What sealed bytes are: the first line of what their context or HPKE info is made from. There are no others than those
/// of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line(&'static str);

/// Makes the constants of a table, and the list of them for the tests.
macro_rules! table {
    ($type:ident, $all:ident, $($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl $type {
            $($(#[$doc])* pub const $name: Self = Self($text);)*

            /// As it is written.
            pub(super) const fn text(self) -> &'static str {
                self.0
            }
        }

        #[cfg(test)]
        pub(super) const $all: &[$type] = &[$($type::$name),*];
    };
}

table! { Label, LABELS,
    /// From an epoch secret: seals the post keys of its epoch.
    EPOCH_WRAP = "curtain/v1/epoch-wrap";
    /// From an epoch secret: the epoch's directory key.
    EPOCH_DIRECTORY = "curtain/v1/epoch-directory";
    /// From an epoch secret: seals the epoch secret before it.
    EPOCH_BACK = "curtain/v1/epoch-back";
    /// From an epoch secret: the Ed25519 seed of the epoch's read key.
    EPOCH_READ = "curtain/v1/epoch-read";
    /// From a directory key: seals the directory key before it.
    DIRECTORY_BACK = "curtain/v1/directory-back";
    /// From a directory key: seals the members' profiles.
    PROFILE = "curtain/v1/directory-profile";
    /// From a desk's key file: wraps private keys.
    KEY_STORE = "curtain/v1/key-store";
    /// From the recovery secret: the Ed25519 seed of the recovery device's `object` key.
    RECOVERY_OBJECT = "curtain/v1/recovery-object";
    /// From the recovery secret: the Ed25519 seed of the recovery device's `request` key.
    RECOVERY_REQUEST = "curtain/v1/recovery-request";
    /// From the recovery secret: the Ed25519 seed of the recovery device's `log` key.
    RECOVERY_LOG = "curtain/v1/recovery-log";
    /// From the recovery secret: the X-Wing seed of the recovery device's `seal` key.
    RECOVERY_SEAL = "curtain/v1/recovery-seal";
}

/// From a post key, with the object's index as suffix: see [`derive_object_key`].
const OBJECT_KEY: Label = Label("curtain/v1/object-key");

table! { Line, LINES,
    /// Context of an object of a post.
    OBJECT = "curtain/v1/object";
    /// Context of an event's body.
    EVENT_BODY = "curtain/v1/event-body";
    /// Context of a post key or event key under an epoch.
    WRAP = "curtain/v1/wrap";
    /// Context of an epoch secret or directory key under the next one.
    BACK = "curtain/v1/back";
    /// Context of a member's profile.
    PROFILE = "curtain/v1/profile";
    /// Context of a private key that a desk's key file wraps.
    WRAPPED_KEY = "curtain/v1/wrapped-key";
    /// HPKE info of an epoch secret for a user.
    BOX = "curtain/v1/box";
    /// HPKE info of a user's seed for one of their devices.
    KEYRING = "curtain/v1/keyring";
    /// HPKE info of a post key for its own author.
    AUTHOR_WRAP = "curtain/v1/author-wrap";
    /// HPKE info of a newcomer's profile.
    JOIN_PROFILE = "curtain/v1/join-profile";
    /// HPKE info of what is sealed to the officer.
    OFFICER = "curtain/v1/officer";
}

/// Where a stream belongs. It opens with the same context alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context(pub [u8; 32]);

/// The context of a stream: SHA-256 of [`info`].
#[must_use]
pub fn context(line: Line, value: &impl Serialize) -> Context {
    Context(Sha256::of(&info(line, value)).0)
}

/// The info of an HPKE message: the line, a line feed, and `value` as canonical JSON.
#[must_use]
pub fn info(line: Line, value: &impl Serialize) -> Vec<u8> {
    let mut info = format!("{}\n", line.text()).into_bytes();
    info.extend(canonical::to_bytes(value));
    info
}

/// The key for one purpose.
#[must_use]
pub fn derive_key(from: &Key, label: Label) -> Key {
    derive(from, label, &[])
}

/// The key of object `index` of the post whose key is `post`.
#[must_use]
pub fn derive_object_key(post: &Key, index: u32) -> Key {
    derive(post, OBJECT_KEY, &index.to_be_bytes())
}

/// The recovery secret of the 16 random bytes that a person keeps on paper: the first 32 bytes of
/// HKDF-Extract-SHA-512 with salt `curtain/v1/recovery`. [RFC 5869, 2.2]
#[must_use]
pub fn derive_recovery(paper: &[u8; 16]) -> Key {
    let salt = hmac::Key::new(hmac::HMAC_SHA512, b"curtain/v1/recovery");
    let prk = hmac::sign(&salt, paper);
    let mut secret = Zeroizing::new([0; 32]);
    secret.copy_from_slice(&prk.as_ref()[..32]);
    Key::new(*secret)
}

fn derive(from: &Key, label: Label, suffix: &[u8]) -> Key {
    let mut key = Zeroizing::new([0; 32]);
    expand(from, &[label.text().as_bytes(), &[0], suffix], &mut *key);
    Key::new(*key)
}

/// HKDF-Expand-SHA-512 of `key`, with `info` in parts, into all of `out`. [RFC 5869, 2.3]
pub(super) fn expand(key: &Key, info: &[&[u8]], out: &mut [u8]) {
    struct Bytes(usize);

    impl hkdf::KeyType for Bytes {
        fn len(&self) -> usize {
            self.0
        }
    }

    hkdf::Prk::new_less_safe(hkdf::HKDF_SHA512, key.bytes())
        .expand(info, Bytes(out.len()))
        .and_then(|okm| okm.fill(out))
        .expect("nothing here asks for more than the 16,320 bytes that HKDF gives");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_has_its_own_key() {
        let key = Key::new([7; 32]);
        let mut keys: Vec<[u8; 32]> = LABELS.iter().map(|&label| *derive_key(&key, label).bytes()).collect();
        keys.extend((0..300).map(|index| *derive_object_key(&key, index).bytes()));
        keys.push(*key.bytes());
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), all);
        for label in LABELS.iter().chain([&OBJECT_KEY]) {
            assert!(label.text().starts_with("curtain/v1/") && !label.text().contains('\0'));
        }
    }

    #[test]
    fn every_line_and_value_has_its_own_context() {
        let mut contexts: Vec<[u8; 32]> = LINES.iter().map(|&line| context(line, &1).0).collect();
        contexts.push(context(Line::OBJECT, &2).0);
        let all = contexts.len();
        contexts.sort_unstable();
        contexts.dedup();
        assert_eq!(contexts.len(), all);
        assert!(LINES.iter().all(|line| !line.text().contains('\n')));
        assert_eq!(info(Line::BOX, &[1, 2]), b"curtain/v1/box\n[1,2]");
    }
}
