//! Keys and what is made with them: sealed secrets, signed tokens, password hashes.

mod provider;
mod ring;
mod sealing;

pub mod password;
pub(crate) mod rehearsal;
pub mod token;

pub use provider::{KeyFile, KeyProvider, Kms, Material, NoKeys, Purpose};
pub use ring::{FIRST, KeyRing, PublicKey};
pub use sealing::{Sealed, SealingKey};
