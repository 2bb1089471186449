//! A file that is named by its content, and the hash by which a browser knows it.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha384};

/// A finished file.
#[derive(Debug)]
pub(crate) struct Sealed {
    /// `stem-0123456789abcdef.end`: another content has another name, so caches may keep it for ever.
    pub(crate) name: String,
    /// `sha384-…`, for an `integrity` attribute (Subresource Integrity §3.1).
    pub(crate) integrity: String,
    pub(crate) content: Vec<u8>,
}

impl Sealed {
    pub(crate) fn new(stem: &str, end: &str, content: Vec<u8>) -> Self {
        let hash = Sha384::digest(&content);
        let digits: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { name: format!("{stem}-{digits}{end}"), integrity: format!("sha384-{}", STANDARD.encode(hash)), content }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_integrity_is_written_as_browsers_read_it() {
        // The example of Subresource Integrity §3.1.
        let sealed = Sealed::new("hello", ".js", b"alert('Hello, world.');".to_vec());
        assert_eq!(sealed.integrity, "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO");
        assert_eq!(sealed.name, "hello-1fc05187c8f8f0ef.js");
    }
}
