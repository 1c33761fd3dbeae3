use super::*;
use crate::test_keys::TestKey;

const LOG: &str = "curtain/log/000102030405060708090a0b0c0d0e0f";
const TEXT: &str = "first\n\nlast\n";

fn log() -> TestKey {
    TestKey::new(LOG, Algorithm::Ed25519, 1)
}

fn witness() -> TestKey {
    TestKey::new("witness.example/w1", Algorithm::CosignatureV1, 2)
}

fn note() -> Note {
    Note::new(TEXT.to_owned(), vec![log().sign(TEXT), witness().cosign(TEXT, 1_800_000_000)]).unwrap()
}

/// The example of the specification, with its key: c2sp.org/signed-note, and golang.org/x/mod/sumdb/note.
#[test]
fn a_note_by_another_implementation_is_read() {
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let note = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let key: VerifierKey = key.parse().unwrap();
    let note = Note::parse(note.as_bytes()).unwrap();
    assert_eq!(note.verify(&key), Ok(Verified::Signed));
}

#[test]
fn notes_and_keys_read_back_as_written() {
    let note = note();
    assert_eq!(Note::parse(note.to_string().as_bytes()), Ok(note.clone()));
    assert_eq!(note.verify(&log().public), Ok(Verified::Signed));
    assert_eq!(note.verify(&witness().public), Ok(Verified::Cosigned { at_unix_s: 1_800_000_000 }));
    for key in [log().public, witness().public] {
        assert_eq!(key.to_string().parse(), Ok(key));
    }
    for signature in note.signatures() {
        assert_eq!(signature.to_string().parse().as_ref(), Ok(signature));
    }
}

#[test]
fn another_key_under_the_same_name_did_not_sign() {
    let other = TestKey::new(LOG, Algorithm::Ed25519, 3);
    assert_eq!(note().verify(&other.public), Err(NoteError::NotSigned));
    let as_witness = TestKey::new(LOG, Algorithm::CosignatureV1, 1);
    assert_eq!(note().verify(&as_witness.public), Err(NoteError::NotSigned));
}

#[test]
fn a_cosignature_binds_its_time() {
    let (key, text) = (witness(), TEXT);
    let mut signature = key.cosign(text, 1_800_000_000);
    signature.bytes[7] ^= 1;
    let note = Note::new(text.to_owned(), vec![signature]).unwrap();
    assert_eq!(note.verify(&key.public), Err(NoteError::BadSignature));
    let far = cosign(text, &key.public, 1 << 63, |_| [0; 64]);
    assert_eq!(far, Err(NoteError::Time));
    assert_eq!(cosign(text, &log().public, 0, |_| [0; 64]), Err(NoteError::WrongAlgorithm));
    assert_eq!(sign_ed25519(text, &key.public, |_| [0; 64]), Err(NoteError::WrongAlgorithm));
}

#[test]
fn no_flipped_bit_no_cut_and_no_dropped_byte_passes() {
    let keys = [log().public, witness().public];
    let holds = |bytes: &[u8]| match Note::parse(bytes) {
        Ok(note) => {
            assert_eq!(note.to_string().as_bytes(), bytes);
            note.signatures().len() == 2 && keys.iter().all(|key| note.verify(key).is_ok())
        }
        Err(_) => false,
    };
    let bytes = note().to_string().into_bytes();
    assert!(holds(&bytes));
    for at in 0..bytes.len() {
        assert!(!holds(&bytes[..at]), "cut at {at}");
        assert!(!holds(&[&bytes[..at], &bytes[at + 1..]].concat()), "without byte {at}");
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(!holds(&flipped), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn what_would_be_written_differently_is_not_read() {
    let (text, line) = ("text\n", log().sign("text\n").to_string());
    let shape = |note: String| Note::parse(note.as_bytes()).unwrap_err();
    assert_eq!(shape(format!("{text}{line}\n")), NoteError::Shape);
    assert_eq!(shape(format!("{text}\n{line}")), NoteError::Shape);
    assert_eq!(shape(format!("{text}\n")), NoteError::Shape);
    assert_eq!(shape(String::new()), NoteError::Shape);
    assert_eq!(shape(format!("{text}\n\n{line}\n\n")), NoteError::Shape);
    assert_eq!(shape(format!("te\txt\n\n{line}\n")), NoteError::NotText);
    assert_eq!(shape(format!("{text}\n{line}\r\n")), NoteError::NotText);
    let wrong = NoteError::SignatureLine { line: 1 };
    for other in [
        line.replace('\u{2014}', "-"),
        line.replace("\u{2014} ", "\u{2014}  "),
        format!("{line} "),
        format!("{line}="),
        line.trim_end_matches('=').to_owned(),
        format!("\u{2014} {LOG} AAAA"),
        format!("\u{2014} {LOG} AAAAAA=="),
        format!("\u{2014} a+b {}", line.rsplit(' ').next().unwrap()),
        "\u{2014}  AAAAAAA=".to_owned(),
    ] {
        assert_eq!(shape(format!("{text}\n{other}\n")), wrong, "{other}");
    }
    // "…AA==" and "…AB==" decode to the same bytes where padding bits are not looked at.
    assert!(Note::parse(format!("{text}\n\u{2014} a AAAAAAA=\n").as_bytes()).is_ok());
    assert_eq!(shape(format!("{text}\n\u{2014} a AAAAAAB=\n")), wrong);
}

#[test]
fn size_and_count_have_limits() {
    let line = log().sign("a\n").to_string() + "\n";
    let note = |text: &str, count: usize| Note::parse(format!("{text}\n{}", line.repeat(count)).as_bytes());
    assert!(note("a\n", MAX_SIGNATURES).is_ok());
    assert_eq!(note("a\n", MAX_SIGNATURES + 1), Err(NoteError::TooManySignatures));
    assert_eq!(note("a\n", 2).unwrap().verify(&log().public), Err(NoteError::SignedTwice));
    let room = MAX_BYTES - line.len() - 2;
    assert!(note(&("a".repeat(room) + "\n"), 1).is_ok());
    assert_eq!(note(&("a".repeat(room + 1) + "\n"), 1), Err(NoteError::TooLarge));
    assert_eq!(Note::new("a".repeat(MAX_BYTES) + "\n", vec![log().sign("a\n")]), Err(NoteError::TooLarge));
    assert_eq!(Note::new("a".to_owned(), vec![log().sign("a\n")]), Err(NoteError::Shape));
    assert_eq!(Note::new("a\n".to_owned(), Vec::new()), Err(NoteError::Shape));
}

#[test]
fn no_flipped_bit_of_a_key_passes() {
    let text = log().public.to_string();
    for at in 0..text.len() {
        assert!(text[..at].parse::<VerifierKey>().is_err());
        for bit in 0..8 {
            let mut flipped = text.clone().into_bytes();
            flipped[at] ^= 1 << bit;
            if let Ok(flipped) = String::from_utf8(flipped) {
                assert!(flipped.parse::<VerifierKey>().is_err(), "{flipped}");
            }
        }
    }
    assert_eq!(VerifierKey::new("a b", Algorithm::Ed25519, [0; 32]), Err(NoteError::KeyName));
    let unknown = "PeterNeumann+c74f20a3+AhpcMQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse::<VerifierKey>();
    assert_eq!(unknown, Err(NoteError::UnknownAlgorithm));
}
