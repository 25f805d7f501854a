//! The contract, the OpenAPI document, the template and the sample events agree.

use std::{collections::BTreeSet, fs};

use scanward::{
    openapi, samples,
    template::{self, TEMPLATE},
};

use crate::support::{Access, operations};

#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let current = openapi::text(&openapi::with_examples().await.unwrap()).unwrap();
    assert!(fs::read_to_string(path).unwrap() == current, "run: cargo run -- openapi");
}

#[test]
fn the_template_routes_just_the_documented_operations() {
    let routes: BTreeSet<_> = template::functions(TEMPLATE)
        .unwrap()
        .routes
        .into_iter()
        .map(|route| (route.method, route.path, route.function))
        .collect();
    let documented = operations().into_iter().map(|it| (it.method, it.path, it.function)).collect();
    assert_eq!(routes, documented);
}

/// A title without its group, its remarks in parentheses and its slip of the pen.
fn plain(title: &str) -> String {
    let title = title.replace("the a port", "the port");
    let title = title.split_once(": ").map_or(&*title, |(_, title)| title);
    match (title.find('('), title.find(')')) {
        (Some(open), Some(close)) => {
            format!("{} {}", title[..open].trim(), title[close + 1..].trim()).trim().to_owned()
        }
        _ => title.to_owned(),
    }
}

#[test]
fn operations_are_documented_as_in_the_contract() {
    for operation in operations() {
        let (route, document) = (operation.route(), &operation.document);
        let summary = document["summary"].as_str().unwrap_or_default();
        let is_mistitled = operation.title.contains("mis-titled");
        assert!(summary == plain(&operation.title) || is_mistitled, "{route}: {summary} is not {}", operation.title);
        assert_eq!(document["tags"][0].as_str(), Some(operation.function.as_str()), "{route}");
        let is_public = document["security"].as_array().is_some_and(Vec::is_empty);
        assert_eq!(is_public, operation.access == Access::Public, "{route}");
        let responses = document["responses"].as_object().unwrap();
        assert_eq!(
            responses.contains_key("401"),
            operation.access != Access::Public || operation.proves_a_caller(),
            "{route}"
        );
        assert!(operation.access != Access::Partner || responses.contains_key("403"), "{route}");
    }
}

#[test]
fn every_operation_and_every_worker_has_one_sample_event() {
    let of_operations = operations().into_iter().map(|it| format!("{}/{}.json", it.function, it.id()));
    let functions = template::functions(TEMPLATE).unwrap();
    let of_workers = functions.mappings.iter().map(|it| format!("{}/{}.json", it.function, samples::name(it)));
    let of_timers = functions.timers.iter().map(|it| format!("{}/{}.json", it.function, samples::name_of_timer(it)));
    let expected: BTreeSet<_> = of_operations.chain(of_workers).chain(of_timers).collect();
    let events = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/events")).unwrap();
    let mut found = BTreeSet::new();
    for folder in events.map(|entry| entry.unwrap()) {
        for file in fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap()) {
            found.insert(format!("{}/{}", folder.file_name().display(), file.file_name().display()));
        }
    }
    assert_eq!(found, expected);
}
