//! The error that ends `main`.

use alloc::boxed::Box;
use alloc::string::ToString;
use core::error::Error;
use core::fmt;

/// Any error, as what `main` returns: the process ends with a sentence instead of the error's `Debug`, which is what Rust prints
/// there. `?` makes one of every error, and of a text.
///
/// ```no_run
/// use std::net::TcpListener;
/// use throng_runtime::Fatal;
///
/// fn main() -> Result<(), Fatal> {
///     let address = "127.0.0.1:80";
///     // Error: cannot listen on 127.0.0.1:80: Permission denied (os error 13)
///     TcpListener::bind(address).map_err(|error| format!("cannot listen on {address}: {error}"))?;
///     Ok(())
/// }
/// ```
///
/// Like an error that may be anything in other libraries, it is not an `Error` itself: for `main`, and not to be passed on.
pub struct Fatal(Box<dyn Error>);

impl<E: Into<Box<dyn Error>>> From<E> for Fatal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            let text = error.to_string();
            // Many say what they come from by themselves.
            if !said.contains(&text) {
                write!(f, ": {text}")?;
                said = text;
            }
            source = error.source();
        }
        Ok(())
    }
}

/// The same sentence.
impl fmt::Debug for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
