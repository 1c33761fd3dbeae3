//! The pixels under a cover are a function of the pixels outside it only.

use curtain::clean::{Options, finish, open};
use curtain::cover::{Cover, cover};
use curtain::geometry::{PixelRect, Size};
use curtain::picture::{Encoding, Limits, Picture};
use curtain_tests::{fixture, noise};
use proptest::prelude::*;

fn picture(width: u32, height: u32, seed: u32) -> Picture {
    Picture::from_rgb(Size::new(width, height), noise(width, height, seed)).unwrap()
}

/// `picture` with every pixel under `rects` replaced by noise from another seed.
fn with_other_secret(picture: &Picture, rects: &[PixelRect], seed: u32) -> Picture {
    let (width, height) = (picture.size().width, picture.size().height);
    let other = noise(width, height, seed);
    let mut changed = picture.clone();
    for rect in rects.iter().filter_map(|rect| rect.clamped(picture.size())) {
        for y in rect.y..rect.bottom() {
            let row = (y as usize * width as usize) * 3;
            let span = row + rect.x as usize * 3..row + rect.right() as usize * 3;
            changed.rgb_mut()[span.clone()].copy_from_slice(&other[span]);
        }
    }
    changed
}

fn rects() -> impl Strategy<Value = Vec<PixelRect>> {
    let rect = (0u32..150, 0u32..150, 1u32..120, 1u32..120);
    prop::collection::vec(rect.prop_map(|(x, y, w, h)| PixelRect::new(x, y, w, h)), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changing_what_is_inside_changes_no_byte_of_the_output(
        (width, height) in (1u32..160, 1u32..160),
        rects in rects(),
        seeds in (any::<u32>(), any::<u32>()),
        veil in any::<bool>(),
        png in any::<bool>(),
    ) {
        let before = picture(width, height, seeds.0);
        let rects: Vec<_> = rects.iter().filter_map(|rect| rect.clamped(before.size())).collect();
        let options = Options {
            cover: if veil { Cover::Veil } else { Cover::Solid },
            encoding: if png { Encoding::Png } else { Encoding::DIAGNOSTIC },
            ..Options::default()
        };
        let other = with_other_secret(&before, &rects, seeds.1);
        let a = finish(before, &rects, &options).unwrap();
        let b = finish(other, &rects, &options).unwrap();
        prop_assert_eq!(a.file.bytes(), b.file.bytes());
    }

    #[test]
    fn what_is_outside_stays_as_it_was(
        (width, height) in (1u32..160, 1u32..160),
        rects in rects(),
        seed in any::<u32>(),
    ) {
        let before = picture(width, height, seed);
        let mut after = before.clone();
        cover(&mut after, &rects, Cover::Veil);
        for y in 0..height {
            for x in 0..width {
                let inside = rects.iter().any(|r| (r.x..r.right()).contains(&x) && (r.y..r.bottom()).contains(&y));
                let at = (y as usize * width as usize + x as usize) * 3;
                prop_assert!(inside || before.rgb()[at..at + 3] == after.rgb()[at..at + 3], "{x},{y}");
            }
        }
    }
}

#[test]
fn a_real_face_can_be_anyone_s() {
    let (_, before) = open(&fixture("grey.jpg"), &Limits::default()).unwrap();
    let face = [PixelRect::new(60, 20, 420, 560)];
    let other = with_other_secret(&before, &face, 7);
    assert_ne!(before, other);
    let [a, b] = [before, other].map(|picture| finish(picture, &face, &Options::default()).unwrap());
    assert_eq!(a.file.bytes(), b.file.bytes());
}

#[test]
fn a_picture_that_is_all_cover_is_the_same_for_all() {
    let whole = [PixelRect::new(0, 0, 90, 70)];
    let [a, b] = [1, 2].map(|seed| {
        let mut picture = picture(90, 70, seed);
        cover(&mut picture, &whole, Cover::Veil);
        picture
    });
    assert_eq!(a, b);
}

#[test]
fn neighbouring_regions_do_not_read_each_other() {
    let rects =
        [PixelRect::new(10, 10, 40, 40), PixelRect::new(51, 10, 40, 40), PixelRect::new(10, 52, 81, 9)];
    let before = picture(100, 70, 5);
    let mut a = before.clone();
    let mut b = with_other_secret(&before, &rects, 6);
    cover(&mut a, &rects, Cover::Veil);
    cover(&mut b, &rects, Cover::Veil);
    assert_eq!(a, b);
}

/// On bare skin, fill alone would look like skin: the marks must stand out from it.
#[test]
fn a_veil_never_passes_for_healthy_skin() {
    for skin in [[224, 172, 140], [90, 56, 37], [255, 255, 255], [0, 0, 0]] {
        let size = Size::new(300, 300);
        let mut picture = Picture::from_rgb(size, skin.repeat(300 * 300)).unwrap();
        let region = PixelRect::new(50, 50, 200, 200);
        cover(&mut picture, &[region], Cover::Veil);
        let luma = |x: u32, y: u32| {
            let at = (y as usize * 300 + x as usize) * 3;
            picture.rgb()[at..at + 3].iter().map(|v| i32::from(*v)).sum::<i32>() / 3
        };
        let plain: i32 = skin.iter().map(|v| i32::from(*v)).sum::<i32>() / 3;
        // In every square of 40 by 40 inside the region some pixel differs plainly from the skin.
        for y in (50..250).step_by(40) {
            for x in (50..250).step_by(40) {
                let most =
                    (y..y + 40).flat_map(|y| (x..x + 40).map(move |x| (luma(x, y) - plain).abs())).max();
                assert!(most >= Some(12), "{skin:?} at {x},{y}: {most:?}");
            }
        }
        for edge in 50..250 {
            for (x, y) in [(edge, 50), (edge, 249), (50, edge), (249, edge)] {
                assert_ne!(luma(x, y), plain, "{skin:?}: no outline at {x},{y}");
            }
        }
    }
}

#[test]
fn the_fill_is_smooth_and_takes_its_colour_from_around() {
    // Left half dark, right half light: the veil between runs from one to the other.
    let (width, height) = (200u32, 100u32);
    let row: Vec<u8> = (0..width).flat_map(|x| [if x < 100 { 40 } else { 200 }; 3]).collect();
    let mut picture = Picture::from_rgb(Size::new(width, height), row.repeat(height as usize)).unwrap();
    cover(&mut picture, &[PixelRect::new(50, 0, 100, 100)], Cover::Veil);
    let at = |x: usize| i32::from(picture.rgb()[(50 * width as usize + x) * 3]);
    assert!(at(60) < at(100) && at(100) < at(140), "{} {} {}", at(60), at(100), at(140));
}
