//! Policy: what may run. (Stub of the type others need; the grammar's author completes it.)

/// What an executor lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Read-only verbs.
    #[default]
    ReadOnly,
    /// Read-only verbs and some more.
    ExtendedReadOnly,
    /// Everything but credential, target and file flags.
    FullAccess,
}

impl Mode {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ExtendedReadOnly => "extendedReadOnly",
            Self::FullAccess => "fullAccess",
        }
    }
}
