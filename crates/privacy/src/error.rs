//! What can fail. No message quotes a key, a plaintext or a cell.

/// Why a text is not a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is not base64.
    #[error("the master key is not base64: expected the 44 characters that `lakewarden keys init` writes")]
    NotBase64,
    /// The text is base64 of something else.
    #[error("the master key has {found} bytes: expected 32")]
    WrongLength {
        /// Bytes found; lengths past 64 are reported as 64.
        found: usize,
    },
}

/// Why sealed data cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Shorter than an authentication tag.
    #[error("the sealed data has {found} bytes, fewer than its 16-byte tag: it was cut off")]
    TooShort {
        /// Bytes found.
        found: usize,
    },
    /// Authentication failed.
    #[error("the sealed data cannot be opened: it was sealed with another key, nonce or context, or has been changed")]
    Refused,
}
