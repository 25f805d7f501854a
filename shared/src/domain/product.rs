//! The products that scans belong to.

use crate::choice;

choice! {
    /// The product that a resource belongs to.
    pub enum AppType {
        /// Scans for the Payment Card Industry's standard.
        Pci = "pci",
        /// Vulnerability management.
        Vrms = "vrms",
        /// Penetration testing.
        Penetration = "penetration",
    }
}
