//! Stores of data: whether they answer without a password. Each question reads what says what the store is, never
//! its data.

use super::{
    greeting::Known,
    probe::{Probe, Said},
};
use crate::{
    builtin::{dialogue::Heard, tls::flight::Reader},
    text::{SHORT, clean, clean_bytes},
};

impl Probe<'_> {
    /// Redis: `PING`, and the version where it may be read.
    pub(crate) async fn redis(&mut self) -> Said {
        let mut dialogue = self.dialogue().await?;
        let heard = dialogue.ask(b"PING\r\n", 5).await;
        let first = dialogue.received.clone();
        let is_answer = first.starts_with(b"+PONG") || first.starts_with(b"-");
        if !is_answer {
            return heard.none_or_silent();
        }
        self.exposed("redis");
        if !first.starts_with(b"+PONG") {
            return Ok(Some(Known::product("redis", "Redis", None)));
        }
        dialogue.received.clear();
        let _ = dialogue.say(b"INFO server\r\n").await;
        // The answer has its length: `$` and the number of bytes that follow.
        dialogue
            .hear(|bytes| {
                bytes.starts_with(b"-") || bytes.windows(4).any(|it| it == b"\r\n\r\n") || bytes.len() > 8_192
            })
            .await;
        let text = String::from_utf8_lossy(&dialogue.received);
        let version = text.lines().find_map(|line| line.trim().strip_prefix("redis_version:").map(str::to_owned));
        let shown = version.as_ref().map(|it| format!(" and INFO says version {}", clean(it, 64))).unwrap_or_default();
        self.find("redis-no-authentication", "", 99, format!("PING was answered +PONG without a password{shown}"));
        Ok(Some(Known::product("redis", "Redis", version)))
    }

    /// Memcached: its version.
    pub(crate) async fn memcached(&mut self) -> Said {
        let mut dialogue = self.dialogue().await?;
        dialogue.say(b"version\r\n").await.map_err(|_| ())?;
        let (line, heard) = dialogue.line().await;
        let text = clean_bytes(&line, SHORT);
        let Some(version) = text.strip_prefix("VERSION ") else { return heard.none_or_silent() };
        self.exposed("memcached");
        self.find("memcached-open", "", 99, format!("The question for the version was answered: {text}"));
        Ok(Some(Known::product("memcached", "Memcached", Some(version.to_owned()))))
    }

    /// MongoDB: its version, and whether the names of its databases may be read.
    pub(crate) async fn mongodb(&mut self) -> Said {
        let mut dialogue = self.dialogue().await?;
        let whole = |bytes: &[u8]| mongo_reply(bytes).is_some() || bytes.len() > 48_000;
        dialogue.say(&mongo_question("buildInfo", 1)).await.map_err(|_| ())?;
        let heard = dialogue.hear(whole).await;
        let Some(reply) = mongo_reply(&dialogue.received) else { return heard.none_or_silent() };
        let version = bson_text(reply, b"\x02version\0");
        self.exposed("mongodb");
        dialogue.received.clear();
        dialogue.say(&mongo_question("listDatabases", 2)).await.map_err(|_| ())?;
        dialogue.hear(whole).await;
        let Some(reply) = mongo_reply(&dialogue.received) else {
            self.failed(&["mongodb-no-authentication"]);
            return Ok(Some(Known::product("mongodb", "MongoDB", version)));
        };
        let has = |part: &[u8]| reply.windows(part.len()).any(|it| it == part);
        // `ok: 1.0` as a number of 64 bits.
        if has(b"\x01ok\0\0\0\0\0\0\0\xf0\x3f") && has(b"\x04databases\0") {
            let evidence = "The names of the databases can be read without a password".to_owned();
            self.find("mongodb-no-authentication", "", 99, evidence);
        }
        Ok(Some(Known::product("mongodb", "MongoDB", version)))
    }

    /// PostgreSQL: whether it speaks TLS, which shows what it is, and whether its administrator needs a password.
    pub(crate) async fn postgresql(&mut self) -> Said {
        let mut dialogue = self.dialogue().await?;
        let heard = dialogue.ask(&[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f], 1).await;
        if !matches!(dialogue.received.as_slice(), [b'S' | b'N']) {
            return heard.none_or_silent();
        }
        self.exposed("postgresql");
        let mut dialogue = self.dialogue().await?;
        let mut start = vec![0, 3, 0, 0];
        start.extend(b"user\0postgres\0database\0postgres\0\0");
        let mut message = ((start.len() + 4) as u32).to_be_bytes().to_vec();
        message.extend(start);
        // `R`, the length, and the number of the demand: 0 is none.
        match (dialogue.ask(&message, 9).await, dialogue.received.as_slice()) {
            (_, [b'R', 0, 0, 0, 8, 0, 0, 0, 0, ..]) => {
                let _ = dialogue.say(b"X\0\0\0\x04").await;
                let evidence = "The user postgres is let in without a password".to_owned();
                self.find("postgresql-no-password", "", 99, evidence);
            }
            (Heard::Silent, []) => self.failed(&["postgresql-no-password"]),
            _ => {}
        }
        Ok(Some(Known::product("postgresql", "PostgreSQL", None)))
    }

    /// ZooKeeper: whether it says how it is.
    pub(crate) async fn zookeeper(&mut self) -> Said {
        let mut dialogue = self.dialogue().await?;
        let heard = dialogue.ask(b"srvr\n", 12).await;
        let text = String::from_utf8_lossy(&dialogue.received);
        if text.contains("srvr is not executed because it is not in the whitelist") {
            self.exposed("zookeeper");
            return Ok(Some(Known::product("zookeeper", "ZooKeeper", None)));
        }
        let Some(rest) = text.strip_prefix("Zookeeper version: ") else { return heard.none_or_silent() };
        let version = rest.split(['-', ',', '\n']).next().unwrap_or_default().to_owned();
        self.exposed("zookeeper");
        self.find("zookeeper-open", "", 95, format!("It answers whoever asks; version {}", clean(&version, 64)));
        Ok(Some(Known::product("zookeeper", "ZooKeeper", Some(version))))
    }

    /// Microsoft SQL Server: the version that it gives before a login.
    pub(crate) async fn mssql(&mut self) -> Said {
        const QUESTION: &[u8] = &[
            0x12, 1, 0, 0x2f, 0, 0, 1, 0, 0, 0, 0x1a, 0, 6, 1, 0, 0x20, 0, 1, 2, 0, 0x21, 0, 1, 3, 0, 0x22, 0, 4, 4, 0,
            0x26, 0, 1, 0xff, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        let mut dialogue = self.dialogue().await?;
        let heard = dialogue.ask(QUESTION, 40).await;
        let Some((4, rest)) = dialogue.received.split_first().map(|(kind, rest)| (*kind, rest)) else {
            return heard.none_or_silent();
        };
        // After the head of eight bytes, the first entry says where the version is.
        let version = || {
            let body = rest.get(7..)?;
            let mut entry = Reader(body);
            (entry.u8()? == 0).then_some(())?;
            let (at, _) = (entry.number(2)?, entry.number(2)?);
            let mut version = Reader(body.get(at..)?);
            Some(format!("{}.{}.{}", version.u8()?, version.u8()?, version.u16()?))
        };
        let Some(version) = version() else { return Ok(None) };
        self.exposed("mssql");
        Ok(Some(Known::product("mssql", "Microsoft SQL Server", Some(version))))
    }

    /// A store of data answers: whoever reaches it can try.
    pub(crate) fn exposed(&mut self, variant: &str) {
        self.find("database-exposed", variant, 95, "The store of data answers whoever connects".to_owned());
    }
}

/// A question of MongoDB: a command with the number 1, about the administration.
fn mongo_question(command: &str, id: u32) -> Vec<u8> {
    let mut document = Vec::new();
    document.push(0x10);
    document.extend(command.as_bytes());
    document.extend([0, 1, 0, 0, 0]);
    document.extend(b"\x08nameOnly\0\x01".iter().filter(|_| command == "listDatabases"));
    document.extend(b"\x02$db\0\x06\0\0\0admin\0\0");
    let mut message = Vec::new();
    let length = 16 + 4 + 1 + 4 + document.len();
    for number in [length as u32, id, 0, 2013, 0] {
        message.extend(number.to_le_bytes());
    }
    message.push(0);
    message.extend((document.len() as u32 + 4).to_le_bytes());
    message.extend(document);
    message
}

/// A whole reply of MongoDB.
fn mongo_reply(bytes: &[u8]) -> Option<&[u8]> {
    const OP_MSG: &[u8] = &[0xdd, 7, 0, 0];
    let length = bytes.first_chunk::<4>().map(|it| u32::from_le_bytes(*it))?;
    let message = bytes.get(..usize::try_from(length).ok()?)?;
    (message.get(12..16)? == OP_MSG).then_some(())?;
    message.get(21..)
}

/// The text of an element of a document: after its name the length, four bytes with the lowest first.
fn bson_text(document: &[u8], element: &[u8]) -> Option<String> {
    let at = document.windows(element.len()).position(|it| it == element)? + element.len();
    let rest = document.get(at..)?;
    let length = usize::try_from(u32::from_le_bytes(*rest.first_chunk()?)).ok()?.checked_sub(1)?;
    let text = rest.get(4..)?.get(..length.min(SHORT))?;
    Some(clean_bytes(text, SHORT))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn questions_of_mongodb_have_their_length() {
        let question = mongo_question("buildInfo", 1);
        assert_eq!(mongo_reply(&question).map(<[u8]>::len), Some(question.len() - 21));
        assert_eq!(bson_text(b"\x02version\0\x06\0\0\x007.0.1\0", b"\x02version\0").as_deref(), Some("7.0.1"));
    }

    proptest! {
        #[test]
        fn no_reply_breaks_the_readers(bytes: Vec<u8>) {
            mongo_reply(&bytes);
            bson_text(&bytes, b"\x02");
            let mut lie = mongo_question("listDatabases", 2);
            lie.truncate(bytes.len());
            mongo_reply(&lie);
        }
    }
}
