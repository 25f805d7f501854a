//! The domains that the client claims.

use shared::{
    Error, Result,
    api::{
        error::ErrorBody,
        idempotency::Once,
        input::Body,
        request::{Flags, Param},
        response::{Answer, Created, List, Single},
        values::DomainName,
    },
    auth::caller::{Caller, Manager},
    domain::domains::{self, ClaimDomain, Domain, DomainView},
};

use crate::dns;

/// List domains
///
/// The domains that the client claims, each with the DNS record that proves it.
#[utoipa::path(
    get, path = "/client/domains", tag = "settings",
    params(("validated" = Option<bool>, Query, description = "Only domains that are verified, or that are not.")),
    responses(
        (status = 200, description = "OK", body = List<DomainView>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 404, description = "The client does not exist", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn list(caller: Caller, flags: Flags) -> Result<List<DomainView>> {
    flags.only(&["validated"])?;
    let validated = flags.get("validated");
    let domains = domains::list(caller.store(), &crate::client(&caller).await?).await?;
    let wanted = domains.iter().filter(|domain| validated.is_none_or(|validated| validated == domain.is_verified()));
    Ok(List::whole(wanted.map(|domain| DomainView::from(&**domain))))
}

/// Claim a domain
///
/// The answer tells the TXT record that proves the claim; publish it and verify the domain. A client claims at most 10
/// domains.
#[utoipa::path(
    post, path = "/client/domains", tag = "settings", request_body = ClaimDomain,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless.")),
    responses(
        (status = 201, description = "Created", body = Single<DomainView>),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist", body = ErrorBody),
        (status = 409, description = "The client claims the domain already, or one too many", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn claim(caller: Manager, once: Once, Body(body): Body<ClaimDomain>) -> Result<Answer> {
    let client = crate::client(&caller).await?;
    let write = domains::claim(caller.store(), &client, body)?;
    let shown = |domain: Domain| Created::at("/client/domains".to_owned(), DomainView::from(&domain)).into_answer();
    write.commit_once(once, shown).await
}

/// Verify a domain
///
/// Looks for the TXT record that proves the claim. A domain that is verified stays so, without another look.
#[utoipa::path(
    post, path = "/client/domains/{domain}/verify", tag = "settings",
    params(
        ("domain" = String, Path, description = "The domain, as it was claimed."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless."),
    ),
    responses(
        (status = 200, description = "OK", body = Single<DomainView>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist, or does not claim the domain", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
        (status = 422, description = "The record is not there, or the DNS does not answer", body = ErrorBody),
    )
)]
pub(crate) async fn verify(caller: Manager, once: Once, Param(name): Param<DomainName>) -> Result<Answer> {
    let client = crate::client(&caller).await?;
    let found = domains::find(caller.store(), &client, &name).await?;
    let shown = |domain: Domain| Answer::ok(&Single::new(DomainView::from(&domain)));
    if found.is_verified() {
        return shown(Domain::clone(&found)).map_err(Error::internal);
    }
    let texts = dns::texts(caller.app().dns_server(), &found.record_name()).await?;
    domains::verify(caller.store(), &client, &found, &texts)?.commit_once(once, shown).await
}
