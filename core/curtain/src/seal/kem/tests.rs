use curtain_wire::hash::Sha256;

use super::*;

const INFO: &[u8] = b"curtain/v1/box\n{}";

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

fn sealed(plaintext: &[u8]) -> Vec<u8> {
    seal_to(&key(1).public(), INFO, b"aad", plaintext, &SystemRandom::new()).unwrap()
}

#[test]
fn what_is_sealed_to_a_key_opens_with_it_alone() {
    for len in [0, 1, 32, 5000] {
        let plaintext = vec![7; len];
        let bytes = sealed(&plaintext);
        assert_eq!(bytes.len(), OVERHEAD + len);
        assert_eq!(*open(&key(1), INFO, b"aad", &bytes).unwrap(), plaintext);
        assert_eq!(open(&key(2), INFO, b"aad", &bytes), Err(OpenError::DoesNotOpen));
        assert_eq!(open(&key(1), b"", b"aad", &bytes), Err(OpenError::DoesNotOpen));
        assert_eq!(open(&key(1), INFO, b"", &bytes), Err(OpenError::DoesNotOpen));
        assert_ne!(bytes, sealed(&plaintext), "every one has its own randomness");
    }
}

#[test]
fn no_changed_byte_and_no_cut_opens() {
    let mut bytes = sealed(&[7; 32]);
    for at in 0..bytes.len() {
        bytes[at] ^= 1 << (at % 8);
        let expected = match at {
            0 => OpenError::UnknownSuite(UnknownSuite(0)),
            _ => OpenError::DoesNotOpen,
        };
        assert_eq!(open(&key(1), INFO, b"aad", &bytes), Err(expected), "byte {at}");
        bytes[at] ^= 1 << (at % 8);
    }
    for end in 0..bytes.len() {
        let expected = if end < OVERHEAD { OpenError::TooShort } else { OpenError::DoesNotOpen };
        assert_eq!(open(&key(1), INFO, b"aad", &bytes[..end]), Err(expected));
    }
    bytes.push(0);
    assert_eq!(open(&key(1), INFO, b"aad", &bytes), Err(OpenError::DoesNotOpen));
}

#[test]
fn bytes_that_are_no_key_are_refused() {
    let good = key(1).public();
    assert_eq!(KemKey::from_bytes(good.as_bytes()).unwrap(), good);
    assert!(KemKey::from_bytes(&good.as_bytes()[1..]).is_err());
    assert!(KemKey::from_bytes(&[&good.as_bytes()[..], &[0]].concat()).is_err());
    // A coefficient past the modulus. [FIPS 203, 7.2]
    for at in [0, 600, 1149] {
        let mut bytes = *good.as_bytes();
        bytes[at..at + 3].fill(0xff);
        assert!(KemKey::from_bytes(&bytes).is_err());
    }
}

#[test]
fn without_randomness_nothing_is_sealed() {
    let public = key(1).public();
    let sealing = |draw: &mut dyn FnMut(&mut [u8]) -> Result<(), Unspecified>| {
        seal_drawing(&public, INFO, b"", b"secret", draw)
    };
    assert_eq!(sealing(&mut |_| Err(Unspecified)), Err(SealError::NoRandomness(NoRandomness)));
    // Whichever draw it is that fails.
    let mut draws = 0;
    assert!(
        sealing(&mut |bytes| {
            bytes.fill(1);
            draws += 1;
            Ok(())
        })
        .is_ok()
    );
    for failing in 0..draws {
        let mut draw = 0;
        let result = sealing(&mut |_| {
            draw += 1;
            if draw - 1 == failing { Err(Unspecified) } else { Ok(()) }
        });
        assert_eq!(result, Err(SealError::NoRandomness(NoRandomness)));
    }
}

/// The vector of draft-ietf-hpke-pq for this very suite, as Python's `cryptography-vectors` 50.0.2 carries it
/// (`HPKE/hpke-pq-test-vectors.json`), with hashes in place of what is long.
#[test]
fn the_public_vector_of_this_suite_holds() {
    let bytes = |text: &str| hex::decode(text).unwrap();
    let seed = "3ec47fa82dd5689d27c6190e724c74ec8f608df3331ce331929e37b829676630";
    let key = SecretKey::from_seed(bytes(seed).try_into().unwrap());
    let public = key.public();
    assert_eq!(
        public.recipient().to_string(),
        "ad8aaf3f00d8a39bfeec2947a7d5dde68be08bba19bd301a348a45dc5fcc8341"
    );
    let randomness = bytes(
        "2a1c0a3745fe8a48fb62034d300f54dfe1974a5b2e169e580a8789cb1cf5fd19\
         0fc00f3fd899594e01a8b15334b9f3fa03d8de44da86e19f5776850fb689e6c8",
    );
    let (info, aad) = (b"4f6465206f6e2061204772656369616e2055726e", b"Count-0");
    let plaintext = b"4265617574792069732074727574682c20747275746820626561757479";
    let draw = |bytes: &mut [u8]| {
        bytes.copy_from_slice(&randomness);
        Ok(())
    };
    let sealed = seal_drawing(&public, info, aad, plaintext, draw).unwrap();
    assert_eq!(
        Sha256::of(&sealed).to_string(),
        "0dc981605bd2f3c781ac53cc9d8c637f7b8fac844d998beb2c1c8977b98b767a"
    );
    assert_eq!(**open(&key, info, aad, &sealed).unwrap(), *plaintext);
}

#[test]
fn keys_are_wiped_and_shown_by_nothing() {
    fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<SecretKey>();
    wiped::<crate::seal::stream::Key>();
    assert_eq!(format!("{:?}", key(1)), "SecretKey(..)");
}
