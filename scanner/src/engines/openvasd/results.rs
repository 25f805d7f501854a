//! What openvasd found. A result names a test and says a text; all else is in what is known of the test.

use std::net::IpAddr;

use serde_json::Value;

use crate::{
    engine::Target,
    engines::{
        found::{self, Seen},
        own::Described,
    },
};

/// A result.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) id: u64,
    pub(super) oid: String,
    is_alarm: bool,
    is_error: bool,
    address: Option<IpAddr>,
    port: u16,
    message: String,
}

/// The results of a page; a result that cannot be read is left out.
pub(super) fn results(page: Vec<Value>) -> Vec<Found> {
    page.iter().filter_map(result).collect()
}

fn result(value: &Value) -> Option<Found> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    // Newer forms say `type`, older ones `result`.
    let kind = text("type").or_else(|| text("result"))?;
    let is_udp = text("protocol") == Some("udp");
    // A number, or `22/tcp` and `general/tcp`.
    let port = match value.get("port") {
        Some(Value::Number(number)) => number.as_u64().and_then(|it| u16::try_from(it).ok()),
        Some(Value::String(text)) => match text.split_once('/') {
            Some((_, "udp")) => None,
            Some((number, _)) => number.parse().ok(),
            None => text.parse().ok(),
        },
        _ => None,
    };
    Some(Found {
        id: value.get("id")?.as_u64()?,
        oid: text("oid").unwrap_or_default().to_owned(),
        is_alarm: kind == "alarm",
        is_error: kind == "error",
        address: text("ip_address").and_then(|it| it.parse().ok()),
        port: port.filter(|_| !is_udp).unwrap_or(0),
        message: text("message").unwrap_or_default().chars().take(4_096).collect(),
    })
}

impl Found {
    /// Whether it is an alarm of the target.
    pub(super) fn is_of(&self, target: &Target) -> bool {
        let is_known = self.port == 0 || target.services.iter().any(|it| it.port == self.port);
        self.is_alarm && self.address == Some(target.address) && is_known && !self.oid.is_empty()
    }

    /// An error of the scan.
    pub(super) fn error(&self) -> Option<&str> {
        self.is_error.then_some(self.message.as_str())
    }

    /// Adds the result; `test` is what is known of its test.
    pub(super) fn add(&self, test: Option<&Value>, found: &mut found::Found) {
        let text = |pointer: &str| test.and_then(|it| it.pointer(pointer)).and_then(Value::as_str).unwrap_or_default();
        let vector = ["/tag/severity_vector", "/tag/cvss_base_vector"].into_iter().map(text).find(|it| !it.is_empty());
        let references = test.and_then(|it| it.get("references")).and_then(Value::as_array);
        let of_class = |wanted: &str| -> Vec<String> {
            let all = references.into_iter().flatten();
            let is = |it: &&Value| {
                let class = it.get("class").or_else(|| it.get("type")).and_then(Value::as_str);
                class.is_some_and(|class| class.eq_ignore_ascii_case(wanted))
            };
            all.filter(is).filter_map(|it| it.get("id")?.as_str().map(str::to_owned)).collect()
        };
        let described = Described {
            title: text("/name").to_owned(),
            description: [text("/tag/summary"), text("/tag/insight")].join(" "),
            solution: text("/tag/solution").to_owned(),
            vector: vector.unwrap_or_default().to_owned(),
            severity: None,
            references: of_class("URL"),
            cve: of_class("CVE"),
            cwe: Vec::new(),
        };
        let check = format!("openvasd:{}", self.oid);
        let own = Some(described.into_own(&check));
        found.add_seen(Seen {
            check: &check,
            port: self.port,
            path: "",
            variant: "",
            qod: quality(text("/tag/qod"), text("/tag/qod_type")),
            evidence: self.message.clone(),
            own,
        });
    }
}

/// How sure a test is, by its number or its kind.
fn quality(number: &str, kind: &str) -> u8 {
    if let Some(number) = number.parse().ok().filter(|it| (1..=100).contains(it)) {
        return number;
    }
    match kind {
        "exploit" => 100,
        "remote_vul" => 99,
        "remote_app" => 98,
        "package" | "registry" => 97,
        "remote_active" => 95,
        "remote_banner" | "executable_version" => 80,
        "remote_probe" => 50,
        "remote_banner_unreliable" | "executable_version_unreliable" | "package_unreliable" => 30,
        _ => 70,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engines::samples;

    #[test]
    fn both_forms_of_a_result_are_read() {
        let target = samples::target("127.0.0.1", &[22], &[]);
        for (value, expected) in [
            (json!({"id": 1, "type": "alarm", "ip_address": "127.0.0.1", "oid": "1.3", "port": 22}), Some(22)),
            (json!({"id": 1, "result": "alarm", "ip_address": "127.0.0.1", "oid": "1.3", "port": "22/tcp"}), Some(22)),
            (
                json!({"id": 1, "type": "alarm", "ip_address": "127.0.0.1", "oid": "1.3", "port": "general/tcp"}),
                Some(0),
            ),
            (json!({"id": 1, "type": "alarm", "ip_address": "127.0.0.1", "oid": "1.3"}), Some(0)),
            (json!({"id": 1, "type": "alarm", "ip_address": "127.0.0.1", "oid": "1.3", "port": 99999}), Some(0)),
            (json!({"id": 1, "type": "alarm", "ip_address": "127.0.0.2", "oid": "1.3", "port": 22}), None),
            (json!({"id": 1, "type": "alarm", "ip_address": "127.0.0.1", "oid": "1.3", "port": 23}), None),
            (json!({"id": 1, "type": "log", "ip_address": "127.0.0.1", "oid": "1.3", "port": 22}), None),
            (json!({"type": "alarm"}), None),
            (json!("x"), None),
        ] {
            let found = results(vec![value.clone()]).into_iter().find(|it| it.is_of(&target));
            assert_eq!(found.map(|it| it.port), expected, "{value}");
        }
    }
}
