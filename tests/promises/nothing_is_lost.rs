//! Whatever happens to the vault, what was acknowledged is there, and each trouble has its own name.

use std::fs;
use std::path::Path;

use curtain::vault::{FileKeyStore, KeyStore, KeyStoreError, Vault, VaultError, VaultKey};
use ring::rand::SystemRandom;
use tempfile::tempdir;

use crate::people::{grant, log, now, open};

/// A vault with `grants` consents in it, closed.
fn vault(folder: &Path, grants: u8) {
    let mut vault = open(folder).unwrap();
    (0..grants).for_each(|n| drop(grant(&mut vault, n, now())));
}

fn grants_in(folder: &Path) -> usize {
    let vault = open(folder).unwrap();
    let kept = vault.consents(log(&vault), 0).unwrap();
    kept.filter(|held| held.as_ref().unwrap().record().unwrap().is_some()).count()
}

#[test]
fn what_was_acknowledged_is_there_after_opening_again() {
    let folder = tempdir().unwrap();
    vault(folder.path(), 3);
    assert_eq!(grants_in(folder.path()), 3);
}

#[test]
fn more_than_a_page_of_rows_are_all_there_and_in_order() {
    let folder = tempdir().unwrap();
    let mut vault = open(folder.path()).unwrap();
    (0..2100).for_each(|n: u32| drop(grant(&mut vault, n.to_le_bytes()[0], now())));
    let log = log(&vault);
    let places = |first| -> Vec<_> {
        vault.consents(log, first).unwrap().map(|held| held.unwrap().leaf().n).collect()
    };
    assert_eq!(places(0), (0..2100).collect::<Vec<_>>());
    assert_eq!(places(1500), (1500..2100).collect::<Vec<_>>());
    let leaves: Vec<_> = vault.leaves(log, 7..2050).unwrap().map(|leaf| leaf.unwrap().n).collect();
    assert_eq!(leaves, (7..2050).collect::<Vec<_>>());
}

#[test]
fn the_key_gone_is_not_a_new_vault() {
    let folder = tempdir().unwrap();
    vault(folder.path(), 2);
    let key = folder.path().join("vault.key");
    fs::rename(&key, folder.path().join("kept")).unwrap();
    assert_eq!(open(folder.path()).err(), Some(VaultError::KeyLost));
    assert!(!key.exists(), "no new key is made beside a vault that it does not open");
    fs::rename(folder.path().join("kept"), &key).unwrap();
    assert_eq!(grants_in(folder.path()), 2);
}

#[test]
fn a_database_gone_or_emptied_is_not_a_new_vault() {
    let folder = tempdir().unwrap();
    vault(folder.path(), 2);
    let path = folder.path().join("vault.db");
    let whole = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(open(folder.path()).err(), Some(VaultError::Gone));
    assert!(!path.exists(), "nothing is made in its place");
    fs::write(&path, b"").unwrap();
    assert_eq!(open(folder.path()).err(), Some(VaultError::Gone));
    fs::write(&path, whole).unwrap();
    assert_eq!(grants_in(folder.path()), 2);
}

#[test]
fn a_making_that_was_cut_short_goes_on() {
    let folder = tempdir().unwrap();
    let keys = FileKeyStore::new(folder.path().join("vault.key"));
    keys.keep(&VaultKey::new([3; 32])).unwrap();
    fs::write(folder.path().join("vault.db"), b"").unwrap();
    vault(folder.path(), 1);
    assert_eq!(grants_in(folder.path()), 1);
}

#[test]
fn another_key_is_told_from_damage() {
    let folder = tempdir().unwrap();
    vault(folder.path(), 2);
    let key = folder.path().join("vault.key");
    let right = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    FileKeyStore::new(key.clone()).keep(&VaultKey::new([3; 32])).unwrap();
    assert_eq!(open(folder.path()).err(), Some(VaultError::WrongKey));
    fs::write(&key, right).unwrap();
    assert_eq!(grants_in(folder.path()), 2);
}

#[test]
fn a_locked_key_store_is_its_own_trouble() {
    struct Locked;
    impl KeyStore for Locked {
        fn load(&self) -> Result<Option<VaultKey>, KeyStoreError> {
            Err(KeyStoreError::Locked)
        }
        fn keep(&self, _: &VaultKey) -> Result<(), KeyStoreError> {
            unreachable!("a locked store is not asked to keep another key")
        }
        fn wrap(&self, _: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
            Err(KeyStoreError::Locked)
        }
        fn unwrap(&self, _: &[u8]) -> Result<curtain::vault::Secret, KeyStoreError> {
            Err(KeyStoreError::Locked)
        }
    }
    let folder = tempdir().unwrap();
    vault(folder.path(), 1);
    let error = Vault::open(folder.path(), &Locked, SystemRandom::new()).err();
    assert_eq!(error, Some(VaultError::KeyStore(KeyStoreError::Locked)));
}

#[test]
fn every_damaged_page_is_found_and_nothing_more_is_lost() {
    let folder = tempdir().unwrap();
    vault(folder.path(), 20);
    let path = folder.path().join("vault.db");
    let whole = fs::read(&path).unwrap();
    let mut damaged = 0;
    for page in 0..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096 + 100] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let read = open(folder.path()).and_then(|vault| {
            let leaves = vault.leaves(log_of(&vault)?, 0..u64::MAX >> 1)?.collect::<Result<Vec<_>, _>>()?;
            let consents = vault.consents(log_of(&vault)?, 0)?.collect::<Result<Vec<_>, _>>()?;
            Ok((leaves.len(), consents.len()))
        });
        match read {
            Err(VaultError::Damaged) => damaged += 1,
            // A page that holds neither leaves nor consents.
            Ok(counts) => assert_eq!(counts, (20, 20), "page {page}"),
            Err(other) => panic!("page {page}: {other:?}"),
        }
    }
    assert!(damaged > 5, "{damaged}");
    fs::write(&path, &whole).unwrap();
    assert_eq!(grants_in(folder.path()), 20);
}

fn log_of(vault: &Vault) -> Result<curtain::hash::Id, VaultError> {
    vault.logs()?.last().map(|log| log.id).ok_or(VaultError::NotFound)
}

#[test]
fn a_plain_database_is_refused_and_left_alone() {
    let folder = tempdir().unwrap();
    vault(folder.path(), 1);
    let path = folder.path().join("vault.db");
    let mut plain = b"SQLite format 3\0".to_vec();
    plain.resize(4096, 0);
    fs::write(&path, &plain).unwrap();
    assert_eq!(open(folder.path()).err(), Some(VaultError::NotEncrypted));
    assert_eq!(fs::read(&path).unwrap(), plain);
}

#[test]
fn a_second_process_waits_outside() {
    let folder = tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    assert_eq!(open(folder.path()).err(), Some(VaultError::InUse));
    drop(first);
    open(folder.path()).unwrap();
}

#[test]
fn a_clock_that_went_back_is_refused_by_name() {
    let folder = tempdir().unwrap();
    let mut vault = open(folder.path()).unwrap();
    drop(grant(&mut vault, 1, crate::people::later(5)));
    let draft =
        crate::people::draft("Test Patient 2", vec![crate::people::picture(curtain::hash::Sha256([2; 32]))]);
    let grant = curtain::vault::ToGrant { draft, media: Some(crate::people::SIGNATURE), case: None };
    let error = vault.grant(grant, crate::people::later(4)).unwrap_err();
    let newest = crate::people::later(5);
    assert_eq!(error, curtain::vault::GrantError::Vault(VaultError::ClockBehind { newest }));
    drop(vault);
    assert_eq!(grants_in(folder.path()), 1);
}
