//! The relay of the demo: the real one, as a child that ends with this process.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use super::check::Wrong;
use super::stage::{Killed, myself};

pub(super) struct Relay {
    child: Killed,
    address: SocketAddr,
}

impl Relay {
    /// Starts it over `folder`, which is new. It is called by the name of the wire, and of its own.
    pub(super) fn start(folder: &Path, keys: &Path, wire: SocketAddr) -> Result<Self, Wrong> {
        fs::create_dir(folder)?;
        let log = fs::File::create(folder.join("log"))?;
        let mut command = myself()?;
        // It sees the end of its input when this process is gone, however that came about.
        command.args(["relay", "--listen", "127.0.0.1:0", "--name", "relay.demo", "--stop-with-input"]);
        command.args(["--drain-seconds", "1", "--authority", &wire.to_string()]);
        command.arg("--store").arg(folder.join("store")).arg("--keys").arg(keys);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let mut child = Killed(child);
        let mut line = String::new();
        if let Some(printed) = child.0.stdout.take() {
            BufReader::new(printed).read_line(&mut line)?;
        }
        let address = line.trim().strip_prefix("listening on http://").and_then(|said| said.parse().ok());
        let address = address.ok_or_else(|| Wrong::new("the relay did not start: relay/log says why"))?;
        Ok(Self { child, address })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // What it was doing it finishes first.
        drop(self.child.0.stdin.take());
        let _ = self.child.0.wait();
    }
}
