//! The wire between everybody and the relay: counts what goes up, can be cut, and looks for words on the way.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::WORDS;

/// A way to the relay on 127.0.0.1.
pub(super) struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    relay: Option<SocketAddr>,
    /// Bytes that went to the relay.
    up: u64,
    /// Nothing more goes up once this many did.
    until: Option<u64>,
    /// Whether something waits behind that.
    held: bool,
    /// Words that were seen, either way.
    seen: BTreeSet<&'static str>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wire {
    /// Listens; what comes before [`Self::leads_to`] is turned away.
    pub(super) fn new() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        // It ends with the process.
        std::thread::spawn(move || {
            for phone in listener.incoming().flatten() {
                let shared = Arc::clone(&accepting);
                std::thread::spawn(move || {
                    // A connection that cannot be made is closed: the phone sees it.
                    let _ = join(&phone, &shared);
                });
            }
        });
        Ok(Self { address, shared })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn leads_to(&self, relay: SocketAddr) {
        self.shared.state().relay = Some(relay);
    }

    /// Bytes that went to the relay until now.
    pub(super) fn up(&self) -> u64 {
        self.shared.state().up
    }

    /// Words of [`WORDS`] that passed in plain.
    pub(super) fn seen(&self) -> Vec<&'static str> {
        self.shared.state().seen.iter().copied().collect()
    }

    /// Lets `bytes` more go up, and holds what comes after.
    pub(super) fn hold_after(&self, bytes: u64) {
        let mut state = self.shared.state();
        (state.until, state.held) = (Some(state.up.saturating_add(bytes)), false);
    }

    /// Returns true when something is held; false if that does not come about in time.
    pub(super) fn wait_until_held(&self, patience: Duration) -> bool {
        let state = self.shared.state();
        let waited = self.shared.changed.wait_timeout_while(state, patience, |state| !state.held);
        waited.unwrap_or_else(PoisonError::into_inner).0.held
    }

    /// Cuts what is held, and lets everything pass that comes from now on.
    pub(super) fn cut(&self) {
        let mut state = self.shared.state();
        (state.until, state.held) = (None, false);
        self.shared.changed.notify_all();
    }
}

fn join(phone: &TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    let address = shared.state().relay.ok_or(io::ErrorKind::NotConnected)?;
    let relay = TcpStream::connect(address)?;
    phone.set_nodelay(true)?;
    relay.set_nodelay(true)?;
    let (from, to, back) = (relay.try_clone()?, phone.try_clone()?, Arc::clone(shared));
    let down = std::thread::spawn(move || pass(&from, &to, &back, Way::Down));
    pass(phone, &relay, shared, Way::Up);
    let _ = down.join();
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// Passes bytes on until one side ends, or the wire is cut.
fn pass(mut from: &TcpStream, mut to: &TcpStream, shared: &Shared, way: Way) {
    let mut buffer = [0; 8 << 10];
    let mut look = Look::default();
    let mut is_cut = false;
    while !is_cut {
        let Ok(read @ 1..) = from.read(&mut buffer) else { break };
        let mut part = &buffer[..read];
        look.at(part, shared);
        if way == Way::Up {
            let allowed = allow(shared, part.len());
            is_cut = allowed < part.len();
            part = &part[..allowed];
        }
        if to.write_all(part).is_err() {
            break;
        }
        if is_cut {
            wait_for_cut(shared);
        }
    }
    let _ = to.shutdown(Shutdown::Write);
    if is_cut {
        let _ = from.shutdown(Shutdown::Both);
    }
}

/// How many of these bytes may go up now; they are counted.
fn allow(shared: &Shared, wanted: usize) -> usize {
    let mut state = shared.state();
    let room = state.until.map_or(u64::MAX, |until| until.saturating_sub(state.up));
    let allowed = wanted.min(usize::try_from(room).unwrap_or(usize::MAX));
    state.up += allowed as u64;
    if allowed < wanted {
        state.held = true;
        shared.changed.notify_all();
    }
    allowed
}

fn wait_for_cut(shared: &Shared) {
    let mut state = shared.state();
    while state.until.is_some() {
        state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Looks for words in a stream, also where it was read in pieces.
#[derive(Default)]
struct Look {
    /// What came last, in small letters: less than the longest word.
    tail: Vec<u8>,
}

impl Look {
    fn at(&mut self, part: &[u8], shared: &Shared) {
        self.tail.extend(part.iter().map(u8::to_ascii_lowercase));
        for word in words_in(&self.tail) {
            shared.state().seen.insert(word);
        }
        let longest = WORDS.iter().map(|word| word.len()).max().unwrap_or_default();
        let rest = self.tail.len().saturating_sub(longest.saturating_sub(1));
        self.tail.drain(..rest);
    }
}

/// The words of [`WORDS`] that stand in `bytes`, which are in small letters.
pub(super) fn words_in(bytes: &[u8]) -> impl Iterator<Item = &'static str> {
    WORDS.into_iter().filter(|word| bytes.windows(word.len()).any(|window| window == word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A relay that gives back what it gets.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || io::copy(&mut &stream, &mut &stream));
            }
        });
        address
    }

    fn wire() -> Wire {
        let wire = Wire::new().unwrap();
        wire.leads_to(echo());
        wire
    }

    #[test]
    fn bytes_pass_are_counted_and_words_are_seen_across_pieces() {
        let wire = wire();
        let mut phone = TcpStream::connect(wire.address()).unwrap();
        for piece in ["a note on ZEBE", "dee, of Quag", "mar"] {
            phone.write_all(piece.as_bytes()).unwrap();
            std::thread::sleep(Duration::from_millis(30));
        }
        phone.shutdown(Shutdown::Write).unwrap();
        let mut back = String::new();
        phone.read_to_string(&mut back).unwrap();
        assert_eq!(back, "a note on ZEBEdee, of Quagmar");
        assert_eq!((wire.up(), wire.seen()), (back.len() as u64, vec!["zebedee"]));
    }

    #[test]
    fn what_is_held_never_arrives_and_the_next_goes_through() {
        let wire = wire();
        wire.hold_after(10);
        let mut phone = TcpStream::connect(wire.address()).unwrap();
        phone.write_all(&[7; 100]).unwrap();
        assert!(wire.wait_until_held(Duration::from_secs(20)));
        assert_eq!(wire.up(), 10);
        wire.cut();
        let mut back = Vec::new();
        let _ = phone.read_to_end(&mut back);
        assert!(back.len() <= 10, "{back:?}");
        let mut again = TcpStream::connect(wire.address()).unwrap();
        again.write_all(&[7; 100]).unwrap();
        let mut back = [0; 100];
        again.read_exact(&mut back).unwrap();
        assert_eq!(wire.up(), 110);
        assert!(!wire.wait_until_held(Duration::from_millis(1)));
    }
}
