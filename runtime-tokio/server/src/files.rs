//! Files of bounded length.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Opens a regular file. To open or read a pipe could wait for ever, and so would each later reload. The error does not name the file.
pub(crate) fn open(path: &Path) -> Result<File, String> {
    let opened = std::fs::metadata(path).and_then(|about| match about.is_file() {
        true => File::open(path).map(Some),
        false => Ok(None),
    });
    match opened {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err("is no regular file, but a directory, a pipe or a device: name a file".into()),
        Err(error) => Err(format!("cannot be opened: {error}")),
    }
}

/// What a file has. The error names the file.
pub(crate) fn content(path: &Path, most_bytes: u64) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let file = open(path).map_err(|why| format!("{shown} {why}"))?;
    let mut bytes = Vec::new();
    let read = file.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| format!("{shown} cannot be read: {error}"))?;
    match bytes.len() as u64 > most_bytes {
        true => Err(format!("{shown} is longer than {most_bytes} bytes")),
        false => Ok(bytes),
    }
}
