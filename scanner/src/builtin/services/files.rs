//! Services that hold files, and mail.

use super::{
    greeting::Known,
    probe::{Probe, Said},
};
use crate::{
    builtin::dialogue::{Dialogue, Heard},
    scan::net::Connection,
    text::{SHORT, clean, clean_bytes},
};

/// The most lines of an answer of FTP or SMTP.
const MAX_LINES: usize = 64;

impl Probe<'_> {
    /// FTP: whether it lets in whoever calls himself anonymous, and whether it can protect a password. No file is
    /// touched.
    pub(crate) async fn ftp(&mut self) -> Said {
        let mut dialogue = self.dialogue().await?;
        reply(&mut dialogue).await.filter(|it| it.code == 220).ok_or(())?;
        let features = command(&mut dialogue, "FEAT").await.ok_or(())?;
        let protects = features.text.to_ascii_uppercase().contains("AUTH TLS")
            || command(&mut dialogue, "AUTH TLS").await.is_some_and(|it| it.code == 234);
        if !protects {
            let evidence =
                "The server does not offer AUTH TLS: names, passwords and files are sent in clear".to_owned();
            self.find("ftp-in-clear", "", 99, evidence);
        }
        // After AUTH TLS the connection waits for TLS: the login is tried on another one.
        let mut dialogue = self.dialogue().await?;
        reply(&mut dialogue).await.filter(|it| it.code == 220).ok_or(())?;
        let mut answer = command(&mut dialogue, "USER anonymous").await.ok_or(())?;
        if answer.code == 331 {
            answer = command(&mut dialogue, "PASS scanward@example.com").await.ok_or(())?;
        }
        if answer.code == 230 {
            let shown = clean(answer.text.lines().next().unwrap_or_default(), SHORT);
            self.find("ftp-anonymous-login", "", 99, format!("The user anonymous was let in: {shown}"));
        }
        let _ = dialogue.say(b"QUIT\r\n").await;
        Ok(None)
    }

    /// SMTP: whether it offers TLS, and whether it takes a password without.
    pub(crate) async fn smtp(&mut self) -> Said {
        let mut dialogue = self.dialogue().await?;
        let first = reply(&mut dialogue).await.ok_or(())?;
        if first.code != 220 {
            // It talks to nobody, or not to this machine.
            return Ok(None);
        }
        let answer = command(&mut dialogue, "EHLO scanner.invalid").await.ok_or(())?;
        if answer.code == 250 && !answer.text.to_ascii_uppercase().contains("STARTTLS") {
            self.find("smtp-no-starttls", "", 99, "The answer to EHLO does not have STARTTLS".to_owned());
        }
        let takes =
            answer.text.lines().any(|line| line.get(4..).is_some_and(|it| it.to_ascii_uppercase().starts_with("AUTH")));
        if answer.code == 250 && takes {
            let evidence = "The server takes a password before the connection is protected".to_owned();
            self.find("mail-login-in-clear", "", 95, evidence);
        }
        let _ = dialogue.say(b"QUIT\r\n").await;
        Ok(None)
    }

    /// POP3 and IMAP: whether they take a password before TLS protects it.
    pub(crate) async fn mailbox(&mut self, is_imap: bool) -> Said {
        let (question, end) =
            if is_imap { ("a1 CAPABILITY\r\na2 LOGOUT\r\n", "a2 ") } else { ("CAPA\r\nQUIT\r\n", ".\r\n") };
        let mut dialogue = self.dialogue().await?;
        dialogue.line().await;
        dialogue.received.clear();
        dialogue.say(question.as_bytes()).await.map_err(|_| ())?;
        let whole = |bytes: &[u8]| {
            let begins = bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(end.trim_end().as_bytes()));
            begins || bytes.len() > 8_192
        };
        if dialogue.hear(whole).await == Heard::Silent {
            return Err(());
        }
        let text = String::from_utf8_lossy(&dialogue.received).to_ascii_uppercase();
        let lists = if is_imap { text.contains("* CAPABILITY") } else { text.starts_with("+OK") };
        let words: Vec<&str> = text.split_whitespace().collect();
        let takes = match is_imap {
            true => !words.contains(&"LOGINDISABLED"),
            false => words.contains(&"USER") || words.contains(&"PLAIN"),
        };
        if lists && takes {
            let evidence = "The server takes a password before the connection is protected".to_owned();
            self.find("mail-login-in-clear", "", 95, evidence);
        }
        Ok(None)
    }

    /// Rsync: the names of its modules. No file is listed.
    pub(crate) async fn rsync(&mut self) -> Said {
        let mut dialogue = self.dialogue().await?;
        let (line, heard) = dialogue.line().await;
        if !line.starts_with(b"@RSYNCD: ") {
            return heard.none_or_silent();
        }
        dialogue.received.clear();
        dialogue.say(b"@RSYNCD: 29.0\n#list\n").await.map_err(|_| ())?;
        let is_end = |bytes: &[u8]| {
            [&b"@RSYNCD: EXIT"[..], b"@ERROR"].iter().any(|it| bytes.windows(it.len()).any(|part| part == *it))
        };
        if dialogue.hear(is_end).await == Heard::Silent {
            return Err(());
        }
        let text = String::from_utf8_lossy(&dialogue.received);
        let is_module = |line: &&str| !line.trim().is_empty() && !line.starts_with('@');
        let names = text.lines().filter(is_module).filter_map(|line| line.split('\t').next());
        let names: Vec<String> = names.take(20).map(|it| clean(it.trim(), 64)).collect();
        if !names.is_empty() {
            self.find("rsync-open", "", 95, format!("The modules can be listed: {}", names.join(", ")));
        }
        Ok(Some(Known::of("rsync")))
    }

    /// SMB: whether it speaks the first version, and whether it demands signatures.
    pub(crate) async fn smb(&mut self) -> Said {
        let mut known = None;
        let mut dialogue = self.dialogue().await?;
        let heard = dialogue.ask(&smb1_question(), 9).await;
        match dialogue.received.get(4..8) {
            Some(b"\xffSMB") => {
                // A server that knows none of the dialects says so with the number 0xffff.
                if dialogue.received.get(37..39).is_some_and(|it| it != [0xff, 0xff]) {
                    self.find("smb-version-1", "", 99, "The server agrees on NT LM 0.12".to_owned());
                }
                known = Some(Known::of("smb"));
            }
            _ if heard == Heard::Silent => self.failed(&["smb-version-1"]),
            _ => {}
        }
        let mut dialogue = self.dialogue().await?;
        let heard = dialogue.ask(&smb2_question(), 72).await;
        match dialogue.received.get(4..8) {
            Some(b"\xfeSMB") => {
                // The mode of security is at the third byte of the body, which follows the head of 64 bytes.
                match dialogue.received.get(70) {
                    Some(mode) if mode & 2 == 0 => {
                        let evidence = "The server does not require that messages are signed".to_owned();
                        self.find("smb-signing-not-required", "", 99, evidence);
                    }
                    Some(_) => {}
                    None => self.failed(&["smb-signing-not-required"]),
                }
                known = Some(Known::of("smb"));
            }
            _ if heard == Heard::Silent => self.failed(&["smb-signing-not-required"]),
            _ => {}
        }
        known.map_or_else(|| heard.none_or_silent(), |known| Ok(Some(known)))
    }
}

/// The offer of the last dialect of SMB 1 alone.
fn smb1_question() -> Vec<u8> {
    let mut message = b"\xffSMB\x72\0\0\0\0\x18\x53\xc8".to_vec();
    message.extend([0; 12]);
    message.extend([0xff, 0xff, 0xfe, 0xff, 0, 0, 0, 0]);
    let dialect = b"\x02NT LM 0.12\0";
    message.push(0);
    message.extend((dialect.len() as u16).to_le_bytes());
    message.extend(dialect);
    in_session(message)
}

/// The offer of SMB 2.0.2, 2.1 and 3.0.
fn smb2_question() -> Vec<u8> {
    let mut message = b"\xfeSMB\x40\0".to_vec();
    message.resize(64, 0);
    message.extend([36, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    message.extend(*uuid::Uuid::now_v7().as_bytes());
    message.extend([0; 8]);
    message.extend([2, 2, 0x10, 2, 0, 3]);
    in_session(message)
}

fn in_session(message: Vec<u8>) -> Vec<u8> {
    let mut packet = (message.len() as u32).to_be_bytes().to_vec();
    packet.extend(message);
    packet
}

/// An answer of FTP or SMTP.
struct Reply {
    code: u16,
    text: String,
}

async fn command(dialogue: &mut Dialogue<Connection>, command: &str) -> Option<Reply> {
    dialogue.say(format!("{command}\r\n").as_bytes()).await.ok()?;
    reply(dialogue).await
}

/// Reads an answer to its last line: the number and a blank.
async fn reply(dialogue: &mut Dialogue<Connection>) -> Option<Reply> {
    let mut text = String::new();
    for _ in 0..MAX_LINES {
        let (line, heard) = dialogue.line().await;
        let line = clean_bytes(&line, 1_000);
        text.push_str(&line);
        text.push('\n');
        let code = line.get(..3).and_then(|it| it.parse().ok());
        match (code, line.as_bytes().get(3)) {
            (Some(code), None | Some(b' ')) => return Some(Reply { code, text }),
            _ if heard != Heard::Enough => return None,
            _ => {}
        }
    }
    None
}
