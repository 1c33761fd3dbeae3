use curtain_wire::hash::Sha256;

use super::*;

const INFO: &[u8] = b"curtain/v1/box\n{}";
const SECRET: [u8; 32] = [7; 32];

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

fn made(seeds: &[u8]) -> BoxSet {
    let recipients: Vec<KemKey> = seeds.iter().map(|&seed| key(seed).public()).collect();
    seal_boxes(&recipients, INFO, &SECRET, &SystemRandom::new()).unwrap()
}

fn record(set: &BoxSet, seed: u8) -> Record {
    let recipient = key(seed).public().recipient();
    set.one(&recipient).unwrap().verify(&set.head(), &recipient).unwrap()
}

#[test]
fn each_recipient_opens_their_box_and_no_other() {
    let seeds = [1, 2, 3, 4, 5];
    let set = made(&seeds);
    assert_eq!(set.head().count, 5);
    for of in seeds {
        let record = record(&set, of);
        for by in [1, 2, 3, 4, 5, 6] {
            let opened = open_box(&key(by), INFO, &record).map(|secret| *secret);
            assert_eq!(
                opened,
                if by == of { Ok(SECRET) } else { Err(OpenError::DoesNotOpen) },
                "{of} by {by}"
            );
        }
    }
    assert_eq!(set.one(&key(6).public().recipient()), None);
    // The set that travels is the set that was made.
    let read = BoxSet::parse(set.as_bytes().to_vec(), &set.head()).unwrap();
    assert_eq!(*open_box(&key(3), INFO, &record(&read, 3)).unwrap(), SECRET);
    assert_eq!(made(&[]).head().count, 0);
}

#[test]
fn a_box_opens_for_its_purpose_alone() {
    let record = record(&made(&[1]), 1);
    for info in [&b""[..], b"curtain/v1/keyring\n{}", b"curtain/v1/box\n{} ", b"curtain/v1/box\n"] {
        assert_eq!(open_box(&key(1), info, &record), Err(OpenError::DoesNotOpen));
    }
}

#[test]
fn a_box_under_another_name_does_not_open() {
    let set = made(&[1, 2]);
    let (one, two) = (record(&set, 1), record(&set, 2));
    let swapped = [
        Record::new(one.recipient(), &two.sealed()).unwrap(),
        Record::new(two.recipient(), &one.sealed()).unwrap(),
    ];
    for record in &swapped {
        for by in [1, 2] {
            assert_eq!(open_box(&key(by), INFO, record), Err(OpenError::DoesNotOpen));
        }
    }
    // As a set it reads well, under a head of its own.
    let set = BoxSet::new(swapped.to_vec()).unwrap();
    assert!(BoxSet::parse(set.as_bytes().to_vec(), &set.head()).is_ok());
    let mine = Record::new(Sha256([0; 32]), &one.sealed()).unwrap();
    assert_eq!(open_box(&key(1), INFO, &mine), Err(OpenError::DoesNotOpen));
}

#[test]
fn no_flipped_byte_of_a_box_opens() {
    let good = record(&made(&[1]), 1);
    let (recipient, sealed) = (good.recipient(), good.sealed());
    for at in 1..sealed.len() {
        let mut flipped = sealed.clone();
        flipped[at] ^= 1 << (at % 8);
        let record = Record::new(recipient, &flipped).unwrap();
        assert_eq!(open_box(&key(1), INFO, &record), Err(OpenError::DoesNotOpen), "byte {at}");
    }
    for at in 0..32 {
        let mut other = recipient;
        other.0[at] ^= 1 << (at % 8);
        let record = Record::new(other, &sealed).unwrap();
        assert_eq!(open_box(&key(1), INFO, &record), Err(OpenError::DoesNotOpen), "name byte {at}");
    }
}

#[test]
fn a_box_of_another_size_is_no_secret() {
    let public = key(1).public();
    for len in [0, 31, 33] {
        let sealed = kem::seal_to(&public, INFO, &public.recipient().0, &vec![7; len], &SystemRandom::new());
        assert_eq!(Record::new(public.recipient(), &sealed.unwrap()), Err(BoxError::Box));
    }
}

#[test]
fn nobody_gets_two_boxes() {
    let recipients = [key(1).public(), key(2).public(), key(1).public()];
    let error = seal_boxes(&recipients, INFO, &SECRET, &SystemRandom::new()).unwrap_err();
    assert_eq!((error, error.code()), (BoxesError::Set(BoxError::Order), BoxError::Order.code()));
}
