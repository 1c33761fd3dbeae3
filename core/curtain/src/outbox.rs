//! What to send next, and when to try again. Knows no network: [`sync`](crate::sync) asks, tries, and tells.

use curtain_wire::header::WithdrawalReason;

use crate::hash::{Id, Sha256};
use crate::post::Say;
use crate::time::UnixTime;
use crate::vault::{Item, Queued, Sending, ToWithdraw, Vault, VaultError};

/// The first wait after something went wrong, in seconds.
const FIRST_WAIT_S: i64 = 30;

/// The longest wait, in seconds.
const LONGEST_WAIT_S: i64 = 6 * 3600;

/// What the device is connected by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Bytes cost nothing: a wireless network, a cable.
    Unmetered,
    /// Bytes cost: a mobile network.
    Metered,
}

/// Why something waits although it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// For a network that costs nothing, as the owner chose.
    Unmetered,
    /// For another day: today's budget is spent.
    Budget,
}

impl Hold {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unmetered => "waits_for_unmetered_network",
            Self::Budget => "over_budget",
        }
    }

    /// What that means.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Unmetered => "it waits for a network that costs nothing, as you chose",
            Self::Budget => "it waits for another day, since today's bytes are spent",
        }
    }
}

/// Queues a sealed post for a circle.
///
/// # Errors
/// [`VaultError`]; [`VaultError::NotFound`] if there is no such post or circle.
pub fn post(vault: &mut Vault, circle: Sha256, post: Id, now: UnixTime) -> Result<(), VaultError> {
    vault.post(post)?;
    vault.entries(circle)?;
    vault.queue(&Item::Post { circle, post }, now)
}

/// Queues what is said of the case whose header in the circle has the hash `about`. It is sealed when it is sent.
///
/// # Errors
/// [`VaultError`].
pub fn say(
    vault: &mut Vault,
    circle: Sha256,
    about: Sha256,
    say: &Say,
    now: UnixTime,
) -> Result<(), VaultError> {
    vault.queue(&Item::Say { circle, about, what: say.waiting() }, now)
}

/// Queues that the case whose header in the circle has the hash `about` must go.
///
/// # Errors
/// [`VaultError`].
pub fn withdraw(
    vault: &mut Vault,
    circle: Sha256,
    about: Sha256,
    reason: WithdrawalReason,
    now: UnixTime,
) -> Result<(), VaultError> {
    vault.queue(&Item::Withdraw { circle, about, withdrawal: ToWithdraw { reason, code: None } }, now)
}

/// When something is tried again that went wrong `attempts` times: each time twice as long after, within a half at random,
/// so that devices that failed together do not come back together; not before the relay wants it.
#[must_use]
pub fn next_try(attempts: u32, retry_after_s: Option<u64>, random: u32, now: UnixTime) -> UnixTime {
    let doublings = attempts.saturating_sub(1).min(20);
    let wait = (FIRST_WAIT_S << doublings).min(LONGEST_WAIT_S);
    let jittered = wait / 2 + i64::from(random) * (wait / 2) / i64::from(u32::MAX);
    let asked = i64::try_from(retry_after_s.unwrap_or(0)).unwrap_or(LONGEST_WAIT_S).min(LONGEST_WAIT_S);
    UnixTime::new(now.seconds().saturating_add(jittered.max(asked))).unwrap_or(now)
}

/// Whether the owner wants something to wait. Withdrawals, and what is said, are small and never wait.
#[must_use]
pub fn hold(queued: &Queued, sending: &Sending, network: Network, now: UnixTime) -> Option<Hold> {
    if network == Network::Unmetered || !matches!(queued.item, Item::Post { .. }) {
        return None;
    }
    if sending.unmetered_only {
        return Some(Hold::Unmetered);
    }
    let spent = if sending.day == now.date() { sending.spent } else { 0 };
    let over = sending.budget.is_some_and(|budget| spent.saturating_add(queued.bytes) > budget);
    over.then_some(Hold::Budget)
}

/// What is sent first: what must go, then what is said, then cases, the small ones first.
pub fn in_order(due: &mut [Queued]) {
    due.sort_by_key(|queued| {
        let kind = match queued.item {
            Item::Code(_) => 0,
            Item::Withdraw { .. } => 1,
            Item::Say { .. } => 2,
            Item::Post { .. } => 3,
        };
        (kind, if kind == 3 { queued.bytes } else { 0 }, queued.id)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{Id, Sha256};
    use crate::vault::State;

    fn now() -> UnixTime {
        UnixTime::new(1_800_000_000).unwrap()
    }

    fn queued(id: u64, item: Item, bytes: u64) -> Queued {
        let (queued_at, next_at) = (now(), now());
        Queued {
            id,
            item,
            seq: None,
            queued_at,
            attempts: 0,
            next_at,
            state: State::Waiting,
            reason: None,
            bytes,
        }
    }

    fn post(id: u64, bytes: u64) -> Queued {
        queued(id, Item::Post { circle: Sha256([1; 32]), post: Id([1; 16]) }, bytes)
    }

    #[test]
    fn waits_double_up_to_six_hours_and_differ() {
        let wait = |attempts, random| next_try(attempts, None, random, now()).seconds() - now().seconds();
        assert_eq!((wait(1, 0), wait(1, u32::MAX)), (15, 30));
        assert_eq!((wait(2, 0), wait(2, u32::MAX)), (30, 60));
        assert_eq!((wait(30, 0), wait(u32::MAX, u32::MAX)), (LONGEST_WAIT_S / 2, LONGEST_WAIT_S));
        assert!(wait(5, u32::MAX / 2) > wait(5, 0));
    }

    #[test]
    fn a_relay_that_asks_for_time_gets_it() {
        let wait = |asked| next_try(1, Some(asked), 0, now()).seconds() - now().seconds();
        assert_eq!(wait(120), 120);
        assert_eq!(wait(1), 15);
        assert_eq!(wait(u64::MAX), LONGEST_WAIT_S);
    }

    #[test]
    fn cases_wait_as_the_owner_chose_and_nothing_else_does() {
        let mut sending = Sending { unmetered_only: true, budget: None, day: String::new(), spent: 0 };
        assert_eq!(hold(&post(1, 10), &sending, Network::Metered, now()), Some(Hold::Unmetered));
        assert_eq!(hold(&post(1, 10), &sending, Network::Unmetered, now()), None);
        let code = queued(1, Item::Code(curtain_wire::header::WithdrawalCode([1; 16])), 10);
        assert_eq!(hold(&code, &sending, Network::Metered, now()), None);
        sending = Sending { unmetered_only: false, budget: Some(100), day: now().date(), spent: 91 };
        assert_eq!(hold(&post(1, 10), &sending, Network::Metered, now()), Some(Hold::Budget));
        assert_eq!(hold(&post(1, 9), &sending, Network::Metered, now()), None);
        sending.day = "2020-01-01".to_owned();
        assert_eq!(hold(&post(1, 100), &sending, Network::Metered, now()), None);
    }

    #[test]
    fn what_must_go_is_sent_first() {
        let code = queued(9, Item::Code(curtain_wire::header::WithdrawalCode([1; 16])), 10);
        let mut due = [post(1, 500), post(2, 5), code];
        in_order(&mut due);
        assert_eq!(due.map(|queued| queued.id), [9, 2, 1]);
    }
}
