//! The OpenAPI document, made of what stands beside the handlers.

use anyhow::Result;
use axum::handler::Handler;
use shared::{
    App,
    api::routes::{Described, Operation, Routes, Rule},
};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, SecurityRequirement,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    tag::TagBuilder,
};

use crate::functions;

const DESCRIPTION: &str = "A multi-tenant security-scanning platform. Every answer carries `x-request-id`; errors have \
    the shape `{\"error\": {\"code\", \"message\", \"details\", \"request_id\"}}`. A single resource carries an `ETag`, \
    which `If-Match` on a write may name. A POST may carry an `Idempotency-Key`.";

const TAGS: [(&str, &str); 8] = [
    ("authentication", "Signing in and out, and the public signing keys."),
    ("user", "The signed-in user."),
    ("users", "Users, for those who manage them."),
    ("organizations", "Organizations, for those who manage them."),
    ("clients", "Organizations as clients whose agents collect data."),
    ("settings", "The settings of the caller's own organization."),
    ("audit", "What was done."),
    ("docs", "This reference, and whether the service answers."),
];

/// The operations of a function as its part of the document.
struct Documented(OpenApi);

impl Default for Documented {
    fn default() -> Self {
        Self(OpenApiBuilder::new().components(Some(ComponentsBuilder::new().build())).build())
    }
}

impl Routes<App> for Documented {
    fn add<P, H, T>(mut self, operation: Operation<P, H>) -> Self
    where
        P: Described,
        H: Handler<T, App>,
        T: 'static,
    {
        let mut item = P::operation();
        item.operation_id = Some(operation.id.to_owned());
        item.tags = Some(P::tags().into_iter().map(str::to_owned).collect());
        self.0.paths.add_path_operation(P::path(), P::methods(), item);
        let mut schemas = Vec::new();
        P::schemas(&mut schemas);
        self.0.components.get_or_insert_default().schemas.extend(schemas);
        self
    }

    fn under(self, _rule: Rule, group: impl FnOnce(Self) -> Self) -> Self {
        group(self)
    }
}

/// The document of all functions.
#[must_use]
pub fn document() -> OpenApi {
    let mut document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Scanward API")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .build(),
        )
        .tags(Some(TAGS.map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build())))
        .components(Some(ComponentsBuilder::new().build()))
        .build();
    for (_, Documented(functions)) in functions::all() {
        document.merge(functions);
    }
    let schemes = [("session", session()), ("access_token", access_token()), ("api_key", api_key())];
    document.security = Some(schemes.iter().map(|(name, _)| SecurityRequirement::new(*name, [""; 0])).collect());
    if let Some(components) = &mut document.components {
        components.security_schemes.extend(schemes.map(|(name, scheme)| (name.to_owned(), scheme.into())));
    }
    document
}

/// The document as it stands in `openapi.json`.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn text() -> Result<String> {
    Ok(document().to_pretty_json()? + "\n")
}

fn session() -> SecurityScheme {
    let about = "The token of a session, from Sign in.";
    SecurityScheme::Http(
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(about)).build(),
    )
}

/// Not the `basic` scheme of HTTP, which would encode a user and a password.
fn access_token() -> SecurityScheme {
    let about = "A user's access token, as `Basic <access token>`.";
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("Authorization", about)))
}

fn api_key() -> SecurityScheme {
    let about = "The API key of an organization's integration.";
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("x-api-key", about)))
}
