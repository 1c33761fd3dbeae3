//! The real relay on 127.0.0.1, as a process of its own; and what stands between it and a phone when something is wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use curtain::exchange::{ExchangeError, Here};
use curtain::outbox::Network;
use curtain::sync::{self, Options, Relay, Synced};
use curtain::time::UnixTime;
use curtain::transport::{Answer, Call, Transport, TransportError};
use curtain::vault::FileKeyStore;
use ring::rand::SystemRandom;
use tempfile::TempDir;

use crate::people::open;

/// A relay over a folder.
pub(crate) struct Process {
    child: Child,
    address: String,
    root: Root,
}

/// Where a relay keeps what it has: with the first of several over one store.
enum Root {
    Own(TempDir),
    Shared(PathBuf),
}

impl Process {
    pub(crate) fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (child, address) = spawn(root.path(), "127.0.0.1:0", &[]);
        Self { child, address, root: Root::Own(root) }
    }

    /// One that is reached through a wire that keeps every byte of both directions.
    pub(crate) fn start_behind_a_wire() -> (Self, Wire) {
        let root = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let outside = listener.local_addr().unwrap().to_string();
        let (child, address) = spawn(root.path(), "127.0.0.1:0", &["--authority", &outside]);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (inside, kept) = (address.clone(), seen.clone());
        std::thread::spawn(move || {
            for phone in listener.incoming().map(Result::unwrap) {
                let Ok(relay) = TcpStream::connect(&inside) else { return };
                let ways = [(phone.try_clone(), relay.try_clone()), (Ok(relay), Ok(phone))];
                for (from, to) in ways {
                    let (from, to, kept) = (from.unwrap(), to.unwrap(), kept.clone());
                    std::thread::spawn(move || carry(from, to, &kept));
                }
            }
        });
        (Self { child, address, root: Root::Own(root) }, Wire { url: format!("http://{outside}"), seen })
    }

    /// Another one over the same store.
    pub(crate) fn beside(&self) -> Self {
        let (child, address) = spawn(self.root(), "127.0.0.1:0", &[]);
        Self { child, address, root: Root::Shared(self.root().to_owned()) }
    }

    fn root(&self) -> &Path {
        match &self.root {
            Root::Own(folder) => folder.path(),
            Root::Shared(folder) => folder,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder of its store.
    pub(crate) fn store(&self) -> PathBuf {
        self.root().join("store")
    }

    /// What it wrote to standard error.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.root().join("log")).unwrap()
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Puts what the store held at another time in its place: it must not run.
    pub(crate) fn set_store(&self, from: &Path) {
        std::fs::remove_dir_all(self.store()).unwrap();
        copy_folder(from, &self.store());
    }

    /// The same address, the same store.
    pub(crate) fn restart(&mut self) {
        (self.child, self.address) = spawn(self.root(), &self.address.clone(), &[]);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What lies between phones and a relay.
pub(crate) struct Wire {
    /// Its other end.
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Wire {
    /// All that passed.
    pub(crate) fn seen(&self) -> Vec<u8> {
        self.seen.lock().unwrap().clone()
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, kept: &Mutex<Vec<u8>>) {
    let mut bytes = [0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        kept.lock().unwrap().extend(&bytes[..read]);
        if to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

fn spawn(root: &Path, listen: &str, more: &[&str]) -> (Child, String) {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(root.join("log")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_curtain-under-test"))
        .args(["relay", "--listen", listen, "--name", "relay.test"])
        .arg("--store")
        .arg(root.join("store"))
        .arg("--keys")
        .arg(root.join("keys"))
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line}"));
    (child, address.to_owned())
}

/// A folder with all that is in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below a folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if !folder.exists() {
        return files;
    }
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

/// Comes between a device and its relay.
pub(crate) struct Between<F> {
    act: Mutex<F>,
    /// How far the device's clock is ahead, in seconds.
    pub(crate) ahead_s: i64,
}

/// What becomes of a request.
pub(crate) enum Fate {
    /// It is sent, and the answer comes.
    Passes,
    /// It is never sent.
    Lost,
    /// It is sent, and the answer is lost.
    AnswerLost,
    /// It is never sent; this is the answer.
    Instead(Answer),
    /// It is sent, and the answer is changed on the way.
    Changed(fn(Answer) -> Answer),
}

impl<F: FnMut(&Call<'_>) -> Fate + Send> Between<F> {
    pub(crate) fn new(act: F) -> Self {
        Self { act: Mutex::new(act), ahead_s: 0 }
    }
}

impl<F: FnMut(&Call<'_>) -> Fate + Send> Transport for Between<F> {
    fn call(&self, call: &Call<'_>) -> Result<Answer, TransportError> {
        let fate = (self.act.lock().unwrap())(call);
        match fate {
            Fate::Passes => curtain_cli::network::host().call(call),
            Fate::Lost => Err(TransportError::NoConnection),
            Fate::AnswerLost => {
                curtain_cli::network::host().call(call)?;
                Err(TransportError::Cut)
            }
            Fate::Instead(answer) => Ok(answer),
            Fate::Changed(change) => Ok(change(curtain_cli::network::host().call(call)?)),
        }
    }

    fn now(&self) -> UnixTime {
        UnixTime::new(curtain_cli::network::host().now().seconds() + self.ahead_s).unwrap()
    }
}

/// A sync of the vault in `folder`, in this process.
pub(crate) fn sync_through(
    folder: &Path,
    url: &str,
    transport: &dyn Transport,
) -> Result<Synced, ExchangeError> {
    let mut vault = open(folder).unwrap();
    let keys = FileKeyStore::new(folder.join("vault.key"));
    let (mut me, random) = (vault.identity(&keys).unwrap().unwrap(), SystemRandom::new());
    vault.hurry_outbox(transport.now()).unwrap();
    let relay = Relay::new(transport, url, &me).unwrap();
    let mut here =
        Here { vault: &mut vault, keys: &keys, me: &mut me, random: &random, now: transport.now() };
    sync::sync(&mut here, &relay, &Options { network: Network::Unmetered, fetch_bytes: 100 << 20 })
}
