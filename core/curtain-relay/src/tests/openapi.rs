use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::Bench;
use super::client::Call;

/// The paths that the source mounts.
fn mounted() -> BTreeSet<String> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut paths = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|ending| ending == "rs") {
                let source = std::fs::read_to_string(entry).unwrap();
                let routes =
                    source.split(".route(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
                paths.extend(routes.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
            }
        }
    }
    paths.retain(|path| path.starts_with('/'));
    paths
}

fn described(document: &Value) -> BTreeSet<String> {
    document["paths"].as_object().unwrap().keys().cloned().collect()
}

/// Every reference in `value` leads somewhere in `document`.
fn check_references(document: &Value, value: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(to)) = members.get("$ref") {
                assert!(document.pointer(to.strip_prefix('#').unwrap()).is_some(), "{to}");
            }
            members.values().for_each(|value| check_references(document, value));
        }
        Value::Array(values) => values.iter().for_each(|value| check_references(document, value)),
        _ => {}
    }
}

#[tokio::test]
async fn the_description_has_what_is_mounted_and_nothing_else() {
    let bench = Bench::new().await;
    let answer = bench.send(&Call::get("/openapi.json")).await;
    assert_eq!(answer.field("content-type"), Some("application/json"));
    let document = answer.json();
    assert_eq!(described(&document), mounted());
    check_references(&document, &document);

    for (path, item) in document["paths"].as_object().unwrap() {
        let filled = path.split('/').map(|part| if part.starts_with('{') { "0" } else { part });
        let target = filled.collect::<Vec<_>>().join("/");
        for method in ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"] {
            let answer = bench.send(&Call::new(method, &target)).await;
            let described = item.get(method.to_lowercase());
            let is_mounted = answer.status != 405;
            let expected = described.is_some() || (method == "HEAD" && item.get("get").is_some());
            assert_eq!(is_mounted, expected, "{method} {path}: {}", answer.status);
            // What it answers without a signature is described too.
            let Some(described) = described else { continue };
            let status = answer.status.to_string();
            assert!(described["responses"].get(&status).is_some(), "{method} {path} answers {status}");
            let is_open = described["security"].as_array().unwrap().is_empty();
            assert!(
                is_open || matches!(answer.status, 400 | 401 | 404 | 412),
                "{method} {path} answers {status}"
            );
        }
    }
}
