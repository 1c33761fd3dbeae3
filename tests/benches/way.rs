//! Each step of a photo's way, and the whole, at 12 megapixels; and reading a story.

use criterion::{BatchSize, Criterion, SamplingMode, criterion_group, criterion_main};
use curtain::clean::{Options, clean, look, open};
use curtain::cover::{Cover, cover};
use curtain::detect::Detectors;
use curtain::metadata;
use curtain::picture::{Chroma, Encoding, JpegQuality, Limits, encode};
use curtain::story::{self, Known, Locale};
use curtain_tests::fixture;

fn way(criterion: &mut Criterion) {
    let photo = fixture("ward_photo.jpg");
    let detectors = Detectors::load().expect("the built-in weights are whole");
    let limits = Limits::default();
    let (seen, picture) = look(&photo, &detectors, &limits).expect("the fixture is sound");
    let regions = seen.regions();

    let mut group = criterion.benchmark_group("12 MP");
    // Seconds a run: one run a sample.
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.bench_function("inspect", |b| b.iter(|| metadata::inspect(&photo)));
    group.bench_function("decode, turn, convert", |b| b.iter(|| open(&photo, &limits)));
    group.bench_function("faces", |b| b.iter(|| detectors.find_faces(&picture)));
    group.bench_function("text", |b| b.iter(|| detectors.find_text(&picture)));
    for (name, style) in [("cover, veil", Cover::Veil), ("cover, solid", Cover::Solid)] {
        group.bench_function(name, |b| {
            b.iter_batched_ref(|| picture.clone(), |p| cover(p, &regions, style), BatchSize::LargeInput);
        });
    }
    group.bench_function("encode", |b| b.iter(|| encode(&picture, Encoding::DIAGNOSTIC)));
    let quality = JpegQuality::new(92).expect("92 is in 1..=100");
    let quarter = Encoding::Jpeg { quality, chroma: Chroma::Quarter };
    group.bench_function("encode, 4:2:0", |b| b.iter(|| encode(&picture, quarter)));
    let bytes = encode(&picture, Encoding::DIAGNOSTIC).expect("a 12 MP picture can be encoded");
    let size = picture.size();
    group.bench_function("audit", |b| {
        b.iter_batched(
            || bytes.clone(),
            |bytes| metadata::audit(bytes, size.width, size.height),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("whole", |b| b.iter(|| clean(&photo, &detectors, &Options::default())));
    group.finish();
}

/// Posts of the fixtures, one after the other, up to so many characters.
fn posts(characters: usize) -> String {
    let file = String::from_utf8(fixture("story/asia.jsonl")).expect("the fixture is text");
    let texts = file.lines().map(|line| {
        let post: serde_json::Value = serde_json::from_str(line).expect("each line is a post");
        post["text"].as_str().expect("a post has a text").to_owned()
    });
    texts.collect::<Vec<_>>().join("\n").chars().take(characters).collect()
}

fn reading(criterion: &mut Criterion) {
    story::load();
    let locale = Locale::new(None, 2026);
    let mut group = criterion.benchmark_group("story");
    for characters in [2_000, 20_000] {
        let text = posts(characters);
        group.bench_function(format!("scan, {characters} characters"), |b| {
            b.iter(|| story::scan(&text, locale, &Known::default()));
        });
    }
    group.finish();
}

criterion_group!(benches, way, reading);
criterion_main!(benches);
