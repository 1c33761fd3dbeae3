//! Orientation is applied to pixels, and colours survive. (Python peers measure the colours.)

use curtain::clean::open;
use curtain::picture::{Limits, Picture};
use curtain_tests::{expected, fixture};

fn decode(name: &str) -> Picture {
    open(&fixture(name), &Limits::default()).unwrap().1
}

/// Mean difference of two pictures of one size, in grey levels.
fn difference(a: &Picture, b: &Picture) -> f64 {
    assert_eq!(a.size(), b.size());
    let sum: u64 = a.rgb().iter().zip(b.rgb()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.rgb().len() as f64
}

#[test]
fn all_eight_orientations_are_the_same_picture() {
    let upright = decode("orient/o1.jpg");
    for orientation in 2..=8 {
        let other = decode(&format!("orient/o{orientation}.jpg"));
        let difference = difference(&upright, &other);
        assert!(difference < 1.5, "orientation {orientation} differs by {difference}");
    }
}

#[test]
fn sizes_are_those_of_the_upright_picture() {
    for picture in expected().pictures {
        let size = decode(&picture.file).size();
        assert_eq!(
            (size.width, size.height),
            (picture.upright_width, picture.upright_height),
            "{}",
            picture.file
        );
    }
}
