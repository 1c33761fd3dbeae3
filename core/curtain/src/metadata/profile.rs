//! The colour profile of a picture, put together and opened.

use super::inflate::{NotInflated, inflate};
use super::jpeg_parts::{Content, Part, marker, parts};
use super::read::{rest, split, wide};
use super::{Format, InspectError, known, png, webp};

/// The largest ICC profile that is taken: profiles of cameras and screens are below 100 KB, those of
/// printers below 4 MiB.
pub const MAX_PROFILE_BYTES: usize = 4 << 20;

/// The ICC profile by which the pixels in `bytes` are meant, for conversion to sRGB.
///
/// `None` if the file carries none where decoders look for it: before the first scan of a JPEG, before
/// the first `IDAT` of a PNG, in the first `ICCP` chunk of a WebP. A profile in a GIF is a leak like any
/// other, and nothing applies it. The profile is not checked beyond its container.
/// # Errors
/// [`InspectError::ProfileTooLarge`] past [`MAX_PROFILE_BYTES`], [`InspectError::Malformed`] if parts of
/// the profile are missing, repeated or cannot be inflated, [`InspectError::Refused`] as for
/// [`inspect`](super::inspect). A profile that is there is never passed over.
pub fn colour_profile(bytes: &[u8]) -> Result<Option<Vec<u8>>, InspectError> {
    match known(bytes)? {
        Format::Jpeg => of_jpeg(bytes),
        Format::Png => of_png(bytes),
        Format::WebP => of_webp(bytes),
        Format::Gif => Ok(None),
    }
}

const TOO_LARGE: InspectError = InspectError::ProfileTooLarge { limit: MAX_PROFILE_BYTES as u64 };

fn malformed(what: &'static str, at: usize) -> InspectError {
    InspectError::Malformed { what, at: wide(at) }
}

/// Chunks in APP2 segments, numbered from 1, each saying how many there are. [ICC.1:2022, B.4]
fn of_jpeg(bytes: &[u8]) -> Result<Option<Vec<u8>>, InspectError> {
    let mut chunks: Vec<Option<&[u8]>> = Vec::new();
    let mut first_at = 0;
    for part in parts(bytes, 0) {
        let segment = match part {
            Part::Segment(segment) => segment,
            Part::Garbage { .. } => continue,
            Part::BadLength { at } => return Err(malformed("segment length below two", at)),
            Part::End { .. } | Part::CutShort => {
                return Err(malformed("no scan holds the picture", bytes.len()));
            }
        };
        if segment.marker == marker::SOS {
            break;
        }
        let Content::Icc { number, of, data } = segment.content() else { continue };
        if chunks.is_empty() {
            first_at = segment.at;
            chunks.resize(usize::from(of), None);
        }
        if chunks.len() != usize::from(of) {
            return Err(malformed("profile chunks disagree on their count", segment.at));
        }
        let place = usize::from(number).checked_sub(1).and_then(|place| chunks.get_mut(place));
        let place = place.ok_or(malformed("profile chunk number out of range", segment.at))?;
        if place.replace(data).is_some() {
            return Err(malformed("profile chunk repeated", segment.at));
        }
    }
    if chunks.is_empty() {
        return Ok(None);
    }
    let chunks: Option<Vec<&[u8]>> = chunks.into_iter().collect();
    let chunks = chunks.ok_or(malformed("profile chunk missing", first_at))?;
    if chunks.iter().map(|chunk| chunk.len()).sum::<usize>() > MAX_PROFILE_BYTES {
        return Err(TOO_LARGE);
    }
    Ok(Some(chunks.concat()))
}

/// [PNG 11.3.2.3]: a name, the compression method, a zlib stream.
fn of_png(bytes: &[u8]) -> Result<Option<Vec<u8>>, InspectError> {
    let before_picture = png::chunks(bytes).take_while(|chunk| chunk.name != *b"IDAT");
    let Some(chunk) = { before_picture }.find(|chunk| chunk.name == *b"iCCP") else {
        return Ok(None);
    };
    if chunk.cut {
        return Err(malformed("iCCP chunk cut short", chunk.at));
    }
    let (_name, behind) = split(chunk.data, 0).ok_or(malformed("iCCP chunk without a name", chunk.at))?;
    match inflate(rest(behind, 1), MAX_PROFILE_BYTES) {
        Ok(profile) => Ok(Some(profile)),
        Err(NotInflated::TooLarge) => Err(TOO_LARGE),
        Err(NotInflated::Damaged) => Err(malformed("iCCP chunk is no zlib stream", chunk.at)),
    }
}

/// [RFC 9649, 2.7.1.4]
fn of_webp(bytes: &[u8]) -> Result<Option<Vec<u8>>, InspectError> {
    let Some(chunk) = webp::chunks(bytes).find(|chunk| chunk.name == *b"ICCP") else {
        return Ok(None);
    };
    if chunk.cut {
        return Err(malformed("ICCP chunk cut short", chunk.at));
    }
    if chunk.data.len() > MAX_PROFILE_BYTES {
        return Err(TOO_LARGE);
    }
    Ok(Some(chunk.data.to_vec()))
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec_zlib;

    use super::super::samples::{
        chunk, jpeg, png, riff_chunk, segment, small_gif, small_jpeg, small_png, small_webp, vp8l, vp8x, webp,
    };
    use super::*;

    fn app2(number: u8, of: u8, data: &[u8]) -> Vec<u8> {
        segment(0xE2, &[b"ICC_PROFILE\0", [number, of].as_slice(), data].concat())
    }

    fn iccp(profile: &[u8]) -> Vec<u8> {
        let stream = compress_to_vec_zlib(profile, 9);
        png(&chunk(*b"iCCP", &[b"name\0\0", stream.as_slice()].concat()))
    }

    #[test]
    fn profiles_come_out_whole() {
        let in_two = jpeg(&[app2(2, 2, b"file"), app2(1, 2, b"pro")].concat());
        assert_eq!(colour_profile(&in_two), Ok(Some(b"profile".to_vec())));
        assert_eq!(colour_profile(&iccp(b"profile")), Ok(Some(b"profile".to_vec())));
        let extended = webp(&[vp8x(), riff_chunk(*b"ICCP", b"profile"), vp8l()].concat());
        assert_eq!(colour_profile(&extended), Ok(Some(b"profile".to_vec())));
        for bare in [small_jpeg(), small_png(), small_webp(), small_gif()] {
            assert_eq!(colour_profile(&bare), Ok(None));
        }
    }

    #[test]
    fn a_profile_in_pieces_that_do_not_fit_is_an_error() {
        let cases: &[Vec<u8>] = &[
            app2(1, 2, b"a"),
            app2(0, 1, b"a"),
            app2(2, 1, b"a"),
            app2(0, 0, b"a"),
            [app2(1, 2, b"a"), app2(1, 2, b"a")].concat(),
            [app2(1, 2, b"a"), app2(2, 3, b"b")].concat(),
        ];
        for segments in cases {
            let error = colour_profile(&jpeg(segments)).expect_err("not a profile");
            assert_eq!(error.code(), "malformed");
        }
        let broken = png(&chunk(*b"iCCP", b"name\0\0broken"));
        assert_eq!(colour_profile(&broken).map_err(InspectError::code), Err("malformed"));
    }

    #[test]
    fn a_bomb_is_an_error_and_the_largest_profile_is_none() {
        let largest = vec![0; MAX_PROFILE_BYTES];
        assert_eq!(colour_profile(&iccp(&largest)), Ok(Some(largest)));
        assert_eq!(colour_profile(&iccp(&vec![0; MAX_PROFILE_BYTES + 1])), Err(TOO_LARGE));
        let raw = webp(&[vp8x(), riff_chunk(*b"ICCP", &vec![0; MAX_PROFILE_BYTES + 1]), vp8l()].concat());
        assert_eq!(colour_profile(&raw), Err(TOO_LARGE));
        let chunk = vec![0; 65_000];
        let chunks: Vec<u8> = (1..=70).flat_map(|number| app2(number, 70, &chunk)).collect();
        assert_eq!(colour_profile(&jpeg(&chunks)), Err(TOO_LARGE));
    }
}
