//! The requests whose latency is measured, in classes.

use anyhow::Result;
use uuid::Uuid;

use crate::event::Event;

/// The access token of the sample Partner.
const ACCESS_TOKEN: &str = "Basic scanward_demo_partner_token";

/// A request that is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// What it is an example of.
    pub(crate) class: &'static str,
    /// The function that answers it.
    pub(crate) function: &'static str,
    /// Its operation.
    pub(crate) operation: &'static str,
    /// The fields of the body that differ each time, since a write that changes nothing may not be one.
    varied: &'static [&'static str],
    credential: Credential,
}

#[derive(Clone, Copy, Debug)]
enum Credential {
    Session,
    AccessToken,
}

impl Request {
    const fn read(class: &'static str, function: &'static str, operation: &'static str) -> Self {
        Self { class, function, operation, varied: &[], credential: Credential::Session }
    }

    const fn write(function: &'static str, operation: &'static str, varied: &'static [&'static str]) -> Self {
        Self { varied, ..Self::read("write", function, operation) }
    }

    /// Its event in a session, under an id of its own.
    ///
    /// # Errors
    /// When it has no sample event.
    pub(crate) fn event(&self, session: &str, id: Uuid) -> Result<Event> {
        let authorization = match self.credential {
            Credential::Session => session,
            Credential::AccessToken => ACCESS_TOKEN,
        };
        let name = format!("{}/{}", self.function, self.operation);
        let id = id.simple().to_string();
        let event = Event::sample(&name)?.without_query().with_header("authorization", authorization);
        let event = event.with_header("idempotency-key", &id).with_id(&id);
        self.varied.iter().try_fold(event, |event, pointer| event.with_field(pointer, &fresh(pointer, &id)))
    }
}

/// A value that no other request has.
fn fresh(pointer: &str, id: &str) -> String {
    if pointer.ends_with("/email") { format!("{id}@example.com") } else { format!("value {id}") }
}

const READ: &str = "one thing";
const LIST: &str = "a list";

/// Every request, class by class. The client's setup is not among the writes, since it is written only once.
pub(crate) const ALL: [Request; 17] = [
    Request::read(READ, "users", "show_user"),
    Request::read(READ, "organizations", "show_organization"),
    Request::read(READ, "user", "show_current_user"),
    Request::read(READ, "clients", "show_client"),
    Request::read(READ, "audit", "show_audit_event"),
    Request::read(LIST, "users", "list_users"),
    Request::read(LIST, "organizations", "list_organizations"),
    Request::read(LIST, "audit", "list_audit_events"),
    Request::read(LIST, "settings", "list_domains"),
    Request::read("a profile", "settings", "show_client_profile"),
    Request::write("users", "update_user", &["/user/first_name"]),
    Request::write("organizations", "update_organization", &["/organization/description"]),
    Request::write("settings", "save_plugin", &["/oauth_token"]),
    Request::write("settings", "update_company", &["/information/legal_name"]),
    Request::write("users", "create_user", &["/user/email"]),
    Request::read("signing in", "authentication", "sign_in"),
    Request { credential: Credential::AccessToken, ..Request::read("one thing, access token", "users", "show_user") },
];

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use scanward::{database, options::Options, platform::Platform};
    use serde_json::json;

    use super::*;
    use crate::{
        proxy::{Imitated, Proxy},
        world,
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn every_request_can_be_repeated_and_every_write_writes_each_time() {
        let dynamodb = database::in_memory((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
        let proxy = Proxy::start(&dynamodb, Imitated { delay: Duration::ZERO, transaction: None }).await.unwrap();
        let options = Options { dynamodb_endpoint: Some(proxy.dynamodb()), ..Options::in_memory() };
        let platform = Platform::prepare(&options).await.unwrap();
        let session = world::sign_in(&platform).await.unwrap();
        for request in ALL {
            platform.workers().caught_up().await;
            proxy.take_counts();
            for _ in 0..2 {
                let event = request.event(&session, Uuid::now_v7()).unwrap();
                let answer = platform.gateway().invoke_event(event.into_value()).await.unwrap();
                let status = &answer["statusCode"];
                assert!([json!(200), json!(201)].contains(status), "{}: {answer}", request.operation);
            }
            let transactions = proxy.take_counts().transactions();
            // After a write, that of the worker may be among them.
            let is_right =
                if ["write", "signing in"].contains(&request.class) { transactions >= 2 } else { transactions == 0 };
            assert!(is_right, "{}: {transactions}", request.operation);
        }
    }
}
