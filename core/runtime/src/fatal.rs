//! The error that ends `main`.

use alloc::boxed::Box;
use alloc::string::ToString;
use core::error::Error;
use core::fmt;

/// An error for `main` to return. The process then ends with the error's `Display` text and its causes; Rust would
/// print `Debug`. `?` converts any error, or a string, to it.
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
/// Like the catch-all error types of other libraries, `Fatal` is not an `Error` itself: return it from `main`, do not
/// pass it on.
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
            // Many errors include their source in their own text.
            if !said.contains(&text) {
                write!(f, ": {text}")?;
                said = text;
            }
            source = error.source();
        }
        Ok(())
    }
}

/// Same as `Display`.
impl fmt::Debug for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
