//! Signing in and out, and tokens that are refused.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::AlgorithmParameters, jwk::Jwk};
use scanward::options::Options;
use serde_json::{Value, json};

use crate::support::{PARTNER, Reply, World, dynamodb, options};

const SESSION: &str = "0192f0c1-0000-7000-8000-000000000011";

async fn sign_in(world: &World, username: &str, password: &str) -> Reply {
    world.nobody().post("/auth/sign_in", json!({ "username": username, "password": password })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reply_is_the_flat_object_of_the_document() {
    let world = World::start().await;
    let reply = sign_in(&world, "Partner@Example.com", "demo partner password").await.ok(200);
    let names: BTreeSet<&str> = reply.json.as_object().unwrap().keys().map(String::as_str).collect();
    let documented = [
        "status",
        "status_text",
        "username",
        "token",
        "sign_in_count",
        "role",
        "timezone",
        "verified",
        "provider",
        "organization",
    ];
    assert_eq!(names, BTreeSet::from(documented));
    let expected = json!({
        "status": 200, "status_text": "OK", "username": "partner@example.com", "sign_in_count": 1, "role": "Partner",
        "timezone": "UTC", "verified": true, "provider": "email", "token": reply["token"],
        "organization": { "uuid": "b2c3d4e5-f6a7-8901-bcde-f12345678901", "name": "TechPartner Inc." },
    });
    assert_eq!(reply.json, expected);
    assert_eq!(sign_in(&world, "partner@example.com", "demo partner password").await.ok(200)["sign_in_count"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_combination_gets_the_same_answer() {
    let world = World::start().await;
    let mut answers = BTreeSet::new();
    for (username, password) in [
        ("partner@example.com", "wrong"),
        ("nobody@example.com", "demo partner password"),
        ("leaver@example.com", "demo partner password"),
        ("", ""),
    ] {
        let mut reply = sign_in(&world, username, password).await;
        reply.json["error"]["request_id"] = Value::Null;
        answers.insert((reply.status.as_u16(), reply.json.to_string()));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers.first().unwrap().0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_at_once_and_no_other() {
    let world = World::start().await;
    let first = world.session("user@example.com", "demo user password").await;
    let second = world.session("user@example.com", "demo user password").await;
    assert_eq!(first.delete("/auth/sign_out").await.ok(200).json, json!({}));
    first.get("/v2/user/me").await.error(401, "unauthorized");
    first.delete("/auth/sign_out").await.error(401, "unauthorized");
    second.get("/v2/user/me").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_credential_of_a_program_has_no_session_to_end() {
    let world = World::start().await;
    world.user().delete("/auth/sign_out").await.error(403, "forbidden");
    world.api_key().delete("/auth/sign_out").await.error(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tampered_token_is_refused() {
    let world = World::start().await;
    let reply = sign_in(&world, "user@example.com", "demo user password").await.ok(200);
    let token = reply["token"].as_str().unwrap();
    world.bearer(token).get("/v2/user/me").await.ok(200);
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let other = sign_in(&world, "partner@example.com", "demo partner password").await.ok(200);
    let other_claims = other["token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    let none = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJub25lIn0";
    for bad in [
        format!("{header}.{other_claims}.{signature}"),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{header}.{claims}.{}", "A".repeat(86)),
        "a".repeat(10_000),
        "..".to_owned(),
    ] {
        world.bearer(&bad).get("/v2/user/me").await.error(401, "unauthorized");
    }
    for scheme in ["bearer-ish", "Digest", ""] {
        world
            .nobody()
            .with("authorization", &format!("{scheme} {token}"))
            .get("/v2/user/me")
            .await
            .error(401, "unauthorized");
    }
    let twice = world.bearer(token).with("authorization", &format!("Bearer {token}"));
    twice.get("/v2/user/me").await.error(401, "unauthorized");
}

/// A signing key of the test, as PKCS #8 (RFC 8410).
fn signing_key() -> EncodingKey {
    let prefix = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    EncodingKey::from_ed_der(&[&prefix[..], &[9; 32]].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_unexpired_session_token_of_this_platform_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let options = scanward::options::Options { memory: false, data: folder.path().to_owned(), ..options() };
    let first = World::with(options.clone()).await;
    let jwk = Jwk::from_encoding_key(&signing_key(), Algorithm::EdDSA).unwrap();
    let AlgorithmParameters::OctetKeyPair(public) = jwk.algorithm else { panic!("no key pair") };
    dynamodb(&first)
        .put_item()
        .table_name(&options.table)
        .set_item(Some(serde_dynamo::to_item(json!({
            "PK": "KEYS", "SK": "SIGNING#session-signing#9999", "sort": "SIGNING#session-signing#9999", "kid": "test",
            "public_key": public.x, "created_at": "2026-01-01T00:00:00.000Z",
        })).unwrap()))
        .send()
        .await
        .unwrap();
    // A second process over the same table knows the key.
    let world = World::with(scanward::options::Options {
        dynamodb_endpoint: Some(first.platform.dynamodb().clone()),
        ..options
    })
    .await;
    let now = jsonwebtoken::get_current_timestamp();
    let good = json!({
        "iss": "scanward", "aud": "scanward", "sub": PARTNER, "sid": SESSION, "iat": now, "exp": now + 60, "scopes": ["uid"],
    });
    let header = Header { typ: Some("at+jwt".into()), kid: Some("test".into()), ..Header::new(Algorithm::EdDSA) };
    let sign = |header: &Header, changes: Value| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        jsonwebtoken::encode(header, &claims, &signing_key()).unwrap()
    };
    world.bearer(&sign(&header, json!({}))).get("/v2/user/me").await.ok(200);
    for changes in [
        json!({ "exp": now - 3600 }),
        json!({ "exp": null }),
        json!({ "iss": "https://elsewhere.example.com" }),
        json!({ "aud": "elsewhere" }),
        json!({ "sid": "0192f0c1-0000-7000-8000-00000000ffff" }),
        json!({ "sub": "0192f0c1-0000-7000-8000-000000000002" }),
    ] {
        world.bearer(&sign(&header, changes.clone())).get("/v2/user/me").await.error(401, "unauthorized");
    }
    for wrong in [
        Header { typ: Some("client-profile+jwt".into()), ..header.clone() },
        Header { typ: None, ..header.clone() },
        Header { kid: Some("unknown".into()), ..header.clone() },
        Header { kid: None, ..header.clone() },
    ] {
        world.bearer(&sign(&wrong, json!({}))).get("/v2/user/me").await.error(401, "unauthorized");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_administrator_is_not_created_again() {
    let folder = tempfile::tempdir().unwrap();
    let options = scanward::options::Options { memory: false, data: folder.path().to_owned(), ..options() };
    let first = World::with(options.clone()).await;
    let admin = first.admin().await;
    let successor =
        json!({ "email": "b@example.com", "role": "Admin", "password": "the second admin", "confirmed": true });
    admin.post("/v2/users", json!({ "user": successor })).await.ok(201);
    let successor = first.session("b@example.com", "the second admin").await;
    let old = successor.get("/v2/users?q[email]=admin@example.com").await.ok(200)["data"][0]["id"].clone();
    successor.delete(&format!("/v2/users/{}", old.as_str().unwrap())).await.ok(200);
    // A second process over the same table is a later start.
    let later = scanward::options::Options { dynamodb_endpoint: Some(first.platform.dynamodb().clone()), ..options };
    let world = World::with(later).await;
    sign_in(&world, "admin@example.com", "administrator of tests").await.error(401, "unauthorized");
    world.session("b@example.com", "the second admin").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    World::with(scanward::options::Options { memory: false, data: folder.path().to_owned(), ..options() }).await;
    let mode = std::fs::metadata(folder.path().join("master.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_keys_contain_no_private_part() {
    let world = World::start().await;
    let reply = world.nobody().get("/.well-known/jwks.json").await.ok(200);
    let keys = reply["keys"].as_array().unwrap();
    assert!(keys.len() >= 2, "the session key and that of the sample session");
    for key in keys {
        let names: BTreeSet<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(["kty", "crv", "use", "alg", "kid", "x"]));
    }
}

/// The id of the key that signed a token.
fn key_of(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signing_key_is_rotated_without_signing_anyone_out() {
    let folder = tempfile::tempdir().unwrap();
    let first = World::with(Options { memory: false, data: folder.path().to_owned(), ..options() }).await;
    // Later starts of the same platform.
    let started = async |signing_key_generation| {
        let dynamodb_endpoint = Some(first.platform.dynamodb().clone());
        let table = first.table().to_owned();
        let data = folder.path().to_owned();
        let later = Options { memory: false, data, table, dynamodb_endpoint, signing_key_generation, ..options() };
        World::with(later).await
    };
    let token = async |world: &World| {
        let reply = sign_in(world, "user@example.com", "demo user password").await.ok(200);
        reply["token"].as_str().unwrap().to_owned()
    };
    let old = token(&first).await;
    let rotated = started(2).await;
    let published = rotated.nobody().get("/.well-known/jwks.json").await.ok(200);
    assert_eq!(published["keys"].as_array().unwrap().len(), 5, "{}", published.text);
    let table = dynamodb(&first);
    let place = |number: &str| AttributeValue::S(format!("SIGNING#session-signing#{number}"));
    let keys = || AttributeValue::S("KEYS".to_owned());
    let made_at = async |time: &str| {
        let key = table.update_item().table_name(first.table()).key("PK", keys()).key("SK", place("0002"));
        let time = AttributeValue::S(time.to_owned());
        let key = key.update_expression("SET created_at = :time").expression_attribute_values(":time", time);
        key.send().await.unwrap();
    };
    // A new key is published for a while before it signs.
    made_at("2100-01-01T00:00:00.000Z").await;
    assert_eq!(key_of(&token(&started(2).await).await), key_of(&old));
    made_at("2026-01-01T00:00:00.000Z").await;
    let settled = started(2).await;
    let new = token(&settled).await;
    assert_ne!(key_of(&new), key_of(&old));
    for token in [&old, &new] {
        rotated.bearer(token).get("/v2/user/me").await.ok(200);
        settled.bearer(token).get("/v2/user/me").await.ok(200);
    }
    let retired = table.delete_item().table_name(first.table()).key("PK", keys()).key("SK", place("0001"));
    retired.send().await.unwrap();
    let after = started(2).await;
    after.bearer(&old).get("/v2/user/me").await.error(401, "unauthorized");
    after.bearer(&new).get("/v2/user/me").await.ok(200);
}
