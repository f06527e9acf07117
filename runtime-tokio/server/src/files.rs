//! Files of bounded length.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a file has. The error names the file.
pub(crate) fn content(path: &Path, most_bytes: u64) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| format!("{shown} cannot be opened: {error}"))?;
    let mut bytes = Vec::new();
    let read = file.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| format!("{shown} cannot be read: {error}"))?;
    match bytes.len() as u64 > most_bytes {
        true => Err(format!("{shown} is longer than {most_bytes} bytes")),
        false => Ok(bytes),
    }
}
