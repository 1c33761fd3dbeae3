//! Who the owner of this device is: private keys, wrapped by the key store, and what circles need to know.

use std::collections::BTreeSet;

use curtain_wire::boxes::KemKey;
use curtain_wire::canonical;
use curtain_wire::credential::Credential;
use curtain_wire::membership::ClaimedDevice;
use curtain_wire::statement::Signed;
use rusqlite::{OptionalExtension, Transaction, named_params};
use zeroize::Zeroizing;

use super::Vault;
use super::error::VaultError;
use super::key::KeyStore;
use super::log::{log_key, writable_log};
use crate::circle::Identity;
use crate::hash::{Id, Sha256};
use crate::keys::{DeviceKeys, ListedDevice, LogKey, UserKey};
use crate::time::UnixTime;

/// The largest device that is kept, in bytes of canonical JSON.
const MAX_DEVICE: usize = 4 << 10;

impl Vault {
    /// The key of the log that this device writes; begins a log where there is none.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn log_key(&mut self, now: UnixTime) -> Result<LogKey, VaultError> {
        let random = self.random.clone();
        let tx = self.transaction()?;
        let ord = writable_log(&tx, now, &random)?;
        let key = log_key(&tx, ord)?;
        tx.commit()?;
        Ok(key)
    }

    /// Keeps who the owner is. There is one identity a vault.
    ///
    /// # Errors
    /// [`VaultError::Exists`] if there is one already; [`VaultError`].
    pub fn keep_identity(
        &mut self,
        keys: &dyn KeyStore,
        identity: &Identity,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let device = keys.wrap(&identity.device.to_secret())?;
        let log = log_of(&identity.device)?;
        let user_key = identity.key.as_ref().map(|key| keys.wrap(key.seed())).transpose()?;
        let tx = self.transaction()?;
        let kept = tx.execute(
            "INSERT OR IGNORE INTO identity (ord, user, name, log, device, user_key, credential, made_at)
             VALUES (1, :user, :name, :log, :device, :user_key, :credential, :now)",
            named_params! {
                ":user": identity.user.0, ":name": identity.name, ":log": log.0, ":device": device,
                ":user_key": user_key, ":credential": text(identity.credential.as_ref()),
                ":now": now.seconds(),
            },
        )?;
        if kept == 0 {
            return Err(VaultError::Exists);
        }
        keep_devices(&tx, &identity.devices)?;
        keep_key(&tx, keys, identity.key.as_ref())?;
        Ok(tx.commit()?)
    }

    /// Keeps another name, user key, credential or list of devices of the owner. The device's own keys stay.
    ///
    /// # Errors
    /// [`VaultError`]; nothing was changed. [`VaultError::NotFound`] if there is no identity.
    pub fn update_identity(&mut self, keys: &dyn KeyStore, identity: &Identity) -> Result<(), VaultError> {
        let user_key = identity.key.as_ref().map(|key| keys.wrap(key.seed())).transpose()?;
        let tx = self.transaction()?;
        let changed = tx.execute(
            "UPDATE identity SET user = :user, name = :name, user_key = :user_key, credential = :credential",
            named_params! {
                ":user": identity.user.0, ":name": identity.name, ":user_key": user_key,
                ":credential": text(identity.credential.as_ref()),
            },
        )?;
        if changed != 1 {
            return Err(VaultError::NotFound);
        }
        tx.execute("DELETE FROM own_device", [])?;
        keep_devices(&tx, &identity.devices)?;
        keep_key(&tx, keys, identity.key.as_ref())?;
        Ok(tx.commit()?)
    }

    /// Who the owner is, if anybody said so.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn identity(&self, keys: &dyn KeyStore) -> Result<Option<Identity>, VaultError> {
        let connection = &self.opened.connection;
        let row = connection
            .query_row(
                "SELECT user, name, log.ord, device, user_key, credential
                 FROM identity JOIN log ON log.id = identity.log",
                [],
                |row| {
                    Ok((
                        Id(row.get(0)?),
                        row.get(1)?,
                        row.get::<_, i64>(2)?,
                        row.get::<_, Vec<u8>>(3)?,
                        row.get::<_, Option<Vec<u8>>>(4)?,
                        row.get::<_, Option<String>>(5)?,
                    ))
                },
            )
            .optional()?;
        let Some((user, name, log, device, user_key, credential)) = row else { return Ok(None) };
        let log = log_key(connection, log)?;
        let device = DeviceKeys::from_secret(user, &keys.unwrap(&device)?, &log)
            .map_err(|_| VaultError::Inconsistent)?;
        let key = match user_key {
            Some(wrapped) => {
                let seed = keys.unwrap(&wrapped)?;
                let seed = seed.as_slice().try_into().map_err(|_| VaultError::Inconsistent)?;
                Some(UserKey::from_seed(user, seed))
            }
            None => None,
        };
        let credential = match credential {
            Some(text) => Some(Signed::parse(text.as_bytes()).map_err(|_| VaultError::Inconsistent)?),
            None => None,
        };
        let old_keys = self.old_keys(keys, user, key.as_ref())?;
        Ok(Some(Identity { user, name, device, key, old_keys, credential, devices: self.own_devices()? }))
    }

    /// Notes that a device of the user is none any more, before any circle is told: telling them may fail, and is done again.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn keep_gone(&mut self, device: Sha256) -> Result<(), VaultError> {
        self.opened.connection.execute("INSERT OR IGNORE INTO gone_device (id) VALUES (?1)", [device.0])?;
        Ok(())
    }

    /// Devices that the user revoked here.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn gone(&self) -> Result<BTreeSet<Sha256>, VaultError> {
        let mut query = self.opened.connection.prepare("SELECT id FROM gone_device")?;
        let rows = query.query_map([], |row| row.get(0).map(Sha256))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The user's keys that another took the place of, the newest first.
    fn old_keys(
        &self,
        keys: &dyn KeyStore,
        user: Id,
        present: Option<&UserKey>,
    ) -> Result<Vec<UserKey>, VaultError> {
        let present = present.map(|key| key.public().recipient());
        let mut query =
            self.opened.connection.prepare("SELECT recipient, secret FROM user_key ORDER BY ord DESC")?;
        let rows = query.query_map([], |row| Ok((Sha256(row.get(0)?), row.get::<_, Vec<u8>>(1)?)))?;
        let mut old = Vec::new();
        for row in rows {
            let (recipient, wrapped) = row?;
            if Some(recipient) != present {
                let secret = keys.unwrap(&wrapped)?;
                let seed =
                    Zeroizing::new(secret.as_slice().try_into().map_err(|_| VaultError::Inconsistent)?);
                old.push(UserKey::from_seed(user, *seed));
            }
        }
        Ok(old)
    }

    fn own_devices(&self) -> Result<Vec<ListedDevice>, VaultError> {
        let mut query = self.opened.connection.prepare("SELECT device, seal FROM own_device ORDER BY id")?;
        let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        rows.map(|row| {
            let (device, seal) = row?;
            let claimed: ClaimedDevice =
                canonical::from_bytes(device.as_bytes(), MAX_DEVICE).map_err(|_| VaultError::Inconsistent)?;
            let seal = KemKey::from_bytes(&seal).map_err(|_| VaultError::Inconsistent)?;
            Ok(ListedDevice { claimed, seal })
        })
        .collect()
    }
}

/// Keeps the user's key beside those of before.
fn keep_key(tx: &Transaction<'_>, keys: &dyn KeyStore, key: Option<&UserKey>) -> Result<(), VaultError> {
    let Some(key) = key else { return Ok(()) };
    tx.execute(
        "INSERT OR IGNORE INTO user_key (recipient, secret) VALUES (?1, ?2)",
        (key.public().recipient().0, keys.wrap(key.seed())?),
    )?;
    Ok(())
}

fn text(credential: Option<&Signed<Credential>>) -> Option<String> {
    credential.map(|credential| String::from_utf8_lossy(&credential.to_bytes()).into_owned())
}

fn log_of(device: &DeviceKeys) -> Result<Id, VaultError> {
    curtain_wire::checkpoint::log_of(device.device().log.name()).map(Id).ok_or(VaultError::Inconsistent)
}

fn keep_devices(tx: &Transaction<'_>, devices: &[ListedDevice]) -> Result<(), VaultError> {
    for listed in devices {
        let device = String::from_utf8_lossy(&canonical::to_bytes(&listed.claimed)).into_owned();
        tx.execute(
            "INSERT INTO own_device (id, device, seal) VALUES (?1, ?2, ?3)",
            (listed.id().0, device, listed.seal.as_bytes().as_slice()),
        )?;
    }
    Ok(())
}
