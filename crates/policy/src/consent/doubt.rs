//! Records that bear a statement and cannot be read.

/// What a record that cannot be read counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doubtful {
    /// A withdrawal from every purpose.
    Withdrawal,
    /// The same, and the demand that data is only stored.
    Restriction,
    /// The same, as an opt-out signal.
    OptOutSignal,
    /// A line of a suppression list.
    Listed,
}

/// A record that cannot be read, for one pseudonym that it names. Instants are µs UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt<'a> {
    /// Whom it names: the bits of a pseudonym.
    pub pseudonym: u128,
    /// What it counts as.
    pub counts_as: Doubtful,
    /// The one purpose that it can be about, by name or alias, where all of the record but its action was read: a
    /// [`Doubtful::Withdrawal`] is then one from this purpose only. `None`, and a purpose that the project does not
    /// know, are every purpose.
    pub purpose: Option<&'a str>,
    /// From when on it stands: when it was said, or seen if that cannot be read.
    pub at: i64,
    /// When it became known: the instant of the run that put it in quarantine.
    pub known_from: i64,
    /// The instant of the run that read the record that it should have been; `None` if none has.
    pub mended_at: Option<i64>,
}
