//! Records of many logs in one order, of which one of each log is held.

use std::collections::BTreeMap;

use curtain_wire::tree::Hash;

use super::RecordError;
use crate::hash::Id;
use crate::ledger::evidence::Leaves;
use crate::ledger::leaf::Leaf;
use crate::time::UnixTime;

/// By time, then by the log's name, then by place: times never go back in a log. It ends with the first failure.
pub(super) struct InOrder {
    /// Logs of which nothing was read yet.
    unread: Vec<(Id, Leaves)>,
    /// The next record of each log, and where those after it come from.
    next: BTreeMap<(UnixTime, Id), ((Leaf, Hash), Leaves)>,
    failed: Option<RecordError>,
}

impl InOrder {
    pub(super) fn new(logs: impl Iterator<Item = (Id, Leaves)>) -> Self {
        Self { unread: logs.collect(), next: BTreeMap::new(), failed: None }
    }

    fn advance(&mut self, log: Id, mut leaves: Leaves) {
        match leaves.next() {
            None => {}
            Some(Ok(entry)) => drop(self.next.insert((entry.0.at, log), (entry, leaves))),
            Some(Err(why)) => self.failed = self.failed.take().or(Some(RecordError::Log { log, why })),
        }
    }
}

impl Iterator for InOrder {
    type Item = Result<(Leaf, Hash), RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        for (log, leaves) in std::mem::take(&mut self.unread) {
            self.advance(log, leaves);
        }
        if let Some(failed) = self.failed.take() {
            self.next.clear();
            return Some(Err(failed));
        }
        let ((_, log), (entry, leaves)) = self.next.pop_first()?;
        self.advance(log, leaves);
        Some(Ok(entry))
    }
}
