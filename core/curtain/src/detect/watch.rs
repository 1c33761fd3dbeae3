//! Who waits for a search: how far it is, and whether it goes on.

use std::sync::atomic::{AtomicU32, Ordering};

use super::DetectError;

/// Is told how far a search is, on the thread that asked for it, and may end it.
pub trait Watch: Sync {
    /// `done` of `all` runs of a network are done. Whether the search goes on.
    fn goes_on(&self, done: u32, all: u32) -> bool;
}

/// Waits to the end.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn goes_on(&self, _: u32, _: u32) -> bool {
        true
    }
}

/// Counts the runs of a search.
pub(super) struct Looks<'a> {
    watch: &'a dyn Watch,
    done: AtomicU32,
    all: u32,
}

impl<'a> Looks<'a> {
    /// For a search of `all` runs.
    pub(super) fn new(watch: &'a dyn Watch, all: u32) -> Self {
        Self { watch, done: AtomicU32::new(0), all }
    }

    /// Before each run.
    ///
    /// # Errors
    /// [`DetectError::Cancelled`].
    pub(super) fn begin(&self) -> Result<(), DetectError> {
        self.tell(self.done.fetch_add(1, Ordering::Relaxed))
    }

    /// After the last one.
    ///
    /// # Errors
    /// [`DetectError::Cancelled`].
    pub(super) fn end(&self) -> Result<(), DetectError> {
        self.tell(self.done.load(Ordering::Relaxed))
    }

    fn tell(&self, done: u32) -> Result<(), DetectError> {
        if self.watch.goes_on(done, self.all) { Ok(()) } else { Err(DetectError::Cancelled) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::detect::Detectors;
    use crate::geometry::Size;
    use crate::picture::Picture;

    /// Keeps what it is told, and ends after a number of runs.
    struct Until(u32, Mutex<Vec<(u32, u32)>>);

    impl Watch for Until {
        fn goes_on(&self, done: u32, all: u32) -> bool {
            self.1.lock().unwrap().push((done, all));
            done < self.0
        }
    }

    #[test]
    fn every_run_is_told_and_any_may_be_the_last() {
        let detectors = Detectors::load().unwrap();
        let size = Size::new(320, 240);
        let picture = Picture::from_rgb(size, vec![128; 320 * 240 * 3]).unwrap();
        let whole = Until(u32::MAX, Mutex::default());
        assert_eq!(detectors.find_watched(&picture, &whole), detectors.find(&picture));
        let told = whole.1.into_inner().unwrap();
        let all = told[0].1;
        assert!(all > 4, "{all}");
        assert_eq!(told, (0..=all).map(|done| (done, all)).collect::<Vec<_>>());
        for last in [0, 1, all] {
            let until = Until(last, Mutex::default());
            assert_eq!(detectors.find_watched(&picture, &until), Err(DetectError::Cancelled));
            assert_eq!(until.1.into_inner().unwrap().len(), last as usize + 1);
        }
    }
}
