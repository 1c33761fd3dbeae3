//! A hostile file gets a clear error within bounded memory.

use std::process::Command;

use curtain::clean::{CleanError, open};
use curtain::geometry::Size;
use curtain::metadata;
use curtain::picture::{DecodeError, Encoding, Limits, Picture, encode};
use curtain_tests::{expected, fixture, noise};

use crate::command::{lines, names, path};

/// Address space for the command, in KiB: the program, its weights, threads, and no bomb.
const ADDRESS_SPACE: &str = "1500000";

#[test]
fn hostile_files_are_refused_in_little_memory_and_nothing_is_written() {
    for hostile in expected().hostile {
        let folder = tempfile::tempdir().unwrap();
        let script = format!("ulimit -v {ADDRESS_SPACE}; exec \"$0\" \"$@\"");
        let output = Command::new("bash")
            .args(["-c", &script, env!("CARGO_BIN_EXE_curtain-under-test")])
            .args(["clean", "--json", "--out", folder.path().to_str().unwrap(), &path(&hostile.file)])
            .output()
            .unwrap();
        let line = &lines(&output)[0];
        if !hostile.refused {
            assert_eq!(output.status.code(), Some(0), "{}: {line}", hostile.file);
            continue;
        }
        assert_eq!(output.status.code(), Some(1), "{}", hostile.file);
        let message = line["error"]["message"].as_str().unwrap();
        assert!(message.len() > 20, "{}: {message}", hostile.file);
        assert!(names(folder.path()).is_empty(), "{}", hostile.file);
    }
}

#[test]
fn limits_hold_before_decoding() {
    let photo = fixture("ward_photo.jpg");
    let small = Limits { pixels: 1_000_000, ..Limits::default() };
    let expected = DecodeError::TooManyPixels { width: 4000, height: 3000, limit: 1_000_000 };
    assert_eq!(open(&photo, &small).err(), Some(CleanError::Decode(expected)));
    let tight = Limits { decode_bytes: 1 << 20, ..Limits::default() };
    assert_eq!(open(&photo, &tight).unwrap_err().code(), "too_much_memory");
}

#[test]
fn a_side_longer_than_any_camera_s_is_refused() {
    let strip = Picture::from_rgb(Size::new(1, 70_000), vec![0; 210_000]).unwrap();
    let png = encode(&strip, Encoding::Png).unwrap();
    assert_eq!(open(&png, &Limits::default()).unwrap_err().code(), "side_too_long");
}

#[test]
fn every_prefix_of_a_picture_is_refused() {
    let picture = Picture::from_rgb(Size::new(24, 16), noise(24, 16, 3)).unwrap();
    let mut files: Vec<Vec<u8>> =
        [Encoding::DIAGNOSTIC, Encoding::Png].map(|encoding| encode(&picture, encoding).unwrap()).into();
    files.extend(["orient/o8.jpg", "photo.webp", "hostile/wrong_extension.png"].map(fixture));
    for file in files {
        let step = (file.len() / 600).max(1);
        for end in (0..file.len() - 1).step_by(step) {
            // Cut in a trailer that is no part of the picture, a JPEG is whole.
            if metadata::inspect(&file[..end]).is_ok_and(|i| i.ending == metadata::Ending::Complete) {
                continue;
            }
            assert!(open(&file[..end], &Limits::default()).is_err(), "{end} of {}", file.len());
        }
    }
}

/// Where other decoders paint grey.
#[test]
fn a_jpeg_with_impossible_codes_is_refused() {
    for name in ["clear.jpg", "wristband.jpg", "grey.jpg"] {
        let mut file = fixture(name);
        let middle = file.len() / 2;
        // Ones without end are no Huffman code. [T.81, C]
        for at in (middle..middle + 200).step_by(2) {
            file[at..at + 2].copy_from_slice(&[0xFF, 0x00]);
        }
        let error = open(&file, &Limits::default()).err().map(|error| error.code());
        assert_eq!(error, Some("damaged"), "{name}");
    }
}

#[test]
fn damage_anywhere_never_panics() {
    for name in ["orient/o3.jpg", "lossless.webp", "photo.webp", "animated.gif", "palette.png"] {
        let good = fixture(name);
        let places = noise(200, 1, 99);
        for (index, pair) in places.chunks_exact(2).enumerate() {
            let mut bad = good.clone();
            let at = (usize::from(pair[0]) * bad.len() / 256 + index) % bad.len();
            bad[at] = pair[1];
            // Either answer is right; reaching the next line is what counts.
            let _ = open(&bad, &Limits::default());
            let _ = metadata::values(&bad);
        }
    }
}

#[test]
fn no_error_names_a_path_or_quotes_the_file() {
    let error = curtain::files::read("/no/such/SPECIMEN.jpg".as_ref(), &Limits::default()).unwrap_err();
    assert!(!error.to_string().contains("SPECIMEN") && !format!("{error:?}").contains("SPECIMEN"));
    let mut photo = fixture("ward_photo.jpg");
    photo.truncate(photo.len() / 2);
    let error = open(&photo, &Limits::default()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("TEST"));
}
