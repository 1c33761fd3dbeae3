//! Packs the word table of `models/story/build.py` (`key<TAB>flags`, sorted, on standard input) into the file named by
//! the only argument: `models/story.fst`.

use std::fs::File;
use std::io::{self, BufRead, BufWriter, Write};

/// Why the table was refused.
#[derive(Debug, thiserror::Error)]
enum PackError {
    #[error("cannot read the table or write the map: {0}")]
    Io(#[from] io::Error),
    #[error("the map refuses a key, keys must be sorted and differ: {0}")]
    Map(#[from] fst::Error),
    #[error("line {0} is not a key, a tab and a number")]
    Line(usize),
    #[error("name the file to write as the only argument")]
    NoFile,
}

fn main() -> Result<(), PackError> {
    let target = std::env::args_os().nth(1).ok_or(PackError::NoFile)?;
    let mut map = fst::MapBuilder::new(BufWriter::new(File::create(target)?))?;
    for (number, line) in io::stdin().lock().lines().enumerate() {
        let line = line?;
        let (key, flags) = line.split_once('\t').ok_or(PackError::Line(number + 1))?;
        map.insert(key, flags.parse().map_err(|_| PackError::Line(number + 1))?)?;
    }
    map.into_inner()?.flush()?;
    Ok(())
}
