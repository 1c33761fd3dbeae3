//! Where one inspection collects what it finds.

use std::collections::HashMap;

use super::{Ending, Format, Inspected, Leak, LeakClass, Notice, Orientation};

/// More leaks than this are not listed one by one; one notice says so.
pub(super) const MAX_LEAKS: usize = 10_000;

/// What a container walk learned about the picture itself.
pub(super) struct Seen {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) ending: Ending,
}

/// Whether a piece of metadata speaks of the picture that will be shown, or of another one in the
/// same file. Only the first kind may turn the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    OfThePicture,
    OfAnother,
}

/// Leaks, notices and the orientation, as one walk finds them.
#[derive(Default)]
pub(super) struct Findings {
    leaks: Vec<Leak>,
    notices: Vec<Notice>,
    orientation: Option<Orientation>,
    /// Leaks made of several pieces: the index of the leak, and how many pieces followed the first.
    pieces: HashMap<(LeakClass, usize), (usize, u64)>,
}

impl Findings {
    /// One leak of its own.
    pub(super) fn add(&mut self, class: LeakClass, place: impl Into<String>, bytes: u64) {
        if self.leaks.len() >= MAX_LEAKS {
            return self.notice(Notice::MoreLeaksThanListed);
        }
        self.leaks.push(Leak { class, place: place.into(), bytes });
    }

    /// A piece of something that files spread over many segments or chunks. The pieces of one class
    /// in the image that starts at `image` make one leak, placed at the first of them.
    pub(super) fn add_piece(&mut self, class: LeakClass, image: usize, place: &str, bytes: u64) {
        if let Some((index, followed)) = self.pieces.get_mut(&(class, image)) {
            *followed += 1;
            if let Some(leak) = self.leaks.get_mut(*index) {
                leak.bytes = leak.bytes.saturating_add(bytes);
            }
            return;
        }
        self.pieces.insert((class, image), (self.leaks.len(), 0));
        self.add(class, place, bytes);
    }

    /// A notice, unless it was given before.
    pub(super) fn notice(&mut self, notice: Notice) {
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    /// What an Exif block of the picture says about orientation: the first one counts.
    pub(super) fn orient(&mut self, orientation: Orientation) {
        match self.orientation {
            None => self.orientation = Some(orientation),
            Some(first) if first != orientation => self.notice(Notice::OrientationDisagrees),
            Some(_) => {}
        }
    }

    /// Closes the collection.
    pub(super) fn into_inspected(mut self, format: Format, seen: &Seen) -> Inspected {
        for (index, followed) in self.pieces.into_values() {
            if let (Some(leak), 1..) = (self.leaks.get_mut(index), followed) {
                leak.place = format!("{} and {followed} more", leak.place);
            }
        }
        Inspected {
            format,
            width: seen.width,
            height: seen.height,
            orientation: self.orientation.unwrap_or_default(),
            leaks: self.leaks,
            notices: self.notices,
            ending: seen.ending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Seen = Seen { width: 1, height: 1, ending: Ending::Complete };

    #[test]
    fn pieces_of_one_image_become_one_leak() {
        let mut findings = Findings::default();
        findings.add_piece(LeakClass::Icc, 0, "APP2 at byte 2", 10);
        findings.add(LeakClass::Comment, "COM at byte 12", 5);
        findings.add_piece(LeakClass::Icc, 0, "APP2 at byte 17", 7);
        findings.add_piece(LeakClass::Icc, 90, "APP2 at byte 92", 3);
        let leaks = findings.into_inspected(Format::Jpeg, &SEEN).leaks;
        let told: Vec<_> = leaks.iter().map(|leak| (leak.place.as_str(), leak.bytes)).collect();
        let expected = [("APP2 at byte 2 and 1 more", 17), ("COM at byte 12", 5), ("APP2 at byte 92", 3)];
        assert_eq!(told, expected);
    }

    #[test]
    fn the_list_is_bounded_and_says_so_once() {
        let mut findings = Findings::default();
        for at in 0..MAX_LEAKS + 5 {
            findings.add(LeakClass::Comment, format!("COM at byte {at}"), 1);
        }
        let inspected = findings.into_inspected(Format::Jpeg, &SEEN);
        assert_eq!(inspected.leaks.len(), MAX_LEAKS);
        assert_eq!(inspected.notices, [Notice::MoreLeaksThanListed]);
    }
}
