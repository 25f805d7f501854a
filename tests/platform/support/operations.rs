//! The operations: those of the contract that the OpenAPI document has.

use std::collections::BTreeMap;

use scanward::{openapi, samples};
use serde_json::Value;

use super::client::{Client, Reply};

/// The lowest role that may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Public,
    User,
    Partner,
    Admin,
    Scanner,
}

/// An operation of the API.
#[derive(Clone, Debug)]
pub struct Operation {
    pub function: String,
    pub method: String,
    pub path: String,
    pub title: String,
    pub access: Access,
    /// The operation in the OpenAPI document.
    pub document: Value,
}

impl Operation {
    pub fn id(&self) -> &str {
        self.document["operationId"].as_str().unwrap()
    }

    /// Whether the body of a public operation proves who calls.
    pub fn proves_a_caller(&self) -> bool {
        ["sign_in", "enroll_scanner", "get_scanner_token"].contains(&self.id())
    }

    /// The operation as the gateway names it.
    pub fn route(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The sample event of the operation.
    pub fn event(&self) -> Value {
        samples::of_operation(&self.function, self.id()).unwrap()
    }
}

/// Every operation of the OpenAPI document, with its row of the contract.
pub fn operations() -> Vec<Operation> {
    let contract = contract();
    let mut operations = Vec::new();
    for (path, methods) in &openapi::document().paths {
        for (method, document) in methods.as_object().unwrap() {
            let route = format!("{} {path}", method.to_uppercase());
            let (function, title, access) = contract.get(&route).unwrap_or_else(|| panic!("{route} is in no contract"));
            operations.push(Operation {
                function: function.clone(),
                method: method.to_uppercase(),
                path: path.clone(),
                title: title.clone(),
                access: *access,
                document: document.clone(),
            });
        }
    }
    operations
}

/// The path of every list with pages that is not below a resource.
pub fn lists() -> Vec<String> {
    let lists: Vec<String> = with_pages().map(|it| it.path).filter(|path| !path.contains('{')).collect();
    assert!(lists.len() > 2, "{lists:?}");
    lists
}

/// The path of every list with pages that is below a resource of its sample event.
pub fn lists_below() -> Vec<String> {
    let below = with_pages().filter(|it| it.path.contains('{'));
    below.map(|it| it.event()["rawPath"].as_str().unwrap().to_owned()).collect()
}

fn with_pages() -> impl Iterator<Item = Operation> {
    let has_pages = |it: &Operation| {
        let mut parameters = it.document["parameters"].as_array().into_iter().flatten();
        parameters.any(|parameter| parameter["name"] == "per_page")
    };
    operations().into_iter().filter(has_pages)
}

/// The contract: function, title and access by route.
fn contract() -> BTreeMap<String, (String, String, Access)> {
    let rows = include_str!("../../operations.csv").lines().skip(1);
    rows.map(|row| {
        let fields = fields(row);
        let [function, method, path, title, access, ..] = &fields[..] else { panic!("a short row: {row}") };
        let access = match access.as_str() {
            "public" => Access::Public,
            "user" => Access::User,
            "partner" => Access::Partner,
            "admin" => Access::Admin,
            "scanner" => Access::Scanner,
            other => panic!("no access {other}"),
        };
        (format!("{method} {path}"), (function.clone(), title.clone(), access))
    })
    .collect()
}

/// The fields of a row; a quoted one may hold commas and doubled quotes.
fn fields(row: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = row.chars().peekable();
    while let Some(c) = characters.next() {
        let field = fields.last_mut().unwrap();
        match c {
            '"' if is_quoted && characters.peek() == Some(&'"') => field.extend(characters.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            c => field.push(c),
        }
    }
    fields
}

/// Sends the request of an operation's sample event as another caller.
pub async fn send(caller: &Client, operation: &Operation) -> Reply {
    let event = operation.event();
    let query =
        event["rawQueryString"].as_str().filter(|it| !it.is_empty()).map(|it| format!("?{it}")).unwrap_or_default();
    let body = event["body"].as_str().map(|body| serde_json::from_str::<Value>(body).unwrap());
    caller.send(&operation.method, &format!("{}{query}", event["rawPath"].as_str().unwrap()), body).await
}
