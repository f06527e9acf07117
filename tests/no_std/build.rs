//! Without std nobody asks for the C library, which has `memcpy` and the start-up code.

fn main() {
    println!("cargo::rustc-link-lib=c");
}
