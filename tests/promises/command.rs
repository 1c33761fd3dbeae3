//! The `curtain` command, as people and programs meet it.

use std::path::Path;
use std::process::{Command, Output};

use curtain_tests::{fixture, fixtures};
use serde_json::Value;

/// Runs the real command.
pub(crate) fn curtain(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_curtain-under-test")).args(args).output().unwrap()
}

/// The JSON lines that it printed.
pub(crate) fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn path(name: &str) -> String {
    fixtures().join(name).to_str().unwrap().to_owned()
}

/// The names in a folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default()
}

#[test]
fn one_bad_file_among_good_ones_stops_neither_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("made/as/needed");
    let output = curtain(&[
        "clean",
        "--json",
        "--out",
        out.to_str().unwrap(),
        &path("orient/o1.jpg"),
        &path("hostile/half.jpg"),
        &path("hostile/wrong_extension.png"),
    ]);
    assert_eq!(output.status.code(), Some(1));
    let lines = lines(&output);
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1]["error"]["code"], "cut_short");
    assert!(lines[1]["error"]["message"].as_str().unwrap().contains("cut short"));
    assert_eq!(lines[2]["format"], "jpeg", "content decides, not the name");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("half.jpg"), "the reason is on standard error: {errors}");
    assert_eq!(names(&out).len(), 2, "two pictures, and no trace of the third");
}

#[test]
fn a_clean_line_says_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        curtain(&["clean", "--json", "--out", folder.path().to_str().unwrap(), &path("orient/o6.jpg")]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let line = &lines(&output)[0];
    let written = Path::new(line["output"].as_str().unwrap());
    let bytes = std::fs::read(written).unwrap();
    let hash = ring::digest::digest(&ring::digest::SHA256, &bytes);
    let hash = curtain::hash::Sha256(hash.as_ref().try_into().unwrap());
    assert_eq!(line["sha256"], hash.to_string());
    let covered = line["covered"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&covered) && covered > 0.0);
    for step in ["decode", "detect", "cover", "encode", "audit"] {
        assert!(line["millis"][step].is_u64(), "{step}");
    }
    assert_eq!((line["width"].as_u64(), line["height"].as_u64()), (Some(320), Some(240)));
    let stem = written.file_stem().unwrap().to_str().unwrap();
    assert!(stem.len() == 32 && stem.chars().all(|c| c.is_ascii_hexdigit()), "a neutral name: {stem}");
    let modified = std::fs::metadata(written).unwrap().modified().unwrap();
    assert_eq!(modified, std::time::SystemTime::UNIX_EPOCH);
}

#[test]
fn pixels_under_a_region_given_by_hand_are_covered_and_no_detector_runs() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let file = path("clear.jpg");
    let output = curtain(&[
        "cover",
        "--json",
        "--cover",
        "solid",
        "--format",
        "png",
        "--region",
        "10,20,30,40",
        "--out",
        out,
        &file,
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let line = &lines(&output)[0];
    assert!(line.get("findings").is_none(), "not looked is not the same as none found");
    assert_eq!(line["notices"][0]["code"], "no_detector_ran");
    let bytes = std::fs::read(line["output"].as_str().unwrap()).unwrap();
    let picture = curtain::clean::open(&bytes, &curtain::picture::Limits::default()).unwrap().1;
    let at = |x: usize, y: usize| &picture.rgb()[(y * 1600 + x) * 3..][..3];
    for (x, y) in [(10, 20), (39, 59), (10, 59), (39, 20)] {
        assert_eq!(at(x, y), curtain::cover::SOLID);
    }
    for (x, y) in [(9, 20), (40, 59), (10, 60), (39, 19)] {
        assert_ne!(at(x, y), curtain::cover::SOLID);
    }
}

#[test]
fn a_region_that_hides_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let file = path("clear.jpg");
    let output = curtain(&["cover", "--json", "--region", "5000,5000,10,10", "--out", out, &file]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(lines(&output)[0]["error"]["code"], "region_off_picture");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn usage_errors_exit_with_two() {
    let file = path("clear.jpg");
    for args in [
        &["clean", &file][..],
        &["cover", "--out", "x", &file],
        &["cover", "--region", "1,2,3", "--out", "x", &file],
        &["cover", "--region", "1,2,0,4", "--out", "x", &file],
        &["clean", "--cover", "blur", "--out", "x", &file],
        &["nonsense"],
        &[],
    ] {
        assert_eq!(curtain(args).status.code(), Some(2), "{args:?}");
    }
    assert_eq!(curtain(&["--help"]).status.code(), Some(0));
}

#[test]
fn values_are_printed_only_when_asked_for() {
    let file = path("ward_photo.jpg");
    let without = curtain(&["inspect", "--json", &file]);
    let with = curtain(&["inspect", "--json", "--values", &file]);
    let text = |output: &Output| String::from_utf8(output.stdout.clone()).unwrap();
    let photo = fixture("ward_photo.jpg");
    for secret in ["TEST AUTHOR", "TEST PHONE", "TEST COMMENT"] {
        assert!(photo.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} is there");
        assert!(!text(&without).contains(secret), "{secret}");
        assert!(text(&with).contains(secret), "{secret}");
    }
    let names: Vec<_> = lines(&with)[0]["values"].as_array().unwrap().clone();
    assert!(names.iter().any(|value| value["class"] == "gps"), "positions too");
}

#[test]
fn an_existing_sheet_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = folder.path().join("sheet.jpg");
    std::fs::write(&sheet, "mine").unwrap();
    let out = folder.path().join("out");
    let args =
        ["clean", "--out", out.to_str().unwrap(), "--sheet", sheet.to_str().unwrap(), &path("orient/o1.jpg")];
    let output = curtain(&args);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read(&sheet).unwrap(), b"mine");
    std::fs::remove_file(&sheet).unwrap();
    assert_eq!(curtain(&args).status.code(), Some(0));
    assert!(std::fs::read(&sheet).unwrap().starts_with(&[0xFF, 0xD8]));
}

/// A file-size limit stands in for a full disk: the system refuses to write on, in mid-file.
#[test]
#[cfg(unix)]
fn no_space_is_said_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\"";
    let output = Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_curtain-under-test")])
        .args(["cover", "--json", "--region", "0,0,9,9", "--out"])
        .args([folder.path().to_str().unwrap(), &path("clear.jpg")])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(lines(&output)[0]["error"]["code"], "no_space");
    assert!(names(folder.path()).is_empty(), "no half file: {:?}", names(folder.path()));
}

/// Without its line, nobody knows which random name is which photo's.
#[test]
#[cfg(target_os = "linux")]
fn a_report_that_cannot_be_written_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_curtain-under-test"))
        .args(["cover", "--json", "--region", "0,0,9,9", "--out"])
        .args([folder.path().to_str().unwrap(), &path("orient/o1.jpg")])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn folders_pipes_and_missing_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let missing = folder.path().join("missing.jpg");
    let args = ["inspect", "--json", pipe.to_str().unwrap(), missing.to_str().unwrap(), "/"];
    let output = curtain(&args);
    assert_eq!(output.status.code(), Some(1));
    let codes: Vec<_> = lines(&output).iter().map(|line| line["error"]["code"].clone()).collect();
    assert_eq!(codes, ["not_a_file", "not_found", "not_a_file"]);
}

#[test]
fn an_output_folder_that_is_a_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("file");
    std::fs::write(&out, "mine").unwrap();
    let output = curtain(&[
        "cover",
        "--json",
        "--region",
        "0,0,9,9",
        "--out",
        out.to_str().unwrap(),
        &path("orient/o1.jpg"),
    ]);
    assert_eq!(lines(&output)[0]["error"]["code"], "no_folder");
    assert_eq!(std::fs::read(&out).unwrap(), b"mine");
}
