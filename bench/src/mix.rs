//! What concurrent writers of one tenant write.

use anyhow::{Context, Result};
use uuid::Uuid;

use crate::event::Event;

/// The number of tools that are saved: a client has at most 30, and the sample client has some already.
const TOOLS: usize = 25;

/// What all writers do at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Each updates a user of its own.
    OwnUser,
    /// Each creates users.
    NewUsers,
    /// Each saves the configuration of a tool of its own.
    OwnTool,
    /// All update the same user, without `If-Match`.
    SameUser,
}

impl Mix {
    /// Every mix.
    pub(crate) const ALL: [Self; 4] = [Self::OwnUser, Self::NewUsers, Self::OwnTool, Self::SameUser];

    /// Its name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OwnUser => "update a user each",
            Self::NewUsers => "create users",
            Self::OwnTool => "save a tool each",
            Self::SameUser => "update the same user",
        }
    }

    /// The number of writers, of those that were asked for.
    pub(crate) fn writers(self, asked: usize) -> usize {
        if self == Self::OwnTool { asked.min(TOOLS) } else { asked }
    }

    /// The next request of a writer, among whose users the one at its number is its own.
    ///
    /// # Errors
    /// When there is no such user.
    pub(crate) fn event(self, writer: usize, users: &[String]) -> Result<Event> {
        let id = Uuid::now_v7().simple().to_string();
        let user = |at: usize| {
            let user = users.get(at).with_context(|| format!("there is no user {at}"))?;
            Event::sample("users/update_user")?
                .with_parameter("id", user)?
                .with_field("/user/email", &format!("{user}@example.com"))?
                .with_field("/user/first_name", &format!("Name {id}"))
        };
        let event = match self {
            Self::OwnUser => user(writer),
            Self::SameUser => user(0),
            Self::NewUsers => {
                Event::sample("users/create_user")?.with_field("/user/email", &format!("{id}@example.com"))
            }
            Self::OwnTool => Event::sample("settings/save_tool")?
                .with_parameter("tool_name", &format!("tool-{writer}"))?
                .with_field("/timeout_minutes", &id),
        };
        Ok(event?.with_header("idempotency-key", &id).with_id(&id))
    }
}
