//! The client settings, operation by operation.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::{Client, TECHPARTNER, World, dynamodb, together};

async fn events(caller: &Client) -> usize {
    caller.count("/v2/audit/events").await
}

async fn newest(caller: &Client) -> Value {
    caller.get("/v2/audit/events?per_page=1").await.ok(200)["data"][0]["attributes"].clone()
}

/// The claims of the signed profile, verified with the published key that it names.
async fn profile(world: &World, caller: &Client) -> Value {
    let payload = caller.get("/client").await.ok(200)["payload"].as_str().unwrap().to_owned();
    verified(world, &payload).await
}

async fn verified(world: &World, jws: &str) -> Value {
    let header = jsonwebtoken::decode_header(jws).unwrap();
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::EdDSA, Some("client-profile+jwt")));
    let keys = world.nobody().get("/.well-known/jwks.json").await.ok(200);
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"].as_str() == header.kid.as_deref());
    let key = DecodingKey::from_ed_components(key.expect("the key is published")["x"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&["scanward"]);
    jsonwebtoken::decode::<Value>(jws, &key, &validation).unwrap().claims
}

#[tokio::test(flavor = "multi_thread")]
async fn the_profile_is_signed_and_contains_no_secret() {
    let world = World::start().await;
    let partner = world.partner();
    let authorization = json!({ "scheme": "Bearer", "value": "strix-secret" });
    let strix =
        json!({ "url": "https://app.example.com/x", "authorization": authorization, "custom_prompt": "Be kind." });
    partner.put("/client/connector/strix", strix).await.ok(200);
    partner.put("/client/plugin/github", json!({ "oauth_token": "github-secret" })).await.ok(200);
    let nested = json!({ "rules": [{ "name": "a", "apiKey": "tool-secret" }], "depth": 3, "ratio": 0.25, "note": "" });
    partner.put("/client/tool/trivy", nested).await.ok(200);

    let reply = partner.get("/client").await.ok(200);
    let payload = reply["payload"].as_str().unwrap();
    let bare = partner.with("accept", "application/jwt").get("/client").await.ok(200);
    assert_eq!(bare.header("content-type"), Some("application/jwt"));
    verified(&world, &bare.text).await;
    let claims = verified(&world, payload).await;
    let clear = String::from_utf8(URL_SAFE_NO_PAD.decode(payload.split('.').nth(1).unwrap()).unwrap()).unwrap();
    for secret in ["secret", "glpat-demo", "semgrep-demo", "jira-demo"] {
        assert!(!clear.contains(secret), "{secret} in {clear}");
    }
    assert_eq!((&claims["client_id"], &claims["sub"]), (&json!(TECHPARTNER), &json!(TECHPARTNER)));
    assert_eq!(claims["name"], "TechPartner Inc.");
    assert_eq!(claims["included_tools"], json!(["semgrep", "trivy"]));
    assert_eq!(claims["plugins"]["github"], json!({ "oauth_token": "***" }));
    assert_eq!(
        claims["tools"]["trivy"],
        json!({ "rules": [{ "name": "a", "apiKey": "***" }], "depth": 3, "ratio": 0.25, "note": "" })
    );
    let strix = json!({ "url": "https://app.example.com/x", "authorization": "***", "custom_prompt": "Be kind." });
    assert_eq!(claims["connectors"]["strix"], strix);
    assert_eq!((&claims["setup_completed_at"], &claims["deep_reasoning_enrichment"]), (&Value::Null, &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_profile_needs_the_scope_uid_and_is_not_accepted_as_a_session() {
    let world = World::start().await;
    world.api_key().get("/client").await.error(403, "forbidden");
    let payload = world.user().get("/client").await.ok(200)["payload"].as_str().unwrap().to_owned();
    world.bearer(&payload).get("/v2/user/me").await.error(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_sealed_in_the_table() {
    let world = World::start().await;
    world.partner().put("/client/plugin/github", json!({ "oauth_token": "github-secret" })).await.ok(200);
    let table = world.table().to_owned();
    let items = dynamodb(&world).scan().table_name(table).send().await.unwrap();
    let text = format!("{:?}", items.items());
    assert!(text.contains("SETTINGS#PLUGIN#github"));
    for secret in ["github-secret", "glpat-demo", "demo partner password", "scanward_demo_partner_token"] {
        assert!(!text.contains(secret), "{secret} is in the table");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn company_data_is_merged() {
    let world = World::start().await;
    let partner = world.partner();
    let information =
        json!({ "legal_name": "TechPartner Inc.", "url_company": "https://techpartner.example.com", "category": "IT" });
    partner.patch("/client/company", json!({ "information": information })).await.ok(200);
    let structure = json!({
        "headquarters": { "coordinate": { "lat": 37.98, "long": 23.73 }, "locations": ["Athens"] }, "branch": { "locations": ["Patras"] },
    });
    partner.patch("/client/company", json!({ "structure": structure })).await.ok(200);
    let regulations = json!({ "applicable_regulations": ["GDPR", "NIS2"] });
    let update =
        json!({ "information": { "category": "Security", "parent_company": "Holding" }, "regulations": regulations });
    partner.patch("/client/company", update).await.ok(200);
    let company = profile(&world, &partner).await["company"].clone();
    assert_eq!(company["information"]["legal_name"], "TechPartner Inc.");
    assert_eq!(
        (&company["information"]["category"], &company["information"]["parent_company"]),
        (&json!("Security"), &json!("Holding"))
    );
    assert_eq!(company["structure"]["headquarters"]["coordinate"], json!({ "lat": 37.98, "long": 23.73 }));
    assert_eq!(company["structure"]["branch"]["locations"], json!(["Patras"]));
    assert_eq!(company["regulations"]["applicable_regulations"], json!(["GDPR", "NIS2"]));
    partner.patch("/client/company", json!({ "information": { "parent_company": null } })).await.ok(200);
    assert!(profile(&world, &partner).await["company"]["information"]["parent_company"].is_null());
    let wrong = json!({ "information": { "url_company": "nowhere", "legal_name": 5 }, "structure": { "headquarters": { "coordinate": { "lat": "x" } } }, "other": {} });
    let fields =
        ["information.url_company", "information.legal_name", "structure.headquarters.coordinate.lat", "other"];
    partner.patch("/client/company", wrong).await.invalid(&fields);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scan_configuration_is_merged() {
    let world = World::start().await;
    let partner = world.partner();
    let path = "/client/scan-configuration";
    partner.patch(path, json!({ "autonomous_scan": true, "ai_remediator": { "language": "el" } })).await.ok(200);
    partner
        .patch(path, json!({ "scheduled_scan": "weekly", "ai_remediator": { "remediation_verification": true } }))
        .await
        .ok(200);
    let claims = profile(&world, &partner).await;
    assert_eq!((&claims["autonomous_scan"], &claims["scheduled_scan"]), (&json!(true), &json!("weekly")));
    assert_eq!(claims["ai_remediator"], json!({ "language": "el", "remediation_verification": true }));
    let before = events(&partner).await;
    partner.patch(path, json!({ "scheduled_scan": "weekly" })).await.ok(200);
    assert_eq!(events(&partner).await, before);
    let wrong =
        json!({ "autonomous_scan": "yes", "scheduled_scan": "daily", "ai_remediator": { "language": "English" } });
    partner.patch(path, wrong).await.invalid(&["autonomous_scan", "scheduled_scan", "ai_remediator.language"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn setup_is_idempotent_and_enrichment_is_not() {
    let world = World::start().await;
    let partner = world.partner();
    let first = partner.send("PUT", "/client/setup", None).await.ok(200);
    let before = events(&partner).await;
    let second = partner.send("PUT", "/client/setup", None).await.ok(200);
    assert_eq!(first.json, second.json);
    assert_eq!(events(&partner).await, before);
    assert!(profile(&world, &partner).await["setup_completed_at"].is_string());

    partner.send("PUT", "/client/deep-reasoning-enrichment", None).await.ok(200);
    partner.send("PUT", "/client/deep-reasoning-enrichment", None).await.error(404, "not_found");
    assert_eq!(profile(&world, &partner).await["deep_reasoning_enrichment"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_are_saved_kept_and_deleted() {
    let world = World::start().await;
    let partner = world.partner();
    let github = json!({ "oauth_token": "first", "installation_id": 5 });
    let saved = partner.put("/client/plugin/github", github.clone()).await.ok(200);
    assert!(!saved.text.contains("first") && saved.text.contains("***"), "{}", saved.text);
    let entry = newest(&partner).await;
    assert_eq!((&entry["action"], &entry["resource_id"]), (&json!("client.plugin_saved"), &json!(TECHPARTNER)));
    assert!(!entry.to_string().contains("first"), "{entry}");

    let before = events(&partner).await;
    partner.put("/client/plugin/github", github).await.error(404, "not_found");
    partner
        .put("/client/plugin/github", json!({ "oauth_token": "***", "installation_id": 5 }))
        .await
        .error(404, "not_found");
    assert_eq!(events(&partner).await, before);
    // The audit log shows that a secret changed, but not its value.
    partner.put("/client/plugin/github", json!({ "oauth_token": "second", "installation_id": 5 })).await.ok(200);
    assert_eq!(events(&partner).await, before + 1);
    let entry = newest(&partner).await.to_string();
    assert!(!entry.contains("second") && entry.contains("***"), "{entry}");
    // The masked secret can be sent back while other fields change.
    partner.put("/client/plugin/github", json!({ "oauth_token": "***", "installation_id": 6 })).await.ok(200);

    assert_eq!(partner.delete("/client/plugin/github").await.ok(200).json, json!({}));
    partner.delete("/client/plugin/github").await.error(404, "not_found");
    assert!(profile(&world, &partner).await["plugins"].get("github").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_secret_is_not_kept_for_another_server() {
    let world = World::start().await;
    let partner = world.partner();
    let gitlab = |token: &str, url: &str| json!({ "oauth_token": token, "hosted_url": url });
    partner.put("/client/plugin/gitlab", gitlab("***", "https://evil.example.com")).await.invalid(&["oauth_token"]);
    partner.put("/client/plugin/gitlab", gitlab("new", "https://git.example.com")).await.ok(200);
    let jira = |more: Value| {
        let mut body = json!({ "url": "https://jira.example.com", "token": "***" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for moved in [
        json!({ "url": "https://evil.example.com" }),
        json!({ "proxy": "https://evil.example.com" }),
        json!({ "port": 1 }),
    ] {
        partner.put("/client/connector/jira", jira(moved)).await.invalid(&["token"]);
    }
    partner.put("/client/connector/jira", jira(json!({ "project": "SEC" }))).await.ok(200);
    // A password within a URL is a secret as well.
    let proxy = json!({ "proxy": "https://user:hidden@proxy.example.com" });
    assert!(!partner.put("/client/tool/nuclei", proxy).await.ok(200).text.contains("hidden"));
    assert!(!profile(&world, &partner).await.to_string().contains("hidden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_plugin_has_its_own_fields() {
    let world = World::start().await;
    let partner = world.partner();
    let shown = async |name: &str, body: Value| {
        partner.put(&format!("/client/plugin/{name}"), body).await.ok(200);
        profile(&world, &partner).await["plugins"][name].clone()
    };
    let gitlab = shown("gitlab", json!({ "oauth_token": "x" })).await;
    assert_eq!(gitlab, json!({ "oauth_token": "***", "hosted_url": "https://gitlab.com/" }));
    let gitea =
        shown("gitea", json!({ "protocol": "http", "oauth_token": "x", "hosted_domain": "git.example.com" })).await;
    assert_eq!(
        gitea,
        json!({ "protocol": "http", "oauth_token": "***", "hosted_domain": "git.example.com", "port": "80" })
    );
    let bitbucket = shown("bitbucket_cloud", json!({ "oauth_token": "x" })).await;
    assert_eq!(bitbucket, json!({ "oauth_token": "***" }));
    partner.put("/client/plugin/github", json!({})).await.invalid(&["oauth_token"]);
    partner
        .put("/client/plugin/github", json!({ "oauth_token": "x", "hosted_url": "https://x.example.com" }))
        .await
        .invalid(&["hosted_url"]);
    partner.put("/client/plugin/gitea", json!({ "oauth_token": 5, "protocol": "ftp" })).await.invalid(&[
        "oauth_token",
        "protocol",
        "hosted_domain",
    ]);
    partner.put("/client/plugin/svn", json!({ "oauth_token": "x" })).await.invalid(&["plugin"]);
    partner.put("/client/plugin/github", json!({ "oauth_token": "***" })).await.invalid(&["oauth_token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_is_saved_and_reset() {
    let world = World::start().await;
    let partner = world.partner();
    let path = "/client/tool/gitleaks";
    partner.delete(path).await.error(404, "not_found");
    partner.put(path, json!({ "depth": 5, "password": "x" })).await.ok(200);
    partner.put(path, json!({ "password": "x", "depth": 5 })).await.error(404, "not_found");
    partner.delete(path).await.ok(200);
    assert_eq!(profile(&world, &partner).await["tools"]["gitleaks"], json!({}), "the key stays");
    partner.delete(path).await.error(404, "not_found");
    partner.put("/client/tool/Gitleaks", json!({})).await.invalid(&["tool_name"]);
    partner.put(&format!("/client/tool/{}", "x".repeat(65)), json!({})).await.invalid(&["tool_name"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn included_tools_are_replaced_added_and_removed() {
    let world = World::start().await;
    let partner = world.partner();
    let path = "/client/included-tools";
    let included = async || profile(&world, &partner).await["included_tools"].clone();
    partner.put(path, json!({ "included_tools": ["trivy", "semgrep", "trivy"] })).await.ok(200);
    partner.put(path, json!({ "included_tools": ["trivy", "semgrep"] })).await.error(404, "not_found");
    partner.post(path, json!({ "tool_name": "gitleaks" })).await.ok(200);
    assert_eq!(included().await, json!(["trivy", "semgrep", "gitleaks"]));
    let before = events(&partner).await;
    partner.post(path, json!({ "tool_name": "gitleaks" })).await.ok(200);
    partner.delete(&format!("{path}/checkov")).await.ok(200);
    assert_eq!(events(&partner).await, before, "what changes nothing leaves no entry");
    partner.delete(&format!("{path}/trivy")).await.ok(200);
    assert_eq!(included().await, json!(["semgrep", "gitleaks"]));
    for body in [json!({}), json!({ "tool_name": null })] {
        let details = partner.post(path, body).await.error(400, "invalid_request");
        assert_eq!(details, json!({ "field": "tool_name" }));
    }
    partner.post(path, json!({ "tool_name": "A B" })).await.invalid(&["tool_name"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_additions_lose_nothing() {
    let world = World::start().await;
    let caller = world.partner();
    let add = |n: usize| {
        let (caller, body) = (caller.clone(), json!({ "tool_name": format!("tool{n}") }));
        async move {
            // The slower of two gets 409, and retries.
            while caller.post("/client/included-tools", body.clone()).await.status == 409 {}
        }
    };
    together((0..8).map(add)).await;
    let plugins = together(["github", "gitea", "bitbucket_cloud"].map(|name| {
        let body = json!({ "oauth_token": "x" });
        let body = if name == "gitea" {
            json!({ "oauth_token": "x", "protocol": "https", "hosted_domain": "git.example.com" })
        } else {
            body
        };
        let caller = caller.clone();
        async move { caller.put(&format!("/client/plugin/{name}"), body).await.status.as_u16() }
    }));
    assert_eq!(plugins.await, [200, 200, 200]);
    let claims = profile(&world, &caller).await;
    let tools: BTreeSet<_> =
        claims["included_tools"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(tools.len(), 10, "{tools:?}");
    assert_eq!(claims["plugins"].as_object().unwrap().len(), 4);
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connectors_have_lowercase_names_and_identical_saves_succeed() {
    let world = World::start().await;
    let partner = world.partner();
    let body = json!({ "server": "https://prowler.example.com", "token": "x" });
    partner.put("/client/connector/prowler", body.clone()).await.ok(200);
    let before = events(&partner).await;
    partner.put("/client/connector/prowler", body).await.ok(200);
    assert_eq!(events(&partner).await, before);
    for name in ["Prowler", "pro-wler", "pro_wler", "pro%20wler", "prówler"] {
        partner.put(&format!("/client/connector/{name}"), json!({})).await.invalid(&["connector_name"]);
        partner.delete(&format!("/client/connector/{name}")).await.invalid(&["connector_name"]);
    }
    partner.delete("/client/connector/prowler").await.ok(200);
    partner.delete("/client/connector/prowler").await.error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_under_concurrency_and_a_full_client_can_be_deleted() {
    let world = World::start().await;
    let admin = world.admin().await;
    let mut tenant = world.organization(&admin, "Top").await;
    // The organization is at the maximum depth of the tree, where a deletion takes the most actions.
    for level in 2..=12 {
        let child = json!({ "name": format!("Level {level}"), "company_name": "x", "parent_organization": tenant });
        tenant = admin.post("/v2/organizations", json!({ "organization": child })).await.ok(201).id();
    }
    let manager = json!({ "email": "m@example.com", "role": "Partner", "organization_id": tenant, "password": "manager of the full", "confirmed": true });
    let manager = admin.post("/v2/users", json!({ "user": manager })).await.ok(201).id();
    let session = world.session("m@example.com", "manager of the full").await;
    let statuses = |prefix: &'static str, count: usize| {
        let session = session.clone();
        together((0..count).map(move |n| {
            let session = session.clone();
            async move {
                match prefix {
                    "domain" => session.post("/client/domains", json!({ "domain": format!("d{n}.example.org") })).await,
                    kind => session.put(&format!("/client/{kind}/x{n}"), json!({ "depth": n })).await,
                }
                .status
                .as_u16()
            }
        }))
    };
    for (kind, max, made) in [("tool", 30, 200), ("connector", 10, 200), ("domain", 10, 201)] {
        let statuses = statuses(kind, max + 6).await;
        assert_eq!(statuses.iter().filter(|status| **status == made).count(), max, "{kind}: {statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 6, "{kind}: {statuses:?}");
    }
    // A deletion makes room.
    let connector = profile(&world, &session).await["connectors"].as_object().unwrap().keys().next().unwrap().clone();
    session.delete(&format!("/client/connector/{connector}")).await.ok(200);
    session.put("/client/connector/again", json!({})).await.ok(200);
    for (method, path, body) in [
        ("PATCH", "/client/company", json!({ "information": { "category": "IT" } })),
        ("PATCH", "/client/scan-configuration", json!({ "autonomous_scan": true })),
        ("PUT", "/client/setup", Value::Null),
        ("PUT", "/client/deep-reasoning-enrichment", Value::Null),
        ("PUT", "/client/included-tools", json!({ "included_tools": ["semgrep"] })),
        ("PUT", "/client/plugin/github", json!({ "oauth_token": "x" })),
        ("PUT", "/client/plugin/gitlab", json!({ "oauth_token": "x" })),
    ] {
        session.send(method, path, Some(body)).await.ok(200);
    }
    admin.delete(&format!("/v2/users/{manager}")).await.ok(200);
    admin.delete(&format!("/v2/organizations/{tenant}")).await.ok(200);
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_the_settings_leaves_one_entry() {
    let world = World::start().await;
    let partner = world.partner();
    for (method, path, body, action) in [
        ("PATCH", "/client/company", json!({ "information": { "category": "IT" } }), "client.company_updated"),
        (
            "PATCH",
            "/client/scan-configuration",
            json!({ "autonomous_scan": true }),
            "client.scan_configuration_updated",
        ),
        ("PUT", "/client/setup", Value::Null, "client.setup_completed"),
        ("PUT", "/client/deep-reasoning-enrichment", Value::Null, "client.deep_reasoning_enrichment_enabled"),
        ("PUT", "/client/plugin/github", json!({ "oauth_token": "x" }), "client.plugin_saved"),
        ("DELETE", "/client/plugin/github", Value::Null, "client.plugin_deleted"),
        ("PUT", "/client/tool/trivy", json!({ "a": 1 }), "client.tool_saved"),
        ("DELETE", "/client/tool/trivy", Value::Null, "client.tool_reset"),
        ("PUT", "/client/included-tools", json!({ "included_tools": ["a"] }), "client.included_tools_saved"),
        ("POST", "/client/included-tools", json!({ "tool_name": "b" }), "client.included_tool_added"),
        ("DELETE", "/client/included-tools/b", Value::Null, "client.included_tool_removed"),
        ("PUT", "/client/connector/jira", json!({ "a": 1 }), "client.connector_saved"),
        ("DELETE", "/client/connector/jira", Value::Null, "client.connector_deleted"),
        ("POST", "/client/domains", json!({ "domain": "example.org" }), "client.domain_claimed"),
    ] {
        let before = events(&partner).await;
        let reply = partner.send(method, path, (!body.is_null()).then_some(body)).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.text);
        assert_eq!(events(&partner).await, before + 1, "{method} {path}");
        let entry = newest(&partner).await;
        assert_eq!((&entry["action"], &entry["resource_id"]), (&json!(action), &json!(TECHPARTNER)));
        assert!(!entry["changes"].as_object().unwrap().is_empty(), "{entry}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_deleted_with_their_organization() {
    let world = World::start().await;
    let admin = world.admin().await;
    let tenant = world.organization(&admin, "Short-lived").await;
    let manager = json!({ "email": "m@example.com", "role": "Partner", "organization_id": tenant, "password": "short-lived manager", "confirmed": true });
    let manager = admin.post("/v2/users", json!({ "user": manager })).await.ok(201).id();
    let session = world.session("m@example.com", "short-lived manager").await;
    session.put("/client/plugin/github", json!({ "oauth_token": "x" })).await.ok(200);
    session.put("/client/tool/trivy", json!({ "depth": 1 })).await.ok(200);
    session.post("/client/domains", json!({ "domain": "short.example.org" })).await.ok(201);
    admin.delete(&format!("/v2/users/{manager}")).await.ok(200);
    admin.delete(&format!("/v2/organizations/{tenant}")).await.ok(200);
    let items = dynamodb(&world)
        .query()
        .table_name(world.table())
        .key_condition_expression("PK = :pk")
        .expression_attribute_values(":pk", aws_sdk_dynamodb::types::AttributeValue::S(format!("ORG#{tenant}")))
        .send()
        .await
        .unwrap();
    assert_eq!(items.count(), 0, "{:?}", items.items());
}
