//! The privacy notices that consents were given under.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lakewarden_dictionary::NoticeVersion;

/// Notices by number, so that an event carries two bytes. Number 0 is no notice, or none whose version can be told.
#[derive(Debug, Clone)]
pub(super) struct Notices {
    by_text: HashMap<Box<str>, u16, RandomState>,
    versions: Vec<Option<NoticeVersion>>,
    wanted: bool,
}

impl Notices {
    /// None yet. Unless they are `wanted`, all of them are number 0.
    pub(super) fn new(wanted: bool) -> Self {
        Self { by_text: HashMap::default(), versions: vec![None], wanted }
    }

    /// The number of a notice. Allocates only for one that was not seen before.
    pub(super) fn number(&mut self, text: &str) -> u16 {
        if !self.wanted {
            return 0;
        }
        if let Some(number) = self.by_text.get(text) {
            return *number;
        }
        let Ok(version) = text.parse() else { return 0 };
        let Ok(number) = u16::try_from(self.versions.len()) else { return 0 };
        self.versions.push(Some(version));
        self.by_text.insert(text.into(), number);
        number
    }

    /// Its version; `None` is older than all.
    #[inline]
    pub(super) fn version(&self, number: u16) -> Option<NoticeVersion> {
        self.versions.get(usize::from(number)).copied().flatten()
    }

    /// The older of two.
    pub(super) fn older(&self, a: u16, b: u16) -> u16 {
        if self.version(a) <= self.version(b) { a } else { b }
    }
}
