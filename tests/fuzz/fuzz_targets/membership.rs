//! Entries appended to the membership log of a small circle. What is refused changes nothing, nobody's signature is
//! forged, and whatever is taken in whatever order, somebody can act as admin.
#![no_main]

use curtain_fuzz::circle::{self, LOG};
use curtain_fuzz::{hush, mutated, samples, watch, with_sign};
use curtain_wire::canonical;
use curtain_wire::credential::Role;
use curtain_wire::hash::Sha256;
use curtain_wire::membership::{Access, Circle, Entry, MembershipError, Use};
use curtain_wire::statement::Signed;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

/// What the first byte of a case says: what follows are bodies, to be signed anew by those who sign in the samples.
const ANEW: u8 = 1;

// Flags, then entries in lines.
fuzz_target!(init: hush(), |case: &[u8]| watch(|| {
    let Some((&flags, lines)) = case.split_first() else { return };
    let mut circle = LOG.circle.clone();
    for line in lines.split(|&byte| byte == b'\n').take(16) {
        if flags & ANEW == 0 {
            as_it_is(line);
            append(&mut circle, line);
        } else if let Ok(body) = serde_json::from_slice::<Entry>(line) {
            let bytes = circle::anew(&circle, body).to_bytes();
            first(&bytes);
            append(&mut circle, &bytes);
        }
    }
}));

/// Bytes that nobody signed anew are those that were signed.
fn as_it_is(bytes: &[u8]) {
    if first(bytes) {
        assert_eq!(bytes, LOG.entries[0]);
    }
    if LOG.circle.clone().append(bytes).is_ok() {
        assert!(LOG.next.iter().any(|next| next.to_bytes() == bytes), "nobody signed this");
    }
}

fn first(bytes: &[u8]) -> bool {
    match Circle::open(bytes) {
        Ok(circle) => {
            assert_eq!((circle.id(), circle.size()), (Sha256::of(bytes), 1));
            check(&circle);
            true
        }
        Err(error) => {
            plain(error);
            false
        }
    }
}

fn append(circle: &mut Circle, bytes: &[u8]) {
    let before = circle.clone();
    let late = circle.clone().append_by(bytes, samples::moment(-1_000_000));
    match circle.append(bytes) {
        Ok(entry) => {
            assert_eq!(entry.to_bytes(), bytes);
            assert_eq!(late.map(drop), Err(MembershipError::Ahead));
            let mut again = before.clone();
            assert!(again.append_by(bytes, entry.body().at).is_ok() && again == *circle);
            assert_eq!((circle.size(), circle.head().last), (before.size() + 1, Sha256::of(bytes)));
            assert_eq!(circle.compare(&before.head()), Ok(()));
            assert!(before.compare(&circle.head()).is_err());
            check(circle);
            past(&before, circle);
        }
        Err(error) => {
            plain(error);
            assert!(*circle == before, "{error} changed something");
            let expected = late.expect_err("what is refused is refused with a time, too");
            assert!(expected == error || expected == MembershipError::Ahead);
        }
    }
}

/// What is so in every circle.
fn check(circle: &Circle) {
    let is_posting = |device: &Sha256| {
        let record = circle.device(device).expect("a member's device");
        assert!(record.counts_at(circle.size()));
        record.device.r#use == Use::Posting
    };
    let mut keys = std::collections::BTreeSet::new();
    let mut acting = 0;
    for (user, member) in circle.members() {
        assert_eq!(circle.role_at(&user, circle.size()), Some(member.role));
        let acts = member.role == Role::Admin && member.access != Access::Waiting;
        acting += usize::from(acts && member.devices.iter().any(is_posting));
        let boxed = member.role != Role::Officer && member.access != Access::Waiting;
        assert_eq!(circle.recipients().any(|(_, found, key)| found == user && *key == member.key), boxed);
        assert!(keys.insert(member.key.recipient().0));
        for device in &member.devices {
            let standing = circle.requester(device).expect("a current device");
            assert_eq!((standing.user, standing.role), (user, member.role));
            let found = standing.device;
            let own = [found.object.0, found.request.0, *found.log.public_key(), found.seal.0];
            assert!(own.into_iter().all(|key| keys.insert(key)), "a key serves twice");
        }
    }
    assert!(acting > 0, "nobody can act as admin");
    let recipients: Vec<Sha256> = circle.recipients().map(|(recipient, ..)| recipient).collect();
    assert!(recipients.is_sorted_by(|one, next| one < next));
}

/// What was so stays so.
fn past(before: &Circle, circle: &Circle) {
    for (user, member) in before.members() {
        assert_eq!(circle.role_at(&user, before.size()), Some(member.role));
        for device in &member.devices {
            assert_eq!(circle.standing(device, before.size()), before.requester(device));
        }
        assert!(circle.profile(&user).is_some() || member.profile.is_none());
    }
    assert!(circle.epochs().len() >= before.epochs().len());
    assert_eq!(circle.blocked_at(before.size()), before.blocked());
}

fn plain(error: MembershipError) {
    assert!(!error.code().is_empty() && !error.to_string().contains(char::is_control));
}

fuzz_mutator!(|file: &mut [u8], size: usize, max_size: usize, seed: u32| {
    watch(|| mutate(file, size, max_size, seed))
});

fn mutate(file: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let choice = seed >> 4;
    let made = match seed % 16 {
        0 => Some([&[0], &*signed(choice)].concat()),
        1 => Some([&[0], &*with_sign(&signed(choice), choice)].concat()),
        2 => Some([&[ANEW], &*body(choice)].concat()),
        3 => Some([&[ANEW], &*with_sign(&body(choice >> 16), choice)].concat()),
        // One more entry, at the end or at the front.
        4..=6 if size > 0 => Some([&[ANEW], &file[1..size], b"\n", &body(choice)].concat()),
        7 if size > 0 => Some([&[ANEW], &*body(choice), b"\n", &file[1..size]].concat()),
        // By somebody else, or about somebody else.
        8..=9 => other_hex(&file[..size], choice),
        10..=11 => Some(with_sign(&file[..size], choice)),
        _ => None,
    };
    mutated(file, size, max_size, made)
}

fn signed(choice: u32) -> Vec<u8> {
    let all = LOG.next.iter().map(Signed::to_bytes).chain(LOG.entries.iter().cloned());
    pick(&all.collect::<Vec<_>>(), choice).clone()
}

fn body(choice: u32) -> Vec<u8> {
    let entry = pick(&LOG.next, choice).body().clone();
    canonical::to_bytes(&entry)
}

/// Puts the user or device of one place where another stands, as hexadecimal digits of the same length.
fn other_hex(case: &[u8], choice: u32) -> Option<Vec<u8>> {
    let by: Vec<[Vec<u8>; 2]> = LOG
        .circle
        .members()
        .flat_map(|(user, member)| {
            member.devices.iter().map(move |device| [user.to_string(), device.to_string()])
        })
        .map(|names| names.map(String::into_bytes))
        .collect();
    let kind = (choice & 1) as usize;
    let (from, to) = (&pick(&by, choice >> 1)[kind], &pick(&by, choice >> 5)[kind]);
    let places: Vec<usize> =
        case.windows(from.len()).enumerate().filter(|(_, part)| part == from).map(|(at, _)| at).collect();
    if places.is_empty() {
        return None;
    }
    let at = *pick(&places, choice >> 9);
    let mut case = case.to_vec();
    case[at..at + to.len()].copy_from_slice(to);
    Some(case)
}

fn pick<T>(all: &[T], choice: u32) -> &T {
    &all[choice as usize % all.len()]
}
