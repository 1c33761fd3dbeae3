//! "Found none", "found some" and "could not run" are three different answers everywhere.

use curtain::clean::{CleanError, Options, clean, open};
use curtain::detect::{DetectError, Detectors, Kind, Weights};
use curtain::geometry::{PixelRect, Size};
use curtain::picture::{Limits, Picture};
use curtain_tests::{covered_share, expected, fixture};

use crate::command::{curtain, lines, names, path};

#[test]
fn a_detector_with_other_weights_does_not_start() {
    let mut faces = Weights::BUILT_IN.faces.to_vec();
    let last = faces.len() - 1;
    faces[last] ^= 1;
    let broken = Weights { faces: &faces, ..Weights::BUILT_IN };
    assert_eq!(Detectors::from_weights(broken).err(), Some(DetectError::WrongModel));
    let empty = Weights { text: &[], ..Weights::BUILT_IN };
    assert_eq!(Detectors::from_weights(empty).err(), Some(DetectError::WrongModel));
}

#[test]
fn found_none_is_an_answer_that_lists_what_was_not_looked_for() {
    let output = curtain(&["inspect", "--json", &path("hostile/wrong_extension.png"), &path("clear.jpg")]);
    let lines = lines(&output);
    assert_eq!(output.status.code(), Some(0));
    let faces = lines[1]["findings"].as_array().unwrap().iter().filter(|f| f["kind"] == "face").count();
    assert_eq!(faces, 0, "nothing on clear.jpg is a face");
    let notices: Vec<_> = lines[1]["notices"].as_array().unwrap().iter().map(|n| n["code"].clone()).collect();
    assert!(notices.contains(&"not_looked_for".into()), "codes are not looked for, and it says so");
}

#[test]
fn a_file_that_cannot_be_looked_at_is_never_an_empty_list() {
    for file in
        ["hostile/fake.heic", "hostile/cut.png", "hostile/text.jpg", "hostile/fake.dcm", "hostile/video.mp4"]
    {
        let folder = tempfile::tempdir().unwrap();
        for args in [
            &["inspect", "--json", &path(file)][..],
            &["clean", "--json", "--out", folder.path().to_str().unwrap(), &path(file)],
        ] {
            let output = curtain(args);
            assert_eq!(output.status.code(), Some(1), "{file}");
            let line = &lines(&output)[0];
            assert!(line.get("findings").is_none() && line.get("leaks").is_none(), "{file}");
            assert!(line["error"]["message"].as_str().unwrap().len() > 20, "{file}: says what to do");
        }
        assert!(names(folder.path()).is_empty(), "{file}");
    }
}

#[test]
fn every_face_and_line_of_the_fixtures_is_covered() {
    let detectors = Detectors::load().unwrap();
    for picture in expected().pictures {
        let (seen, cleaned) = clean(&fixture(&picture.file), &detectors, &Options::default()).unwrap();
        assert_eq!(
            (seen.opened.size.width, seen.opened.size.height),
            (picture.upright_width, picture.upright_height)
        );
        let boxes: Vec<[u32; 4]> = seen.regions().iter().map(|r| [r.x, r.y, r.width, r.height]).collect();
        for face in &picture.faces {
            let share = covered_share(*face, &boxes);
            assert!(share > 0.98, "{}: face {face:?} is covered to {share}", picture.file);
        }
        for line in &picture.text {
            let share = covered_share(*line, &boxes);
            assert!(share > 0.9, "{}: text {line:?} is covered to {share}", picture.file);
        }
        let found_faces = seen.findings.iter().filter(|f| f.kind == Kind::Face).count();
        assert!(found_faces <= picture.faces.len() + 2, "{}: {found_faces} faces", picture.file);
        // What the photo was taken for must survive.
        assert!(picture.file != "clear.jpg" || cleaned.covered < 0.1, "{}", cleaned.covered);
    }
}

/// A scrolled screenshot or a panorama: reduced as a whole, nothing on it could be read.
#[test]
fn long_pictures_are_looked_at_in_parts() {
    let (_, page) = open(&fixture("xray.png"), &Limits::default()).unwrap();
    let head = page.resampled(PixelRect::new(0, 0, 1200, 140), Size::new(1200, 140)).unwrap();
    let (_, person) = open(&fixture("grey.jpg"), &Limits::default()).unwrap();
    let face = person.resampled(PixelRect::whole(person.size()), Size::new(90, 120)).unwrap();
    let size = Size::new(1200, 14_000);
    let mut strip = Picture::from_rgb(size, vec![20; 1200 * 14_000 * 3]).unwrap();
    for top in (0..14_000).step_by(2_000) {
        paste(&mut strip, &head, 0, top);
        paste(&mut strip, &face, 500, top + 900);
    }
    let findings = Detectors::load().unwrap().find(&strip).unwrap();
    let boxes: Vec<[u32; 4]> =
        findings.iter().map(|f| [f.region.x, f.region.y, f.region.width, f.region.height]).collect();
    // Where the lines and the face are, from expected.json and the scale above.
    for top in (0..14_000).step_by(2_000) {
        let top = u32::try_from(top).unwrap();
        for part in [[37, top + 34, 248, 36], [36, top + 88, 290, 26], [525, top + 925, 40, 50]] {
            assert!(covered_share(part, &boxes) > 0.9, "{part:?} is not covered");
        }
    }
}

fn paste(onto: &mut Picture, what: &Picture, left: usize, top: usize) {
    let (stride, row) = (onto.size().width as usize * 3, what.size().width as usize * 3);
    for (y, pixels) in what.rgb().chunks_exact(row).enumerate() {
        let at = (top + y) * stride + left * 3;
        onto.rgb_mut()[at..at + row].copy_from_slice(pixels);
    }
}

#[test]
fn an_error_says_which_answer_it_is() {
    let error = CleanError::from(DetectError::CouldNotRun);
    assert_eq!(error.code(), "detector_could_not_run");
    assert!(error.to_string().contains("not known what the picture shows"));
}
