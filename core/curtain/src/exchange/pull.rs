//! The membership log of a circle: taken in after every check, and written to.

use curtain_wire::boxes::{BoxSet, KemKey};
use curtain_wire::level::Level;
use curtain_wire::membership::{Access, Circle, CircleMember, ForkError, History};
use curtain_wire::statement::PublicKey;

use super::{ExchangeError, Here, Put, Road, own};
use crate::circle::{CircleError, Created, Identity, Known, MyCircle, Pen, Rotation};
use crate::hash::{Id, Sha256};
use crate::keys::{Keyring, UserKey};
use crate::time::UnixTime;
use crate::vault::{KeyStore, Vault};

/// A circle as it is now, as far as the folder shows it.
#[derive(Debug)]
pub struct Pulled {
    /// The circle.
    pub circle: MyCircle,
    /// How many entries are new.
    pub new: u64,
    /// Why there is no key of the present epoch, although there should be one for this user.
    pub no_key: Option<ExchangeError>,
}

/// One entry and what goes with it.
#[derive(Debug, Default)]
pub struct Written {
    /// The entry.
    pub entry: Vec<u8>,
    /// The boxes of the epoch that it begins.
    pub boxes: Option<(u64, BoxSet)>,
    /// The copies of a user's key that it names.
    pub keyring: Option<Keyring>,
    /// The X-Wing keys of devices that it names by their hashes.
    pub seals: Vec<KemKey>,
}

impl Written {
    /// An entry alone.
    #[must_use]
    pub fn entry(entry: Vec<u8>) -> Self {
        Self { entry, ..Self::default() }
    }

    /// An entry that names copies of the owner's key.
    pub(super) fn with_keyring((entry, keyring): (Vec<u8>, Keyring), me: &Identity) -> Self {
        let seals = me.devices.iter().map(|listed| listed.seal.clone()).collect();
        Self { entry, boxes: None, keyring: Some(keyring), seals }
    }

    fn rotation(number: u64, Rotation { entry, boxes }: Rotation) -> Self {
        Self { entry, boxes: Some((number, boxes)), ..Self::default() }
    }
}

/// Whether a new epoch begins with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotate {
    /// If one is due and this device may begin it.
    IfDue,
    /// With a later change.
    Later,
    /// In any case.
    Always,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Entries that were written.
    pub entries: u64,
    /// The epoch that began with it.
    pub epoch: Option<u64>,
    /// Whether a new epoch is (still) due.
    pub due: bool,
}

/// A kept circle, as this device knows it without asking anybody.
///
/// # Errors
/// [`ExchangeError::Vault`], [`ExchangeError::Circle`].
pub fn kept(vault: &Vault, keys: &dyn KeyStore, user: Id, circle: Sha256) -> Result<MyCircle, ExchangeError> {
    Ok(MyCircle::open(&vault.entries(circle)?, user, vault.epochs(keys, circle)?)?)
}

/// Takes in what the folder has of a circle, and the box of its present epoch. A circle that is not kept yet is kept as
/// `name`.
///
/// # Errors
/// [`ExchangeError`]; nothing was kept. [`ExchangeError::Fork`] if the folder's log is not the one that is kept.
pub fn pull(
    here: &mut Here<'_>,
    road: &dyn Road,
    circle: Sha256,
    name: &str,
) -> Result<Pulled, ExchangeError> {
    let known = here.vault.circles()?.iter().any(|kept| kept.id == circle);
    let entries = if known { here.vault.entries(circle)? } else { Vec::new() };
    let epochs = if known { here.vault.epochs(here.keys, circle)? } else { Vec::new() };
    let (mut mine, new) = fetch(road, circle, here.me.user, &entries, epochs, here.now)?;
    own::take_key(here, road, &mine, &[&entries, &new])?;
    let no_key = take_box(here.me, road, &mut mine).err();
    if !known {
        here.vault.keep_circle(circle, name)?;
    }
    keep(here, &mine, entries.len() as u64, &new)?;
    own::take_devices(here, road)?;
    Ok(Pulled { circle: mine, new: new.len() as u64, no_key })
}

/// The circle in the road, of which `kept` are the entries that are known already; and the new ones.
pub(super) fn fetch(
    road: &dyn Road,
    circle: Sha256,
    user: Id,
    kept: &[Vec<u8>],
    epochs: Vec<(u64, Known)>,
    now: UnixTime,
) -> Result<(MyCircle, Vec<Vec<u8>>), ExchangeError> {
    let from = road.rereads_from(kept.len() as u64);
    let mut there = road.entries(circle, from)?.into_iter();
    let again = usize::try_from(from).ok().and_then(|from| kept.get(from..)).unwrap_or_default();
    for known in again {
        if there.next().as_ref() != Some(known) {
            return Err(parted(road, circle, kept)?);
        }
    }
    let mut new = Vec::new();
    let mut mine = if kept.is_empty() {
        let first = there.next().ok_or(ExchangeError::NoCircle)?;
        if Sha256::of(&first) != circle {
            return Err(ForkError::Forked { size: 1 }.into());
        }
        new.push(first);
        MyCircle::open(&new, user, epochs).map_err(|error| entry_error(0, error))?
    } else {
        MyCircle::open(kept, user, epochs)?
    };
    for entry in there {
        let n = mine.circle().size();
        mine.append(&entry, now).map_err(|error| entry_error(n, error))?;
        new.push(entry);
    }
    Ok((mine, new))
}

/// Where the log that the road shows is not the one that is kept.
fn parted(road: &dyn Road, circle: Sha256, kept: &[Vec<u8>]) -> Result<ExchangeError, ExchangeError> {
    let there = road.entries(circle, 0)?;
    let same = there.iter().zip(kept).take_while(|(there, kept)| there == kept).count() as u64;
    Ok(match there.len() as u64 {
        // Another folder, most likely.
        0 => ExchangeError::NoCircle,
        size if size == same => ForkError::RolledBack { seen: kept.len() as u64, size }.into(),
        _ => ForkError::Forked { size: same + 1 }.into(),
    })
}

fn entry_error(n: u64, error: CircleError) -> ExchangeError {
    match error {
        CircleError::Membership(error) => ExchangeError::Entry { n, error },
        other => other.into(),
    }
}

/// Takes the box of the present epoch, if there is one that is not here yet, and those of epochs before.
pub(super) fn take_box(me: &Identity, road: &dyn Road, mine: &mut MyCircle) -> Result<(), ExchangeError> {
    let present = take_present_box(me, road, mine);
    take_older_boxes(me, road, mine);
    present
}

/// Takes what there is of epochs that began while the user was in, and to which no later one leads: in a circle without
/// history, or behind a link that somebody broke. What is not there, or does not hold, stays closed.
fn take_older_boxes(me: &Identity, road: &dyn Road, mine: &mut MyCircle) {
    let missing: Vec<u64> = mine.missing_older_boxes().map(|(number, _)| number).collect();
    for number in missing {
        let epoch = usize::try_from(number).ok().and_then(|at| mine.circle().epochs().get(at));
        let Some(head) = epoch.map(|epoch| epoch.boxes) else { continue };
        // The box is for the key of then.
        for key in me.keys() {
            let recipient = key.public().recipient();
            if let Ok(Some(sealed)) = road.one_box(mine.circle().id(), number, &head, &recipient) {
                let _ = mine.take_box_of(number, key, &sealed);
            }
        }
    }
}

fn take_present_box(me: &Identity, road: &dyn Road, mine: &mut MyCircle) -> Result<(), ExchangeError> {
    let Some((number, recipient)) = mine.missing_box() else { return Ok(()) };
    let lists = |member: &CircleMember| member.devices.contains(&me.device.id());
    if !mine.circle().member(&me.user).is_some_and(lists) {
        return Err(ExchangeError::NotListed);
    }
    let key = me.key_of(&recipient).ok_or(ExchangeError::OtherKey)?;
    let epoch = mine.circle().epoch().ok_or(CircleError::NotIn)?;
    let sealed =
        road.one_box(mine.circle().id(), number, &epoch.boxes, &recipient)?.ok_or(CircleError::Box)?;
    Ok(mine.take_box(key, &sealed)?)
}

/// The user's key, as the circle names it, for this device.
pub(super) fn user_key(
    road: &dyn Road,
    mine: &Circle,
    member: &CircleMember,
    user: Id,
    device: &crate::keys::DeviceKeys,
) -> Result<UserKey, ExchangeError> {
    let keyring = road.keyring(mine.id(), &member.keyring)?;
    Ok(UserKey::from_keyring(user, &member.key, &keyring, device)?)
}

pub(super) fn keep(
    here: &mut Here<'_>,
    mine: &MyCircle,
    from: u64,
    entries: &[Vec<u8>],
) -> Result<(), ExchangeError> {
    let epochs: Vec<(u64, Known)> = mine.epochs().map(|(number, known)| (number, known.clone())).collect();
    Ok(here.vault.keep_entries(here.keys, mine.circle().id(), from, entries, &epochs)?)
}

/// Creates a circle in the road, and keeps it as `name`.
///
/// # Errors
/// [`ExchangeError`].
pub fn create(
    here: &mut Here<'_>,
    road: &dyn Road,
    name: &str,
    (audience, history): (Level, History),
    issuers: Vec<PublicKey>,
) -> Result<MyCircle, ExchangeError> {
    let salt = here.vault.make_id()?;
    let pen = Pen::new(here.me, here.now, here.random);
    let Created { entries, boxes, keyring, circle } = pen.create(salt, audience, history, issuers)?;
    let mut written: Vec<Written> = entries.into_iter().map(Written::entry).collect();
    if let [first, epoch, ..] = written.as_mut_slice() {
        first.keyring = Some(keyring);
        first.seals = here.me.devices.iter().map(|listed| listed.seal.clone()).collect();
        epoch.boxes = Some((0, boxes));
    }
    push(road, &circle, &written)?;
    here.vault.keep_circle(circle.circle().id(), name)?;
    keep_written(here, &circle, &written)?;
    Ok(circle)
}

/// Changes a pulled circle, and begins a new epoch as `rotate` says.
///
/// # Errors
/// [`ExchangeError`]; [`ExchangeError::Faster`] if somebody changed it in the meantime: then it is to be pulled again.
pub fn change(
    here: &mut Here<'_>,
    road: &dyn Road,
    circle: &mut MyCircle,
    rotate: Rotate,
    write: impl FnOnce(&Pen<'_>, &mut MyCircle) -> Result<Vec<Written>, ExchangeError>,
) -> Result<Changed, ExchangeError> {
    let pen = Pen::new(here.me, here.now, here.random);
    let mut written = write(&pen, circle)?;
    let epoch = rotated(&pen, circle, rotate, &mut written)?;
    publish(here, road, circle, &written)?;
    Ok(Changed { entries: written.len() as u64, epoch, due: circle.circle().rotation_due() })
}

/// Begins a new epoch, if it is asked for.
pub(super) fn rotated(
    pen: &Pen<'_>,
    circle: &mut MyCircle,
    rotate: Rotate,
    written: &mut Vec<Written>,
) -> Result<Option<u64>, ExchangeError> {
    let log = circle.circle();
    let begins = match rotate {
        Rotate::Always => true,
        Rotate::Later => false,
        Rotate::IfDue => log.rotation_due() && log.check_may_rotate(&pen.hand()).is_ok(),
    };
    if !begins {
        return Ok(None);
    }
    let number = log.epochs().len() as u64;
    written.push(Written::rotation(number, pen.rotate(circle)?));
    Ok(Some(number))
}

/// Puts entries into the folder that `circle` has taken already, and keeps them.
pub(super) fn publish(
    here: &mut Here<'_>,
    road: &dyn Road,
    circle: &MyCircle,
    written: &[Written],
) -> Result<(), ExchangeError> {
    let pushed = push(road, circle, written);
    if let Err(ExchangeError::BoxesNotThere) | Ok(()) = pushed {
        keep_written(here, circle, written)?;
    }
    pushed
}

/// The entry decides who was faster; boxes follow it, and copies of a key, which are named by what they hold, go before.
fn push(road: &dyn Road, circle: &MyCircle, written: &[Written]) -> Result<(), ExchangeError> {
    let id = circle.circle().id();
    let from = circle.circle().size() - written.len() as u64;
    let mut no_boxes = false;
    for (done, item) in (0..).zip(written) {
        for seal in &item.seals {
            road.put_seal_key(seal)?;
        }
        if let Some(keyring) = &item.keyring {
            road.put_keyring(id, keyring)?;
        }
        if road.put_entry(id, from + done, &item.entry)? == Put::Faster {
            return Err(ExchangeError::Faster { done });
        }
        if let Some((number, boxes)) = &item.boxes {
            no_boxes |= road.put_boxes(id, *number, boxes).is_err();
        }
    }
    if no_boxes { Err(ExchangeError::BoxesNotThere) } else { Ok(()) }
}

fn keep_written(here: &mut Here<'_>, circle: &MyCircle, written: &[Written]) -> Result<(), ExchangeError> {
    let entries: Vec<Vec<u8>> = written.iter().map(|item| item.entry.clone()).collect();
    keep(here, circle, circle.circle().size() - entries.len() as u64, &entries)
}

/// Whether the member has no box until they make a new key.
pub(super) fn waits(member: &CircleMember) -> bool {
    member.access == Access::Waiting
}
