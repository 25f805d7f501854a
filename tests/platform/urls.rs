//! Texts that lead somewhere: web addresses and names of hosts. Each is kept as the parser writes it, or refused.

use serde_json::{Value, json};

use crate::support::{ACME, Client, LEAVER, TECHPARTNER, World, items};

/// Texts in which two programs may see different addresses, and what is none that a person may be sent to.
const BAD: &[&str] = &[
    "https://app.example.com\\@evil.test/",
    "https://app.example.com\\.evil.test/",
    "https:\\\\app.example.com",
    "https://app.example.com/a\\b",
    "https://app.example.com/?a\\",
    "https://app.exa\tmple.com/",
    "https://app.example.com/\n",
    "\nhttps://app.example.com/",
    "https://app.example.com/a\r\nb",
    "https://app.example.com\0.evil.test/",
    "https://app.example.com/\u{7f}",
    "https://app.example.com/\u{85}",
    "https://app.example.com/\u{2028}",
    " https://app.example.com/",
    "https://app.example.com/ ",
    "https://app.example.com/a b",
    "https://app.example.com/\u{a0}",
    "https:app.example.com",
    "https:/app.example.com",
    "https:///app.example.com",
    "https://app.ex%61mple.com/",
    "https://app.example.com%2f.evil.test/",
    "https://.example.com/",
    "https://app..example.com/",
    "https://app.example.com:x/",
    "https://joe@app.example.com/",
    "https://joe:secret@app.example.com/",
    "https://evil.test@app.example.com/",
    "https://:@app.example.com/",
    "https://0x7f.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://\u{ff11}27.0.0.1/",
    "https://[::1/",
    "https://",
    "javascript://app.example.com/%0aalert(1)",
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "ftp://app.example.com/",
];

/// Web addresses, and how they are kept.
const KEPT: &[(&str, &str)] = &[
    ("https://app.example.com", "https://app.example.com/"),
    ("HTTPS://App.Example.COM:443/a/../b?c#d", "https://app.example.com/b?c#d"),
    ("https://app.exa\u{ad}mple.com/", "https://app.example.com/"),
    ("https://app.example.com./", "https://app.example.com./"),
    ("https://app.example.com/é", "https://app.example.com/%C3%A9"),
    ("https://app.example.com:8443/@evil.test", "https://app.example.com:8443/@evil.test"),
];

/// What is private, and what no agent may be sent to either.
const PRIVATE: &[&str] = &["10.0.0.1", "192.168.1.1", "100.64.0.1", "[fd12::1]", "git", "git.internal", "nas.local"];
const SPECIAL: &[&str] = &[
    "localhost",
    "LOCALHOST",
    "a.localhost",
    "localhost.localdomain",
    "127.0.0.1",
    "127.255.0.1",
    "[::1]",
    "0.0.0.0",
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "100.100.100.200",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::7f00:1]",
    "metadata.google.internal",
    "224.0.0.1",
    "255.255.255.255",
];

/// A field that is documented as a web address, and how it is saved and shown.
struct Place<'a> {
    method: &'static str,
    path: String,
    field: &'static str,
    body: &'a dyn Fn(&str) -> Value,
}

impl Place<'_> {
    async fn send(&self, caller: &Client, text: &str) -> crate::support::Reply {
        caller.send(self.method, &self.path, Some((self.body)(text))).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_address_is_kept_as_the_parser_writes_it_or_refused() {
    let world = World::start().await;
    let partner = world.partner();
    let put = |path: &str, field, body| Place { method: "PUT", path: path.to_owned(), field, body };
    let places = [
        put("/client/connector/strix", "url", &|url| json!({ "url": url })),
        put("/client/connector/strix", "api_base", &|url| json!({ "url": "https://example.com/", "api_base": url })),
        put("/client/plugin/gitlab", "hosted_url", &|url| json!({ "oauth_token": "x", "hosted_url": url })),
        Place {
            method: "PATCH",
            path: "/client/company".to_owned(),
            field: "information.url_company",
            body: &|url| json!({ "information": { "url_company": url } }),
        },
        put(&format!("/v2/users/{LEAVER}"), "user.url", &|url| json!({ "user": { "url": url } })),
        put(
            &format!("/v2/organizations/{ACME}"),
            "organization.website",
            &|url| json!({ "organization": { "name": "Acme", "company_name": "Acme", "website": url } }),
        ),
    ];
    let before = partner.count("/v2/audit/events").await;
    for place in &places {
        for bad in BAD {
            place.send(&partner, bad).await.invalid(&[place.field]);
        }
    }
    assert_eq!(partner.count("/v2/audit/events").await, before);
    for place in &places {
        for (url, kept) in KEPT {
            let saved = place.send(&partner, url).await.ok(200);
            let shown = if saved.text.contains("attributes") { saved } else { partner.get(&place.path).await.ok(200) };
            assert!(shown.text.contains(&format!("\"{kept}\"")), "{} {url:?}: {}", place.field, shown.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_calls_an_address_decides_where_it_may_lead() {
    let world = World::start().await;
    let partner = world.partner();
    let api_base = |host: &str| json!({ "url": "https://example.com/", "api_base": format!("http://{host}:8080/v1") });
    let gitlab = |host: &str| json!({ "oauth_token": "x", "hosted_url": format!("http://{host}:8080/") });
    let gitea = |host: &str| json!({ "protocol": "http", "oauth_token": "x", "hosted_domain": host });
    let (strix_at, gitlab_at, gitea_at) = ("/client/connector/strix", "/client/plugin/gitlab", "/client/plugin/gitea");
    for host in SPECIAL {
        partner.put(strix_at, api_base(host)).await.invalid(&["api_base"]);
        partner.put(strix_at, json!({ "url": format!("http://{host}/") })).await.invalid(&["url"]);
        partner.put(gitlab_at, gitlab(host)).await.invalid(&["hosted_url"]);
        partner.put(gitea_at, gitea(host)).await.invalid(&["hosted_domain"]);
    }
    for host in PRIVATE {
        partner.put(strix_at, api_base(host)).await.invalid(&["api_base"]);
        partner.put(gitlab_at, gitlab(host)).await.ok(200);
        partner.put(gitea_at, gitea(host)).await.ok(200);
    }
    partner.put(strix_at, api_base("api.example.net")).await.ok(200);
    for host in
        ["git.example.com:80", "https://git.example.com", "git\\evil.test", "git\n", "g%69t", ".git", "a@git", "127.1"]
    {
        partner.put(gitea_at, gitea(host)).await.invalid(&["hosted_domain"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_website_may_be_a_name_alone() {
    let world = World::start().await;
    let (partner, path) = (world.partner(), format!("/v2/users/{LEAVER}"));
    let user = |url: Value| json!({ "user": { "url": url } });
    for (url, kept) in [
        ("Clone-Systems.com", "clone-systems.com"),
        ("clone-systems.com/A", "clone-systems.com/A"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("", ""),
    ] {
        partner.put(&path, user(json!(url))).await.ok(200);
        assert_eq!(partner.get(&path).await.ok(200).attributes()["url"], kept);
    }
    for bad in
        ["example.com:80", "//example.com", "joe@example.com", "example.com\\", "exa\nmple.com", "a b", "ex%61mple.com"]
    {
        partner.put(&path, user(json!(bad))).await.invalid(&["user.url"]);
    }
    partner.put(&path, user(Value::Null)).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_not_kept_for_what_only_looks_like_the_same_address() {
    let world = World::start().await;
    let (partner, path) = (world.partner(), "/client/plugin/gitlab");
    let gitlab = |token: &str, url: &str| json!({ "oauth_token": token, "hosted_url": url });
    partner.put(path, gitlab("a", "https://git.example.com")).await.ok(200);
    partner.put(path, gitlab("***", "https://Git.example.com:443")).await.error(404, "not_found");
    let (path, jira) = ("/client/connector/jira2", |site: &str| json!({ "token": "***", "site": site }));
    partner.put(path, json!({ "token": "a", "site": "https://example.com/@evil.test" })).await.ok(200);
    for moved in ["https://example.com\\@evil.test", "https:evil.test", "https:\\\\evil.test"] {
        partner.put(path, jira(moved)).await.invalid(&["token"]);
    }
    partner.put(path, json!({ "token": "a" })).await.ok(200);
    partner.put(path, jira("https:evil.test")).await.invalid(&["token"]);
    let hidden = partner.put("/client/tool/nuclei", json!({ "x": "https:joe:hidden@example.com" })).await.ok(200);
    assert!(!hidden.text.contains("hidden"), "{}", hidden.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_before_these_rules_stays_readable() {
    let world = World::start().await;
    let partner = world.partner();
    let (user, organization) = (format!("/v2/users/{LEAVER}"), format!("/v2/organizations/{ACME}"));
    let old = "https:\\\\joe@old page";
    for (key, field) in [(format!("USER#{LEAVER}"), "url"), (format!("ORG#{ACME}"), "website")] {
        let item = items::item(&world, &key, "PROFILE").await;
        items::put_all(&world, vec![items::changed(&item, [(field, old.to_owned())])]).await;
    }
    assert_eq!(partner.get(&user).await.ok(200).attributes()["url"], old);
    assert_eq!(partner.get(&organization).await.ok(200).attributes()["website"], old);
    assert!(partner.get("/v2/users").await.ok(200).each("url").contains(&json!(old)));
    partner.put(&user, json!({ "user": { "city": "Athens" } })).await.ok(200);
    assert_eq!(partner.get(&user).await.ok(200).attributes()["url"], old);

    // A plugin whose server was kept as it was sent keeps its token when the same server is sent.
    let gitlab = |token: &str, url: &str| json!({ "oauth_token": token, "hosted_url": url });
    partner.put("/client/plugin/gitlab", gitlab("a", "https://git.example.com/")).await.ok(200);
    let stored = items::scan(&crate::support::dynamodb(&world), world.table()).await;
    let is_it = |item: &&items::Item| {
        let config = items::text_of(item, "config");
        items::text_of(item, "organization_id") == TECHPARTNER && config.contains("https://git.example.com/")
    };
    let item = stored.iter().find(is_it).unwrap();
    let config = items::text_of(item, "config").replace("example.com/", "example.com");
    items::put_all(&world, vec![items::changed(item, [("config", config)])]).await;
    let saved = partner.put("/client/plugin/gitlab", gitlab("***", "https://git.example.com")).await.ok(200);
    assert_eq!(saved.attributes()["config"]["hosted_url"], "https://git.example.com/");
}
