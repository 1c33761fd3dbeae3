//! What the operator set: flags, then `CURTAIN_RELAY_*`, then a file, then what is usual.

use std::ffi::OsString;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use curtain_wire::note::VerifierKey;
use serde::Deserialize;
use thiserror::Error;

/// The settings do not do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Flags or environment variables; the message has what `--help` says, or the usage.
    #[error("{0}")]
    Flags(#[source] Box<clap::Error>),
    /// The file cannot be read.
    #[error("the file of settings cannot be read: {0}")]
    File(#[source] std::io::Error),
    /// The file is neither TOML nor, if it ends in `.json`, JSON with known names.
    #[error("the file of settings is not as it should be: {0}")]
    Form(String),
    /// One of certificate and key alone.
    #[error("--tls-cert and --tls-key go together")]
    HalfTls,
    /// The address to listen on is for all addresses: signatures would name none.
    #[error("say with --authority what clients call this relay: {0} is for all addresses")]
    NoAuthority(IpAddr),
    /// What is no authority as signatures have it.
    #[error("--authority must be a host in small letters, with a port if it is not the usual one")]
    Authority,
    /// What is no verifier key.
    #[error("--witness-log must be the verifier key of a log: {0}")]
    WitnessLog(#[source] curtain_wire::note::NoteError),
    /// A number that lets nothing through.
    #[error("{0} must be larger than zero")]
    Zero(&'static str),
}

/// What can be set, each by a flag, a variable or the file.
#[derive(Clone, Debug, Default, Deserialize, Parser)]
#[command(name = "curtain-relay", version, about = "Holds sealed posts for circles that do not trust it")]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct Settings {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "CURTAIN_RELAY_LISTEN")]
    listen: Option<SocketAddr>,
    /// A folder, or `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix` [default: ./relay-data]
    #[arg(long, env = "CURTAIN_RELAY_STORE")]
    store: Option<String>,
    /// Host, with its port unless it is the usual one, that clients call and sign; again for more [default: --listen]
    #[arg(long, env = "CURTAIN_RELAY_AUTHORITY", value_delimiter = ',')]
    authority: Vec<String>,
    /// File of the relay's keys, made if it is not there [default: beside the store's folder]
    #[arg(long, env = "CURTAIN_RELAY_KEYS")]
    keys: Option<PathBuf>,
    /// Name in front of the relay's keys [default: curtain-relay]
    #[arg(long, env = "CURTAIN_RELAY_NAME")]
    name: Option<String>,
    /// Certificate chain, PEM
    #[arg(long, env = "CURTAIN_RELAY_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, env = "CURTAIN_RELAY_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// Settings by the names of these flags, TOML, or JSON if its name ends so
    #[arg(long, env = "CURTAIN_RELAY_CONFIG")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Address of a proxy in front, whose last X-Forwarded-For is believed; again for more
    #[arg(long, env = "CURTAIN_RELAY_PROXY", value_delimiter = ',')]
    proxy: Vec<IpAddr>,
    /// Verifier key of a log that is no device's, to be witnessed too; again for more
    #[arg(long, env = "CURTAIN_RELAY_WITNESS_LOG", value_delimiter = ',')]
    witness_log: Vec<String>,
    /// The largest blob, in bytes [default: 1 GiB]
    #[arg(long, env = "CURTAIN_RELAY_MAX_BLOB_BYTES")]
    max_blob_bytes: Option<u64>,
    /// The largest body of a PATCH, in bytes [default: 64 MiB]
    #[arg(long, env = "CURTAIN_RELAY_MAX_PATCH_BYTES")]
    max_patch_bytes: Option<u64>,
    /// As much as a circle may keep here, in bytes [default: 100 GiB]
    #[arg(long, env = "CURTAIN_RELAY_CIRCLE_QUOTA_BYTES")]
    circle_quota_bytes: Option<u64>,
    /// As much as a device may have on its way here, in bytes [default: 10 GiB]
    #[arg(long, env = "CURTAIN_RELAY_DEVICE_QUOTA_BYTES")]
    device_quota_bytes: Option<u64>,
    /// Requests that are answered at once, in all [default: 4096]
    #[arg(long, env = "CURTAIN_RELAY_MAX_REQUESTS")]
    max_requests: Option<usize>,
    /// Connections and requests at once, per address of a client [default: 64]
    #[arg(long, env = "CURTAIN_RELAY_MAX_REQUESTS_PER_ADDRESS")]
    max_requests_per_address: Option<usize>,
    /// Requests a minute per key, and per address of a client [default: 1200]
    #[arg(long, env = "CURTAIN_RELAY_REQUESTS_PER_MINUTE")]
    requests_per_minute: Option<u32>,
    /// Seconds without a byte after which a client is cut off [default: 30]
    #[arg(long, env = "CURTAIN_RELAY_IDLE_SECONDS")]
    idle_seconds: Option<u64>,
    /// Bytes a second that a body must bring after the first such time [default: 1024]
    #[arg(long, env = "CURTAIN_RELAY_MIN_BYTES_PER_SECOND")]
    min_bytes_per_second: Option<u64>,
    /// Seconds after which a request is given up, unless it uploads or waits [default: 60]
    #[arg(long, env = "CURTAIN_RELAY_REQUEST_SECONDS")]
    request_seconds: Option<u64>,
    /// Seconds to finish what was begun, after SIGTERM or SIGINT [default: 20]
    #[arg(long, env = "CURTAIN_RELAY_DRAIN_SECONDS")]
    drain_seconds: Option<u64>,
    /// Stop when standard input ends, too: a relay that another program started then ends with it
    #[arg(long)]
    #[serde(skip)]
    stop_with_input: bool,
}

/// The settings of a running relay.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where it keeps: a folder, or the address of a bucket.
    pub store: String,
    /// What signatures must name. Empty: the address as it is bound.
    pub authorities: Vec<String>,
    /// The file of its keys, if that was said.
    pub keys: Option<PathBuf>,
    /// The name in front of its keys.
    pub name: String,
    /// Files of certificate chain and key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Proxies whose word on a client's address is believed.
    pub proxies: Vec<IpAddr>,
    /// Logs that are witnessed though no circle lists a device with them.
    pub witness_logs: Vec<VerifierKey>,
    /// The largest blob.
    pub max_blob_bytes: u64,
    /// The largest body of a PATCH.
    pub max_patch_bytes: u64,
    /// As much as a circle may keep.
    pub circle_quota_bytes: u64,
    /// As much as a device may have in uploads that have not expired.
    pub device_quota_bytes: u64,
    /// Requests at once.
    pub max_requests: usize,
    /// Connections, and requests, at once per address.
    pub max_requests_per_address: usize,
    /// Requests a minute, per key and per address.
    pub requests_per_minute: u32,
    /// After this without a byte, a client is cut off.
    pub idle: Duration,
    /// What a body must bring on average, once `idle` has passed.
    pub min_bytes_per_second: u64,
    /// After this, a request is given up.
    pub request_time: Duration,
    /// Time to finish.
    pub drain: Duration,
    /// Whether the end of standard input stops it.
    pub stop_with_input: bool,
}

impl Config {
    /// Reads flags (the first is the program's name), environment and file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Self, ConfigError> {
        let flags = Settings::try_parse_from(args).map_err(|error| ConfigError::Flags(Box::new(error)))?;
        let file = flags.config.as_deref().map(read_file).transpose()?.unwrap_or_default();
        flags.or(file).finish()
    }

    /// What is usual.
    ///
    /// # Errors
    /// [`ConfigError`], as for any settings.
    pub fn usual() -> Result<Self, ConfigError> {
        Settings::default().finish()
    }

    /// Where the keys are if nothing was said: beside the store's folder. None for a bucket.
    #[must_use]
    pub fn keys_file(&self) -> Option<PathBuf> {
        let beside = || {
            (!self.store.contains("://"))
                .then(|| PathBuf::from(format!("{}.keys", self.store.trim_end_matches('/'))))
        };
        self.keys.clone().or_else(beside)
    }
}

impl Settings {
    /// These, and those of `file` where nothing is set.
    fn or(self, file: Self) -> Self {
        let list = |one: Vec<String>, other| if one.is_empty() { other } else { one };
        Self {
            listen: self.listen.or(file.listen),
            store: self.store.or(file.store),
            authority: list(self.authority, file.authority),
            keys: self.keys.or(file.keys),
            name: self.name.or(file.name),
            tls_cert: self.tls_cert.or(file.tls_cert),
            tls_key: self.tls_key.or(file.tls_key),
            config: self.config,
            proxy: if self.proxy.is_empty() { file.proxy } else { self.proxy },
            witness_log: list(self.witness_log, file.witness_log),
            max_blob_bytes: self.max_blob_bytes.or(file.max_blob_bytes),
            max_patch_bytes: self.max_patch_bytes.or(file.max_patch_bytes),
            circle_quota_bytes: self.circle_quota_bytes.or(file.circle_quota_bytes),
            device_quota_bytes: self.device_quota_bytes.or(file.device_quota_bytes),
            max_requests: self.max_requests.or(file.max_requests),
            max_requests_per_address: self.max_requests_per_address.or(file.max_requests_per_address),
            requests_per_minute: self.requests_per_minute.or(file.requests_per_minute),
            idle_seconds: self.idle_seconds.or(file.idle_seconds),
            min_bytes_per_second: self.min_bytes_per_second.or(file.min_bytes_per_second),
            request_seconds: self.request_seconds.or(file.request_seconds),
            drain_seconds: self.drain_seconds.or(file.drain_seconds),
            stop_with_input: self.stop_with_input,
        }
    }

    fn finish(self) -> Result<Config, ConfigError> {
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err(ConfigError::HalfTls),
        };
        let listen = self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        if self.authority.is_empty() && listen.ip().is_unspecified() {
            return Err(ConfigError::NoAuthority(listen.ip()));
        }
        for authority in &self.authority {
            use curtain_wire::request::{Content, Request};
            Request::new("GET", authority, "/", Content::Body(&[])).map_err(|_| ConfigError::Authority)?;
        }
        let witness_logs = self.witness_log.iter().map(|key| key.parse().map_err(ConfigError::WitnessLog));
        let config = Config {
            listen,
            store: self.store.unwrap_or_else(|| "./relay-data".to_owned()),
            authorities: self.authority,
            keys: self.keys,
            name: self.name.unwrap_or_else(|| "curtain-relay".to_owned()),
            tls,
            proxies: self.proxy,
            witness_logs: witness_logs.collect::<Result<_, _>>()?,
            max_blob_bytes: self.max_blob_bytes.unwrap_or(1 << 30),
            max_patch_bytes: self.max_patch_bytes.unwrap_or(64 << 20),
            circle_quota_bytes: self.circle_quota_bytes.unwrap_or(100 << 30),
            device_quota_bytes: self.device_quota_bytes.unwrap_or(10 << 30),
            max_requests: self.max_requests.unwrap_or(4096),
            max_requests_per_address: self.max_requests_per_address.unwrap_or(64),
            requests_per_minute: self.requests_per_minute.unwrap_or(1_200),
            idle: Duration::from_secs(self.idle_seconds.unwrap_or(30)),
            min_bytes_per_second: self.min_bytes_per_second.unwrap_or(1 << 10),
            request_time: Duration::from_secs(self.request_seconds.unwrap_or(60)),
            drain: Duration::from_secs(self.drain_seconds.unwrap_or(20)),
            stop_with_input: self.stop_with_input,
        };
        let zero = [
            ("max-blob-bytes", config.max_blob_bytes == 0),
            ("max-patch-bytes", config.max_patch_bytes == 0),
            ("max-requests", config.max_requests == 0),
            ("max-requests-per-address", config.max_requests_per_address == 0),
            ("requests-per-minute", config.requests_per_minute == 0),
            ("idle-seconds", config.idle.is_zero()),
            ("request-seconds", config.request_time.is_zero()),
        ];
        match zero.into_iter().find(|(_, is_zero)| *is_zero) {
            Some((name, _)) => Err(ConfigError::Zero(name)),
            None => Ok(config),
        }
    }
}

fn read_file(file: &Path) -> Result<Settings, ConfigError> {
    let text = fs::read_to_string(file).map_err(ConfigError::File)?;
    if file.extension().is_some_and(|ending| ending == "json") {
        return serde_json::from_str(&text).map_err(|error| ConfigError::Form(error.to_string()));
    }
    toml::from_str(&text).map_err(|error| ConfigError::Form(error.message().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Config, ConfigError> {
        Config::read(["curtain-relay"].iter().chain(args).map(OsString::from))
    }

    #[test]
    fn a_flag_goes_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let toml = folder.path().join("relay.toml");
        fs::write(&toml, "name = \"file\"\nstore = \"/srv/relay\"\nidle-seconds = 5\n").unwrap();
        let json = folder.path().join("relay.json");
        fs::write(&json, r#"{"name":"file","store":"/srv/relay","idle-seconds":5}"#).unwrap();
        for file in [toml, json] {
            let config = read(&["--config", file.to_str().unwrap(), "--name", "flag"]).unwrap();
            assert_eq!((config.name.as_str(), config.store.as_str()), ("flag", "/srv/relay"));
            assert_eq!(config.idle, Duration::from_secs(5));
            assert_eq!(config.keys_file(), Some(PathBuf::from("/srv/relay.keys")));
        }
        let other = folder.path().join("other.toml");
        fs::write(&other, "nmae = \"x\"\n").unwrap();
        assert!(matches!(read(&["--config", other.to_str().unwrap()]), Err(ConfigError::Form(_))));
    }

    #[test]
    fn what_cannot_work_is_said_at_start() {
        assert!(matches!(read(&["--listen", "0.0.0.0:80"]), Err(ConfigError::NoAuthority(_))));
        assert!(matches!(read(&["--tls-cert", "a"]), Err(ConfigError::HalfTls)));
        assert!(matches!(read(&["--authority", "Relay.example"]), Err(ConfigError::Authority)));
        assert!(matches!(read(&["--idle-seconds", "0"]), Err(ConfigError::Zero("idle-seconds"))));
        assert_eq!(read(&["--store", "s3://bucket/a"]).unwrap().keys_file(), None);
    }
}
