//! A cleaned file holds pixels and what is needed to show them, and nothing else.

use std::path::Path;

use curtain::clean::{Options, finish, open};
use curtain::metadata;
use curtain::picture::{Encoding, Limits};
use curtain_tests::{expected, fixture, run};
use serde_json::Value;

use crate::command::{curtain, lines, names, path};

/// What exiftool may say of an output: the file system, the pixels' layout, and nothing that came in.
const ALLOWED_GROUPS: [&str; 4] = ["ExifTool", "System", "File", "Composite"];

/// In the JFIF and PNG groups: the bare header.
const ALLOWED_TAGS: [&str; 10] = [
    "JFIF:JFIFVersion",
    "JFIF:ResolutionUnit",
    "JFIF:XResolution",
    "JFIF:YResolution",
    "PNG:ImageWidth",
    "PNG:ImageHeight",
    "PNG:BitDepth",
    "PNG:ColorType",
    "PNG:Compression",
    "PNG:Filter",
];

/// Strings that the fixtures carry in their metadata, trailers and hidden pixels.
const CANARIES: [&str; 10] =
    ["TEST", "SPECIMEN", "NOTE", "AUTHOR", "ftyp", "Exif", "http", "ICC", "8BIM", "NETSCAPE"];

/// Every tag that exiftool reads, embedded ones too, unknown ones too.
fn exiftool(file: &Path) -> Vec<String> {
    let output = run("exiftool", &["-j", "-a", "-u", "-ee", "-G1", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tags: Value = serde_json::from_slice(&output.stdout).unwrap();
    tags[0].as_object().unwrap().keys().filter(|key| *key != "SourceFile").cloned().collect()
}

fn assert_bare(file: &Path, from: &str) {
    for tag in exiftool(file) {
        let group = tag.split(':').next().unwrap();
        let allowed =
            ALLOWED_GROUPS.contains(&group) || ALLOWED_TAGS.contains(&tag.as_str()) || tag == "PNG:Interlace";
        assert!(allowed, "{from}: exiftool reads {tag} in the output");
        assert!(!tag.contains("Comment") && !tag.contains("Warning"), "{from}: {tag}");
    }
    let bytes = std::fs::read(file).unwrap();
    for canary in CANARIES {
        // Four bytes or more: shorter runs occur by chance in compressed data.
        let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
        assert!(!found || canary.len() < 4, "{from}: the output holds {canary:?}");
    }
    assert_eq!(metadata::inspect(&bytes).unwrap().leaks, [], "{from}: our own walker agrees");
}

#[test]
fn every_fixture_comes_out_bare_and_every_leak_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let expected = expected();
    let files: Vec<String> = expected.pictures.iter().map(|picture| path(&picture.file)).collect();
    let mut args = vec!["clean", "--json", "--out", folder.path().to_str().unwrap()];
    args.extend(files.iter().map(String::as_str));
    let output = curtain(&args);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = lines(&output);
    assert_eq!(lines.len(), expected.pictures.len());
    for (line, picture) in lines.iter().zip(&expected.pictures) {
        let named: Vec<&str> =
            line["leaks"].as_array().unwrap().iter().map(|leak| leak["class"].as_str().unwrap()).collect();
        for leak in picture.leaks.iter().map(String::as_str).chain(["file_name", "file_times"]) {
            assert!(named.contains(&leak), "{}: {leak} was not named, only {named:?}", picture.file);
        }
        assert_bare(Path::new(line["output"].as_str().unwrap()), &picture.file);
    }
    assert_eq!(names(folder.path()).len(), expected.pictures.len(), "and no other file was made");
}

#[test]
fn a_png_comes_out_bare_too() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let args = ["cover", "--json", "--format", "png", "--region", "1,1,9,9", "--out", out, &path("xray.png")];
    let output = curtain(&args);
    assert_bare(Path::new(lines(&output)[0]["output"].as_str().unwrap()), "xray.png");
}

#[test]
fn a_file_without_leaks_is_said_to_have_none() {
    let inspected = metadata::inspect(&fixture("clear.jpg")).unwrap();
    assert_eq!(inspected.leaks, []);
}

#[test]
fn colours_hidden_under_full_transparency_do_not_come_out() {
    let (_, picture) = open(&fixture("alpha.png"), &Limits::default()).unwrap();
    let (width, height) = (picture.size().width as usize, picture.size().height as usize);
    // The right part of alpha.png is wholly transparent, over a face and two lines of text.
    let right = (0..height).flat_map(|y| {
        let start = (y * width + width * 3 / 4) * 3;
        &picture.rgb()[start..(y + 1) * width * 3]
    });
    assert!(right.into_iter().all(|value| *value == 255), "white paper, and nothing else");
}

/// What the audit is for: each of these was once a way in which some tool leaked.
#[test]
fn the_audit_refuses_anything_added_to_a_good_file() {
    for encoding in [Encoding::DIAGNOSTIC, Encoding::Png] {
        let options = Options { encoding, ..Options::default() };
        let (_, picture) = open(&fixture("orient/o1.jpg"), &options.limits).unwrap();
        let good = finish(picture, &[], &options).unwrap().file;
        let (width, height) = (320, 240);
        assert!(metadata::audit(good.bytes().to_vec(), width, height).is_ok());
        for (name, bytes) in tampered(good.bytes(), encoding) {
            assert!(metadata::audit(bytes, width, height).is_err(), "{name}");
        }
        for cut in 0..good.bytes().len() {
            assert!(metadata::audit(good.bytes()[..cut].to_vec(), width, height).is_err(), "cut at {cut}");
        }
    }
}

fn tampered(good: &[u8], encoding: Encoding) -> Vec<(&'static str, Vec<u8>)> {
    let insert = |at: usize, what: &[u8]| [&good[..at], what, &good[at..]].concat();
    let mut cases = vec![
        ("a byte after the end", insert(good.len(), &[0])),
        ("a second picture after the end", insert(good.len(), good)),
        ("a byte before the start", insert(0, &[0])),
    ];
    if encoding == Encoding::Png {
        let text = b"\0\0\0\x03tEXta\0b";
        let sum = [&text[..], &crc32(&text[4..]).to_be_bytes()].concat();
        cases.push(("a text chunk", insert(33, &sum)));
    } else {
        cases.push(("a comment", insert(2, &[0xFF, 0xFE, 0, 4, b'h', b'i'])));
        cases.push(("a comment after JFIF", insert(20, &[0xFF, 0xFE, 0, 4, b'h', b'i'])));
        cases.push(("an Exif segment", insert(20, b"\xFF\xE1\0\x08Exif\0\0")));
        cases.push(("fill bytes", insert(20, &[0xFF])));
        let mut density = good.to_vec();
        density[13] = 1;
        cases.push(("a density", density));
        let end = good.len() - 2;
        cases.push(("bits behind the last block", insert(end, b"hidden")));
        cases.push(("a stuffed byte behind the last block", insert(end, &[0xFF, 0])));
        let table: Vec<u8> = [&[0xFF, 0xDB, 0, 67, 0][..], &[7; 64]].concat();
        cases.push(("a quantisation table twice", insert(20, &table)));
        cases.push((
            "a table of another number",
            insert(20, &[&[0xFF, 0xDB, 0, 67, 3][..], &[7; 64]].concat()),
        ));
        let frame = good.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        let mut component = good.to_vec();
        component[frame + 10] = b'h';
        cases.push(("a component's number that says something", component));
        cases.push(("a segment after the scan", insert(end, &[0xFF, 0xFE, 0, 4, b'h', b'i'])));
    }
    cases
}

/// CRC-32 of PNG, bit by bit. [PNG, third edition, annex D]
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & 0u32.wrapping_sub(crc & 1)))
    })
}
