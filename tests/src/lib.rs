//! What the promise tests, benches and measurements share: the fixtures, and running the command.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;

/// `expected.json` of the fixtures.
#[derive(Debug, Deserialize)]
pub struct Expected {
    /// Pictures that can be cleaned.
    pub pictures: Vec<Fixture>,
    /// Files that must be refused, or must do no harm.
    pub hostile: Vec<Hostile>,
}

/// A picture and what is on it.
#[derive(Debug, Deserialize)]
pub struct Fixture {
    /// Path in the fixtures folder.
    pub file: String,
    /// Format by content.
    pub format: String,
    /// Columns of the upright picture.
    pub upright_width: u32,
    /// Rows of the upright picture.
    pub upright_height: u32,
    /// Faces, `[x, y, width, height]`.
    pub faces: Vec<[u32; 4]>,
    /// Lines of text, `[x, y, width, height]`.
    pub text: Vec<[u32; 4]>,
    /// Leak classes that must be reported.
    pub leaks: Vec<String>,
}

/// A file made to do harm.
#[derive(Debug, Deserialize)]
pub struct Hostile {
    /// Path in the fixtures folder.
    pub file: String,
    /// Whether it must be refused.
    pub refused: bool,
}

/// The fixtures folder.
#[must_use]
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// The bytes of a fixture.
///
/// # Panics
/// If there is no such fixture.
#[must_use]
pub fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(name)).expect("the fixture is committed")
}

/// What is known of the fixtures.
///
/// # Panics
/// If `expected.json` is not of the form that its README gives.
#[must_use]
pub fn expected() -> Expected {
    serde_json::from_slice(&fixture("expected.json")).expect("expected.json has the form of its README")
}

/// Share of the area of `[x, y, width, height]` that lies under any of `boxes`, in 0..=1.
#[must_use]
pub fn covered_share(target: [u32; 4], boxes: &[[u32; 4]]) -> f64 {
    let [x, y, width, height] = target;
    let mut hidden = 0u32;
    for row in y..y + height {
        for column in x..x + width {
            let within =
                |b: &[u32; 4]| (b[0]..b[0] + b[2]).contains(&column) && (b[1]..b[1] + b[3]).contains(&row);
            hidden += u32::from(boxes.iter().any(within));
        }
    }
    f64::from(hidden) / f64::from(width * height)
}

/// Runs another's program, which must be installed.
///
/// # Panics
/// If it cannot be started: a check that did not run is not a check that passed.
#[must_use]
pub fn run(program: &str, args: &[&str]) -> Output {
    Command::new(program).args(args).output().unwrap_or_else(|error| {
        panic!("{program} could not be started ({error}): run tests/run, which installs it")
    })
}

/// Greyish noise of `width` by `height` pixels from `seed`, red, green, blue.
#[must_use]
pub fn noise(width: u32, height: u32, seed: u32) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        // xorshift32. [Marsaglia, "Xorshift RNGs", 2003]
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    };
    (0..width as usize * height as usize * 3).map(|_| next()).collect()
}
