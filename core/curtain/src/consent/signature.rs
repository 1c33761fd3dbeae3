//! What a signature, thumbprint or spoken consent may be: a look at the form, before it is hashed and kept.
//!
//! This does not say who signed. It refuses what is empty, too large or something else.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Bytes of a picture of a signature or thumbprint, at most.
pub const MAX_PNG_BYTES: usize = 64 << 10;
/// Width and height of such a picture, at most, in pixels.
pub const MAX_PNG_SIDE: u32 = 2_000;
/// Points of a signature's strokes, at most.
pub const MAX_POINTS: usize = 20_000;
/// Bytes of strokes, at most: some 50 for each point.
pub const MAX_STROKE_BYTES: usize = 1 << 20;
/// Bytes of a recording, at most.
pub const MAX_AUDIO_BYTES: usize = 4 << 20;
/// Bytes of a recording, at least: less holds no second of speech.
pub const MIN_AUDIO_BYTES: usize = 1 << 10;

/// Where a stroke may go, either way from the origin, in the pad's own units.
const FAR: f64 = 1_000_000.0;

/// First bytes of a PNG. [PNG 3rd ed., 5.2]
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What the bytes of a signature are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureForm {
    /// A picture.
    Png,
    /// JSON: a list of strokes, each a list of points `[x, y]`, in the order they were drawn.
    Strokes,
}

/// What the bytes of a recording are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioForm {
    /// Opus in Ogg.
    OggOpus,
    /// WAV.
    Wav,
    /// AAC in MPEG-4.
    M4a,
    /// AAC in ADTS frames.
    Aac,
}

/// The bytes are no signature or recording that can be kept.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// Neither PNG nor strokes.
    #[error("a signature is a png picture or a json list of strokes: this is neither")]
    UnknownForm,
    /// No recording of a known kind.
    #[error("a recording is ogg opus, wav, m4a or aac: this is none of them")]
    UnknownAudio,
    /// More bytes than are kept.
    #[error("this has more than {limit} bytes: make it smaller")]
    TooManyBytes {
        /// The limit that it passes.
        limit: usize,
    },
    /// Too little to hold speech.
    #[error("the recording is empty: record again")]
    EmptyRecording,
    /// A picture without pixels, or with sides above [`MAX_PNG_SIDE`].
    #[error("the picture of the signature must have 1 to 2,000 pixels a side")]
    Sides,
    /// A PNG that breaks off, or whose chunks are damaged.
    #[error("the picture of the signature is damaged: take it again")]
    DamagedPng,
    /// Too many points, or some out of reach.
    #[error("the signature has more than 20,000 points, or points outside of any pad: sign again")]
    Points,
    /// Not one line was drawn.
    #[error("nothing was drawn: sign again")]
    NothingDrawn,
}

impl SignatureError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownForm => "unknown_form",
            Self::UnknownAudio => "unknown_audio",
            Self::TooManyBytes { .. } => "too_many_bytes",
            Self::EmptyRecording => "empty_recording",
            Self::Sides => "signature_sides",
            Self::DamagedPng => "damaged_png",
            Self::Points => "signature_points",
            Self::NothingDrawn => "nothing_drawn",
        }
    }
}

/// Looks at the bytes of a signature. A thumbprint is a picture: it must come back as [`SignatureForm::Png`].
///
/// A picture's chunks must be whole, with right checksums and nothing after the last; its pixels are not decoded,
/// so an empty picture passes. Strokes must hold at least one line.
///
/// # Errors
/// [`SignatureError`].
pub fn check(bytes: &[u8]) -> Result<SignatureForm, SignatureError> {
    if bytes.starts_with(PNG) {
        return check_png(bytes).map(|()| SignatureForm::Png);
    }
    if bytes.trim_ascii_start().starts_with(b"[") {
        return check_strokes(bytes).map(|()| SignatureForm::Strokes);
    }
    Err(SignatureError::UnknownForm)
}

/// Looks at the first bytes and the length of a recording. What it holds is not decoded.
///
/// # Errors
/// [`SignatureError`].
pub fn check_audio(bytes: &[u8]) -> Result<AudioForm, SignatureError> {
    if bytes.len() > MAX_AUDIO_BYTES {
        return Err(SignatureError::TooManyBytes { limit: MAX_AUDIO_BYTES });
    }
    let form = audio_form(bytes).ok_or(SignatureError::UnknownAudio)?;
    if bytes.len() < MIN_AUDIO_BYTES { Err(SignatureError::EmptyRecording) } else { Ok(form) }
}

fn audio_form(bytes: &[u8]) -> Option<AudioForm> {
    // The first page holds the identification header alone. [RFC 3533, 6; RFC 7845, 5.1]
    if bytes.starts_with(b"OggS") {
        return (bytes.get(28..36)? == b"OpusHead").then_some(AudioForm::OggOpus);
    }
    if bytes.starts_with(b"RIFF") {
        return (bytes.get(8..12)? == b"WAVE").then_some(AudioForm::Wav);
    }
    // Major brands that recorders on phones write. [ISO/IEC 14496-12, 4.3]
    if bytes.get(4..8)? == b"ftyp" {
        let brand = bytes.get(8..12)?;
        return [b"M4A ", b"mp42", b"mp41", b"isom", b"iso2"]
            .into_iter()
            .any(|known| brand == known)
            .then_some(AudioForm::M4a);
    }
    // Sync word, either MPEG version, layer 0. [ISO/IEC 13818-7, 6.2]
    (bytes[0] == 0xFF && bytes[1] & 0xF6 == 0xF0).then_some(AudioForm::Aac)
}

/// Walks the chunks: header first, data, end last. [PNG 3rd ed., 5.3]
fn check_png(bytes: &[u8]) -> Result<(), SignatureError> {
    if bytes.len() > MAX_PNG_BYTES {
        return Err(SignatureError::TooManyBytes { limit: MAX_PNG_BYTES });
    }
    let (kind, header, mut rest) = chunk(&bytes[PNG.len()..]).ok_or(SignatureError::DamagedPng)?;
    let (Ok([w0, w1, w2, w3, h0, h1, h2, h3, ..]), b"IHDR") = (<[u8; 13]>::try_from(header), &kind) else {
        return Err(SignatureError::DamagedPng);
    };
    let sides = [u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3])];
    if sides.iter().any(|side| !(1..=MAX_PNG_SIDE).contains(side)) {
        return Err(SignatureError::Sides);
    }
    let mut has_data = false;
    while let Some((kind, data, after)) = chunk(rest) {
        match &kind {
            b"IEND" if has_data && data.is_empty() && after.is_empty() => return Ok(()),
            b"IEND" | b"IHDR" => break,
            b"IDAT" => has_data |= !data.is_empty(),
            _ => {}
        }
        rest = after;
    }
    Err(SignatureError::DamagedPng)
}

/// Takes one chunk off: its type, its data, what follows. None if it breaks off or its checksum is wrong.
fn chunk(bytes: &[u8]) -> Option<([u8; 4], &[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let body = rest.get(..length.checked_add(4)?)?;
    let (sum, after) = rest[body.len()..].split_first_chunk::<4>()?;
    let (kind, data) = body.split_first_chunk::<4>()?;
    (crc32fast::hash(body) == u32::from_be_bytes(*sum)).then_some((*kind, data, after))
}

fn check_strokes(bytes: &[u8]) -> Result<(), SignatureError> {
    if bytes.len() > MAX_STROKE_BYTES {
        return Err(SignatureError::TooManyBytes { limit: MAX_STROKE_BYTES });
    }
    let strokes: Vec<Vec<[f64; 2]>> =
        serde_json::from_slice(bytes).map_err(|_| SignatureError::UnknownForm)?;
    let points = strokes.iter().map(Vec::len).sum::<usize>();
    let out_of_reach = strokes.iter().flatten().flatten().any(|place| place.abs() > FAR);
    if points > MAX_POINTS || strokes.len() > MAX_POINTS || out_of_reach {
        return Err(SignatureError::Points);
    }
    let is_line = |stroke: &Vec<[f64; 2]>| {
        stroke.windows(2).any(|p| (p[1][0] - p[0][0]).hypot(p[1][1] - p[0][1]) > 0.0)
    };
    if strokes.iter().any(is_line) { Ok(()) } else { Err(SignatureError::NothingDrawn) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunked(kind: &[u8], data: &[u8]) -> Vec<u8> {
        let body = [kind, data].concat();
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [length.as_slice(), &body, &crc32fast::hash(&body).to_be_bytes()].concat()
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
        [PNG.to_vec(), chunked(b"IHDR", &header), chunked(b"IDAT", &[1, 2, 3]), chunked(b"IEND", &[])]
            .concat()
    }

    #[test]
    fn a_whole_picture_passes_and_nothing_less() {
        let good = png(600, 200);
        assert_eq!(check(&good), Ok(SignatureForm::Png));
        for end in 0..good.len() {
            assert!(check(&good[..end]).is_err(), "prefix of {end}");
        }
        for bit in 0..good.len() * 8 {
            let mut flipped = good.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(check(&flipped).is_err(), "bit {bit}");
        }
        assert_eq!(check(&[good, vec![0]].concat()), Err(SignatureError::DamagedPng));
    }

    #[test]
    fn pictures_have_limits() {
        assert_eq!(check(&png(2_000, 2_000)), Ok(SignatureForm::Png));
        for (width, height) in [(2_001, 1), (1, 2_001), (0, 10), (10, 0), (u32::MAX, u32::MAX)] {
            assert_eq!(check(&png(width, height)), Err(SignatureError::Sides));
        }
        let long = [PNG, &vec![0; MAX_PNG_BYTES]].concat();
        assert_eq!(check(&long), Err(SignatureError::TooManyBytes { limit: MAX_PNG_BYTES }));
    }

    #[test]
    fn strokes_must_hold_a_line() {
        assert_eq!(check(b"[[[0,0],[10.5,-3]]]"), Ok(SignatureForm::Strokes));
        assert_eq!(check(b"[[[4,4]],[[0,0],[1,1]]]"), Ok(SignatureForm::Strokes));
        for empty in ["[]", "[[]]", "[[[1,1]]]", "[[[1,1],[1,1]]]", "[[[1,1]],[[2,2]]]"] {
            assert_eq!(check(empty.as_bytes()), Err(SignatureError::NothingDrawn), "{empty}");
        }
        for other in [
            "[[[0,0],[1]]]",
            "[[[0,0],[1,2,3]]]",
            "[[0,0],[1,1]]",
            "[[[0,0],[1,null]]]",
            "[[[0,0],[1,1]]] x",
            "{}",
            "",
        ] {
            assert_eq!(check(other.as_bytes()), Err(SignatureError::UnknownForm), "{other}");
        }
        let whole = b"[[[0,0],[10,3]]]";
        assert!((0..whole.len()).all(|end| check(&whole[..end]).is_err()));
    }

    #[test]
    fn strokes_have_limits() {
        let line = |points: usize| format!("[[{}[9,9]]]", "[1,1],".repeat(points - 1));
        assert_eq!(check(line(MAX_POINTS).as_bytes()), Ok(SignatureForm::Strokes));
        assert_eq!(check(line(MAX_POINTS + 1).as_bytes()), Err(SignatureError::Points));
        assert_eq!(check(b"[[[0,0],[1e300,1]]]"), Err(SignatureError::Points));
        let long = format!("[{}", " ".repeat(MAX_STROKE_BYTES));
        assert_eq!(check(long.as_bytes()), Err(SignatureError::TooManyBytes { limit: MAX_STROKE_BYTES }));
        // Nested deeper than strokes go: refused without using up the stack.
        assert_eq!(check("[".repeat(500_000).as_bytes()), Err(SignatureError::UnknownForm));
    }

    #[test]
    fn recordings_are_known_by_their_first_bytes() {
        let padded = |start: &[u8]| [start, &vec![0; MIN_AUDIO_BYTES]].concat();
        let ogg = [&b"OggS"[..], &[0; 24], b"OpusHead"].concat();
        for (start, form) in [
            (&ogg[..], AudioForm::OggOpus),
            (b"RIFF\0\0\0\0WAVE", AudioForm::Wav),
            (b"\0\0\0\x20ftypM4A ", AudioForm::M4a),
            (b"\0\0\0\x18ftypmp42", AudioForm::M4a),
            (&[0xFF, 0xF1], AudioForm::Aac),
            (&[0xFF, 0xF9], AudioForm::Aac),
        ] {
            assert_eq!(check_audio(&padded(start)), Ok(form));
        }
        for other in
            [&b"OggS"[..], b"RIFF\0\0\0\0AVI ", b"\0\0\0\x20ftypheic", b"ID3", &[0xFF, 0xFB], b"\x89PNG"]
        {
            assert_eq!(check_audio(&padded(other)), Err(SignatureError::UnknownAudio));
        }
        for start in 0..40 {
            assert!(check_audio(&ogg[..start.min(ogg.len())]).is_err());
        }
        assert_eq!(check_audio(&ogg), Err(SignatureError::EmptyRecording));
        let long = [&b"RIFF\0\0\0\0WAVE"[..], &vec![0; MAX_AUDIO_BYTES]].concat();
        assert_eq!(check_audio(&long), Err(SignatureError::TooManyBytes { limit: MAX_AUDIO_BYTES }));
    }
}
