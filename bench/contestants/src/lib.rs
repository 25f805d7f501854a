//! A minimal `GET /v2/user/me`: the two reads of an authenticated request in one round trip, and the user as JSON. It
//! takes the ids from the bearer token and does **not** verify it; it exists for comparison and is never deployed.

use std::{collections::HashMap, env};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region},
    error::DisplayErrorContext,
    types::{AttributeValue, KeysAndAttributes},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

type Item = HashMap<String, AttributeValue>;

/// The fields of a user in the answer.
const SHOWN: [&str; 21] = [
    "id",
    "email",
    "role",
    "first_name",
    "last_name",
    "locale",
    "timezone",
    "phone",
    "mobile_phone",
    "url",
    "title",
    "address",
    "city",
    "state",
    "country",
    "zipcode",
    "comment",
    "organization_id",
    "confirmed_at",
    "created_at",
    "updated_at",
];

/// An API Gateway event, reduced to the parts that are read.
#[derive(Debug, Deserialize)]
pub struct Request {
    headers: HashMap<String, String>,
}

/// An answer for API Gateway.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    status_code: u16,
    headers: HashMap<&'static str, &'static str>,
    body: String,
    is_base64_encoded: bool,
}

impl Response {
    /// 200 with a JSON text.
    #[must_use]
    pub fn json(body: String) -> Self {
        Self {
            status_code: 200,
            headers: HashMap::from([("content-type", "application/json")]),
            body,
            is_base64_encoded: false,
        }
    }
}

/// The claims of a session token that are read.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    sid: String,
}

/// The function after its start.
#[derive(Debug)]
pub struct Function {
    client: Client,
    table: String,
}

impl Function {
    /// Creates the client and opens its connection, which any careful function does before its first event.
    pub async fn start() -> Self {
        let function = Self { client: client(), table: var("SCANWARD_TABLE", "scanward") };
        let _ = function.client.get_item().table_name(&function.table).set_key(Some(key("NONE", "NONE"))).send().await;
        function
    }

    /// Answers an event.
    ///
    /// # Errors
    /// When the token is missing or malformed, DynamoDB fails, or there is no such session or user.
    pub async fn answer(&self, request: &Request) -> Result<Response, Error> {
        let claims = claims(&request.headers)?;
        let session = key(&format!("SESSION#{}", claims.sid), "SESSION");
        let user = key(&format!("USER#{}", claims.sub), "PROFILE");
        let keys = KeysAndAttributes::builder().keys(session).keys(user).consistent_read(true).build()?;
        let found = self.client.batch_get_item().request_items(&self.table, keys).send().await;
        let found = found.map_err(|error| DisplayErrorContext(error).to_string())?;
        let items = found.responses.and_then(|mut tables| tables.remove(&self.table)).unwrap_or_default();
        let with = |sort: &str| items.iter().find(|item| text(item, "SK") == Some(sort));
        let (Some(_session), Some(user)) = (with("SESSION"), with("PROFILE")) else {
            return Err("no such session or user".into());
        };
        Ok(Response::json(serde_json::to_string(&shown(user))?))
    }
}

fn client() -> Client {
    let credentials = Credentials::new(
        var("AWS_ACCESS_KEY_ID", "local"),
        var("AWS_SECRET_ACCESS_KEY", "local"),
        env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(var("AWS_REGION", "us-east-1")))
        .credentials_provider(credentials);
    config.set_endpoint_url(env::var("SCANWARD_DYNAMODB_ENDPOINT").ok());
    Client::from_conf(config.build())
}

fn var(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// The claims of the bearer token; its signature is not verified.
fn claims(headers: &HashMap<String, String>) -> Result<Claims, Error> {
    let token = headers.get("authorization").and_then(|value| value.strip_prefix("Bearer ")).ok_or("no token")?;
    let payload = token.split('.').nth(1).ok_or("not a token")?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?)
}

fn key(partition: &str, sort: &str) -> Item {
    Item::from([
        ("PK".to_owned(), AttributeValue::S(partition.to_owned())),
        ("SK".to_owned(), AttributeValue::S(sort.to_owned())),
    ])
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

fn shown(user: &Item) -> Map<String, Value> {
    SHOWN.iter().map(|name| ((*name).to_owned(), text(user, name).map_or(Value::Null, Value::from))).collect()
}
