//! The process: starts, listens, stops.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::config::{Config, ConfigError};
use crate::keys::{KeysError, RelayKeys};
use crate::limits::{Counted, Limits};
use crate::log::{self, Level};
use crate::routes::{self, Peer};
use crate::store::{OpenError, Store};
use crate::timed::Timed;
use crate::{Relay, circles, metrics, tls, uploads};

/// How often a folder is searched for what was left half written.
const TIDY_EVERY: Duration = Duration::from_hours(24);

/// How often what is past is removed.
const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The environment variable with the relay's keys themselves, instead of a file of them.
const SECRET_KEYS: &str = "CURTAIN_RELAY_SECRET_KEYS";

/// The relay cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A bucket, and no keys.
    #[error("a store away from this machine needs --keys FILE, or the keys in {SECRET_KEYS}")]
    NoKeys,
    /// The address is taken or not this machine's.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Certificate or key.
    #[error("--tls-cert and --tls-key cannot be used: {0}")]
    Tls(String),
    /// The machine.
    #[error("the process cannot do its work: {0}")]
    Process(#[source] io::Error),
}

/// A relay that listens.
pub struct Server {
    address: SocketAddr,
    relay: Arc<Relay>,
    accepting: JoinHandle<()>,
    sweeping: JoinHandle<()>,
}

impl Server {
    /// Opens the store and listens.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(mut config: Config) -> Result<Self, StartError> {
        // What the stores speak TLS with. Another start in this process was first: it chose the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tls = config.tls.as_ref().map(|(cert, key)| tls::acceptor(cert, key)).transpose()?;
        let store = Store::open(&config.store)?;
        let keys = match (std::env::var(SECRET_KEYS), config.keys_file()) {
            (Ok(text), _) => RelayKeys::parse(&text, &config.name)?,
            (Err(_), Some(file)) => RelayKeys::open(&file, &config.name)?,
            (Err(_), None) => return Err(StartError::NoKeys),
        };
        store.probe().await?;
        let listen = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        if config.authorities.is_empty() {
            config.authorities = vec![authority(address, tls.is_some())];
        }
        let relay = Arc::new(Relay {
            store,
            limits: Limits::new(&config),
            config,
            keys,
            circles: circles::Circles::default(),
            uploads: uploads::Uploads::default(),
            metrics: metrics::Metrics::default(),
            draining: watch::Sender::new(false),
            ahead_s: 0.into(),
        });
        let accepting = tokio::spawn(accept(listener, tls, relay.clone()));
        let sweeping = tokio::spawn(sweep(relay.clone()));
        Ok(Self { address, relay, accepting, sweeping })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its requests work on.
    #[must_use]
    pub fn relay(&self) -> &Arc<Relay> {
        &self.relay
    }

    /// Takes no more, and finishes what was begun, as long as the settings let it.
    pub async fn stop(self) {
        self.relay.draining.send_replace(true);
        let _ = self.accepting.await;
        self.sweeping.abort();
        self.relay.uploads.settled(Duration::from_secs(2)).await;
    }
}

/// The address as a signature names it: without the scheme's own port.
fn authority(address: SocketAddr, is_tls: bool) -> String {
    let usual = if is_tls { ":443" } else { ":80" };
    let authority = address.to_string();
    authority.strip_suffix(usual).unwrap_or(&authority).to_owned()
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, relay: Arc<Relay>) {
    let router = routes::router(relay.clone());
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = relay.drained() => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        let Ok((stream, peer)) = accepted else {
            // Too many open files, most likely: some will be closed.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let is_proxy = relay.config.proxies.contains(&peer.ip());
        let counted = if is_proxy { None } else { relay.limits.connection(peer.ip()) };
        if (counted.is_none() && !is_proxy)
            || connections.len() >= relay.config.max_requests.saturating_mul(4)
        {
            continue;
        }
        connections.spawn(connection(
            stream,
            Peer(peer.ip()),
            tls.clone(),
            relay.clone(),
            router.clone(),
            counted,
        ));
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    let finished = tokio::time::timeout(relay.config.drain, all).await.is_ok();
    log::line(Level::Info, "stopped", [("finished", json!(finished))]);
}

async fn connection(
    stream: TcpStream,
    peer: Peer,
    tls: Option<TlsAcceptor>,
    relay: Arc<Relay>,
    router: axum::Router,
    _counted: Option<Counted>,
) {
    // Without it answers are slower, no more.
    let _ = stream.set_nodelay(true);
    let stream = Timed::new(stream, relay.config.idle);
    match tls {
        None => serve(stream, peer, &relay, router).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                serve(stream, peer, &relay, router).await;
            }
        }
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    peer: Peer,
    relay: &Relay,
    router: axum::Router,
) {
    let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(relay.config.idle).max_buf_size(64 << 10);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // What ends a connection early is the client's doing, and is counted where its request is.
    let draining = tokio::select! {
        _ = connection.as_mut() => return,
        () = relay.drained() => connection.as_mut(),
    };
    draining.graceful_shutdown();
    let _ = connection.await;
}

/// Removes what is past, at the start and from time to time.
async fn sweep(relay: Arc<Relay>) {
    let mut since_tidied = TIDY_EVERY;
    loop {
        if since_tidied >= TIDY_EVERY {
            let store = relay.store.clone();
            // It walks the whole folder.
            let _ = tokio::task::spawn_blocking(move || store.remove_half_written()).await;
            since_tidied = Duration::ZERO;
        }
        since_tidied += SWEEP_EVERY;
        // Neither holds up the other.
        let (circles, uploads) = tokio::join!(relay.circles.sweep(&relay), relay.uploads.sweep(&relay));
        for problem in [circles, uploads].iter().filter_map(|result| result.as_ref().err()) {
            relay.metrics.sweeps_failed.fetch_add(1, Ordering::Relaxed);
            log::line(Level::Error, "sweep failed", [("code", json!(problem.code()))]);
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

/// Runs until a signal.
pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
        log::line(Level::Error, "bug", [("place", json!(place))]);
    }));
    let config = match Config::read(args) {
        Ok(config) => config,
        // Help and version are no errors, and go to standard output.
        Err(ConfigError::Flags(error)) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
        Err(error) => return refuse(&error),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result =
        runtime.map_err(StartError::Process).and_then(|runtime| runtime.block_on(serve_until_told(config)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &dyn std::error::Error) -> ExitCode {
    log::line(Level::Error, "cannot start", [("why", json!(error.to_string()))]);
    ExitCode::FAILURE
}

async fn serve_until_told(config: Config) -> Result<(), StartError> {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let told = told().map_err(StartError::Process)?;
    let input = config.stop_with_input.then(input_ended);
    let server = Server::start(config).await?;
    // Who started the process may have closed its standard output: it runs all the same.
    let _ = io::stdout().write_all(format!("listening on {scheme}://{}\n", server.address()).as_bytes());
    let _ = io::stdout().flush();
    match input {
        None => told.await,
        Some(ended) => tokio::select! {
            () = told => {}
            _ = ended => {}
        },
    }
    log::line(Level::Info, "stopping", []);
    server.stop().await;
    Ok(())
}

/// Ready when standard input has ended.
fn input_ended() -> oneshot::Receiver<()> {
    let (tell, ended) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        let _ = tell.send(());
    });
    ended
}

/// Calls `then` at SIGTERM or SIGINT, which end the process no more: for a program that starts others and tidies up after
/// them.
///
/// # Errors
/// The process can take no signals.
pub fn when_told(then: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let entered = runtime.enter();
    let told = told()?;
    drop(entered);
    std::thread::spawn(move || {
        runtime.block_on(told);
        then();
    });
    Ok(())
}

/// Returns at SIGTERM or SIGINT. The first call takes the signals.
#[cfg(unix)]
fn told() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn told() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // A console that gives no signal cannot stop the relay: it runs on.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
