use thiserror::Error;

/// What can go wrong while records are matched.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// A column of pseudonyms holds something that is none.
    #[error("row {row} of the batch holds no pseudonym in domain {domain:?}")]
    NotAToken {
        /// The identifier domain of the column.
        domain: String,
        /// Row of the batch, from 0.
        row: usize,
    },
    /// More pseudonyms than 32-bit indices can name.
    #[error("more than {} pseudonyms in one pipeline", u32::MAX)]
    TooManyTokens,
    /// Two customers were given one id.
    #[error("two customers were given one id; run again with a new key version")]
    IdCollision,
    /// The result does not fit the declared columns.
    #[error("the identity tables could not be built")]
    Batch,
}
