//! The boards that QEMU knows, and what runs on them.

use std::path::PathBuf;

/// A model of Raspberry Pi.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// A Raspberry Pi 3B with a 64-bit kernel.
    Pi3,
    /// A Raspberry Pi 2B with a 32-bit kernel.
    Pi2,
}

impl Model {
    pub(super) const fn qemu(self) -> &'static str {
        match self {
            Self::Pi3 => "qemu-system-aarch64",
            Self::Pi2 => "qemu-system-arm",
        }
    }

    pub(super) const fn machine(self) -> &'static str {
        match self {
            Self::Pi3 => "raspi3b",
            Self::Pi2 => "raspi2b",
        }
    }

    /// Debian's name of its architecture.
    #[must_use]
    pub const fn architecture(self) -> &'static str {
        match self {
            Self::Pi3 => "arm64",
            Self::Pi2 => "armhf",
        }
    }

    /// The libraries that a program needs which is not static; they come with the cross compiler.
    pub(super) fn libraries(self) -> Vec<PathBuf> {
        let (folder, loader) = match self {
            Self::Pi3 => ("/usr/aarch64-linux-gnu/lib", "ld-linux-aarch64.so.1"),
            Self::Pi2 => ("/usr/arm-linux-gnueabihf/lib", "ld-linux-armhf.so.3"),
        };
        let names = [loader, "libc.so.6", "libm.so.6", "libgcc_s.so.1"];
        names.into_iter().map(|name| PathBuf::from(folder).join(name)).collect()
    }
}
