//! The domains that a client claims and verifies, and the connector that needs one.

use scanward::options::Options;
use serde_json::json;

use crate::support::{World, dns, options};

#[tokio::test(flavor = "multi_thread")]
async fn strix_takes_a_url_on_a_verified_domain_or_below_it() {
    let world = World::start().await;
    let partner = world.partner();
    let path = "/client/connector/strix";
    for url in ["https://example.com", "http://APP.Example.com:8443/a?b", "https://a.b.example.com/"] {
        partner.put(path, json!({ "url": url })).await.ok(200);
    }
    for url in [
        "https://example.org",
        "https://notexample.com",
        "https://example.com.evil.test",
        "https://com",
        "https://user@evil.test#example.com",
        "https://192.0.2.1",
        "ftp://example.com",
        "example.com",
        "",
    ] {
        partner.put(path, json!({ "url": url })).await.invalid(&["url"]);
    }
    partner.put(path, json!({ "authorization": { "value": "x" } })).await.invalid(&["url"]);
    partner.put(path, json!({ "url": "https://example.com", "nope": 1 })).await.invalid(&["nope"]);
    // The verified domain is the tenant's own.
    world.other().put(path, json!({ "url": "https://example.com" })).await.invalid(&["url"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_claimed_and_verified_by_a_txt_record() {
    let records = dns::Records::default();
    let server = dns::serve(records.clone()).await;
    let world = World::with(Options { dns_server: Some(server), ..options() }).await;
    let other = world.other();
    let claimed = other.post("/client/domains", json!({ "domain": "Shop.Example.ORG." })).await.ok(201);
    let record = &claimed.attributes()["record"];
    assert_eq!(
        (&claimed.attributes()["domain"], &claimed.attributes()["verified"]),
        (&json!("shop.example.org"), &json!(false))
    );
    assert_eq!((&record["type"], &record["name"]), (&json!("TXT"), &json!("_scanward-verify.shop.example.org")));
    other.post("/client/domains", json!({ "domain": "shop.example.org" })).await.error(409, "conflict");

    let verify = "/client/domains/shop.example.org/verify";
    let strix = json!({ "url": "https://shop.example.org/pay" });
    other.send("POST", verify, None).await.invalid(&["domain"]);
    records.set("_scanward-verify.shop.example.org", "scanward-verification=guess");
    other.send("POST", verify, None).await.invalid(&["domain"]);
    other.put("/client/connector/strix", strix.clone()).await.invalid(&["url"]);
    records.set("_scanward-verify.shop.example.org", record["value"].as_str().unwrap());
    let verified = other.send("POST", verify, None).await.ok(200);
    assert_eq!(verified.attributes()["verified"], true);
    other.put("/client/connector/strix", strix).await.ok(200);
    // A verified domain stays verified, even if its DNS record changes later.
    records.set("_scanward-verify.shop.example.org", "gone");
    assert_eq!(other.send("POST", verify, None).await.ok(200).json, verified.json);

    assert_eq!(other.get("/client/domains?validated=true").await.ok(200).each("domain"), ["shop.example.org"]);
    assert!(other.get("/client/domains?validated=false").await.ok(200).each("domain").is_empty());
    other.send("POST", "/client/domains/example.net/verify", None).await.error(404, "not_found");
    world.partner().send("POST", verify, None).await.error(404, "not_found");
    for bad in ["localhost", "192.0.2.1", "a..example.com", "-", "exa mple.com", "https://example.com", ""] {
        other.post("/client/domains", json!({ "domain": bad })).await.invalid(&["domain"]);
    }
}
