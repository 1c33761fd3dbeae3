//! Prints the table of `docs/encoder.md`: what each encoder setting costs, and what it does to
//! colours that a diagnosis may hang on.
//!
//! Colour error is CIE 1976 delta-E (Euclidean distance in L*a*b*, D65), before and after encoding;
//! about 2.3 is a just noticeable difference (Mahy et al., 1994).

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::many_single_char_names,
    reason = "a table for people; r, g, b and x, y, z are what the standard calls them"
)]

use std::io::Write;
use std::time::Instant;

use curtain::clean::open;
use curtain::picture::{Chroma, Encoding, JpegQuality, Limits, Picture, encode};
use curtain_tests::fixture;

const PHOTOS: [&str; 3] = ["clear.jpg", "ward_photo.jpg", "xray.png"];
const QUALITIES: [u8; 5] = [80, 85, 90, 92, 95];

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "| photo | quality | chroma | KiB | bits/pixel | ms | mean dE | 99 % dE | 99.9 % dE |")?;
    writeln!(out, "|---|---:|---|---:|---:|---:|---:|---:|---:|")?;
    for name in PHOTOS {
        let (_, before) = open(&fixture(name), &Limits::default()).expect("the fixture is sound");
        for quality in QUALITIES.into_iter().filter_map(JpegQuality::new) {
            for (chroma, label) in [(Chroma::Full, "4:4:4"), (Chroma::Quarter, "4:2:0")] {
                let start = Instant::now();
                let bytes = encode(&before, Encoding::Jpeg { quality, chroma }).expect("it can be encoded");
                let millis = start.elapsed().as_millis();
                let (_, after) = open(&bytes, &Limits::default()).expect("what we write we can read");
                let errors = errors(&before, &after);
                let at = |share: f64| errors[((errors.len() - 1) as f64 * share) as usize];
                let mean = errors.iter().map(|e| f64::from(*e)).sum::<f64>() / errors.len() as f64;
                let bits = bytes.len() as f64 * 8.0 / before.size().pixels() as f64;
                writeln!(
                    out,
                    "| {name} | {} | {label} | {} | {bits:.2} | {millis} | {mean:.2} | {:.2} | {:.2} |",
                    quality.value(),
                    bytes.len() / 1024,
                    at(0.99),
                    at(0.999),
                )?;
            }
        }
    }
    Ok(())
}

/// Delta-E of every pixel, sorted.
fn errors(before: &Picture, after: &Picture) -> Vec<f32> {
    let pairs = before.rgb().chunks_exact(3).zip(after.rgb().chunks_exact(3));
    let mut errors: Vec<f32> = pairs
        .map(|(a, b)| {
            let (a, b) = (lab(a), lab(b));
            a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
        })
        .collect();
    errors.sort_by(f32::total_cmp);
    errors
}

/// sRGB to CIE L*a*b* with a D65 white. [IEC 61966-2-1; CIE 15:2004, 8.2.1]
fn lab(rgb: &[u8]) -> [f32; 3] {
    let linear = |v: u8| {
        let v = f32::from(v) / 255.0;
        if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    let [r, g, b] = [linear(rgb[0]), linear(rgb[1]), linear(rgb[2])];
    let x = (0.412_4 * r + 0.357_6 * g + 0.180_5 * b) / 0.950_5;
    let y = 0.212_6 * r + 0.715_2 * g + 0.072_2 * b;
    let z = (0.019_3 * r + 0.119_2 * g + 0.950_5 * b) / 1.089;
    let f = |t: f32| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    [116.0 * f(y) - 16.0, 500.0 * (f(x) - f(y)), 200.0 * (f(y) - f(z))]
}
