//! Progress, and an end before the end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use curtain::detect::Watch;

/// Ends a call that takes long. It may be used from any thread, before the call or during it; one that was used stays used.
#[derive(Debug, Default, uniffi::Object)]
pub struct Cancel {
    used: AtomicBool,
}

#[uniffi::export]
impl Cancel {
    /// One that was not used yet.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Ends the calls that were given this.
    pub fn cancel(&self) {
        self.used.store(true, Ordering::Relaxed);
    }

    /// Whether it was used.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }
}

/// What a listener may throw: the call that it listens to ends, and nothing is released.
#[derive(Clone, Copy, Debug, thiserror::Error, uniffi::Error)]
pub enum ListenerError {
    /// It wants no more.
    #[error("the listener ended it")]
    Stop,
    /// Something else went wrong in it.
    #[error("the listener failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ListenerError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        // What it says may hold anything: it is not passed on.
        Self::Failed
    }
}

/// Is told how far a call is, on the thread of the call.
#[uniffi::export(with_foreign)]
pub trait ProgressListener: Send + Sync {
    /// `done` of `all` steps are done: runs of the detectors on one photo.
    ///
    /// # Errors
    /// [`ListenerError`] ends the call.
    fn progressed(&self, done: u32, all: u32) -> Result<(), ListenerError>;
}

/// Who waits for a call.
#[derive(Default)]
pub(crate) struct Watcher {
    pub(crate) listener: Option<Arc<dyn ProgressListener>>,
    pub(crate) cancel: Option<Arc<Cancel>>,
    failed: Mutex<Option<ListenerError>>,
}

impl Watcher {
    pub(crate) fn new(listener: Option<Arc<dyn ProgressListener>>, cancel: Option<Arc<Cancel>>) -> Self {
        Self { listener, cancel, failed: Mutex::default() }
    }

    /// What the listener threw.
    pub(crate) fn failed(&self) -> Option<ListenerError> {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Watcher {
    fn goes_on(&self, done: u32, all: u32) -> bool {
        if self.cancel.as_ref().is_some_and(|cancel| cancel.is_cancelled()) {
            return false;
        }
        match self.listener.as_ref().map(|listener| listener.progressed(done, all)) {
            Some(Err(error)) => {
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                false
            }
            Some(Ok(())) | None => true,
        }
    }
}
