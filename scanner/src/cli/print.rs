//! What commands say on standard output. A reader such as `head` may close it at any time.

use std::{
    error, fmt,
    io::{self, ErrorKind, Write},
};

use anyhow::{Context, Result};

/// Nobody reads standard output any more: the command ends, and there is nobody to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread;

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads what the command prints")
    }
}

impl error::Error for Unread {}

/// Prints a text and the end of its line.
///
/// # Errors
/// [`Unread`], or that standard output cannot be written.
pub(super) fn print(text: impl fmt::Display) -> Result<()> {
    to(&mut io::stdout().lock(), text)
}

fn to(output: &mut impl Write, text: impl fmt::Display) -> Result<()> {
    match writeln!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Unread.into()),
        written => written.context("standard output cannot be written"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_told_from_other_errors() {
        let (read, mut write) = io::pipe().unwrap();
        to(&mut write, "a line").unwrap();
        drop(read);
        assert!(to(&mut write, "another").unwrap_err().is::<Unread>());
        let mut full: &mut [u8] = &mut [0; 2];
        assert!(!to(&mut full, "a line").unwrap_err().is::<Unread>());
    }
}
