//! Who calls, what they may do, and the keys and secrets behind it.

pub mod caller;
pub mod credential;
pub mod custody;
pub mod keyring;
pub mod password;
pub mod role;
pub mod scope;
pub mod sealing;
pub mod throttle;
pub mod token;
