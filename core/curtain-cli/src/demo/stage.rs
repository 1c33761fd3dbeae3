//! Who and what takes part: a folder, a wire, a relay behind it, and a vault for everybody.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::check::{Ran, Wrong, check};
use super::relay::Relay;
use super::wire::Wire;

/// Everything that the steps share.
pub(super) struct Stage {
    /// What is left at the end.
    pub(super) out: PathBuf,
    /// Vaults, keys and papers on their way; removed at the end.
    private: PathBuf,
    relay: Relay,
    pub(super) wire: Wire,
    pub(super) clinician: Person,
    pub(super) student: Person,
    pub(super) officer: Person,
    /// What the steps found out, for those after them.
    pub(super) known: Known,
}

/// What later steps need of earlier ones.
#[derive(Default)]
pub(super) struct Known {
    /// The public key of who says who is a clinician.
    pub(super) issuer: String,
    pub(super) case: String,
    pub(super) consent: String,
    pub(super) post: String,
    /// Bytes of the sealed post.
    pub(super) sealed_bytes: u64,
    /// The key of the clinician's consent log.
    pub(super) log_key: String,
    /// The key of the relay's witness.
    pub(super) witness: String,
}

/// Somebody with a device.
pub(super) struct Person {
    vault: PathBuf,
    told_to_stop: Arc<AtomicBool>,
}

/// A command of ours that is about to run as a child.
pub(super) struct Call {
    words: String,
    command: Command,
    told_to_stop: Arc<AtomicBool>,
}

impl Stage {
    /// Starts the relay in `out`, an empty folder, and gives everybody room for a vault.
    pub(super) fn new(out: &Path) -> Result<Self, Wrong> {
        let private = out.join("private");
        let told_to_stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&told_to_stop);
        // Whoever stops it wants the vaults gone, too: the step that runs ends, and then all is tidied up.
        curtain_relay::when_told(move || told.store(true, Ordering::Relaxed))?;
        let prepared = || -> Result<_, Wrong> {
            make_private(&private)?;
            let wire = Wire::new()?;
            let relay = Relay::start(&out.join("relay"), &private.join("relay.keys"), wire.address())?;
            wire.leads_to(relay.address());
            Ok((wire, relay))
        };
        let (wire, relay) = prepared().inspect_err(|_| drop(fs::remove_dir_all(&private)))?;
        let person = |name| Person { vault: private.join(name), told_to_stop: Arc::clone(&told_to_stop) };
        Ok(Self {
            clinician: person("clinician"),
            student: person("student"),
            officer: person("officer"),
            out: out.to_owned(),
            relay,
            wire,
            known: Known::default(),
            private,
        })
    }

    /// Where everybody finds the relay: through the wire.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.wire.address())
    }

    /// A path for what is not left.
    pub(super) fn private(&self, name: &str) -> PathBuf {
        self.private.join(name)
    }

    /// Writes something that somebody here has in hand.
    pub(super) fn hand(&self, name: &str, bytes: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        let path = self.private(name);
        fs::write(&path, bytes)?;
        Ok(path)
    }

    /// The folder of what the relay keeps and writes.
    pub(super) fn relay_folder(&self) -> PathBuf {
        self.out.join("relay")
    }

    /// A command that is nobody's in particular: it needs no vault.
    pub(super) fn anybody(&self, words: &str) -> Result<Call, Wrong> {
        Call::new(words, &self.clinician.told_to_stop)
    }

    /// Stops the relay and removes what is not to be left.
    pub(super) fn close(self, keep_vaults: bool) -> Result<(), Wrong> {
        drop(self.relay);
        if keep_vaults {
            return Ok(());
        }
        fs::remove_dir_all(&self.private).map_err(|error| {
            Wrong::new(format!("the vaults could not be removed from {}: {error}", self.private.display()))
        })
    }
}

/// A folder for its owner alone.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

impl Person {
    /// A command of this person's, on their vault.
    pub(super) fn call(&self, words: &str) -> Result<Call, Wrong> {
        Ok(Call::new(words, &self.told_to_stop)?.arg("--vault").arg(&self.vault))
    }

    /// Takes in and sends all that there is. With `--hurry` nothing waits for its time.
    pub(super) fn sync(&self) -> Result<Vec<Value>, Wrong> {
        self.call("sync")?.arg("--hurry").run()?.all_done()
    }
}

/// This program, as another process.
pub(super) fn myself() -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CURTAIN_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    Ok(command)
}

impl Call {
    fn new(words: &str, told_to_stop: &Arc<AtomicBool>) -> Result<Self, Wrong> {
        let mut command = myself()?;
        command.args(words.split(' ')).arg("--json");
        Ok(Self { words: words.to_owned(), command, told_to_stop: Arc::clone(told_to_stop) })
    }

    pub(super) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(super) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    /// Runs it to its end.
    pub(super) fn run(mut self) -> Result<Ran, Wrong> {
        let output = self.command.output()?;
        check(!self.told_to_stop.load(Ordering::Relaxed), "it was told to stop")?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let lines = printed.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(Ran {
            command: self.words,
            status: output.status.code(),
            lines,
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs it, and gives its last line if it did all.
    pub(super) fn done(self) -> Result<Value, Wrong> {
        self.run()?.done()
    }

    /// Starts it; what it prints is nobody's. It is killed if it is dropped.
    pub(super) fn start(mut self) -> io::Result<Killed> {
        Ok(Killed(self.command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?))
    }
}

/// A child that does not outlive this.
pub(super) struct Killed(pub(super) Child);

impl Killed {
    /// Kills it (`SIGKILL`), and waits until it is gone.
    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.0.kill()?;
        self.0.wait().map(drop)
    }

    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
